use crate::command::CloudinaryParse;

/// Every command, with the example that its help must hold.
const COMMANDS: [(&str, &str); 9] = [
    ("check", "  cloudinary-parse check --strict"),
    (
        "sign",
        "  cloudinary-parse sign folder=users/u1 tags=cat,dog",
    ),
    (
        "verify",
        "  cloudinary-parse verify 'image/upload/v1700000000/users/u1/cat.jpg#5f1c…'",
    ),
    (
        "url",
        "  cloudinary-parse url image/upload/v1/cat.jpg -t c_fill,w_150 --sign",
    ),
    ("serve", "  cloudinary-parse serve"),
    ("register", "  cloudinary-parse register --dry-run"),
    (
        "unregister",
        "  cloudinary-parse unregister --url http://old-host:8080",
    ),
    ("hooks", "  cloudinary-parse hooks --json"),
    (
        "health",
        "  cloudinary-parse health --url http://127.0.0.1:8080",
    ),
];

#[test]
fn helps_without_any_configuration() {
    for (command, example) in COMMANDS {
        let result = CloudinaryParse::bare().run(&[command, "--help"]);
        assert_eq!((result.code, &*result.stderr), (0, ""));
        assert!(
            result.stdout.lines().any(|line| line == example),
            "{}",
            result.stdout
        );
    }
    let result = CloudinaryParse::bare().run(&["--help"]);
    assert_eq!((result.code, &*result.stderr), (0, ""));
    for (command, _) in COMMANDS {
        assert!(
            result.stdout.contains(&format!("\n  {command} ")),
            "{}",
            result.stdout
        );
    }
}

#[test]
fn tells_its_version_without_any_configuration() {
    for flag in ["--version", "-V"] {
        let result = CloudinaryParse::bare().run(&[flag]);
        let expected = format!("cloudinary-parse {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            (result.code, result.stdout, &*result.stderr),
            (0, expected, "")
        );
    }
}

#[test]
fn exits_64_on_wrong_usage() {
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["--frobnicate"],
        &["register", "--frobnicate"],
        &["register", "extra"],
        &["register", "--wait", "60"],
        &["unregister", "--url"],
        &["unregister", "--url", "not a url"],
        &["health", "--url", ""],
        &["check", "extra"],
        &["sign"],
        &["sign", "folder"],
        &["sign", "version=1"],
        &["verify"],
        &["url", "image/upload/v1/cat.jpg", "--options", "[]"],
    ] {
        let result = CloudinaryParse::bare().run(arguments);
        assert_eq!((result.code, &*result.stdout), (64, ""), "{arguments:?}");
        assert!(
            result.stderr.contains("Usage: cloudinary-parse") || result.stderr.contains("--help"),
            "{arguments:?}"
        );
    }
}
