use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::command::CloudinaryParse;
use crate::parse_server::{APPLICATION_ID, MASTER_KEY, ParseServer, answer};

const TRIGGER: &str = "http://127.0.0.1:1/cp/triggers/Photo/beforeSave";
const FUNCTION: &str = "http://127.0.0.1:1/cp/functions/url";

/// Parse Server as a finished `register` leaves it.
fn registered() -> ParseServer {
    ParseServer::start()
        .trigger("Photo", "beforeSave", TRIGGER)
        .function("url", FUNCTION)
}

#[test]
fn adds_what_is_missing() {
    let server = ParseServer::start();
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        result.stdout,
        format!(
            "Parse Server  {} (9.10.0)
public URL    http://127.0.0.1:1/cp

to add      Photo.beforeSave  {TRIGGER}
to add      url               {FUNCTION}

added       Photo.beforeSave  {TRIGGER}
added       url               {FUNCTION}

2 added
",
            server.url()
        )
    );
    assert_eq!(
        server.changes(),
        [
            format!(
                r#"POST /parse/hooks/triggers {{"className":"Photo","triggerName":"beforeSave","url":"{TRIGGER}"}}"#
            ),
            format!(r#"POST /parse/hooks/functions {{"functionName":"url","url":"{FUNCTION}"}}"#),
        ]
    );
}

#[test]
fn sends_the_keys_in_parse_servers_headers() {
    let server = ParseServer::start();
    CloudinaryParse::against(&server).run(&["register"]);
    for request in server.requests() {
        assert_eq!(request.headers["x-parse-application-id"], APPLICATION_ID);
        assert_eq!(request.headers["x-parse-master-key"], MASTER_KEY);
        assert!(!request.headers.contains_key("x-parse-session-token"));
    }
}

#[test]
fn changes_nothing_the_second_time() {
    let server = registered();
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        result.table(),
        [
            format!("unchanged   Photo.beforeSave  {TRIGGER}"),
            format!("unchanged   url               {FUNCTION}"),
            "2 unchanged".to_owned(),
        ]
    );
    assert_eq!(server.changes(), [""; 0]);
}

#[test]
fn replaces_another_url_by_deleting_and_adding() {
    let server = ParseServer::start()
        .trigger("Photo", "beforeSave", "http://user:secret@old:8080/Photo")
        .function("url", FUNCTION);
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        result.table(),
        [
            format!(
                "to replace  Photo.beforeSave  {TRIGGER}  (was http://user:***@old:8080/Photo)"
            ),
            format!(
                "replaced    Photo.beforeSave  {TRIGGER}  (was http://user:***@old:8080/Photo)"
            ),
            format!("unchanged   url               {FUNCTION}"),
            "1 replaced, 1 unchanged".to_owned(),
        ]
    );
    assert_eq!(
        server.changes(),
        [
            r#"PUT /parse/hooks/triggers/Photo/beforeSave {"__op":"Delete"}"#.to_owned(),
            format!(
                r#"POST /parse/hooks/triggers {{"className":"Photo","triggerName":"beforeSave","url":"{TRIGGER}"}}"#
            ),
        ]
    );
}

#[test]
fn replaces_two_rows_for_one_hook_by_one() {
    for other in [FUNCTION, "http://old/url"] {
        let server = registered().function("url", other);
        let result = CloudinaryParse::against(&server).run(&["register"]);
        assert_eq!(result.code, 0);
        assert_eq!(
            server.registered(),
            [
                format!("Photo.beforeSave {TRIGGER}"),
                format!("url {FUNCTION}")
            ]
        );
        assert!(
            result
                .stdout
                .contains(&format!("(was {FUNCTION}, {other})")),
            "{}",
            result.stdout
        );
    }
}

#[test]
fn never_touches_what_is_not_ours() {
    let others = [
        ("url2", "http://127.0.0.1:11/cp/functions/url"),
        ("url3", "http://127.0.0.1:1/cpx/functions/url"),
        ("url4", "https://127.0.0.1:1/cp/functions/url"),
        ("url5", "not a url"),
    ];
    let mut server = registered();
    for (name, url) in others {
        server = server.function(name, url);
    }
    let result = CloudinaryParse::against(&server).run(&["register", "--prune"]);
    assert_eq!(result.code, 0);
    assert_eq!(server.changes(), [""; 0]);
    assert_eq!(result.table().last(), Some(&"2 unchanged, 4 foreign"));
}

