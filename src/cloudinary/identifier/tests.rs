use secrecy::SecretString;

use super::*;

/// Signatures made by the released Node and Python SDKs for this account.
const URL: &str = "cloudinary://1234567890:test-secret-abcDEF123@demo-cloud";
const SAMPLE_V1234: &str = "a2afd515db145e06c6753a415db85ab5983e5678";
const SAMPLE_V1234_SHA256: &str =
    "7f10f2f98b439bb567008bda9e26be0b47e9c4d2dc5cc224a2cffcbf7fd301d2";

fn account() -> Account {
    Account::from_url(URL).unwrap()
}

#[track_caller]
fn verify(account: &Account, text: &str) -> Result<SecretInUse, BadSignature> {
    let identifier = Identifier::parse(text).unwrap();
    identifier.verify(account, identifier.signature.unwrap())
}

#[test]
fn reads_every_part() {
    let text = "image/upload/v1700000000/users/u1/cat.jpg#abc";
    assert_eq!(
        Identifier::parse(text),
        Ok(Identifier {
            resource_type: ResourceType::Image,
            delivery_type: DeliveryType::Upload,
            version: "1700000000",
            public_id: "users/u1/cat",
            format: Some("jpg"),
            signature: Some("abc"),
            bare: "image/upload/v1700000000/users/u1/cat.jpg",
        })
    );
    assert_eq!(Identifier::parse(text).unwrap().to_string(), text);
    assert_eq!(
        Identifier::parse(text).unwrap().uploaded_at(),
        1_700_000_000
    );
}

#[test]
fn finds_public_id_and_format_in_one_way() {
    for (text, public_id, format) in [
        ("image/upload/v1/a", "a", None),
        ("image/upload/v1/a.jpg", "a", Some("jpg")),
        ("image/upload/v1/a.b.JPG", "a.b", Some("JPG")),
        ("image/upload/v1/a..jpg", "a.", Some("jpg")),
        ("image/upload/v1/a.b/c", "a.b/c", None),
        ("image/private/v1/a.b/c.png", "a.b/c", Some("png")),
        ("video/authenticated/v1/clip.mp4", "clip", Some("mp4")),
        ("raw/upload/v1/report.pdf", "report.pdf", None),
        (
            "raw/upload/v1/a b/report.tar gz.",
            "a b/report.tar gz.",
            None,
        ),
        (
            "image/upload/v1/image/upload/v2/a.png",
            "image/upload/v2/a",
            Some("png"),
        ),
        (
            "image/upload/v007/ünï (1)+été.webp",
            "ünï (1)+été",
            Some("webp"),
        ),
        (
            "image/upload/v123456789012/a.abcdefghijklmno1",
            "a",
            Some("abcdefghijklmno1"),
        ),
    ] {
        let identifier = Identifier::parse(text).unwrap();
        assert_eq!(
            (identifier.public_id, identifier.format),
            (public_id, format),
            "{text}"
        );
    }
}

#[test]
fn refuses_what_lacks_a_part() {
    for text in [
        "",
        "a",
        "a.jpg",
        "v1/a.jpg",
        "upload/v1/a.jpg",
        "image/upload/v1",
        "image/upload/v1/",
    ] {
        assert_eq!(
            Identifier::parse(text),
            Err(IdentifierError::MissingPart),
            "{text:?}"
        );
    }
}

#[test]
fn refuses_a_bare_hash() {
    for text in ["image/upload/v1/a.jpg#", "#", "image/upload/v1/#"] {
        assert_eq!(
            Identifier::parse(text),
            Err(IdentifierError::EmptySignature),
            "{text:?}"
        );
    }
}

