use super::*;

fn account(query: &str) -> Account {
    Account::from_url(&format!("cloudinary://key:abcd@demo{query}")).unwrap()
}

/// Cloudinary's documented example, whose secret is `abcd`.
const DOCUMENTED: [(&str, &str); 3] = [
    ("timestamp", "1315060510"),
    ("public_id", "sample_image"),
    ("eager", "w_400,h_300,c_pad|w_260,h_200,c_crop"),
];

#[test]
fn signs_the_documented_example() {
    let signature = sign(&account(""), &mut DOCUMENTED.clone()).unwrap();
    assert_eq!(
        signature.as_str(),
        "bfd09f95f331f558cbd1320e67aa8d488770583e"
    );
    assert_eq!(
        string_to_sign(&mut DOCUMENTED.clone(), SignatureVersion::V2),
        "eager=w_400,h_300,c_pad|w_260,h_200,c_crop&public_id=sample_image&timestamp=1315060510"
    );
}

#[test]
fn leaves_empty_values_out() {
    let mut params = [("b", ""), ("c", "1"), ("a", "")];
    assert_eq!(string_to_sign(&mut params, SignatureVersion::V2), "c=1");
}

#[test]
fn escapes_only_ampersands_and_only_in_version_2() {
    let mut params = [
        ("notification_url", "https://e.com/?a=1&b=%26 é"),
        ("a&b", "&&"),
    ];
    assert_eq!(
        string_to_sign(&mut params, SignatureVersion::V1),
        "a&b=&&&notification_url=https://e.com/?a=1&b=%26 é"
    );
    assert_eq!(
        string_to_sign(&mut params, SignatureVersion::V2),
        "a%26b=%26%26&notification_url=https://e.com/?a=1%26b=%26 é"
    );
}

#[test]
fn version_2_keeps_a_value_from_passing_for_two_parameters() {
    let mut one = [("notification_url", "u?a=1&tags=x")];
    let mut two = [("notification_url", "u?a=1"), ("tags", "x")];
    let v1 = account("?signature_version=1");
    assert_eq!(sign(&v1, &mut one), sign(&v1, &mut two));
    let v2 = account("");
    assert_ne!(sign(&v2, &mut one), sign(&v2, &mut two));
}

#[test]
fn refuses_to_sign_without_a_secret() {
    let account = Account::from_url("cloudinary://key@demo").unwrap();
    let error = sign(&account, &mut DOCUMENTED.clone()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "api_secret: missing, expected cloudinary://<api_key>:<api_secret>@<cloud_name>"
    );
}

#[test]
fn response_signatures_never_escape() {
    let account = Account::from_url("cloudinary://1:test-secret-abcDEF123@demo-cloud").unwrap();
    assert_eq!(
        verify_response(
            &account,
            "a&b",
            "5",
            "c52a7904a196c26d61458c2d64f2d6fd237e77a1"
        ),
        Ok(SecretInUse::Current)
    );
    assert_eq!(
        verify_response(
            &account,
            "a%26b",
            "5",
            "c52a7904a196c26d61458c2d64f2d6fd237e77a1"
        ),
        Err(BadSignature)
    );
}

#[test]
fn reads_versions_as_numbers() {
    for (number, version) in [
        ("1", Some(SignatureVersion::V1)),
        ("2", Some(SignatureVersion::V2)),
        ("3", Some(SignatureVersion::V2)),
        ("two", None),
        ("nan", None),
        ("", None),
    ] {
        assert_eq!(SignatureVersion::from_number(number), version, "{number:?}");
    }
}

#[test]
fn tells_an_algorithm_by_the_length_of_a_digest() {
    for (length, algorithm) in [
        (40, Some(Algorithm::Sha1)),
        (64, Some(Algorithm::Sha256)),
        (0, None),
        (39, None),
        (41, None),
        (63, None),
        (65, None),
    ] {
        assert_eq!(Algorithm::of_signature(&"0".repeat(length)), algorithm);
    }
}
