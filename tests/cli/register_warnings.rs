//! What `register` says of the public URL and of changes, before it makes them.

use serde_json::json;
use wiremock::ResponseTemplate;

use crate::command::CloudinaryParse;
use crate::parse_server::{ParseServer, answer};
use crate::register::registered;

#[test]
fn says_every_warning_before_it_changes_anything() {
    let server = ParseServer::start()
        .function("url", "http://old")
        .function("gone", "http://127.0.0.1:1/cp/functions/gone")
        .answers(
            "POST",
            "/hooks/triggers",
            answer(500, json!({"code": 1, "error": "no"})),
            1,
        )
        .answers(
            "PUT",
            "/hooks/functions/url",
            answer(500, json!({"code": 1, "error": "no"})),
            1,
        )
        .answers(
            "PUT",
            "/hooks/functions/gone",
            answer(500, json!({"code": 1, "error": "no"})),
            1,
        );
    let caller = CloudinaryParse::against(&server);
    let script = r#""$0" register --prune 2>&1"#;
    let mut shell = assert_cmd::Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_cloudinary-parse")]);
    shell.envs(
        caller
            .command()
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = shell.current_dir(caller.directory()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let before = text.split("failed      Photo.beforeSave").next().unwrap();
    let warnings: Vec<_> = before
        .lines()
        .filter(|line| line.starts_with("warning: "))
        .collect();
    assert_eq!(
        warnings,
        [
            "warning: other Parse Server nodes and processes load hooks only at their next start: restart them",
            "warning: if Cloud Code has a trigger or function of the same name, which Parse Server does not tell, the hook takes its place until Parse Server restarts; then Cloud Code wins and the hook is not called: keep none for Photo.beforeSave, url",
            "warning: replacing is deleting, then adding: url will be unguarded for the short gap between",
            "warning: removing a hook also takes Cloud Code for the same class and trigger, or function, out of force until Parse Server restarts: where there is some, restart it at once",
        ]
    );
}

#[test]
fn asks_the_public_url_whether_it_serves() {
    for (answered, expected) in [
        (answer(200, json!({"status": "ok"})), None),
        (
            answer(503, json!({"status": "ok"})),
            Some("503 Service Unavailable"),
        ),
        (answer(200, json!({"status": "starting"})), Some("200 OK")),
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            Some("200 OK"),
        ),
    ] {
        let service = ParseServer::start().answers("GET", "/health", answered, 1);
        let result = CloudinaryParse::against(&registered())
            .env("CLOUDINARY_PARSE_PUBLIC_URL", &service.url())
            .run(&["register", "--dry-run"]);
        let warning = result.stderr.lines().find(|line| line.contains("/health"));
        let expected = expected.map(|status| {
            format!(
                "warning: {}/health answered {status}, not as cloudinary-parse does: if Parse Server gets no other answer, it refuses every save of the guarded classes",
                service.url()
            )
        });
        assert_eq!(warning, expected.as_deref());
    }
}

#[test]
fn refuses_a_public_url_that_nobody_can_call() {
    for (url, expected) in [
        (
            "http://0.0.0.0:8080",
            "http://0.0.0.0:8080 is a wildcard address, which Parse Server cannot call",
        ),
        (
            "http://[::]:8080/",
            "http://[::]:8080 is a wildcard address, which Parse Server cannot call",
        ),
        (
            "http://host:0/x",
            "http://host:0/x has port 0, which Parse Server cannot call",
        ),
    ] {
        let server = ParseServer::start();
        for command in [
            &["register"][..],
            &["register", "--dry-run"],
            &["unregister"],
            &["hooks"],
        ] {
            let result = CloudinaryParse::against(&server)
                .env("CLOUDINARY_PARSE_PUBLIC_URL", url)
                .run(command);
            assert_eq!(result.code, 1);
            assert!(
                result.stderr.contains("CLOUDINARY_PARSE_PUBLIC_URL"),
                "{}",
                result.stderr
            );
            assert!(result.stderr.contains(expected), "{}", result.stderr);
        }
        assert!(server.requests().is_empty());
    }
}

#[test]
fn refuses_the_wildcard_that_the_public_url_takes_from_the_bind_address() {
    let server = ParseServer::start();
    let result = CloudinaryParse::against(&server)
        .env("CLOUDINARY_PARSE_PUBLIC_URL", "")
        .env("CLOUDINARY_PARSE_BIND", "0.0.0.0:8080")
        .run(&["register"]);
    assert_eq!(result.code, 1);
    assert!(
        result
            .stderr
            .contains("http://0.0.0.0:8080 is a wildcard address"),
        "{}",
        result.stderr
    );
}

#[test]
fn names_what_the_schema_has_under_a_similar_name_or_of_another_type() {
    let remedy = "until then nothing guards it, and what it refers to does not count as in use";
    for (manifest, warning) in [
        (
            "class = \"Foto\"\n[fields.picture]\n",
            format!(
                "warning: Parse Server has no class Foto: did you mean Photo? Correct `class` in the manifest, or create the class if it is meant: {remedy}"
            ),
        ),
        (
            "class = \"Photo\"\n[fields.pictrue]\n",
            format!(
                "warning: Photo has no column pictrue: did you mean picture? Correct the name in the manifest, or create the column if it is meant: {remedy}"
            ),
        ),
        (
            "class = \"Photo\"\n[fields.picture]\nmany = true\n",
            "warning: Photo.picture is of type String, and its manifest says `many = true`. Leave `many` out of the field's table, or name a column of type Array".to_owned(),
        ),
    ] {
        let server = ParseServer::start();
let caller = CloudinaryParse::against(&server).manifest("Photo.toml", manifest);
        let result = caller.run(&["register", "--dry-run"]);
        assert!(result.stderr.lines().any(|line| line == warning), "{}", result.stderr);
    }
}

#[test]
fn does_not_warn_of_a_class_that_is_only_new() {
    let server = ParseServer::start();
    let caller = CloudinaryParse::against(&server)
        .manifest("Photo.toml", "class = \"Invoice\"\n[fields.scan]\n");
    let result = caller.run(&["register", "--dry-run"]);
    let warning = result
        .stderr
        .lines()
        .find(|line| line.starts_with("warning: Parse Server"));
    assert_eq!(warning, None);
}
