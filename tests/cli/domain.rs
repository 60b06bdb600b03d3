//! `sign`, `verify` and `url`: the commands that ask nobody.

use crate::command::CloudinaryParse;

/// Signed with `sha1sum` over `public_id=users/u1/cat&version=1700000000` and the secret.
const GOOD: &str =
    "image/upload/v1700000000/users/u1/cat.jpg#c8f2cffe389d8e2dded50e98a073f02ab1dcf43f";

fn caller() -> CloudinaryParse {
    CloudinaryParse::bare().env("CLOUDINARY_URL", "cloudinary://key:secret@demo")
}

#[test]
fn results_go_to_standard_output() {
    for (arguments, expected) in [
        (
            &["sign", "folder=a", "timestamp=1700000000"][..],
            "folder=a\ntimestamp=1700000000\nsignature=4fa55189a7504b308cbaf4cdbeb4cdb95db9536d\napi_key=key\n",
        ),
        (
            &["url", "image/upload/v1/cat.jpg", "-t", "w_150"],
            "https://res.cloudinary.com/demo/image/upload/w_150/v1/cat.jpg\n",
        ),
    ] {
        let result = caller().run(arguments);
        assert_eq!(
            (result.code, &*result.stdout, &*result.stderr),
            (0, expected, "")
        );
    }
}

#[test]
fn verify_shows_the_identifier_in_a_delivery_url() {
    let url = "https://res.cloudinary.com/demo/image/upload/c_fill,w_9/v1/cat.jpg";
    let result = caller().run(&["verify", "--json", url]);
    let found: serde_json::Value = serde_json::from_str(&result.stdout).unwrap();
    assert_eq!(
        (
            result.code,
            &found["valid"],
            &found["identifier"],
            &found["reason"]
        ),
        (
            1,
            &false.into(),
            &"image/upload/v1/cat.jpg".into(),
            &"a delivery URL, which carries no signature for saving".into()
        )
    );
}

#[test]
fn verify_tells_good_from_bad_by_its_exit_code() {
    for (identifier, code, first) in [
        (GOOD, 0, "valid"),
        (&GOOD.replace("#c", "#d"), 1, "not valid"),
        (&GOOD.replace("cat", "dog"), 1, "not valid"),
        ("image/upload/v1700000000/users/u1/cat.jpg", 1, "not valid"),
        ("cat.jpg", 1, "not valid"),
    ] {
        let result = caller().run(&["verify", identifier]);
        assert_eq!((result.code, &*result.stderr), (code, ""), "{identifier}");
        assert_eq!(result.stdout.lines().next(), Some(first), "{identifier}");
    }
}

#[test]
fn errors_go_to_standard_error() {
    for arguments in [
        &["sign", "folder=a"][..],
        &["verify", GOOD],
        &["url", "image/upload/v1/cat.jpg"],
    ] {
        let caller = CloudinaryParse::bare();
        let result = caller.run(arguments);
        let folder = caller.directory().display();
        let error = format!("error: CLOUDINARY_URL: is missing, and there is no .env in {folder}");
        assert_eq!(
            (result.code, &*result.stdout, result.error()),
            (1, "", &*error)
        );
    }
}

#[test]
fn the_timestamp_is_now() {
    let result = caller().run(&["sign", "folder=a"]);
    let timestamp = result
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("timestamp="));
    assert!(timestamp.unwrap().parse::<u64>().unwrap() > 1_700_000_000);
}
