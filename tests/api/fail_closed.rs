//! Parse Server takes a 2xx or 3xx without a JSON `error` for "allowed". It must never see one
//! where no hook decided so.

use serde_json::{Value, json};

use crate::app::{Answer, App, KEY, bare};

const MANIFESTS: [&str; 2] = [
    "class = \"Photo\"\n[fields.picture]\n",
    "function = \"sign\"\naction = \"sign_upload\"\n[upload]\ntags = \"a\"\n",
];

/// Parse Server's own rule.
fn allows(answer: &Answer) -> bool {
    let error = serde_json::from_str::<Value>(&answer.body)
        .ok()
        .and_then(|v| v.get("error").cloned());
    (200..400).contains(&answer.status)
        && error.is_none_or(|e| e.as_str().is_none_or(str::is_empty))
}

fn forged() -> String {
    json!({"triggerName": "beforeSave", "object": {"className": "Photo", "picture": bare("cat", 1)}}).to_string()
}

const JSON: &str = "Content-Type: application/json\r\n";

fn keyed(more: &str) -> String {
    format!("X-Parse-Webhook-Key: {KEY}\r\n{more}")
}

#[track_caller]
fn assert_answer(answer: &Answer, status: u16, error: &str) {
    let body = json!({ "error": error }).to_string();
    assert_eq!((answer.status, &*answer.body), (status, &*body));
    assert!(
        answer.head.contains("content-type: application/json"),
        "{}",
        answer.head
    );
}

#[test]
fn a_missing_wrong_or_doubled_key_is_unauthorized() {
    let app = App::with(&MANIFESTS);
    let double = format!("X-Parse-Webhook-Key: {KEY}\r\nX-Parse-Webhook-Key: {KEY}\r\n");
    for key in [
        "",
        "X-Parse-Webhook-Key: \r\n",
        "X-Parse-Webhook-Key: wrong\r\n",
        "X-Parse-Webhook-Key: webhook-key-of-the-test\r\n",
        "X-Parse-Webhook-Key: WEBHOOK-KEY-OF-THE-TESTS\r\n",
        &*double,
    ] {
        for path in [
            "/triggers/Photo/beforeSave",
            "/functions/sign",
            "/functions/unknown",
        ] {
            let answer = app.send("POST", path, &format!("{key}{JSON}"), forged().as_bytes());
            assert_answer(&answer, 401, "unauthorized");
        }
    }
}

#[test]
fn both_keys_of_a_rotation_are_let_in() {
    let app = App::with(&MANIFESTS);
    for key in [KEY, "previous-webhook-key"] {
        let headers = format!("X-Parse-Webhook-Key: {key}\r\n{JSON}");
        let answer = app.send(
            "POST",
            "/triggers/Photo/beforeSave",
            &headers,
            forged().as_bytes(),
        );
        assert_answer(&answer, 200, "Bad signature");
    }
}

#[test]
fn unknown_hooks_and_odd_paths_are_not_found() {
    let app = App::with(&MANIFESTS);
    for path in [
        "/",
        "/triggers",
        "/triggers/",
        "/triggers/Photo",
        "/triggers/Photo/",
        "/triggers/Photo/afterSave",
        "/triggers/Photo/beforesave",
        "/triggers/photo/beforeSave",
        "/triggers/Other/beforeSave",
        "/triggers/Photo/beforeSave/",
        "/triggers//Photo/beforeSave",
        "//triggers/Photo/beforeSave",
        "/triggers/Photo%2FbeforeSave",
        "/triggers/Photo/beforeSave%2F",
        "/triggers/%FF/beforeSave",
        "/functions/unknown",
        "/functions/sign/",
        "/functions/sign/x",
        "/classes/Photo",
        "/cloudinary",
    ] {
        let answer = app.post(path, &forged());
        assert_answer(&answer, 404, "not found");
    }
}

#[test]
fn a_class_that_only_refers_to_assets_has_no_hooks() {
    let other = "class = \"Other\"\nreferences = [\"cover\"]\n";
    let mut manifests = MANIFESTS.to_vec();
    manifests.push(other);
    let app = App::with(&manifests);
    for trigger in ["beforeSave", "afterSave", "afterDelete"] {
        let answer = app.post(&format!("/triggers/Other/{trigger}"), &forged());
        assert_answer(&answer, 404, "not found");
    }
}

#[test]
fn a_name_may_come_percent_encoded_and_a_path_with_a_query() {
    let app = App::with(&MANIFESTS);
    for path in [
        "/triggers/%50hoto/beforeSave",
        "/triggers/Photo/beforeSave?a=b",
    ] {
        assert_answer(&app.post(path, &forged()), 200, "Bad signature");
    }
}

#[test]
fn other_methods_are_not_allowed() {
    let app = App::with(&MANIFESTS);
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        for path in ["/triggers/Photo/beforeSave", "/functions/sign"] {
            let answer = app.send(method, path, &keyed(JSON), forged().as_bytes());
            assert_eq!(answer.status, 405, "{method} {path}");
            assert!(answer.head.contains("allow: post"), "{}", answer.head);
        }
    }
    assert_answer(
        &app.send("POST", "/health", &keyed(JSON), b"{}"),
        405,
        "method not allowed",
    );
}

