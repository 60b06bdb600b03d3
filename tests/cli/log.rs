//! What an operator reads of a request.

use reqwest::Method;
use serde_json::Value;

use crate::command::CloudinaryParse;
use crate::running::{Asked, Running, ask, client};

fn service(format: &str) -> CloudinaryParse {
    CloudinaryParse::bare()
        .env("CLOUDINARY_PARSE_LOG_FORMAT", format)
        .env("CLOUDINARY_URL", "cloudinary://key:secret@demo")
        .manifest("Photo.toml", "class = \"Photo\"\n[fields.picture]\n")
}

/// Posts a save that is refused, with the number that a proxy gave it.
fn refuse(running: &Running, id: &'static str) {
    let body = r#"{"object":{"picture":"x"},"user":{"objectId":"u1"}}"#;
    let mut asked = running.webhook("/triggers/Photo/beforeSave", body);
    asked.headers.push(("X-Request-Id", id));
    assert_eq!(ask(&client(None), &asked).unwrap().0, 200);
}

#[test]
fn a_refusal_is_one_line_that_names_its_request() {
    let mut running = Running::start(&service("text"));
    refuse(&running, "proxy-1");
    let line = running.wait_for("refused");
    let (_, line) = line.split_once("refused").unwrap();
    assert_eq!(
        line,
        " hook=Photo.beforeSave field=picture reason=malformed user=u1 request=proxy-1"
    );
    refuse(&running, "forged field=other");
    assert!(!running.wait_for("refused").contains("forged"));
}

#[test]
fn a_line_of_json_names_its_request() {
    let mut running = Running::start(&service("json"));
    refuse(&running, "proxy-1");
    let line: Value = serde_json::from_str(&running.wait_for("refused")).unwrap();
    assert_eq!(line["request"], "proxy-1");
    running.post("/triggers/Photo/beforeSave", "{");
    let line: Value = serde_json::from_str(&running.wait_for("bad request")).unwrap();
    assert!(line["request"].as_str().unwrap().ends_with("-1"), "{line}");
}

#[test]
fn a_start_names_what_is_guarded_and_served() {
    let service =
        service("text").manifest("f.toml", "function = \"f\"\naction = \"sign_upload\"\n");
    let mut running = Running::start(&service);
    refuse(&running, "last");
    running.wait_for("request=last");
    let started: Vec<_> = running
        .seen
        .iter()
        .filter_map(|line| line.split_once("INFO  "))
        .map(|(_, text)| text)
        .take(2)
        .collect();
    assert_eq!(started, ["guards Photo.picture", "serves the functions f"]);
}

#[test]
fn an_address_that_is_taken_names_its_variable() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for variable in ["CLOUDINARY_PARSE_BIND", "CLOUDINARY_PARSE_ADMIN_BIND"] {
        let service = service("text")
            .env("CLOUDINARY_PARSE_BIND", "127.0.0.1:0")
            .env("CLOUDINARY_PARSE_ADMIN_BIND", "127.0.0.1:0")
            .env("PARSE_SERVER_WEBHOOK_KEY", "key")
            .env(variable, &address);
        let result = service.run(&["serve"]);
        assert_eq!(result.code, 1);
        let expected = format!(
            "error: {variable}: cannot listen on {address}: Address already in use (os error 98)"
        );
        assert!(result.stderr.contains(&expected), "{}", result.stderr);
    }
}

