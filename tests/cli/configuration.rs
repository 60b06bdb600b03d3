//! What the commands say about an environment that will not do, and how they log.

use serde_json::Value;

use crate::command::CloudinaryParse;
use crate::parse_server::{APPLICATION_ID, MASTER_KEY, ParseServer};

#[test]
fn serve_lists_every_mistake_of_an_empty_environment() {
    let caller = CloudinaryParse::bare();
    let result = caller.run(&["serve"]);
    assert_eq!((result.code, &*result.stdout), (1, ""));
    assert_eq!(
        result.stderr,
        format!(
            "error: cannot serve:
CLOUDINARY_URL: is missing, and there is no .env in {folder}
PARSE_SERVER_WEBHOOK_KEY: is missing, and there is no .env in {folder}
webhooks: cannot read the folder of manifests: No such file or directory (os error 2)
next: correct this; `cloudinary-parse check` tells whether configuration and manifests are in order
",
            folder = caller.directory().display()
        )
    );
}

#[test]
fn register_and_hooks_list_every_mistake_of_an_empty_environment() {
    for command in ["register", "hooks"] {
        let caller = CloudinaryParse::bare();
        std::fs::write(caller.directory().join(".env"), "CLOUDINARY_URL=\n").unwrap();
        let result = caller.run(&[command]);
        assert_eq!((result.code, &*result.stdout), (1, ""));
        assert_eq!(
            result.stderr,
            format!(
                "error: the configuration is not usable:
PARSE_SERVER_URL: is missing, also in {dotenv}
PARSE_SERVER_APPLICATION_ID: is missing, also in {dotenv}
PARSE_SERVER_MASTER_KEY: is missing, also in {dotenv}
webhooks: cannot read the folder of manifests: No such file or directory (os error 2)
next: `cloudinary-parse doctor` finds out what is wrong and what to do
",
                dotenv = caller.directory().join(".env").display()
            )
        );
    }
}

#[test]
fn mistakes_of_every_kind_are_listed_together() {
    let result = CloudinaryParse::bare()
        .manifest(
            "Photo.toml",
            "class = \"Photo\"\nfolder = \"x\"\n[fields.picture]\n",
        )
        .env("CLOUDINARY_PARSE_LOG_FORMAT", "xml")
        .env("CLOUDINARY_PARSE_BIND", "[::]:8080")
        .env("PARSE_SERVER_URL", "parse:1337")
        .run(&["register"]);
    assert_eq!(result.code, 1);
    let named: Vec<_> = result
        .stderr
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with("next: "))
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        named,
        [
            "CLOUDINARY_PARSE_LOG_FORMAT",
            "PARSE_SERVER_URL",
            "PARSE_SERVER_APPLICATION_ID",
            "PARSE_SERVER_MASTER_KEY",
            "CLOUDINARY_PARSE_PUBLIC_URL",
            "webhooks/Photo.toml:2",
        ]
    );
}

#[test]
fn takes_all_of_it_from_a_dotenv_file() {
    let server = ParseServer::start();
    let caller =
        CloudinaryParse::bare().manifest("Photo.toml", "class = \"Photo\"\n[fields.picture]\n");
    std::fs::write(caller.directory().join("key"), format!("{MASTER_KEY}\n")).unwrap();
    let dotenv = format!(
        "PARSE_SERVER_URL={}/\nPARSE_SERVER_APPLICATION_ID='{APPLICATION_ID}'\nPARSE_SERVER_MASTER_KEY_FILE=key\n",
        server.url()
    );
    std::fs::write(caller.directory().join(".env"), dotenv).unwrap();
    let result = caller.run(&["register"]);
    assert_eq!(result.code, 0, "{}", result.stderr);
    assert_eq!(
        server.registered(),
        ["Photo.beforeSave http://127.0.0.1:8080/triggers/Photo/beforeSave"]
    );
}

/// `register` against nobody, which logs one line while it waits.
fn waits(format: &str) -> (i32, String) {
    let server = ParseServer::start();
    let result = CloudinaryParse::against(&server)
        .env("PARSE_SERVER_URL", "http://127.0.0.1:1/parse")
        .env("CLOUDINARY_PARSE_LOG_FORMAT", format)
        .run(&["register", "--wait", "1s"]);
    (
        result.code,
        result.stderr.lines().next().unwrap().to_owned(),
    )
}

#[test]
fn logs_one_json_object_a_line() {
    let (code, line) = waits("json");
    assert_eq!(code, 1);
    let line: Value = serde_json::from_str(&line).unwrap();
    let keys: Vec<_> = line.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["time", "level", "target", "message"]);
    assert_eq!(line["level"], "INFO");
    let message = line["message"].as_str().unwrap();
    assert!(
        message.starts_with("waiting for Parse Server: cannot connect"),
        "{message}"
    );
}

#[test]
fn logs_text_for_people() {
    for format in ["text", ""] {
        let (_, line) = waits(format);
        let (time, rest) = line.split_once(' ').unwrap();
        assert_eq!(time.len(), "2026-01-01T00:00:00.000Z".len());
        assert!(
            rest.starts_with("INFO  waiting for Parse Server: cannot connect"),
            "{rest}"
        );
    }
}