#[test]
fn a_body_that_is_no_json_object_of_parse_servers_is_a_bad_request() {
    let app = App::with(&MANIFESTS);
    let object = format!(r#"{{"picture":"{}"}}"#, bare("cat", 1));
    let invalid_utf8: &[u8] = b"{\"object\":{\"a\":\"\xff\"}}";
    let bodies = [
        String::new(),
        " ".to_owned(),
        "null".to_owned(),
        "true".to_owned(),
        "\"{}\"".to_owned(),
        "[]".to_owned(),
        format!("[{}]", forged()),
        "{".to_owned(),
        "{}".to_owned(),
        forged()[..20].to_owned(),
        format!("{}{}", forged(), forged()),
        format!("{}x", forged()),
        format!("\u{feff}{}", forged()),
        r#"{"object":null}"#.to_owned(),
        r#"{"object":[]}"#.to_owned(),
        r#"{"object":"x"}"#.to_owned(),
        format!(r#"{{"object":{object},"object":{object}}}"#),
        format!(r#"{{"object":{object},"\u006fbject":{object}}}"#),
        format!(r#"{{"object":{object},"original":{object},"original":{object}}}"#),
        format!(r#"{{"object":{object},"original":"x"}}"#),
        format!(r#"{{"object":{object},"user":{{}},"user":{{}}}}"#),
        format!(r#"{{"object":{object},"master":false,"master":true}}"#),
        format!(r#"{{"object":{object},"context":{{}},"context":{{}}}}"#),
        format!(r#"{{"object":{object},"params":{{}},"params":{{}}}}"#),
        format!(r#"{{"object":{object},"triggerName":"beforeSave","triggerName":"beforeSave"}}"#),
        format!(r#"{{"object":{object},"functionName":"a","functionName":"a"}}"#),
        format!(r#"{{"object":{object},"triggerName":"afterSave"}}"#),
        format!(r#"{{"object":{object},"triggerName":null}}"#),
        format!(r#"{{"object":{object},"className":"Other"}}"#),
        format!(r#"{{"object":{object},"functionName":"sign"}}"#),
        r#"{"object":{"className":"Other"}}"#.to_owned(),
        r#"{"object":{"className":5}}"#.to_owned(),
        r#"{"object":{"className":"Photo","className":"Other"}}"#.to_owned(),
        r#"{"object":{"a":01}}"#.to_owned(),
        r#"{"object":{"a":1,}}"#.to_owned(),
        r#"{"object":{"a":"\q"}}"#.to_owned(),
        r#"{"object":{"a":NaN}}"#.to_owned(),
    ];
    let bodies = bodies.iter().map(String::as_bytes).chain([invalid_utf8]);
    for body in bodies {
        let answer = app.send("POST", "/triggers/Photo/beforeSave", &keyed(JSON), body);
        let shown = String::from_utf8_lossy(body);
        assert_eq!(
            (answer.status, &*answer.body),
            (400, r#"{"error":"bad request"}"#),
            "{shown}"
        );
    }
}

#[test]
fn a_function_call_must_be_one() {
    let app = App::with(&MANIFESTS);
    for body in [
        r#"{"functionName":"other"}"#,
        r#"{"functionName":null}"#,
        r#"{"functionName":"sign","triggerName":"beforeSave"}"#,
        r#"{"params":[]}"#,
        r#"{"params":"x"}"#,
        "[]",
    ] {
        assert_answer(&app.post("/functions/sign", body), 400, "bad request");
    }
}

#[test]
fn another_content_type_or_coding_is_a_bad_request() {
    let app = App::with(&MANIFESTS);
    for headers in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: application/json; charset=latin1\r\n",
        "Content-Type: application/json\r\nContent-Type: text/plain\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
        "Content-Type: application/json\r\nContent-Encoding: br\r\n",
    ] {
        let body = forged();
        let answer = app.send(
            "POST",
            "/triggers/Photo/beforeSave",
            &keyed(headers),
            body.as_bytes(),
        );
        assert_answer(&answer, 400, "bad request");
    }
    for headers in [
        "Content-Type: application/json; charset=utf-8\r\n",
        "Content-Type: APPLICATION/JSON\r\n",
    ] {
        let body = forged();
        let answer = app.send(
            "POST",
            "/triggers/Photo/beforeSave",
            &keyed(headers),
            body.as_bytes(),
        );
        assert_answer(&answer, 200, "Bad signature");
    }
}

#[test]
fn whatever_comes_nothing_but_a_decision_allows() {
    let app = App::with(&MANIFESTS);
    let bodies = [
        "",
        "{}",
        "[]",
        "null",
        "{\"object\":{}",
        "{\"object\":5}",
        "\"x\"",
        "\u{0}",
        "{\"success\":true}",
    ];
    let keys = ["", "X-Parse-Webhook-Key: wrong\r\n", "KEY"];
    let types = [
        "",
        JSON,
        "Content-Type: text/html\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
    ];
    let paths = [
        "/",
        "/triggers/Photo/beforeSave",
        "/triggers/Photo/beforeSave/",
        "/triggers/Other/beforeSave",
        "/functions/sign",
        "/functions/",
        "/cloudinary/notifications",
        "/ready",
        "/metrics",
    ];
    for method in ["POST", "GET", "PUT", "DELETE", "OPTIONS", "PROPFIND"] {
        for path in paths {
            for key in keys {
                for content_type in types {
                    for body in bodies {
                        let key = if key == "KEY" {
                            keyed("")
                        } else {
                            key.to_owned()
                        };
                        let answer = app.send(
                            method,
                            path,
                            &format!("{key}{content_type}"),
                            body.as_bytes(),
                        );
                        let what = format!(
                            "{method} {path} {key:?} {content_type:?} {body:?}: {} {}",
                            answer.status, answer.body
                        );
                        assert!(!allows(&answer), "{what}");
                        assert!(!answer.head.contains("content-encoding"), "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn health_needs_no_key() {
    let app = App::with(&[]);
    let answer = app.send("GET", "/health", "", b"");
    assert_eq!((answer.status, &*answer.body), (200, r#"{"status":"ok"}"#));
}