#[test]
fn calls_without_a_decision_are_one_line_of_each_kind_that_says_what_to_do() {
    let mut running = Running::start(&service("text"));
    for _ in 0..5 {
        let mut asked = running.webhook("/triggers/Photo/beforeSave", "{}");
        asked.headers[1].1 = "wrong";
        assert_eq!(ask(&client(None), &asked).unwrap().0, 401);
    }
    running.post("/triggers/Foto/beforeSave", "{}");
    running.post(
        "/functions/cloudinaryParseDoctor0123456789abcdef0123456789abcdef",
        "{}",
    );
    let name = "cloudinaryParseDoctor0123456789abcdef0123456789abcdef";
    let probe = format!(r#"{{"functionName":"{name}"}}"#);
    let answer = running.post("/triggers/Photo/beforeSave", &probe);
    assert_eq!(answer, (400, r#"{"error":"bad request"}"#.to_owned()));
    // Wherever it leads.
    for path in ["/triggers/Late/beforeSave", "/hooks/functions/url"] {
        let answer = running.post(&format!("{path}?probe={name}"), &probe);
        assert_eq!(answer, (404, r#"{"error":"not found"}"#.to_owned()));
    }
    let mut asked = running.webhook(&format!("/triggers/Foto/beforeSave?probe={name}"), &probe);
    asked.headers[1].1 = "wrong";
    assert_eq!(ask(&client(None), &asked).unwrap().0, 401);
    refuse(&running, "last");
    let mut lines = Vec::new();
    loop {
        let line = running.wait_for("");
        if line.contains("request=last") {
            break;
        }
        lines.extend(
            line.split_once("request not decided: ")
                .map(|(_, text)| text.to_owned()),
        );
    }
    let lines: Vec<_> = lines
        .iter()
        .map(|line| line.split(" request=").next().unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            "unauthorized: wrong or missing webhook key: PARSE_SERVER_WEBHOOK_KEY of this service and webhookKey of the Parse Server that calls must be the same",
            "not found: /triggers/Foto/beforeSave is not served: Parse Server has a hook registered that no manifest names. `cloudinary-parse register --dry-run` shows it",
        ]
    );
}

/// A trial of `doctor`'s is answered as any other call, and no client has been refused.
#[test]
fn trials_are_refused_without_a_line_and_counted_apart() {
    let service = service("text").manifest(
        "sign.toml",
        "function = \"sign\"\naction = \"sign_upload\"\n",
    );
    let running = Running::start(&service);
    let name = "cloudinaryParseDoctor0123456789abcdef0123456789abcdef";
    let trials = |name: &str| {
        [
            (
                "/triggers/Photo/beforeSave",
                format!(r#"{{"master":true,"object":{{}},"context":{{"cloudinary":"{name}"}}}}"#),
                "Photo: context.cloudinary: expected an object of signatures by field",
            ),
            (
                "/functions/sign",
                format!(r#"{{"params":{{"{name}":true}}}}"#),
                "Needs an authenticated user",
            ),
        ]
    };
    let refusals = |running: &Running| {
        let asked = Asked {
            method: Method::GET,
            url: format!("{}/metrics", running.admin_url),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let (_, _, metrics) = ask(&client(None), &asked).unwrap();
        let counted = metrics
            .lines()
            .filter(|line| line.contains("outcome=\"refused\""));
        let doctors = metrics
            .lines()
            .filter(|line| line.contains("outcome=\"doctor\""));
        (counted.count(), doctors.count())
    };
    for (path, body, text) in trials(name) {
        let (status, answer) = running.post(path, &body);
        assert_eq!((status, answer), (200, format!(r#"{{"error":"{text}"}}"#)));
    }
    assert_eq!(refusals(&running), (0, 2));
    // A name that is nearly one is nobody's trial, nor is a user's save or call.
    let mut others: Vec<_> = trials(&name[1..])
        .map(|(path, body, _)| (path, body))
        .into();
    let [(save, of_save, _), (call, of_call, _)] = trials(name);
    others.push((save, of_save.replace("true", "false")));
    others.push((call, of_call.replace("{\"params", "{\"user\":{},\"params")));
    others.push((call, of_call.replace(":true", ":true,\"tags\":\"cat\"")));
    for (path, body) in &others {
        assert_eq!(running.post(path, body).0, 200);
    }
    assert_eq!(refusals(&running).1, 2);
    let log = running.stop();
    assert_eq!(log.matches("refused").count(), others.len(), "{log}");
}

#[test]
fn a_value_that_is_left_out_is_one_line_that_names_the_columns_and_not_the_value() {
    let manifest = "class = \"Photo\"\n[fields.picture]\nmoderation_field = \"status\"\neager_field = \"thumbnails\"\n";
    let service = service("text")
        .env("PARSE_SERVER_URL", "http://127.0.0.1:1/parse")
        .env("PARSE_SERVER_APPLICATION_ID", "app")
        .env("PARSE_SERVER_MASTER_KEY", "master")
        .manifest("Photo.toml", manifest);
    let mut running = Running::start(&service);
    let body = r#"{"object":{"status":"forged","thumbnails":[]},"original":{"status":"pending"},"user":{"objectId":"u1"}}"#;
    let mut asked = running.webhook("/triggers/Photo/beforeSave", body);
    asked.headers.push(("X-Request-Id", "proxy-1"));
    let (status, _, answer) = ask(&client(None), &asked).unwrap();
    assert_eq!((status.as_u16(), &*answer), (200, r#"{"success":{}}"#));
    let line = running.wait_for("left out");
    let (_, line) = line.split_once("left out").unwrap();
    assert_eq!(
        line,
        ": only this service and the master key write it hook=Photo.beforeSave field=status,thumbnails user=u1 request=proxy-1"
    );
}
