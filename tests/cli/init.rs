use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Stdio};

use crate::command::{CloudinaryParse, Result};

const ACCOUNT: &str = "cloudinary://key:marked-api-secret@demo";
const MASTER_KEY: &str = "marked-master-key";
const FLAGS: [&str; 9] = [
    "init",
    "--class",
    "Photo",
    "--folder-per-user",
    "--sign-uploads",
    "--parse-server",
    "http://127.0.0.1:1337/parse",
    "--application-id",
    "my app",
];

fn configured() -> CloudinaryParse {
    CloudinaryParse::bare()
        .env("CLOUDINARY_URL", ACCOUNT)
        .env("PARSE_SERVER_MASTER_KEY", MASTER_KEY)
}

/// What lies in the folder: each file's name and text.
fn files(service: &CloudinaryParse) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["", "webhooks"] {
        let Ok(entries) = fs::read_dir(service.directory().join(folder)) else {
            continue;
        };
        for entry in entries.map(std::result::Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
                let name = name.trim_start_matches('/').to_owned();
                found.push((name, fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn names(service: &CloudinaryParse) -> Vec<String> {
    files(service).into_iter().map(|(name, _)| name).collect()
}

fn read(service: &CloudinaryParse, name: &str) -> String {
    fs::read_to_string(service.directory().join(name)).unwrap()
}

fn write(service: &CloudinaryParse, name: &str, text: &str) {
    fs::write(service.directory().join(name), text).unwrap();
}

/// The key that `.env` holds.
fn key(service: &CloudinaryParse) -> String {
    let dotenv = read(service, ".env");
    let mut lines = dotenv.lines();
    let key = lines.find_map(|line| line.strip_prefix("PARSE_SERVER_WEBHOOK_KEY="));
    key.unwrap().to_owned()
}

/// Without what the environment held, so that `.env` alone counts.
fn check(service: &CloudinaryParse) -> Result {
    let output = service
        .process()
        .env_clear()
        .args(["check", "--strict"])
        .output()
        .unwrap();
    Result {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[track_caller]
fn assert_refused(result: &Result, code: i32, error: &str) {
    assert_eq!(
        (result.code, &*result.stdout),
        (code, ""),
        "{}",
        result.stderr
    );
    let said = result.stderr.split("\n\nUsage").next().unwrap();
    let said = said.split("\n\nFor more").next().unwrap();
    let said = said.split("\nnext: ").next().unwrap();
    assert_eq!(said.trim_end(), error);
}

#[test]
fn writes_what_was_asked_for_and_nothing_else() {
    let service = configured();
    let result = service.run(&FLAGS);
    assert_eq!((result.code, &*result.stderr), (0, ""));
    let key = key(&service);
    assert_eq!((key.len(), hex::decode(&key).unwrap().len()), (64, 32));
    let expected = [
        (
            ".env",
            format!(
                "# What cloudinary-parse reads; the environment wins over it. It holds secrets: keep it out of version control.\n\
                 # From Cloudinary's console.\n\
                 CLOUDINARY_URL={ACCOUNT}\n\
                 \n\
                 # As in Parse Server.\n\
                 PARSE_SERVER_URL=http://127.0.0.1:1337/parse\n\
                 PARSE_SERVER_APPLICATION_ID='my app'\n\
                 # For `register` and `doctor`.\n\
                 PARSE_SERVER_MASTER_KEY={MASTER_KEY}\n\
                 # The same text as Parse Server's webhookKey.\n\
                 PARSE_SERVER_WEBHOOK_KEY={key}\n"
            ),
        ),
        (
            "webhooks/Photo.toml",
            "# Guards Photo.cloudinaryIdentifier: a save is taken only with an identifier that Cloudinary signed, and stored without the signature.\n\
             class = \"Photo\"\n\
             \n\
             [fields.cloudinaryIdentifier]\n\
             # Only pictures in the user's own folder; saves without a session are refused.\n\
             folder = \"users/{user.objectId}\"\n"
                .to_owned(),
        ),
        (
            "webhooks/sign_cloudinary_upload_request.toml",
            "# Parse.Cloud.run(\"sign_cloudinary_upload_request\"): the signed fields to post to Cloudinary together with the file.\n\
             function = \"sign_cloudinary_upload_request\"\n\
             action = \"sign_upload\"\n\
             # Needs a session.\n\
             access = \"user\"\n\
             \n\
             # Always signed, so that the caller cannot choose another.\n\
             [upload]\n\
             folder = \"users/{user.objectId}\"\n"
                .to_owned(),
        ),
    ];
    let expected = expected.map(|(name, text)| (name.to_owned(), text));
    assert_eq!(files(&service), expected);
}

#[test]
fn says_what_parse_server_needs_in_both_forms_and_what_comes_next() {
    let service = configured();
    let result = service.run(&FLAGS);
    let key = key(&service);
    assert_eq!(
        result.stdout,
        format!(
            "wrote webhooks/Photo.toml\n\
             wrote webhooks/sign_cloudinary_upload_request.toml\n\
             wrote .env, which you alone may read\n\
             \n\
             Parse Server needs these lines, in one of two forms.\n\
             \n  \
               As options of `new ParseServer({{ … }})`, which reads no variables:\n\
             \n    \
                 webhookKey: \"{key}\",\n    \
                 maxUploadSize: \"4mb\", // an update sends the object twice; a webhook request over 10 MiB ends Parse Server\n    \
                 // Where this service runs in a container or on another machine: its network beside Parse Server's default.\n    \
                 // masterKeyIps: [\"127.0.0.1\", \"::1\", \"172.16.0.0/12\"],\n\
             \n  \
               As variables, for its own command and its image:\n\
             \n    \
                 PARSE_SERVER_WEBHOOK_KEY={key}\n    \
                 PARSE_SERVER_MAX_UPLOAD_SIZE=4mb\n    \
                 # PARSE_SERVER_MASTER_KEY_IPS=127.0.0.1,::1,172.16.0.0/12\n\
             \n\
             Next:\n\
             \n  \
               1. give Parse Server the lines above and restart it\n  \
               2. cloudinary-parse check\n  \
               3. cloudinary-parse serve\n  \
               4. cloudinary-parse register    (beside the running service, once)\n"
        )
    );
}

#[test]
fn what_it_writes_passes_the_strict_check() {
    let many: &[&[&str]] = &[
        &["--class", "Photo"],
        &["--class", "Photo", "--class", "_User", "--field", "avatar"],
        &["--class", "Photo", "--folder-per-user"],
        &["--sign-uploads"],
        &["--sign-uploads", "sign-it", "--folder-per-user"],
        &["--class", "Photo", "--sign-uploads", "--folder-per-user"],
        &[
            "--class",
            "Photo",
            "--public-url",
            "http://127.0.0.1:8081/hooks",
        ],
        &[
            "--class",
            "Photo",
            "--public-url",
            "http://cloudinary-parse:8080/",
        ],
        &[
            "--class",
            "Photo",
            "--public-url",
            "https://hooks.example.com",
        ],
    ];
    for asked in many {
        let service = configured();
        let where_it_is = [
            "--parse-server",
            "http://127.0.0.1:1337/parse/",
            "--application-id",
            "it's $1",
        ];
        let result = service.run(&[&["init"], *asked, &where_it_is].concat());
        assert_eq!((result.code, &*result.stderr), (0, ""), "{asked:?}");
        let result = check(&service);
        assert_eq!((result.code, &*result.stderr), (0, ""), "{asked:?}");
    }
}

#[test]
fn dotenv_is_for_its_owner_alone_and_manifests_are_for_everybody() {
    let service = configured();
    service.run(&FLAGS);
    for (name, others) in [(".env", 0), ("webhooks/Photo.toml", 0o044)] {
        let mode = fs::metadata(service.directory().join(name)).unwrap();
        let mode = mode.permissions().mode();
        assert_eq!((mode & 0o700, mode & 0o077 & !others), (0o600, 0), "{name}");
    }
}

#[test]
fn every_key_is_a_new_one() {
    let keys = [configured(), configured()].map(|service| {
        service.run(&FLAGS);
        key(&service)
    });
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn what_is_not_known_is_left_to_be_filled_in_and_is_all_that_check_finds() {
    let service = CloudinaryParse::bare();
    let result = service.run(&FLAGS);
    assert_eq!((result.code, &*result.stderr), (0, ""));
    let step = "1. fill in CLOUDINARY_URL, PARSE_SERVER_MASTER_KEY in .env\n";
    assert!(result.stdout.contains(step), "{}", result.stdout);
    let result = check(&service);
    assert_eq!(
        (result.code, &*result.stderr),
        (
            1,
            "CLOUDINARY_URL: expected cloudinary://<api_key>:<api_secret>@<cloud_name>\n"
        )
    );
}

#[test]
fn without_a_terminal_it_names_the_flags_that_are_missing() {
    let usage = "error: there is no terminal to ask in: give ";
    let missing = [
        (
            &["init"][..],
            "--class (or --sign-uploads), --parse-server (or PARSE_SERVER_URL), --application-id (or PARSE_SERVER_APPLICATION_ID)",
        ),
        (
            &["init", "--class", "Photo"],
            "--parse-server (or PARSE_SERVER_URL), --application-id (or PARSE_SERVER_APPLICATION_ID)",
        ),
        (
            &["init", "--sign-uploads", "--application-id", "app"],
            "--parse-server (or PARSE_SERVER_URL)",
        ),
        (
            &[
                "init",
                "--parse-server",
                "http://127.0.0.1",
                "--application-id",
                "app",
            ],
            "--class (or --sign-uploads)",
        ),
    ];
    for (arguments, flags) in missing {
        let service = configured();
        assert_refused(&service.run(arguments), 64, &format!("{usage}{flags}"));
        assert_eq!(names(&service), <[&str; 0]>::default());
    }
}

#[test]
fn variables_stand_in_for_flags_and_files_for_secrets() {
    let service = CloudinaryParse::bare()
        .env("CLOUDINARY_URL_FILE", "/run/secrets/cloudinary_url")
        .env("PARSE_SERVER_URL", "http://parse:1337/parse")
        .env("PARSE_SERVER_APPLICATION_ID", "app");
    let result = service.run(&["init", "--class", "Photo"]);
    assert_eq!((result.code, &*result.stderr), (0, ""));
    let dotenv = read(&service, ".env");
    for line in [
        "CLOUDINARY_URL_FILE=/run/secrets/cloudinary_url",
        "PARSE_SERVER_URL=http://parse:1337/parse",
        "PARSE_SERVER_APPLICATION_ID=app",
    ] {
        assert!(dotenv.lines().any(|found| found == line), "{dotenv}");
    }
    // Parse Server is not on this machine.
    for line in [
        "    masterKeyIps: [\"127.0.0.1\", \"::1\", \"172.16.0.0/12\"],\n",
        "    PARSE_SERVER_MASTER_KEY_IPS=127.0.0.1,::1,172.16.0.0/12\n",
    ] {
        assert!(result.stdout.contains(line), "{}", result.stdout);
    }
}

#[test]
fn a_key_of_the_environment_is_kept_and_not_printed() {
    let service = configured().env("PARSE_SERVER_WEBHOOK_KEY", "marked-webhook-key");
    let result = service.run(&FLAGS);
    assert_eq!(key(&service), "marked-webhook-key");
    assert!(
        result.stdout.contains("as it is set already"),
        "{}",
        result.stdout
    );
    assert!(!result.stdout.contains("marked"), "{}", result.stdout);
}

#[test]
fn never_prints_a_secret_but_the_key_that_it_made() {
    let service = configured().env("RUST_LOG", "trace");
    let result = service.run(&FLAGS);
    let said = result.stdout + &result.stderr;
    assert!(said.contains(&key(&service)), "{said}");
    assert!(!said.contains("marked"), "{said}");
    let result = configured()
        .env("CLOUDINARY_URL", "cloudinary:/key:marked-api-secret@demo")
        .run(&FLAGS);
    let said = result.stdout + &result.stderr;
    assert!(!said.contains("marked"), "{said}");
}

#[test]
fn files_that_exist_stay_and_lack_nothing_the_second_time() {
    let service = configured();
    service.run(&FLAGS);
    let before = files(&service);
    let key = key(&service);
    let result = service.run(&FLAGS);
    assert_eq!((result.code, &*result.stderr), (0, ""));
    assert!(
        result.stdout.starts_with(
            "left the manifest of class Photo as it is; it lacks nothing\n\
             left the manifest of function sign_cloudinary_upload_request as it is; it lacks nothing\n\
             left .env as it is; it lacks nothing\n"
        ),
        "{}",
        result.stdout
    );
    assert!(!result.stdout.contains(&key), "{}", result.stdout);
    assert_eq!(files(&service), before);
}

#[test]
fn prints_the_lines_that_files_lack() {
    let service = CloudinaryParse::bare()
        .manifest("pictures.toml", "class = \"Photo\"\n[fields.cover]\n")
        .manifest(
            "sign.toml",
            "function = \"sign_cloudinary_upload_request\"\naction = \"sign_upload\"\n",
        );
    write(
        &service,
        ".env",
        "CLOUDINARY_URL=cloudinary://key:marked@demo\nPARSE_SERVER_MASTER_KEY=\n",
    );
    let before = files(&service);
    let result = service.run(&FLAGS);
    assert_eq!((result.code, &*result.stderr), (0, ""));
    let (said, rest) = result
        .stdout
        .split_once("PARSE_SERVER_WEBHOOK_KEY=")
        .unwrap();
    assert_eq!(
        said,
        "left the manifest of class Photo as it is; it lacks:\n\
         \n    \
             [fields.cloudinaryIdentifier]\n    \
             folder = \"users/{user.objectId}\"\n\
         \n\
         left the manifest of function sign_cloudinary_upload_request as it is; it lacks:\n\
         \n    \
             [upload]\n    \
             folder = \"users/{user.objectId}\"\n\
         \n\
         left .env as it is; it lacks:\n\
         \n    \
             PARSE_SERVER_URL=http://127.0.0.1:1337/parse\n    \
             PARSE_SERVER_APPLICATION_ID='my app'\n    \
             PARSE_SERVER_MASTER_KEY=\n    "
    );
    // The new key is said, to be pasted into both.
    let (key, rest) = rest.split_at(64);
    assert!(rest.contains(&format!("webhookKey: \"{key}\",")), "{rest}");
    let step = "1. fill in PARSE_SERVER_URL, PARSE_SERVER_APPLICATION_ID, PARSE_SERVER_MASTER_KEY, PARSE_SERVER_WEBHOOK_KEY in .env\n";
    assert!(rest.contains(step), "{rest}");
    assert_eq!(files(&service), before);
}

#[test]
fn names_a_manifest_of_another_kind_of_function() {
    let service = configured().manifest(
        "url.toml",
        "function = \"sign_cloudinary_upload_request\"\naction = \"delivery_url\"\n",
    );
    let result = service.run(&FLAGS);
    let said = "left the manifest of function sign_cloudinary_upload_request as it is; it lacks:\n\n    action = \"sign_upload\"\n";
    assert!(result.stdout.contains(said), "{}", result.stdout);
}

#[test]
fn refuses_names_that_no_hook_can_have() {
    let expected =
        "expected a letter, then letters, digits and `_`: Parse Server would never call the hook";
    let cases: &[(&[&str], String)] = &[
        (&["--class", "My-Photo"], format!("error: invalid value 'My-Photo' for '--class <CLASS>': `My-Photo` cannot be guarded: {expected}")),
        (&["--class", "../Photo"], format!("error: invalid value '../Photo' for '--class <CLASS>': `../Photo` cannot be guarded: {expected}")),
        (&["--class", "Photo\"\nx = 1"], format!("error: invalid value 'Photo\"\nx = 1' for '--class <CLASS>': `Photo\"\nx = 1` cannot be guarded: {expected}")),
        (&["--class", "_Session"], "error: invalid value '_Session' for '--class <CLASS>': `_Session` cannot be guarded: Parse Server takes no hook but afterLogout on it".to_owned()),
        (&["--class", "Photo", "--field", "objectId"], "error: `objectId` cannot hold an identifier: it is one of Parse Server's own fields".to_owned()),
        (&["--class", "Photo", "--field", "a.b"], "error: `a.b` cannot hold an identifier: expected a letter, then letters, digits and `_`, as Parse Server takes them".to_owned()),
        (&["--class", "_User", "--field", "email"], "error: `email` cannot hold an identifier: it is one of Parse Server's own fields".to_owned()),
        (&["--sign-uploads", "a/b"], "error: invalid value 'a/b' for '--sign-uploads [<FUNCTION>]': `a/b` cannot be called: expected letters, digits, `_` and `-` (Parse Server answers \"Invalid function\" to others)".to_owned()),
        (&["--class", "Photo", "--class", "Photo"], "error: two manifests would be one file, photo.toml: give each class and function a name of its own".to_owned()),
        (&["--class", "Sign", "--sign-uploads", "sign"], "error: two manifests would be one file, sign.toml: give each class and function a name of its own".to_owned()),
        (&["--class", "Photo", "--parse-server", "parse:1337"], "error: invalid value 'parse:1337' for '--parse-server <URL>': expected an http:// or https:// URL".to_owned()),
        (&["--class", "Photo", "--public-url", "http://x/?a"], "error: invalid value 'http://x/?a' for '--public-url <URL>': expected an http:// or https:// URL".to_owned()),
        (&["--class", "Photo", "--application-id", " "], "error: invalid value ' ' for '--application-id <ID>': is blank".to_owned()),
    ];
    for (arguments, error) in cases {
        let service = configured()
            .env("PARSE_SERVER_URL", "http://127.0.0.1:1337/parse")
            .env("PARSE_SERVER_APPLICATION_ID", "app");
        let result = service.run(&[&["init"], *arguments].concat());
        assert_refused(&result, 64, error);
        assert_eq!(names(&service), <[&str; 0]>::default(), "{arguments:?}");
    }
}

#[test]
fn refuses_an_account_that_cannot_sign_before_anything_is_written() {
    let form = "expected cloudinary://<api_key>:<api_secret>@<cloud_name>";
    for url in ["demo", "cloudinary://demo", "cloudinary://key@demo"] {
        let service = CloudinaryParse::bare().env("CLOUDINARY_URL", url);
        let result = service.run(&FLAGS);
        assert_refused(&result, 1, &format!("error: CLOUDINARY_URL: {form}"));
        assert_eq!(names(&service), <[&str; 0]>::default());
    }
}

#[test]
fn writes_nothing_beside_manifests_that_are_not_in_order() {
    let service = configured().manifest(
        "Album.toml",
        "class = \"Album\"\n[fields.cover]\nrequird = true\n",
    );
    let result = service.run(&FLAGS);
    assert_refused(
        &result,
        1,
        "error: the manifests that exist are not in order:\nwebhooks/Album.toml:3: unknown key `requird`, did you mean `required`?",
    );
    assert_eq!(names(&service), ["webhooks/Album.toml"]);
}

#[test]
fn a_file_of_the_wanted_name_that_is_for_something_else_is_named() {
    let service = configured().manifest("Photo.toml", "class = \"Album\"\n[fields.cover]\n");
    let result = service.run(&FLAGS);
    let error = "error: webhooks/Photo.toml exists and is not for class Photo: rename it";
    assert_refused(&result, 1, error);
    assert_eq!(names(&service), ["webhooks/Photo.toml"]);
}

#[test]
fn says_where_it_cannot_write() {
    let service = configured();
    write(&service, "webhooks", "");
    let result = service.run(&FLAGS);
    assert_refused(
        &result,
        1,
        "error: the manifests that exist are not in order:\nwebhooks: cannot read the folder of manifests: Not a directory (os error 20)",
    );
    assert_eq!(names(&service), ["webhooks"]);

    // Root may write anywhere, except where there is nothing to write to.
    let service = configured().env("CLOUDINARY_PARSE_WEBHOOKS", "/proc/nowhere");
    let result = service.run(&FLAGS);
    assert_refused(
        &result,
        1,
        "error: cannot write /proc/nowhere/Photo.toml: No such file or directory (os error 2)",
    );
    assert_eq!(names(&service), <[&str; 0]>::default());
}

/// Else the secrets would lie wherever the link leads.
#[test]
fn follows_no_link() {
    let service = configured();
    let target = service.directory().join("elsewhere");
    symlink(&target, service.directory().join(".env")).unwrap();
    let result = service.run(&FLAGS);
    assert_eq!(result.code, 0, "{}", result.stderr);
    assert!(result.stdout.contains("left .env as it is; it lacks:\n"));
    assert!(!target.exists());
}

#[test]
fn reminds_of_gitignore_in_a_repository() {
    let reminder = "add .env to .gitignore: it holds secrets";
    let service = configured();
    fs::create_dir(service.directory().join(".git")).unwrap();
    let result = service.run(&FLAGS);
    assert!(result.stdout.contains(reminder), "{}", result.stdout);
    write(&service, ".gitignore", "target\n.env\n");
    let result = service.run(&FLAGS);
    assert!(!result.stdout.contains(reminder), "{}", result.stdout);
}

#[test]
fn tells_those_who_came_by_npx_to_go_on_with_it() {
    let result = configured().env("npm_command", "exec").run(&FLAGS);
    assert!(
        result.stdout.contains("3. npx cloudinary-parse serve\n"),
        "{}",
        result.stdout
    );
}

/// `script` is a terminal; each answer is a line. The hidden questions, which throw away what was
/// typed before them, are not asked: the environment has the answers.
#[test]
fn asks_in_a_terminal() {
    let service = configured();
    let program = env!("CARGO_BIN_EXE_cloudinary-parse");
    let mut terminal = Command::new("timeout");
    terminal
        .args([
            "60",
            "script",
            "--quiet",
            "--return",
            "--command",
            &format!("{program} init"),
            "/dev/null",
        ])
        .env_clear()
        .envs(service.variables())
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(service.directory())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    if Command::new("script").arg("--version").output().is_err() {
        skipped("init in a terminal: `script` is not installed");
        return;
    }
    let mut child = terminal.spawn().unwrap();
    let answers = "Album\rcover\rnyhttp://parse:1337/parse\rmyApp\rhttp://pictures:8080\r";
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, answers.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("marked"), "{said}");
    assert_eq!(
        names(&service),
        [
            ".env",
            "webhooks/Album.toml",
            "webhooks/sign_cloudinary_upload_request.toml"
        ]
    );
    let dotenv = read(&service, ".env");
    let lines: Vec<_> = dotenv
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .filter(|line| !line.starts_with("PARSE_SERVER_WEBHOOK_KEY="))
        .collect();
    assert_eq!(
        lines,
        [
            "CLOUDINARY_URL=cloudinary://key:marked-api-secret@demo",
            "PARSE_SERVER_URL=http://parse:1337/parse",
            "PARSE_SERVER_APPLICATION_ID=myApp",
            "PARSE_SERVER_MASTER_KEY=marked-master-key",
            "CLOUDINARY_PARSE_PUBLIC_URL=http://pictures:8080",
            "CLOUDINARY_PARSE_BIND=0.0.0.0:8080",
        ]
    );
    assert!(read(&service, "webhooks/Album.toml").ends_with("\n[fields.cover]\n"));
    let result = check(&service);
    assert_eq!((result.code, &*result.stderr), (0, ""));
}

fn skipped(what: &str) {
    if let Some(file) = std::env::var_os("SKIPPED_TESTS") {
        let mut file = fs::OpenOptions::new().append(true).open(file).unwrap();
        std::io::Write::write_all(&mut file, format!("{what}\n").as_bytes()).unwrap();
    }
}
