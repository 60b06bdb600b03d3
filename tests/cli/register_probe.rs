//! What `register` makes of Parse Server's view of the hooks' URLs, before it changes anything.

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::command::{CloudinaryParse, Result};
use crate::parse_server::{ParseServer, answer, answered, failed, unauthorized};
use crate::register::{FUNCTION, TRIGGER, registered};

const NO_HOOK: &str = "http://127.0.0.1:1/cp/functions/…";

fn register(server: &ParseServer, options: &[&str]) -> Result {
    let arguments = [&["register"], options].concat();
    CloudinaryParse::against(server).run(&arguments)
}

/// `register` ends with this error, and nothing is changed or left behind.
#[track_caller]
fn assert_refuses(server: &ParseServer, expected: &str) {
    let before = server.registered();
    let result = register(server, &[]);
    assert_eq!(result.code, 1, "{}", result.stderr);
    let expected = format!("error: nothing was changed: {expected}");
    assert_eq!(result.error().replace(&server.url(), "SERVER"), expected);
    assert_eq!(server.changes(), [""; 0]);
    assert_eq!(server.registered(), before);
}

#[test]
fn has_parse_server_call_the_url_of_every_hook_that_it_would_set_and_of_no_other() {
    let old = registered().function("url", "http://old/url");
    for (server, tried) in [
        (ParseServer::start(), &[NO_HOOK, TRIGGER, FUNCTION][..]),
        (
            ParseServer::start().function("url", FUNCTION),
            &[NO_HOOK, TRIGGER],
        ),
        (old, &[NO_HOOK, FUNCTION]),
        (registered(), &[]),
    ] {
        let result = register(&server, &[]);
        assert_eq!(result.code, 0, "{}", result.stderr);
        assert_eq!(server.tried(), tried);
        let now = [
            format!("Photo.beforeSave {TRIGGER}"),
            format!("url {FUNCTION}"),
        ];
        let mut left = server.registered();
        left.sort();
        assert_eq!(left, now);
    }
}

