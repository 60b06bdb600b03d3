//! `[limit]`: how often a function may be called.

use serde_json::{Value, json};

use crate::app::{App, and, call_by, deployment, settings};

fn manifest(access: &str, limit: &str) -> String {
    format!(
        "function = \"sign\"\naction = \"sign_upload\"\naccess = \"{access}\"\n[limit]\n{limit}\n[upload]\ntags = \"a\"\n"
    )
}

fn app(limit: &str) -> App {
    App::with(&[&manifest("public", limit)])
}

fn by(user: &str, ip: &str) -> Value {
    and(call_by(user, json!({})), json!({ "ip": ip }))
}

/// How many of so many calls are let through; the others are refused for being too many.
#[track_caller]
fn let_through(app: &App, body: &Value, calls: usize) -> usize {
    let answers = (0..calls).map(|_| app.call("sign", body));
    answers.filter(|answer| !is_limited(answer)).count()
}

#[track_caller]
fn is_limited(answer: &Value) -> bool {
    let Some(error) = answer["error"].as_str() else {
        assert_eq!(answer["success"]["tags"], "a", "{answer}");
        return false;
    };
    let wait = error.strip_prefix("sign: too many requests, try again in ");
    let seconds = wait.and_then(|wait| wait.strip_suffix(" s")?.parse::<u64>().ok());
    assert!(seconds.is_some_and(|s| s > 0), "{error}");
    true
}

#[test]
fn a_user_gets_so_many_calls() {
    let app = app("per_user = \"3/h\"");
    assert_eq!(let_through(&app, &by("u1", "192.0.2.1"), 5), 3);
    assert_eq!(let_through(&app, &by("u1", "192.0.2.2"), 5), 0);
    assert_eq!(let_through(&app, &by("u2", "192.0.2.1"), 5), 3);
}

#[test]
fn an_address_gets_so_many_calls() {
    let app = app("per_address = \"3/h\"");
    assert_eq!(let_through(&app, &by("u1", "192.0.2.1"), 5), 3);
    assert_eq!(let_through(&app, &by("u2", "192.0.2.1"), 5), 0);
    assert_eq!(let_through(&app, &by("u2", "::ffff:192.0.2.1"), 5), 0);
    assert_eq!(let_through(&app, &by("u1", "192.0.2.2"), 5), 3);
    assert_eq!(let_through(&app, &by("u1", "2001:db8::1"), 2), 2);
    assert_eq!(let_through(&app, &by("u1", "2001:db8::2"), 2), 1);
}

#[test]
fn both_limits_hold() {
    let app = app("per_user = \"2/h\"\nper_address = \"3/h\"");
    assert_eq!(let_through(&app, &by("u1", "192.0.2.1"), 2), 2);
    assert_eq!(let_through(&app, &by("u2", "192.0.2.1"), 2), 1);
    assert_eq!(let_through(&app, &by("u2", "192.0.2.2"), 2), 1);
}

#[test]
fn the_refusal_says_when_to_try_again() {
    let app = app("per_user = \"1/d\"");
    app.call("sign", &by("u1", "192.0.2.1"));
    let text = "sign: too many requests, try again in 86400 s";
    assert_eq!(
        app.call("sign", &by("u1", "192.0.2.1")),
        json!({ "error": text })
    );
    let metrics = app.get_admin("/metrics", "").body;
    let line = r#"cloudinary_parse_decisions_total{hook="sign",field="",outcome="refused",reason="limited"} 1"#;
    assert!(metrics.contains(line), "{metrics}");
}

#[test]
fn calls_without_an_address_count_together() {
    let app = app("per_address = \"3/h\"");
    for body in [
        json!({"params": {}}),
        json!({"params": {}, "ip": null}),
        json!({"params": {}, "ip": "x"}),
    ] {
        assert_eq!(let_through(&app, &body, 1), 1, "{body}");
    }
    assert_eq!(let_through(&app, &json!({"params": {}, "ip": 5}), 1), 0);
}

#[test]
fn of_two_addresses_the_last_counts_as_json_parse_reads_it() {
    let app = app("per_address = \"1/h\"");
    let body = r#"{"params":{},"ip":"192.0.2.1","\u0069p":"192.0.2.2"}"#;
    assert!(!is_limited(
        &serde_json::from_str(&app.decision("/functions/sign", body)).unwrap()
    ));
    assert_eq!(
        let_through(&app, &json!({"params": {}, "ip": "192.0.2.2"}), 1),
        0
    );
    assert_eq!(
        let_through(&app, &json!({"params": {}, "ip": "192.0.2.1"}), 1),
        1
    );
}

#[test]
fn callers_without_a_session_have_no_limit_per_user() {
    let app = app("per_user = \"1/h\"");
    assert_eq!(let_through(&app, &json!({"params": {}}), 5), 5);
}

#[test]
fn whoever_may_not_call_takes_no_call_from_others() {
    let app = App::with(&[&manifest("user", "per_address = \"1/h\"")]);
    let nobody = json!({"params": {}, "ip": "192.0.2.1"});
    for _ in 0..3 {
        assert_eq!(
            app.call("sign", &nobody),
            json!({"error": "Needs an authenticated user"})
        );
    }
    assert_eq!(let_through(&app, &by("u1", "192.0.2.1"), 2), 1);
}

#[test]
fn a_refused_parameter_has_cost_a_call_all_the_same() {
    let app = app("per_user = \"1/h\"");
    let refused = and(call_by("u1", json!({"x": 1})), json!({"ip": "192.0.2.1"}));
    assert_eq!(
        app.call("sign", &refused),
        json!({"error": "x: not accepted"})
    );
    assert_eq!(let_through(&app, &by("u1", "192.0.2.1"), 1), 0);
}

#[test]
fn an_unchanged_limit_keeps_count_over_a_reload_and_a_changed_one_begins_anew() {
    let with = |limit: &str| deployment(&[&manifest("public", limit)]);
    let app = App::start(settings(), with("per_user = \"2/h\""));
    let u1 = by("u1", "192.0.2.1");
    assert_eq!(let_through(&app, &u1, 3), 2);
    app.control().replace(with("per_user = \"2/h\""));
    assert_eq!(let_through(&app, &u1, 3), 0);
    app.control().replace(with("per_user = \"3/h\""));
    assert_eq!(let_through(&app, &u1, 5), 3);
}
