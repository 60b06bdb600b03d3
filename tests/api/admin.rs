//! The admin listener.

use serde_json::json;

use crate::app::{App, KEY, SECRET, bare, create, deployment, send, settings, signed};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n";

#[test]
fn ready_says_so() {
    let answer = App::with(&[PHOTO]).get_admin("/ready", "");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        r#"{"status":"ready","checks":{"listener":"ok"}}"#
    );
}

#[test]
fn metrics_count_decisions_by_hook_and_reason() {
    let app = App::with(&[PHOTO]);
    app.before_save("Photo", &create(json!({"picture": signed("cat", 1)})));
    app.before_save("Photo", &create(json!({"picture": bare("cat", 1)})));
    app.before_save("Photo", &create(json!({"title": "<b>user's value</b>"})));
    app.post("/triggers/Unknown/beforeSave", "{}");
    let text = app.get_admin("/metrics", "").body;
    for line in [
        r#"cloudinary_parse_decisions_total{hook="Photo.beforeSave",field="",outcome="as_sent",reason=""} 1"#,
        r#"cloudinary_parse_decisions_total{hook="Photo.beforeSave",field="",outcome="answered",reason=""} 1"#,
        r#"cloudinary_parse_decisions_total{hook="Photo.beforeSave",field="picture",outcome="refused",reason="bad_signature"} 1"#,
        r#"cloudinary_parse_failed_requests_total{reason="not_found"} 1"#,
        r#"cloudinary_parse_answer_seconds_count{hook="Photo.beforeSave"} 3"#,
        r#"cloudinary_parse_answer_seconds_bucket{le="+Inf",hook="Photo.beforeSave"} 3"#,
        r#"cloudinary_parse_previous_key_uses_total{kind="webhook_key"} 0"#,
        r#"cloudinary_parse_previous_key_uses_total{kind="notification"} 0"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    for never in ["Unknown", "user's value", KEY, SECRET] {
        assert!(!text.contains(never), "{never}\n{text}");
    }
}

#[test]
fn the_page_lists_the_hooks_and_loads_nothing_from_elsewhere() {
    let app = App::with(&[
        PHOTO,
        "function = \"sign\"\naction = \"sign_upload\"\n[upload]\ntags = \"a\"\n",
    ]);
    let answer = app.get_admin("/", "");
    assert!(
        answer
            .head
            .contains("content-security-policy: default-src 'none'"),
        "{}",
        answer.head
    );
    for part in [
        "Photo.beforeSave",
        "/triggers/Photo/beforeSave",
        "/functions/sign",
    ] {
        assert!(answer.body.contains(part), "{part}");
    }
    for never in ["http://", "https://", "<style", " style=", SECRET, KEY] {
        assert!(!answer.body.contains(never), "{never}");
    }
}

#[test]
fn a_token_is_needed_where_one_is_set() {
    let mut settings = settings();
    settings.admin.as_mut().unwrap().token = Some("token-of-the-tests".into());
    let app = App::start(settings, deployment(&[PHOTO]));
    for headers in [
        "",
        "Authorization: Bearer wrong\r\n",
        "Authorization: token-of-the-tests\r\n",
        "Authorization: Bearer token-of-the-tests2\r\n",
    ] {
        for path in ["/", "/metrics", "/ready"] {
            assert_eq!(
                app.get_admin(path, headers).status,
                401,
                "{headers:?} {path}"
            );
        }
    }
    assert_eq!(
        app.get_admin("/metrics", "Authorization: Bearer token-of-the-tests\r\n")
            .status,
        200
    );
}

fn with_token() -> App {
    let mut settings = settings();
    settings.admin.as_mut().unwrap().token = Some("token-of-the-tests".into());
    App::start(settings, deployment(&[PHOTO]))
}

#[test]
fn wrong_tokens_are_limited_and_the_right_one_gets_in_all_the_same() {
    let app = with_token();
    let right = "Authorization: Bearer token-of-the-tests\r\n";
    for _ in 0..10 {
        let answer = app.get_admin("/metrics", "Authorization: Bearer wrong\r\n");
        assert_eq!(answer.status, 401);
    }
    let answer = app.get_admin("/metrics", "Authorization: Bearer wrong\r\n");
    assert_eq!(
        (answer.status, &*answer.body),
        (429, r#"{"error":"too many wrong tokens, try again later"}"#)
    );
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    assert_eq!(app.get_admin("/metrics", right).status, 200);
    let answer = app.get_admin("/ready", "");
    assert_eq!(answer.status, 401, "no token is no wrong one");
}

#[test]
fn tokens_beyond_the_limit_are_checked_one_at_a_time() {
    let app = with_token();
    let guess = |_| {
        let admin = app.admin.unwrap();
        std::thread::spawn(move || {
            send(
                admin,
                "GET",
                "/ready",
                "Authorization: Bearer wrong\r\n",
                b"",
            )
            .status
        })
    };
    let guesses: Vec<_> = (0..60).map(guess).collect();
    let statuses: Vec<_> = guesses.into_iter().map(|g| g.join().unwrap()).collect();
    let count = |status| statuses.iter().filter(|&&s| s == status).count();
    assert_eq!((count(401), count(429)), (10, 50), "{statuses:?}");
}

#[test]
fn the_admin_listener_answers_no_webhooks_and_the_webhook_listener_no_metrics() {
    let app = App::with(&[PHOTO]);
    let headers = format!("Content-Type: application/json\r\nX-Parse-Webhook-Key: {KEY}\r\n");
    let admin = app.admin.unwrap();
    let answer = send(
        admin,
        "POST",
        "/triggers/Photo/beforeSave",
        &headers,
        b"{\"object\":{}}",
    );
    assert_eq!(answer.status, 404);
    for path in ["/metrics", "/ready", "/"] {
        assert_eq!(app.send("GET", path, &headers, b"").status, 404, "{path}");
    }
    assert_eq!(send(admin, "POST", "/metrics", "", b"").status, 405);
}

#[test]
fn it_can_be_turned_off() {
    let mut settings = settings();
    settings.admin = None;
    let app = App::start(settings, deployment(&[PHOTO]));
    assert_eq!(app.admin, None);
    assert_eq!(app.send("GET", "/health", "", b"").status, 200);
}
