use crate::command::CloudinaryParse;

/// Every command, with the example that its help must hold.
const COMMANDS: [(&str, &str); 10] = [
    ("doctor", "  cloudinary-parse doctor --offline"),
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
fn tells_version_commit_and_build_without_any_configuration() {
    let first = format!("cloudinary-parse {}", env!("CARGO_PKG_VERSION"));
    let short = CloudinaryParse::bare().run(&["-V"]);
    let expected = format!("{first}\n");
    assert_eq!(
        (short.code, short.stdout, &*short.stderr),
        (0, expected, "")
    );
    let long = CloudinaryParse::bare().run(&["--version"]);
    assert_eq!((long.code, &*long.stderr), (0, ""));
    let lines: Vec<_> = long.stdout.lines().collect();
    let [name, commit, build] = lines[..] else {
        panic!("{}", long.stdout);
    };
    assert_eq!(name, first);
    let commit = commit.strip_prefix("commit: ").unwrap();
    let is_hash = commit.len() >= 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_hash || commit == "unknown", "{commit}");
    let build = build.strip_prefix("build:  ").unwrap();
    assert!(
        ["debug, ", "release, "]
            .iter()
            .any(|profile| build.starts_with(profile)),
        "{build}"
    );
}

#[test]
fn says_after_an_error_what_to_do_next() {
    for (arguments, next) in [
        (
            &["register"][..],
            "next: `cloudinary-parse doctor` finds out what is wrong and what to do",
        ),
        (
            &["serve"],
            "next: correct this; `cloudinary-parse check` tells whether configuration and manifests are in order",
        ),
        (
            &["verify", "x"],
            "next: see `cloudinary-parse verify --help`",
        ),
    ] {
        let result = CloudinaryParse::bare().run(arguments);
        assert_eq!(result.code, 1);
        assert_eq!(result.stderr.lines().last(), Some(next));
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
        &["doctor", "extra"],
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