#[test]
fn reports_stale_hooks_and_removes_them_on_demand() {
    let stale = "http://127.0.0.1:1/cp/functions/gone";
    let server = registered().function("gone", stale);
    let caller = CloudinaryParse::against(&server);
    let result = caller.run(&["register"]);
    assert_eq!(result.code, 0);
    assert!(result.table().contains(&&*format!(
        "stale       gone              {stale}  (no manifest names it; --prune removes it)"
    )));
    assert_eq!(server.changes(), [""; 0]);
    let result = caller.run(&["register", "--prune"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        result.table(),
        [
            format!("to remove   gone              {stale}"),
            format!("unchanged   Photo.beforeSave  {TRIGGER}"),
            format!("unchanged   url               {FUNCTION}"),
            format!("removed     gone              {stale}"),
            "2 unchanged, 1 removed".to_owned(),
        ]
    );
    assert_eq!(
        server.changes(),
        [r#"PUT /parse/hooks/functions/gone {"__op":"Delete"}"#]
    );
}

#[test]
fn leaves_a_stale_hook_that_is_not_ours_alone() {
    let server = registered()
        .function("gone", "http://127.0.0.1:1/cp/functions/gone")
        .function("gone", "http://elsewhere/gone");
    let result = CloudinaryParse::against(&server).run(&["register", "--prune"]);
    assert_eq!(result.code, 0);
    assert_eq!(server.changes(), [""; 0]);
    assert!(result.stderr.contains("gone is left alone: it is registered as http://127.0.0.1:1/cp/functions/gone, http://elsewhere/gone"));
}

#[test]
fn a_dry_run_only_looks() {
    let stale = "http://127.0.0.1:1/cp/functions/gone";
    for (server, code, verdict) in [
        (ParseServer::start(), 2, "drift: 2 to add"),
        (registered(), 0, "no drift: 2 unchanged"),
        (
            registered().function("x", "http://elsewhere"),
            0,
            "no drift: 2 unchanged, 1 foreign",
        ),
        (
            registered().function("gone", stale),
            2,
            "drift: 2 unchanged, 1 stale",
        ),
        (
            registered().function("url", "http://old"),
            2,
            "drift: 1 unchanged, 1 to replace",
        ),
    ] {
        let result = CloudinaryParse::against(&server).run(&["register", "--dry-run"]);
        assert_eq!(result.code, code, "{verdict}");
        assert_eq!(result.table().last(), Some(&verdict));
        assert_eq!(server.changes(), [""; 0]);
    }
}

#[test]
fn a_dry_run_shows_what_prune_would_remove() {
    let server = registered().function("gone", "http://127.0.0.1:1/cp/functions/gone");
    let result = CloudinaryParse::against(&server).run(&["register", "--dry-run", "--prune"]);
    assert_eq!(result.code, 2);
    assert_eq!(
        result.table().last(),
        Some(&"drift: 2 unchanged, 1 to remove")
    );
    assert_eq!(server.changes(), [""; 0]);
}

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
            "warning: a hook takes the place of Cloud Code for the same class and trigger, or function, until Parse Server restarts; then Cloud Code wins and the hook is not called: keep no Cloud Code for Photo.beforeSave, url",
            "warning: replacing is deleting, then adding: url will be unguarded for the short gap between",
            "warning: removing a hook also takes Cloud Code for the same class and trigger, or function, out of force until Parse Server restarts",
            "warning: http://127.0.0.1:1/cp/health does not answer: tcp connect error: Connection refused (os error 111): if Parse Server gets no other answer, it refuses every save of the guarded classes",
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
fn tries_again_to_add_what_it_has_deleted() {
    let server = registered().function("url", "http://old").answers(
        "POST",
        "/hooks/functions",
        ResponseTemplate::new(502),
        2,
    );
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        server.registered(),
        [
            format!("Photo.beforeSave {TRIGGER}"),
            format!("url {FUNCTION}")
        ]
    );
}

#[test]
fn says_what_is_unguarded_when_it_cannot_add_again() {
    let server = registered().function("url", "http://old").answers(
        "POST",
        "/hooks/functions",
        ResponseTemplate::new(502),
        3,
    );
    let caller = CloudinaryParse::against(&server);
    let result = caller.run(&["register"]);
    assert_eq!(result.code, 1);
    let note = format!(
        "it may be unregistered now, and then nothing guards it until register succeeds: Parse Server at {} is not available: its proxy answered 502 Bad Gateway",
        server.url()
    );
    assert!(result.stdout.contains(&note), "{}", result.stdout);
    assert_eq!(result.error(), "error: 1 hook is not as it should be");
    assert_eq!(server.registered(), [format!("Photo.beforeSave {TRIGGER}")]);
    assert_eq!(caller.run(&["register"]).code, 0);
    assert_eq!(
        server.registered(),
        [
            format!("Photo.beforeSave {TRIGGER}"),
            format!("url {FUNCTION}")
        ]
    );
}

#[test]
fn takes_an_existing_hook_with_our_url_for_its_own() {
    let exists = json!({"code": 143, "error": "class Photo already has trigger beforeSave"});
    let server = registered().answers("GET", "/hooks/triggers", answer(200, json!([])), 1);
    let server = server.answers("POST", "/hooks/triggers", answer(400, exists), 1);
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(result.table().last(), Some(&"1 added, 1 unchanged"));
}

#[test]
fn notices_that_somebody_registers_another_url_at_the_same_time() {
    let exists = json!({"code": 143, "error": "class Photo already has trigger beforeSave"});
    let server = ParseServer::start()
        .function("url", FUNCTION)
        .trigger("Photo", "beforeSave", "http://elsewhere")
        .answers("GET", "/hooks/triggers", answer(200, json!([])), 1)
        .answers("POST", "/hooks/triggers", answer(400, exists), 1);
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 1);
    assert!(
        result
            .stdout
            .contains("somebody else registers it at the same time")
    );
}

