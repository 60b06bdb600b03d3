use clap::Parser;

use super::*;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: UrlArgs,
}

fn url(arguments: &[&str]) -> Result<String, String> {
    let account = Account::from_url("cloudinary://1:test-secret-abcDEF123@demo-cloud").unwrap();
    let command = Command::try_parse_from(["url"].iter().chain(arguments))
        .map_err(|error| error.to_string())?;
    run(&command.args, &account, 0).map_err(|error| format!("{error:#}"))
}

#[test]
fn builds_urls_of_identifiers() {
    let base = "https://res.cloudinary.com/demo-cloud/";
    for (arguments, path) in [
        (&["image/upload/v1/cat.jpg"][..], "image/upload/v1/cat.jpg"),
        (
            &["image/upload/v1/cat.jpg#abc", "-t", "c_fill,w_150"],
            "image/upload/c_fill,w_150/v1/cat.jpg",
        ),
        (
            &[
                "video/private/v7/a/b.mp4",
                "--options",
                r#"{"crop": "fill", "width": 150, "format": "webm"}"#,
            ],
            "video/private/c_fill,w_150/v7/a/b.webm",
        ),
    ] {
        assert_eq!(url(arguments), Ok(format!("{base}{path}")), "{arguments:?}");
    }
    assert_eq!(
        url(&["--json", "raw/upload/v1/a.pdf"]).unwrap(),
        format!(r#"{{"url":"{base}raw/upload/v1/a.pdf"}}"#)
    );
}

#[test]
fn signs_urls() {
    let signed = url(&["image/upload/v1/cat.jpg", "-t", "c_fill,w_150", "--sign"]).unwrap();
    let by_option = url(&[
        "image/upload/v1/cat.jpg",
        "-t",
        "c_fill,w_150",
        "--options",
        r#"{"sign_url": true}"#,
    ]);
    assert!(
        signed.starts_with("https://res.cloudinary.com/demo-cloud/image/upload/s--"),
        "{signed}"
    );
    assert_eq!(by_option, Ok(signed));
}

#[test]
fn refuses_what_is_no_identifier_and_unknown_options() {
    for (arguments, expected) in [
        (
            &["cat.jpg"][..],
            "identifier: expected resource_type/type/vVERSION/public_id",
        ),
        (
            &["image/upload/v1/a", "--options", r#"{"widht": 1}"#],
            "--options: widht: not a URL option, did you mean \"width\"?",
        ),
        (
            &[
                "image/upload/v1/a",
                "-t",
                "w_1",
                "--options",
                r#"{"raw_transformation": "w_2"}"#,
            ],
            "--options: raw_transformation is given with --transformation",
        ),
    ] {
        assert_eq!(url(arguments).unwrap_err(), expected);
    }
    let error = url(&["image/upload/v1/a", "--options", "[]"]).unwrap_err();
    assert!(error.contains("expected a JSON object"), "{error}");
}