#[test]
fn refuses_unknown_kinds_of_asset() {
    for text in [
        "/upload/v1/a",
        "Image/upload/v1/a",
        " image/upload/v1/a",
        "images/upload/v1/a",
        "auto/upload/v1/a",
    ] {
        assert_eq!(
            Identifier::parse(text),
            Err(IdentifierError::ResourceType),
            "{text:?}"
        );
    }
    for text in [
        "image//v1/a",
        "image/Upload/v1/a",
        "image/fetch/v1/a",
        "image/facebook/v1/a",
        "image/s--x--/v1/a",
    ] {
        assert_eq!(
            Identifier::parse(text),
            Err(IdentifierError::DeliveryType),
            "{text:?}"
        );
    }
}

#[test]
fn refuses_versions_that_are_not_1_to_12_ascii_digits() {
    for text in [
        "image/upload/v/a",
        "image/upload/1/a",
        "image/upload/V1/a",
        "image/upload/v1a/a",
        "image/upload/v-1/a",
        "image/upload/v1 /a",
        "image/upload/v١/a",
        "image/upload/folder/a",
    ] {
        assert_eq!(
            Identifier::parse(text),
            Err(IdentifierError::Version),
            "{text:?}"
        );
    }
    assert_eq!(
        Identifier::parse("image/upload/v1234567890123/a"),
        Err(IdentifierError::VersionTooLong)
    );
}

#[test]
fn refuses_characters_that_separate_or_control() {
    for character in [
        '&', '=', '?', '%', '<', '>', '\\', '\0', '\t', '\n', '\r', '\u{1f}', '\u{7f}', '\u{80}',
        '\u{85}', '\u{9f}',
    ] {
        for text in [
            format!("image/upload/v1/a{character}b.jpg"),
            format!("raw/upload/v1/{character}a"),
            format!("raw/upload/v1/a{character}"),
        ] {
            assert_eq!(
                Identifier::parse(&text),
                Err(IdentifierError::ForbiddenCharacter(character)),
                "{text:?}"
            );
        }
    }
}

#[test]
fn refuses_empty_and_dot_segments() {
    for public_id in [
        "/a", "a/", "a//b", ".", "..", "./a", "a/.", "../a", "a/..", "a/../b", "a/./b",
    ] {
        let text = format!("raw/upload/v1/{public_id}");
        assert_eq!(
            Identifier::parse(&text),
            Err(IdentifierError::Segment),
            "{text:?}"
        );
    }
    for text in [
        "image/upload/v1/.jpg",
        "image/upload/v1/a/.jpg",
        "image/upload/v1/..jpg",
        "image/upload/v1/a/...jpg",
        "image/upload/v1//a.jpg",
    ] {
        assert_eq!(
            Identifier::parse(text),
            Err(IdentifierError::Segment),
            "{text:?}"
        );
    }
    assert_eq!(check_public_id(""), Err(IdentifierError::Segment));
}

#[test]
fn refuses_white_space_at_the_ends_of_a_public_id() {
    for space in [
        ' ', '\u{a0}', '\u{2003}', '\u{2028}', '\u{3000}', '\u{feff}',
    ] {
        for text in [
            format!("image/upload/v1/{space}a.jpg"),
            format!("image/upload/v1/a{space}.jpg"),
            format!("raw/upload/v1/a{space}"),
        ] {
            assert_eq!(
                Identifier::parse(&text),
                Err(IdentifierError::OuterWhiteSpace),
                "{text:?}"
            );
        }
        let inner = format!("image/upload/v1/a{space}b.jpg");
        assert_eq!(
            Identifier::parse(&inner).map(|id| id.format),
            Ok(Some("jpg")),
            "{inner:?}"
        );
    }
}

#[test]
fn refuses_a_dot_that_no_format_follows() {
    for text in [
        "image/upload/v1/a.",
        "image/upload/v1/a.jpg ",
        "image/upload/v1/a.j-pg",
        "image/upload/v1/a.été",
        "image/upload/v1/a.b c",
        "video/upload/v1/a.abcdefghijklmnop7",
        "image/upload/v1/..",
        "image/upload/v1/a/.",
    ] {
        assert_eq!(
            Identifier::parse(text),
            Err(IdentifierError::Format),
            "{text:?}"
        );
    }
}