#[test]
fn reads_back_what_it_has_changed() {
    let added = json!({"functionName": "url", "url": FUNCTION});
    let server = ParseServer::start()
        .trigger("Photo", "beforeSave", TRIGGER)
        .answers("POST", "/hooks/functions", answer(200, added), 1);
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 1);
    assert_eq!(
        result.error(),
        "error: somebody else changed url at the same time: run register again"
    );
}

#[test]
fn one_refused_hook_does_not_keep_the_others_from_being_registered() {
    let refused = json!({"code": 143, "error": "invalid hook declaration"});
    let server = ParseServer::start().answers("POST", "/hooks/triggers", answer(400, refused), 1);
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 1);
    assert_eq!(server.registered(), [format!("url {FUNCTION}")]);
    assert_eq!(result.table().last(), Some(&"1 failed, 1 added"));
}

#[test]
fn finishes_its_work_when_nobody_reads_the_result() {
    let server = ParseServer::start();
    let caller = CloudinaryParse::against(&server);
    let script = r#"{ "$0" register; echo $? >code; } | true"#;
    let mut shell = assert_cmd::Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_cloudinary-parse")]);
    shell.envs(
        caller
            .command()
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    shell.current_dir(caller.directory()).assert().success();
    let code = std::fs::read_to_string(caller.directory().join("code")).unwrap();
    assert_eq!(code, "0\n");
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn finishes_its_work_when_the_result_cannot_be_written() {
    let server = ParseServer::start();
    let caller = CloudinaryParse::against(&server);
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cloudinary-parse"));
    command
        .arg("register")
        .stdout(full)
        .current_dir(caller.directory())
        .env_clear();
    command.envs(
        caller
            .command()
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        stderr.lines().last(),
        Some("error: cannot write the result: No space left on device (os error 28)")
    );
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn speaks_json_to_scripts() {
    let server = registered().function("gone", "http://127.0.0.1:1/cp/functions/gone");
    let result = CloudinaryParse::against(&server).run(&["register", "--dry-run", "--json"]);
    assert_eq!(result.code, 2);
    let document: Value = serde_json::from_str(&result.stdout).unwrap();
    let warning = "http://127.0.0.1:1/cp/health does not answer: tcp connect error: Connection refused (os error 111): if Parse Server gets no other answer, it refuses every save of the guarded classes";
    assert_eq!(
        document,
        json!({
            "parse_server": server.url(),
            "parse_server_version": "9.10.0",
            "public_url": "http://127.0.0.1:1/cp",
            "dry_run": true,
            "drift": true,
            "warnings": [warning],
            "hooks": [
                {"className": "Photo", "triggerName": "beforeSave", "state": "unchanged", "url": TRIGGER, "registered": [TRIGGER]},
                {"functionName": "url", "state": "unchanged", "url": FUNCTION, "registered": [FUNCTION]},
                {
                    "functionName": "gone",
                    "state": "stale",
                    "url": null,
                    "registered": ["http://127.0.0.1:1/cp/functions/gone"],
                    "note": "no manifest names it; --prune removes it",
                },
            ],
        })
    );
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
fn reaches_parse_server_where_this_service_does() {
    let server = ParseServer::start();
    let result = CloudinaryParse::against(&server)
        .env("PARSE_SERVER_URL", "http://127.0.0.1:1/parse")
        .env("CLOUDINARY_PARSE_SERVER_URL", &format!("{}/", server.url()))
        .run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn waits_for_a_parse_server_that_starts() {
    let starting = json!({"code": 1, "error": "Invalid server state: starting"});
    let server = ParseServer::start().answers("GET", "/serverInfo", answer(500, starting), 1);
    let result = CloudinaryParse::against(&server).run(&["register", "--wait", "60s"]);
    assert_eq!(result.code, 0);
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn does_not_wait_for_a_wrong_key_to_become_right() {
    let server = ParseServer::start();
    let result = CloudinaryParse::against(&server)
        .env("PARSE_SERVER_MASTER_KEY", "wrong")
        .run(&["register", "--wait", "60s"]);
    assert_eq!(result.code, 1);
    assert_eq!(server.requests().len(), 1);
}
