use clap::Parser;
use secrecy::SecretString;

use super::*;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: VerifyArgs,
}

const SIGNATURE: &str = "a2afd515db145e06c6753a415db85ab5983e5678";

fn account() -> Account {
    Account::from_url("cloudinary://1234567890:test-secret-abcDEF123@demo-cloud").unwrap()
}

#[track_caller]
fn verify(account: &Account, arguments: &[&str]) -> Verdict {
    let command = Command::try_parse_from(["verify"].iter().chain(arguments)).unwrap();
    run(&command.args, account).unwrap()
}

/// The `reason` and the `hint` of a refusal.
#[track_caller]
fn refusal(identifier: &str) -> (String, Option<String>) {
    let verdict = verify(&account(), &["--json", identifier]);
    assert!(!verdict.is_valid);
    let json: Value = serde_json::from_str(&verdict.text).unwrap();
    assert_eq!(json["valid"], false);
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    (text("reason").unwrap(), text("hint"))
}

#[test]
fn shows_every_part_of_a_good_identifier() {
    let identifier = format!("image/upload/v1234/sample.jpg#{SIGNATURE}");
    assert_eq!(
        verify(&account(), &[&identifier]),
        Verdict {
            is_valid: true,
            text: "valid\nsecret:        current\nresource_type: image\ntype:          upload\nversion:       1234\n\
                   uploaded_at:   1970-01-01T00:20:34Z\npublic_id:     sample\nformat:        jpg"
                .into(),
        }
    );
    let rotated = Account::from_url("cloudinary://1:new@demo-cloud")
        .unwrap()
        .with_previous_secret(SecretString::from("test-secret-abcDEF123"));
    assert_eq!(
        verify(&rotated, &["--json", &identifier]).text,
        r#"{"valid":true,"secret":"previous","resource_type":"image","type":"upload","version":"1234","uploaded_at":"1970-01-01T00:20:34Z","public_id":"sample","format":"jpg"}"#
    );
}

#[test]
fn says_which_part_is_wrong() {
    for (identifier, reason) in [
        (
            "sample.jpg",
            "expected resource_type/type/vVERSION/public_id",
        ),
        (
            "image/upload/1234/sample.jpg#x",
            "version: expected v and 1 to 12 digits",
        ),
        ("image/upload/v1/a&b#x", "public_id: '&' is not allowed"),
        (
            "image/upload/v1234/sample.jpg",
            "signature: missing, expected one after \"#\"",
        ),
        (
            "image/upload/v1234/sample.jpg#",
            "signature: expected one after \"#\"",
        ),
    ] {
        assert_eq!(refusal(identifier), (reason.into(), None), "{identifier}");
    }
}

#[test]
fn says_what_the_signature_looks_like() {
    let sha256 = "7f10f2f98b439bb567008bda9e26be0b47e9c4d2dc5cc224a2cffcbf7fd301d2";
    for (identifier, hint) in [
        (
            "image/upload/v1235/sample.jpg#a2afd515db145e06c6753a415db85ab5983e5678".to_owned(),
            None,
        ),
        (
            "image/upload/v1234/sample.jpg#x".into(),
            Some("expected 40 or 64 hex digits after \"#\""),
        ),
        (
            format!("image/upload/v1234/sample.jpg#{}", SIGNATURE.to_uppercase()),
            Some("Cloudinary writes hex digits in lower case"),
        ),
        (format!("image/upload/v1235/sample.jpg#{sha256}"), None),
        (
            format!("image/upload/v1234/sample.jpg#{}", &sha256[..63]),
            Some("63 digits; SHA-1 gives 40, SHA-256 64"),
        ),
        (
            format!("raw/upload/v1234/sample.jpg#{SIGNATURE}"),
            Some("it fits public_id \"sample\": the asset is an image or a video, not raw"),
        ),
        (
            "image/upload/v77/report.pdf#d4d6d964626dfa8388e1e639b022505b4566c155".into(),
            None,
        ),
    ] {
        let reason = "signature: made with none of the account's secrets";
        assert_eq!(
            refusal(&identifier),
            (reason.into(), hint.map(Into::into)),
            "{identifier}"
        );
    }
}

#[test]
fn names_the_secrets_tried_by_position_only() {
    let account = account().with_previous_secret(SecretString::from("geheim"));
    let verdict = verify(
        &account,
        &[&format!("image/upload/v1235/sample.jpg#{SIGNATURE}")],
    );
    assert_eq!(
        verdict.text,
        "not valid\nreason:        signature: made with none of the account's secrets\ntried:         current, previous\n\
         resource_type: image\ntype:          upload\nversion:       1235\nuploaded_at:   1970-01-01T00:20:35Z\n\
         public_id:     sample\nformat:        jpg"
    );
}

#[test]
fn shows_the_identifier_in_a_delivery_url() {
    let hint = "save what the upload's response gives: <resource_type>/<type>/v<version>/<public_id>.<format>#<signature>";
    let verdict = verify(
        &account(),
        &[
            "https://res.cloudinary.com/demo-cloud/image/authenticated/s--AbCd_-12--/c_fill,w_10/v1234/users/u%201/x.jpg?_a=B",
        ],
    );
    assert_eq!(
        verdict.text,
        format!(
            "not valid\nreason:        a delivery URL, which carries no signature for saving\nhint:          {hint}\n\
             identifier:    image/authenticated/v1234/users/u 1/x.jpg\nresource_type: image\ntype:          authenticated\n\
             version:       1234\nuploaded_at:   1970-01-01T00:20:34Z\npublic_id:     users/u 1/x\nformat:        jpg"
        )
    );
    assert!(!verdict.is_valid);
    let own_host = Account::from_url("cloudinary://1:s@demo-cloud/pictures.example.com").unwrap();
    let url = "https://pictures.example.com/video/upload/clip.mp4";
    assert_eq!(
        verify(&own_host, &["--json", url]).text,
        format!(
            r#"{{"valid":false,"reason":"a delivery URL, which carries no signature for saving","hint":"the URL has no version, which an identifier needs; {hint}","identifier":null,"resource_type":"video","type":"upload","version":null,"uploaded_at":null,"public_id":"clip","format":"mp4"}}"#
        )
    );
}

#[test]
fn says_why_no_identifier_is_in_a_url() {
    for (url, reason) in [
        (
            "https://res.cloudinary.com/other/image/upload/v1/x.jpg",
            "not a delivery URL of this account: its host or its cloud name is another",
        ),
        (
            "https://pictures.example.com/image/upload/v1/x.jpg",
            "not a delivery URL of this account: its host or its cloud name is another",
        ),
        (
            "https://res.cloudinary.com/demo-cloud/image/fetch/https://h/x.jpg",
            "type: expected upload, private or authenticated",
        ),
    ] {
        assert_eq!(refusal(url), (reason.into(), None), "{url}");
    }
}

#[test]
fn needs_a_secret() {
    let command = Command::try_parse_from(["verify", "x"]).unwrap();
    let account = Account::from_url("cloudinary://1234@demo").unwrap();
    let error = run(&command.args, &account).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("CLOUDINARY_URL: no api_secret to verify with")
    );
}
