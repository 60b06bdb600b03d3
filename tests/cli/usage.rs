use crate::command::CloudinaryParse;

/// A command line without its options, and its help.
type Help = (Vec<String>, String);

/// The help of every command and of the commands below it.
fn every_help(path: &[String], found: &mut Vec<Help>) {
    let mut arguments: Vec<_> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    let result = CloudinaryParse::bare().run(&arguments);
    assert_eq!((result.code, &*result.stderr), (0, ""), "{path:?}");
    let lines = result.stdout.lines();
    let commands = lines.skip_while(|line| *line != "Commands:").skip(1);
    let names = commands
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    for name in names {
        every_help(&[path, &[name.to_owned()]].concat(), found);
    }
    found.push((path.to_vec(), result.stdout));
}

#[test]
fn helps_with_an_example_of_every_command_without_any_configuration() {
    let mut found = Vec::new();
    every_help(&[], &mut found);
    let names: Vec<_> = found.iter().map(|(path, _)| path.join(" ")).collect();
    assert_eq!(
        names,
        [
            "init",
            "serve",
            "register",
            "unregister",
            "hooks",
            "audit",
            "cleanup list",
            "cleanup retry",
            "cleanup drop",
            "cleanup",
            "health",
            "check",
            "doctor",
            "sign",
            "verify",
            "url",
            "completions",
            "man",
            "",
        ]
    );
    for (path, help) in found {
        let command = [&["cloudinary-parse".to_owned()], &path[..]].concat();
        let command = command.join(" ");
        let after = help.split_once("\nExample");
        let examples = after.map_or("", |(_, examples)| examples);
        let example = format!("\n  {command}");
        assert!(examples.contains(&example), "{command}:\n{help}");
    }
}

/// What prints results can print them for a program.
#[test]
fn every_command_with_results_takes_json() {
    let without = ["init", "serve", "cleanup", "completions", "man", ""];
    let mut found = Vec::new();
    every_help(&[], &mut found);
    for (path, help) in found {
        let takes_json = help.contains("--json");
        assert_eq!(takes_json, !without.contains(&&*path.join(" ")), "{path:?}");
    }
}

#[test]
fn writes_completions_for_each_shell() {
    for (shell, text) in [
        ("bash", "complete -F _cloudinary"),
        ("zsh", "#compdef cloudinary-parse"),
        ("fish", "complete -c cloudinary-parse"),
    ] {
        let result = CloudinaryParse::bare().run(&["completions", shell]);
        assert_eq!((result.code, &*result.stderr), (0, ""));
        assert!(result.stdout.contains(text), "{}", result.stdout);
    }
    let result = CloudinaryParse::bare().run(&["completions", "powershell"]);
    assert_eq!((result.code, &*result.stdout), (64, ""));
}

#[test]
fn writes_a_manual_page_for_each_command() {
    let world = CloudinaryParse::bare();
    let result = world.run(&["man", "--to", "pages"]);
    assert_eq!((result.code, &*result.stdout, &*result.stderr), (0, "", ""));
    let pages = world.directory().join("pages");
    assert_eq!(std::fs::read_dir(&pages).unwrap().count(), 19);
    let page = std::fs::read_to_string(pages.join("cloudinary-parse-cleanup-retry.1")).unwrap();
    assert!(
        page.contains(".TH cloudinary-parse-cleanup-retry 1"),
        "{page}"
    );
    let result = world.run(&["man"]);
    assert!(result.stdout.contains(".TH cloudinary-parse 1"));
    std::fs::write(world.directory().join("file"), "").unwrap();
    let result = world.run(&["man", "--to", "file"]);
    assert_eq!((result.code, result.stdout.as_str()), (1, ""));
    assert_eq!(
        result.stderr,
        "error: cannot write to file: File exists (os error 17)\nnext: name a folder that this user may write to\n"
    );
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
