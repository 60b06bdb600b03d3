use clap::Parser;

use super::*;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: SignArgs,
}

const NOW: u64 = 1_315_060_510;

#[track_caller]
fn sign(query: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let url = format!("cloudinary://1234:abcd@demo{query}");
    let arguments = ["sign"].iter().chain(arguments);
    let command = Command::try_parse_from(arguments).map_err(|error| anyhow::anyhow!("{error}"))?;
    run(&command.args, &Account::from_url(&url)?, NOW)
}

#[test]
fn answers_the_fields_to_post() {
    assert_eq!(
        sign(
            "",
            &[
                "public_id=sample_image",
                "eager=w_400,h_300,c_pad|w_260,h_200,c_crop"
            ]
        )
        .unwrap(),
        "public_id=sample_image\neager=w_400,h_300,c_pad|w_260,h_200,c_crop\ntimestamp=1315060510\n\
         signature=bfd09f95f331f558cbd1320e67aa8d488770583e\napi_key=1234"
    );
    assert_eq!(
        sign("", &["--json", "timestamp=5", "empty="]).unwrap(),
        r#"{"timestamp":"5","signature":"14d9655d5cda4a60f65021048ff89286fb3e6df4","api_key":"1234"}"#
    );
}

#[test]
fn explains_what_is_signed_without_the_secret() {
    let text = sign(
        "",
        &[
            "--explain",
            "folder=users/u1",
            "notification_url=https://e.com/?a&b",
            "tags=",
        ],
    )
    .unwrap();
    let (_, explanation) = text.split_once("\n\n").unwrap();
    assert_eq!(
        explanation,
        "string to sign: folder=users/u1&notification_url=https://e.com/?a%26b&timestamp=1315060510<api_secret>\n\
         digest:         sha1, signature version 2\n\
         left out:       tags (empty: neither signed nor to be posted)\n\
         note:           & is signed as %26 in version 2, but posted as it is"
    );
    assert!(!text.contains("abcd"));
    let query = "?signature_version=1&signature_algorithm=sha256";
    let text = sign(query, &["--explain", "--json", "a=x&y"]).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        json["string_to_sign"],
        "a=x&y&timestamp=1315060510<api_secret>"
    );
    assert_eq!(json["signature_algorithm"], "sha256");
    assert_eq!(json["signature_version"], 1);
    assert_eq!(json["fields"]["a"], "x&y");
}

#[test]
fn refuses_what_cannot_be_signed() {
    for (argument, expected) in [
        ("folder", "expected KEY=VALUE"),
        ("=x", "expected a name before \"=\""),
        (
            "file=x",
            "file is posted or part of the URL, but never signed: leave it out",
        ),
        (
            "resource_type=raw",
            "resource_type is posted or part of the URL, but never signed: leave it out",
        ),
        (
            "signature=x",
            "signature is not a signed parameter: leave it out",
        ),
        (
            "version=1",
            "version is not an upload parameter; signed with public_id it would make an identifier",
        ),
    ] {
        let error = sign("", &[argument]).unwrap_err().to_string();
        assert!(error.contains(expected), "{argument}: {error}");
    }
    let error = sign("", &["tags=a", "tags=b"]).unwrap_err();
    assert_eq!(error.to_string(), "tags: given twice, expected once");
    assert!(sign("", &[]).is_err());
}

#[test]
fn refuses_to_sign_without_key_or_secret() {
    let command = Command::try_parse_from(["sign", "a=b"]).unwrap();
    for (url, expected) in [
        ("cloudinary://demo", "api_key: missing"),
        ("cloudinary://1234@demo", "api_secret: missing"),
    ] {
        let error = run(&command.args, &Account::from_url(url).unwrap(), NOW).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