#[test]
fn tries_nothing_where_hooks_are_only_removed() {
    let server = registered().function("gone", "http://127.0.0.1:1/cp/functions/gone");
    assert_eq!(register(&server, &["--prune"]).code, 0);
    assert_eq!(server.tried(), [""; 0]);
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn refuses_a_url_that_parse_server_cannot_reach() {
    for (cause, expected) in [
        (
            "connect ECONNREFUSED 127.0.0.1:1",
            "connect ECONNREFUSED 127.0.0.1:1 (from here it does not answer either): start `cloudinary-parse serve`, or set CLOUDINARY_PARSE_PUBLIC_URL to where Parse Server reaches it and run `cloudinary-parse register`",
        ),
        (
            "getaddrinfo ENOTFOUND hooks",
            "getaddrinfo ENOTFOUND hooks (from here it does not answer either): Parse Server's machine does not know this host name: use one that it knows in CLOUDINARY_PARSE_PUBLIC_URL, then run `cloudinary-parse register`",
        ),
        (
            "certificate has expired",
            "certificate has expired (from here it does not answer either): renew the certificate",
        ),
    ] {
        let server = ParseServer::start().finds(failed(cause));
        let expected = format!("Parse Server cannot reach http://127.0.0.1:1/cp: {expected}");
        assert_refuses(&server, &expected);
        assert_eq!(server.tried(), [NO_HOOK]);
    }
}

#[test]
fn refuses_what_is_not_this_service() {
    let elsewhere = "set CLOUDINARY_PARSE_PUBLIC_URL to where Parse Server reaches this service, then run `cloudinary-parse register`";
    for (said, expected) in [
        (
            answered(404, "<h1>Not Found</h1>"),
            "another server answers there, with status 404",
        ),
        (
            answered(401, "<h1>Authorization Required</h1>"),
            "another server answers there, with status 401",
        ),
        (
            answered(502, ""),
            "another server answers there, with status 502",
        ),
        (
            json!({"result": {}}),
            "another server answers there, with a redirect, a page or an empty answer. Parse Server takes that for consent, so the classes are not guarded",
        ),
    ] {
        let server = ParseServer::start().finds(said);
        assert_refuses(
            &server,
            &format!("http://127.0.0.1:1/cp: {expected}: {elsewhere}"),
        );
    }
}

#[test]
fn refuses_a_service_with_another_webhook_key() {
    let server = ParseServer::start().finds(answered(401, r#"{"error":"unauthorized"}"#));
    assert_refuses(
        &server,
        "the service at http://127.0.0.1:1/cp refuses Parse Server's webhook key: give both the same text, as PARSE_SERVER_WEBHOOK_KEY of the service, and in Parse Server as `webhookKey` of new ParseServer({…}) or PARSE_SERVER_WEBHOOK_KEY; then restart the one that was wrong",
    );
}

#[test]
fn refuses_hooks_that_the_running_service_has_not_loaded() {
    let not_found = || answered(404, r#"{"error":"not found"}"#);
    for (server, hooks) in [
        (
            ParseServer::start().finds_at("/functions/url", not_found()),
            "url",
        ),
        (
            ParseServer::start().finds(not_found()),
            "Photo.beforeSave, url",
        ),
    ] {
        assert_refuses(
            &server,
            &format!(
                "the service at http://127.0.0.1:1/cp does not serve {hooks}: let it load these manifests (SIGHUP, which `kill -HUP` or `systemctl reload cloudinary-parse` sends, or a restart); if it runs with another CLOUDINARY_PARSE_PUBLIC_URL or for another app, name this app's service in CLOUDINARY_PARSE_PUBLIC_URL"
            ),
        );
    }
}

#[test]
fn refuses_a_hook_whose_url_alone_leads_elsewhere() {
    let server = ParseServer::start().finds_at("/functions/url", answered(403, "<h1>No</h1>"));
    assert_refuses(
        &server,
        "http://127.0.0.1:1/cp: another server answers there, with status 403: set CLOUDINARY_PARSE_PUBLIC_URL to where Parse Server reaches this service, then run `cloudinary-parse register`",
    );
}

#[test]
fn refuses_what_parse_server_says_in_words_that_are_not_known() {
    let server = ParseServer::start().finds(json!({"code": 1, "error": "Too many requests"}));
    assert_refuses(
        &server,
        "http://127.0.0.1:1/cp: Parse Server says \"Too many requests\": see Parse Server's log",
    );
}

#[test]
fn names_the_client_key_that_parse_server_demands() {
    let server = ParseServer::start().answers_calls(unauthorized());
    assert_refuses(
        &server,
        "Parse Server at SERVER takes calls only with one of its client keys (restAPIKey, javascriptKey, clientKey), so it cannot be had to try http://127.0.0.1:1/cp: set PARSE_SERVER_REST_API_KEY to its restAPIKey, or pass --no-probe",
    );
}

#[test]
fn sends_the_client_key() {
    let server = ParseServer::start();
    let result = CloudinaryParse::against(&server)
        .env("PARSE_SERVER_REST_API_KEY", "rest-key")
        .run(&["register"]);
    assert_eq!(result.code, 0, "{}", result.stderr);
    for request in server.requests() {
        assert_eq!(request.headers["x-parse-rest-api-key"], "rest-key");
    }
}

#[test]
fn tries_twenty_calls_where_another_node_answers_and_then_only_warns() {
    let unknown = failed("Invalid function: \"cloudinaryParseDoctor\"");
    let server = ParseServer::start().finds(unknown);
    let result = register(&server, &[]);
    assert_eq!(result.code, 0, "{}", result.stderr);
    assert!(
        result.stderr.contains("warning: whether Parse Server reaches the hooks is not known: another of its nodes answered all of 20 calls of a temporary hook; let CLOUDINARY_PARSE_SERVER_URL name one node to have it tried\n"),
        "{}",
        result.stderr
    );
    let calls = server.requests();
    let calls = calls
        .iter()
        .filter(|call| call.url.path().starts_with("/parse/functions/"));
    assert_eq!(calls.count(), 20);
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn says_nothing_of_another_node_that_answers_now_and_then() {
    let unknown = answer(400, failed("Invalid function: \"f\""));
    let server = ParseServer::start().answers_some_calls(unknown, 7);
    let result = register(&server, &[]);
    assert_eq!(result.code, 0, "{}", result.stderr);
    assert!(
        !result.stderr.contains("nodes answered"),
        "{}",
        result.stderr
    );
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn waits_for_the_service_as_for_parse_server() {
    let starting = answer(400, failed("connect ECONNREFUSED 127.0.0.1:1"));
    let server = ParseServer::start().answers_some_calls(starting, 2);
    let result = register(&server, &["--wait", "60s"]);
    assert_eq!(result.code, 0, "{}", result.stderr);
    assert_eq!(
        server.tried(),
        [NO_HOOK, NO_HOOK, NO_HOOK, TRIGGER, FUNCTION]
    );
    let waiting: Vec<_> = result
        .stderr
        .lines()
        .filter(|line| line.contains("waiting for"))
        .collect();
    assert_eq!(waiting.len(), 1, "{}", result.stderr);
    assert!(
        waiting[0]
            .contains("waiting for the service: Parse Server cannot reach http://127.0.0.1:1/cp")
    );
}

#[test]
fn does_not_wait_for_what_does_not_pass() {
    let wrong_key = answered(401, r#"{"error":"unauthorized"}"#);
    for server in [
        ParseServer::start().finds(wrong_key),
        ParseServer::start().answers_calls(unauthorized()),
    ] {
        assert_eq!(register(&server, &["--wait", "60s"]).code, 1);
        assert_eq!(server.tried(), [NO_HOOK]);
    }
}

#[test]
fn tries_nothing_with_no_probe_or_in_a_dry_run() {
    for (options, code, registered) in [(&["--no-probe"][..], 0, 2), (&["--dry-run"], 2, 0)] {
        let server = ParseServer::start().finds(failed("connect ECONNREFUSED 127.0.0.1:1"));
        let result = register(&server, options);
        assert_eq!(result.code, code, "{}", result.stderr);
        assert_eq!(server.tried(), [""; 0]);
        assert_eq!(server.registered().len(), registered);
        // What can be seen from here is all that is known.
        assert!(
            result
                .stderr
                .contains("http://127.0.0.1:1/cp/health does not answer"),
            "{}",
            result.stderr
        );
    }
}

#[test]
fn leaves_no_temporary_hook_behind_when_parse_server_fails() {
    let failure = || answer(500, json!({"code": 1, "error": "no"}));
    let server = ParseServer::start().answers_calls(failure());
    assert_eq!(register(&server, &[]).code, 1);
    assert_eq!(server.registered(), [""; 0]);
    // It cannot be asked at all.
    let server = ParseServer::start().answers_calls(ResponseTemplate::new(502));
    assert_eq!(register(&server, &[]).code, 1);
    assert_eq!(server.registered(), [""; 0]);
}

#[test]
fn removes_what_a_killed_run_left_behind_and_takes_it_for_nobodys() {
    let left = "cloudinaryParseDoctor0123456789abcdef0123456789abcdef";
    let server = || ParseServer::start().function(left, "http://127.0.0.1:1/cp/functions/x");
    let of_app = |server: ParseServer| server.trigger("Photo", "beforeSave", TRIGGER);
    let dry = register(&of_app(server()).function("url", FUNCTION), &["--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.stdout);
    assert_eq!(dry.table().last(), Some(&"no drift: 2 unchanged"));
    let server = server();
    let result = register(&server, &[]);
    assert_eq!(result.table().last(), Some(&"2 added"));
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn shows_no_json_when_it_refuses() {
    let server = ParseServer::start().finds(failed("connect ECONNREFUSED 127.0.0.1:1"));
    let result = register(&server, &["--json"]);
    assert_eq!((result.code, &*result.stdout), (1, ""));
}

#[test]
fn tells_scripts_of_another_node_among_the_warnings() {
    let server = ParseServer::start().finds(failed("Invalid function: \"f\""));
    let result = register(&server, &["--json"]);
    let document: Value = serde_json::from_str(&result.stdout).unwrap();
    let warnings = document["warnings"].as_array().unwrap();
    let last = warnings.last().and_then(Value::as_str).unwrap_or_default();
    assert!(
        last.starts_with("whether Parse Server reaches the hooks is not known"),
        "{last}"
    );
}