#[test]
fn says_what_was_expected() {
    for (text, message) in [
        ("cat.jpg", "expected resource_type/type/vVERSION/public_id"),
        (
            "picture/upload/v1/a",
            "resource type: expected image, video or raw",
        ),
        (
            "image/fetch/v1/a",
            "type: expected upload, private or authenticated",
        ),
        ("image/upload/1/a", "version: expected v and 1 to 12 digits"),
        ("image/upload/v1/a&b", "public_id: '&' is not allowed"),
        ("image/upload/v1/a#", "signature: expected one after \"#\""),
    ] {
        assert_eq!(Identifier::parse(text).unwrap_err().to_string(), message);
    }
}

#[test]
fn verifies_what_cloudinary_signed() {
    for text in [
        format!("image/upload/v1234/sample.jpg#{SAMPLE_V1234}"),
        format!("video/private/v1234/sample#{SAMPLE_V1234}"),
        "image/upload/v99/a/b/c.png#56c8d0c6b733f0f52e77222db1a432c2cb207cb3".to_owned(),
        "image/upload/v1/with space.jpg#38b5dd51a175d251d13706e07dca360fc87d114f".to_owned(),
    ] {
        assert_eq!(
            verify(&account(), &text),
            Ok(SecretInUse::Current),
            "{text}"
        );
    }
}

#[test]
fn refuses_every_other_signature() {
    for text in [
        format!("image/upload/v1235/sample.jpg#{SAMPLE_V1234}"),
        format!("image/upload/v01234/sample.jpg#{SAMPLE_V1234}"),
        format!("image/upload/v1234/Sample.jpg#{SAMPLE_V1234}"),
        format!("raw/upload/v1234/sample.jpg#{SAMPLE_V1234}"),
        format!(
            "image/upload/v1234/sample.jpg#{}",
            SAMPLE_V1234.to_uppercase()
        ),
        format!("image/upload/v1234/sample.jpg#{SAMPLE_V1234}0"),
        format!("image/upload/v1234/sample.jpg#{SAMPLE_V1234}#x"),
        format!("image/upload/v1234/sample.jpg# {SAMPLE_V1234}"),
        format!("image/upload/v1234/sample.jpg#{}", &SAMPLE_V1234[..39]),
        format!("image/upload/v1235/sample.jpg#{SAMPLE_V1234_SHA256}"),
        format!(
            "image/upload/v1234/sample.jpg#{}",
            SAMPLE_V1234_SHA256.to_uppercase()
        ),
        format!(
            "image/upload/v1234/sample.jpg#{}",
            &SAMPLE_V1234_SHA256[..40]
        ),
        format!(
            "image/upload/v1234/sample.jpg#{SAMPLE_V1234}{}",
            "0".repeat(24)
        ),
    ] {
        assert_eq!(verify(&account(), &text), Err(BadSignature), "{text}");
    }
}

#[test]
fn tells_the_digest_by_its_length_whatever_the_account_signs_with() {
    for query in [
        "",
        "?signature_algorithm=sha1",
        "?signature_algorithm=sha256",
    ] {
        let account = Account::from_url(&format!("{URL}{query}")).unwrap();
        for signature in [SAMPLE_V1234, SAMPLE_V1234_SHA256] {
            let text = format!("image/upload/v1234/sample.jpg#{signature}");
            let verified = verify(&account, &text);
            assert_eq!(verified, Ok(SecretInUse::Current), "{query} {text}");
        }
    }
}

#[test]
fn takes_a_previous_secret() {
    let account = Account::from_url("cloudinary://1234567890:new@demo-cloud")
        .unwrap()
        .with_previous_secret(SecretString::from("older"))
        .with_previous_secret(SecretString::from("test-secret-abcDEF123"));
    let text = format!("image/upload/v1234/sample.jpg#{SAMPLE_V1234}");
    assert_eq!(verify(&account, &text), Ok(SecretInUse::Previous));
    let account = Account::from_url("cloudinary://1234567890@demo-cloud").unwrap();
    assert_eq!(verify(&account, &text), Err(BadSignature));
}
