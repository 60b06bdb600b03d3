use std::collections::HashMap;

use secrecy::ExposeSecret as _;

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Folder(folder)
    }

    fn environment(&self, variables: &[(&str, &str)]) -> Environment {
        let variables = variables
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Environment::from_variables(variables.collect::<HashMap<_, _>>(), self.0.path())
    }
}

const URL: (&str, &str) = ("CLOUDINARY_URL", "cloudinary://key:secret@demo");
const KEY: (&str, &str) = ("PARSE_SERVER_WEBHOOK_KEY", "webhook");

fn serve(variables: &[(&str, &str)]) -> Result<Serve, String> {
    let folder = Folder::new(&[]);
    let environment = folder.environment(variables);
    environment
        .serve(Needs::default())
        .map_err(|mistakes| mistakes.to_string())
}

fn mistakes(variables: &[(&str, &str)]) -> String {
    serve(variables).unwrap_err()
}

fn served(variables: &[(&str, &str)]) -> Serve {
    serve(&[&[URL, KEY], variables].concat()).unwrap()
}

#[test]
fn an_empty_environment_lists_every_missing_variable_and_where_it_looked() {
    let needs = Needs {
        parse_server: true,
        ..Needs::default()
    };
    let names = |names: &[&str], place: &str| {
        let lines = names
            .iter()
            .map(|name| format!("{name}: is missing{place}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    for dotenv in [None, Some("CLOUDINARY_URL=\n")] {
        let folder = Folder::new(
            &dotenv
                .map(|text| (".env", text))
                .into_iter()
                .collect::<Vec<_>>(),
        );
        let path = folder.0.path().display();
        let place = match dotenv {
            None => format!(", and there is no .env in {path}"),
            Some(_) => format!(", also in {path}/.env"),
        };
        let environment = folder.environment(&[]);
        assert_eq!(
            environment.serve(needs).unwrap_err().to_string(),
            names(
                &[
                    "CLOUDINARY_URL",
                    "PARSE_SERVER_WEBHOOK_KEY",
                    "PARSE_SERVER_URL",
                    "PARSE_SERVER_APPLICATION_ID"
                ],
                &place
            )
        );
        assert_eq!(
            environment.registration().unwrap_err().to_string(),
            names(
                &[
                    "PARSE_SERVER_URL",
                    "PARSE_SERVER_APPLICATION_ID",
                    "PARSE_SERVER_MASTER_KEY"
                ],
                &place
            )
        );
    }
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let serve = served(&[]);
    assert_eq!(serve.listener.bind.to_string(), "127.0.0.1:8080");
    assert_eq!(serve.admin.unwrap().bind.to_string(), "127.0.0.1:9090");
    assert_eq!(serve.public_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!((serve.max_body, serve.max_connections), (16 << 20, 10_000));
    let seconds = [
        serve.read_timeout,
        serve.answer_timeout,
        serve.shutdown_timeout,
    ];
    assert_eq!(seconds.map(|d| d.as_secs()), [10, 10, 8]);
    assert!(serve.workers >= 1 && serve.parse.is_none());
    let environment = Folder::new(&[]).environment(&[("CLOUDINARY_PARSE_WEBHOOKS", "")]);
    assert_eq!(environment.webhooks(), PathBuf::from("webhooks"));
    let logging = environment.logging().unwrap();
    assert_eq!((logging.format, logging.filter), (LogFormat::Text, None));
}

#[test]
fn every_mistake_is_reported_at_once_and_names_its_variable() {
    let found = mistakes(&[
        ("CLOUDINARY_URL", "https://key:hush@demo"),
        ("PARSE_SERVER_WEBHOOK_KEY", "   "),
        ("CLOUDINARY_PARSE_BIND", "8080"),
        ("CLOUDINARY_PARSE_ADMIN_BIND", "nowhere"),
        ("CLOUDINARY_PARSE_PUBLIC_URL", "ftp://x"),
        ("CLOUDINARY_PARSE_TLS_CERT", "cert.pem"),
        ("CLOUDINARY_PARSE_MAX_BODY", "16 apples"),
        ("CLOUDINARY_PARSE_MAX_CONNECTIONS", "0"),
        ("CLOUDINARY_PARSE_READ_TIMEOUT", "10"),
        ("CLOUDINARY_PARSE_WORKERS", "-1"),
        ("PARSE_SERVER_URL", "parse:1337"),
    ]);
    let named: Vec<_> = found
        .lines()
        .map(|l| l.split(':').next().unwrap())
        .collect();
    assert_eq!(
        named,
        [
            "CLOUDINARY_URL",
            "PARSE_SERVER_WEBHOOK_KEY",
            "CLOUDINARY_PARSE_BIND",
            "CLOUDINARY_PARSE_TLS_KEY",
            "CLOUDINARY_PARSE_ADMIN_BIND",
            "CLOUDINARY_PARSE_PUBLIC_URL",
            "PARSE_SERVER_URL",
            "CLOUDINARY_PARSE_MAX_BODY",
            "CLOUDINARY_PARSE_MAX_CONNECTIONS",
            "CLOUDINARY_PARSE_WORKERS",
            "CLOUDINARY_PARSE_READ_TIMEOUT",
        ]
    );
    assert!(!found.contains("hush"), "{found}");
}

#[test]
fn a_cloudinary_url_without_key_or_secret_cannot_serve() {
    for url in ["cloudinary://demo", "cloudinary://key@demo"] {
        let found = mistakes(&[("CLOUDINARY_URL", url), KEY]);
        assert!(
            found.starts_with("CLOUDINARY_URL: expected cloudinary://<api_key>"),
            "{found}"
        );
        let with_previous = [
            ("CLOUDINARY_URL", url),
            KEY,
            ("CLOUDINARY_API_SECRET_PREVIOUS", "old"),
        ];
        assert!(mistakes(&with_previous).starts_with("CLOUDINARY_URL: expected"));
    }
}

#[test]
fn an_empty_variable_counts_as_missing() {
    let found = mistakes(&[URL, ("PARSE_SERVER_WEBHOOK_KEY", "")]);
    assert!(
        found.starts_with("PARSE_SERVER_WEBHOOK_KEY: is missing, and there is no .env in "),
        "{found}"
    );
}

#[test]
fn the_environment_wins_over_the_dotenv_file() {
    let folder = Folder::new(&[(
        ".env",
        "CLOUDINARY_URL=cloudinary://key:secret@fromfile\nPARSE_SERVER_WEBHOOK_KEY='from $file'\nCLOUDINARY_PARSE_BIND=127.0.0.1:1\n",
    )]);
    let environment = folder.environment(&[
        ("CLOUDINARY_PARSE_BIND", "127.0.0.1:2"),
        ("CLOUDINARY_URL", ""),
    ]);
    let serve = environment.serve(Needs::default()).unwrap();
    assert_eq!(serve.account.cloud_name, "fromfile");
    assert_eq!(serve.webhook_key.expose_secret(), "from $file");
    assert_eq!(serve.listener.bind.port(), 2);
}

#[test]
fn a_broken_dotenv_line_is_named_by_number_and_not_shown() {
    for (text, line) in [
        ("A=1\nPARSE_SERVER_WEBHOOK_KEY='hush\n", 2),
        ("\nA='hush\nB=2\nC=3\n", 2),
        ("A=1\nB=hush hush\nC=3\n", 2),
        ("hush\n", 1),
    ] {
        let folder = Folder::new(&[(".env", text)]);
        let environment = folder.environment(&[URL, KEY]);
        assert_eq!(
            environment.serve(Needs::default()).unwrap_err().to_string(),
            format!(".env: line {line}: expected NAME=value or NAME='value'"),
            "{text}"
        );
    }
}

#[test]
fn a_dotenv_file_may_begin_with_a_byte_order_mark() {
    let folder = Folder::new(&[(".env", "\u{feff}PARSE_SERVER_WEBHOOK_KEY=key\r\n")]);
    let serve = folder.environment(&[URL]).serve(Needs::default()).unwrap();
    assert_eq!(serve.webhook_key.expose_secret(), "key");
}

/// Container engines make a folder of a file that is mounted but missing.
#[test]
fn a_dotenv_that_is_no_text_file_is_a_mistake() {
    let folder = Folder::new(&[]);
    std::fs::create_dir(folder.0.path().join(".env")).unwrap();
    let found = folder
        .environment(&[URL, KEY])
        .serve(Needs::default())
        .unwrap_err();
    assert_eq!(
        found.to_string(),
        ".env: cannot be read: Is a directory (os error 21)"
    );
    let folder = Folder::new(&[]);
    std::fs::write(folder.0.path().join(".env"), b"A=\xff\n").unwrap();
    let found = folder
        .environment(&[URL, KEY])
        .serve(Needs::default())
        .unwrap_err();
    assert_eq!(
        found.to_string(),
        ".env: cannot be read: stream did not contain valid UTF-8"
    );
}

#[test]
fn a_secret_may_come_from_a_file_without_its_line_end() {
    let folder = Folder::new(&[
        ("key", " wh key \r\n"),
        ("url", "cloudinary://key:secret@demo\n"),
    ]);
    let environment = folder.environment(&[
        ("PARSE_SERVER_WEBHOOK_KEY_FILE", "key"),
        ("CLOUDINARY_URL_FILE", "url"),
    ]);
    let serve = environment.serve(Needs::default()).unwrap();
    assert_eq!(serve.webhook_key.expose_secret(), " wh key ");
    assert_eq!(serve.account.cloud_name, "demo");
}

/// A value that every secret takes, as far as it is read.
fn value_of(name: &str) -> &'static str {
    match name {
        "CLOUDINARY_URL" => "cloudinary://key:secret@demo",
        "CLOUDINARY_PARSE_QUEUE" => "sqlite://queue.db",
        _ => "sixteen-letters!",
    }
}

fn secrets() -> impl Iterator<Item = &'static str> {
    let secrets = VARIABLES.iter().filter(|variable| variable.is_secret);
    secrets.map(|variable| variable.name)
}

/// What is wrong with `secret` set in `variables` and in `.env`, all other secrets being set.
fn mistakes_of(secret: &str, variables: &[(&str, &str)], files: &[(&str, &str)]) -> String {
    let folder = Folder::new(files);
    let mut environment: Vec<(&str, &str)> = secrets()
        .filter(|name| *name != secret)
        .map(|name| (name, value_of(name)))
        .collect();
    environment.extend([
        ("PARSE_SERVER_URL", "http://parse:1337/parse"),
        ("PARSE_SERVER_APPLICATION_ID", "app"),
    ]);
    environment.extend(variables);
    let needs = Needs {
        parse_server: true,
        master_key: true,
    };
    let read = folder.environment(&environment).serve(needs);
    read.map_or_else(|mistakes| mistakes.to_string(), |_| String::new())
}

#[test]
fn every_secret_is_read_from_a_file_that_is_neither_missing_nor_blank() {
    for name in secrets() {
        let file = format!("{name}_FILE");
        for line_end in ["", "\n", "\r\n"] {
            let text = format!("{}{line_end}", value_of(name));
            let found = mistakes_of(name, &[(&file, "x")], &[("x", &text)]);
            assert_eq!(found, "", "{name}");
        }
        for blank in ["", "\n", "\r\n", " \t\r\n", "\n\n"] {
            let expected = format!("{file}: x is empty or blank");
            assert_eq!(
                mistakes_of(name, &[(&file, "x")], &[("x", blank)]),
                expected
            );
            let dotenv = format!("{file}=x\n");
            let files = [("x", blank), (".env", &*dotenv)];
            assert_eq!(mistakes_of(name, &[], &files), expected);
        }
        let expected = format!("{file}: cannot read x: No such file or directory (os error 2)");
        assert_eq!(mistakes_of(name, &[(&file, "x")], &[]), expected);
        assert_eq!(
            mistakes_of(name, &[(name, " ")], &[]),
            format!("{name}: is blank")
        );
    }
}

#[test]
fn every_secret_and_its_file_in_one_place_are_a_mistake_but_the_environment_wins_over_dotenv() {
    for name in secrets() {
        let file = format!("{name}_FILE");
        let value = value_of(name);
        let expected = format!("{name}: is set together with {file}: keep one");
        let both = [(name, value), (&*file, "x")];
        assert_eq!(mistakes_of(name, &both, &[("x", value)]), expected);
        let dotenv = format!("{name}={value}\n{file}=x\n");
        let files = [("x", value), (".env", &*dotenv)];
        assert_eq!(mistakes_of(name, &[], &files), expected);
        // Each place has one.
        let dotenv = format!("{file}=no-such-file\n");
        assert_eq!(
            mistakes_of(name, &[(name, value)], &[(".env", &dotenv)]),
            ""
        );
        let dotenv = format!("{name}=' '\n");
        let files = [("x", value), (".env", &*dotenv)];
        assert_eq!(mistakes_of(name, &[(&file, "x")], &files), "");
    }
    let folder = Folder::new(&[
        (".env", "PARSE_SERVER_WEBHOOK_KEY=dotenv\n"),
        ("key", "file"),
    ]);
    let environment = folder.environment(&[URL, ("PARSE_SERVER_WEBHOOK_KEY_FILE", "key")]);
    let serve = environment.serve(Needs::default()).unwrap();
    assert_eq!(serve.webhook_key.expose_secret(), "file");
}

#[test]
fn what_is_no_secret_does_not_come_from_a_file() {
    let folder = Folder::new(&[("x", "http://parse:1337/parse")]);
    let environment = folder.environment(&[URL, KEY, ("PARSE_SERVER_URL_FILE", "x")]);
    let needs = Needs {
        parse_server: true,
        ..Needs::default()
    };
    let found = environment.serve(needs).unwrap_err().to_string();
    assert!(found.starts_with("PARSE_SERVER_URL: is missing"), "{found}");
}

#[test]
fn an_admin_listener_for_others_needs_a_token() {
    let everybody = ("CLOUDINARY_PARSE_ADMIN_BIND", "0.0.0.0:9090");
    assert_eq!(
        mistakes(&[URL, KEY, everybody]),
        "CLOUDINARY_PARSE_ADMIN_TOKEN: is missing: CLOUDINARY_PARSE_ADMIN_BIND is 0.0.0.0:9090, which is not a loopback address"
    );
    let token = ("CLOUDINARY_PARSE_ADMIN_TOKEN", "sixteen-letters!");
    assert!(served(&[everybody, token]).admin.unwrap().token.is_some());
    assert!(
        served(&[("CLOUDINARY_PARSE_ADMIN_BIND", "off")])
            .admin
            .is_none()
    );
    assert!(
        served(&[("CLOUDINARY_PARSE_ADMIN_BIND", "[::1]:0")])
            .admin
            .is_some()
    );
}

#[test]
fn an_admin_token_has_16_characters_wherever_it_is_set() {
    const NAME: &str = "CLOUDINARY_PARSE_ADMIN_TOKEN";
    let short = (NAME, "fifteen-letters");
    for bind in ["127.0.0.1:9090", "0.0.0.0:9090", "off"] {
        assert_eq!(
            mistakes(&[URL, KEY, short, ("CLOUDINARY_PARSE_ADMIN_BIND", bind)]),
            "CLOUDINARY_PARSE_ADMIN_TOKEN: expected at least 16 characters",
            "{bind}"
        );
    }
    let folder = Folder::new(&[
        ("token", "fifteen-letters\n"),
        ("long", "sixteen-letters!\n"),
    ]);
    let from_file = |file| {
        let environment =
            folder.environment(&[URL, KEY, ("CLOUDINARY_PARSE_ADMIN_TOKEN_FILE", file)]);
        environment.serve(Needs::default())
    };
    assert_eq!(
        from_file("token").unwrap_err().to_string(),
        "CLOUDINARY_PARSE_ADMIN_TOKEN: expected at least 16 characters"
    );
    assert!(from_file("long").is_ok());
    // Characters, not bytes.
    assert!(served(&[(NAME, &"ü".repeat(16))]).admin.is_some());
}

#[test]
fn a_secret_for_notifications_is_read_and_signs_nothing() {
    const NAME: &str = "CLOUDINARY_NOTIFICATION_SECRET";
    let account = served(&[(NAME, "notified")]).account;
    assert_eq!(account.secrets.len(), 1);
    let secret = account.notification_secret.unwrap();
    assert_eq!(secret.expose_secret(), "notified");
    assert!(served(&[]).account.notification_secret.is_none());
    let folder = Folder::new(&[("secret", "notified\r\n"), ("blank", " \n")]);
    let file = |file| {
        let environment =
            folder.environment(&[URL, KEY, ("CLOUDINARY_NOTIFICATION_SECRET_FILE", file)]);
        environment.serve(Needs::default())
    };
    let secret = file("secret").unwrap().account.notification_secret;
    assert_eq!(secret.unwrap().expose_secret(), "notified");
    assert!(file("blank").unwrap_err().to_string().contains(NAME));
}

#[test]
fn slashes_at_the_end_of_urls_do_not_matter() {
    let serve = served(&[
        ("PARSE_SERVER_URL", "http://parse:1337/parse//"),
        ("PARSE_SERVER_APPLICATION_ID", "app"),
        ("CLOUDINARY_PARSE_PUBLIC_URL", "https://example.com/hooks/"),
    ]);
    assert_eq!(
        serve.parse.unwrap().server_url.as_str(),
        "http://parse:1337/parse"
    );
    assert_eq!(serve.public_url.as_str(), "https://example.com/hooks");
}

#[test]
fn the_services_own_address_of_parse_server_wins() {
    let serve = served(&[
        ("PARSE_SERVER_URL", "http://public/parse"),
        ("CLOUDINARY_PARSE_SERVER_URL", "http://parse:1337/parse"),
        ("PARSE_SERVER_APPLICATION_ID", "app"),
    ]);
    assert_eq!(
        serve.parse.unwrap().server_url.as_str(),
        "http://parse:1337/parse"
    );
}

#[test]
fn sizes_and_durations_are_read_as_people_write_them() {
    for (text, bytes) in [
        ("16MiB", 16 << 20),
        ("4mb", 4 << 20),
        ("512k", 512 << 10),
        ("1000000", 1_000_000),
    ] {
        assert_eq!(
            served(&[("CLOUDINARY_PARSE_MAX_BODY", text)]).max_body,
            bytes,
            "{text}"
        );
    }
    for (text, milliseconds) in [("500ms", 500), ("2s", 2_000), ("1m", 60_000)] {
        let serve = served(&[("CLOUDINARY_PARSE_READ_TIMEOUT", text)]);
        assert_eq!(serve.read_timeout.as_millis(), milliseconds, "{text}");
    }
}

#[test]
fn secrets_stay_out_of_debug() {
    let serve = served(&[
        ("CLOUDINARY_API_SECRET_PREVIOUS", "hush-1"),
        ("PARSE_SERVER_WEBHOOK_KEY_PREVIOUS", "hush-2"),
        ("CLOUDINARY_PARSE_ADMIN_TOKEN", "hush-3-hush-3-hush-3"),
        ("CLOUDINARY_NOTIFICATION_SECRET", "hush-4"),
    ]);
    let shown = format!("{serve:?}");
    for secret in ["hush", "\"secret\"", "\"webhook\""] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn the_queue_is_an_sqlite_file_or_a_postgresql_database() {
    for url in [
        "sqlite://queue.db",
        "sqlite:///var/lib/cloudinary-parse/queue.db",
        "postgres://u:p@h/db",
        "postgresql://u:p@h:5433/db?sslmode=require",
    ] {
        let queue = served(&[("CLOUDINARY_PARSE_QUEUE", url)]).queue;
        assert_eq!(queue.expose_secret(), url);
    }
    for url in [
        "queue.db",
        "mysql://u:p@h/db",
        "Postgres://u:p@h/db",
        "postgres:/h/db",
        "postgres://h:port/db",
        "sqlite://queue.db?mode=odd",
        "redis://h",
    ] {
        assert_eq!(
            mistakes(&[URL, KEY, ("CLOUDINARY_PARSE_QUEUE", url)]),
            "CLOUDINARY_PARSE_QUEUE: expected sqlite://<file> or postgres://<user>:<password>@<host>/<database>",
            "{url}"
        );
    }
}
