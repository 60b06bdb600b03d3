//! `access = "master"`: which of the two master keys a caller has, as far as Parse Server says or
//! shows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{App, and, deployment, settings};

const SIGN: &str = "function = \"sign\"\naction = \"sign_upload\"\naccess = \"master\"\n";
const FULL: &str = "the-full-master-key";
const READ_ONLY: &str = "the-read-only-master-key";

fn app(master_key: Option<&str>) -> App {
    let mut deployment = deployment(&[SIGN]);
    deployment.master_key = master_key.map(Into::into);
    App::start(settings(), deployment)
}

/// A call by master as Parse Server 5 to 8 sends it.
fn call(headers: &Value) -> Value {
    json!({"params": {}, "master": true, "headers": headers})
}

fn basic(credentials: &str) -> Value {
    json!({"authorization": format!("Basic {}", STANDARD.encode(credentials))})
}

#[track_caller]
fn assert_signs(app: &App, body: &Value) {
    let answer = app.call("sign", body);
    assert!(
        answer["success"]["signature"].is_string(),
        "{body}: {answer}"
    );
}

#[track_caller]
fn assert_refused(app: &App, body: &str) {
    let answer = app.decision("/functions/sign", body);
    assert_eq!(answer, r#"{"error":"Needs the master key"}"#, "{body}");
}

#[test]
fn a_key_that_can_be_seen_must_be_the_full_one() {
    let app = app(Some(FULL));
    assert_signs(&app, &call(&json!({"x-parse-master-key": FULL})));
    assert_signs(&app, &call(&basic(&format!("app:{FULL}"))));
    for headers in [
        json!({"x-parse-master-key": READ_ONLY}),
        json!({"x-parse-master-key": null}),
        json!({"x-parse-master-key": [FULL]}),
        json!({"X-Parse-Master-Key": FULL}),
        basic(&format!("app:{READ_ONLY}")),
        json!({"x-parse-master-key": FULL, "authorization": basic("app:x")["authorization"]}),
        json!("x"),
    ] {
        assert_refused(&app, &call(&headers).to_string());
    }
    for headers in [
        format!(r#"{{"x-parse-master\u002dkey":"{FULL}"}}"#),
        format!(r#"{{"x-parse-master-key":"{READ_ONLY}","x-parse-master-key":"{FULL}"}}"#),
        format!(r#"{{"x-parse-master-key":"{FULL}"}},"headers":{{"x-parse-master-key":"{FULL}"}}"#),
        format!(r#"{{"x-parse-master-key":"{READ_ONLY}"}},"\u0068eaders":{{}}"#),
    ] {
        assert_refused(
            &app,
            &format!(r#"{{"params":{{}},"master":true,"headers":{headers}}}"#),
        );
    }
}

#[test]
fn a_call_that_shows_no_key_is_taken() {
    let app = app(Some(FULL));
    assert_signs(&app, &json!({"params": {}, "master": true}));
    for headers in [
        json!(null),
        json!({}),
        json!({"x-parse-application-id": "app", "authorization": "Bearer x"}),
        basic("app:javascript-key=x"),
    ] {
        assert_signs(&app, &call(&headers));
    }
}

#[test]
fn what_parse_server_9_says_decides_there() {
    let app = app(Some(FULL));
    let with = |key: &str, read_only: Value| {
        let headers = json!({"x-parse-master-key": key});
        and(call(&headers), json!({ "isReadOnly": read_only }))
    };
    assert_signs(&app, &with(FULL, json!(false)));
    // Parse Server knows its keys, which may have been renewed.
    assert_signs(&app, &with("renewed", json!(false)));
    for (key, read_only) in [
        (READ_ONLY, json!(true)),
        (FULL, json!(true)),
        (FULL, json!("false")),
        (FULL, json!(null)),
    ] {
        assert_refused(&app, &with(key, read_only).to_string());
    }
}

#[test]
fn without_a_configured_key_there_is_nothing_to_compare_with() {
    let app = app(None);
    assert_signs(&app, &call(&json!({"x-parse-master-key": READ_ONLY})));
    assert_refused(
        &app,
        &json!({"params": {}, "master": false, "headers": {"x-parse-master-key": FULL}})
            .to_string(),
    );
}
