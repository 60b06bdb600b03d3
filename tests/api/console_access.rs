//! Who may use the console, and from where.

use std::io::Write as _;

use serde_json::json;

use crate::app::{Answer, App, connect, deployment, read_answer, settings};
use crate::console::{JSON, PHOTO, post};

fn with_token(token: &str) -> App {
    let mut settings = settings();
    settings.admin.as_mut().unwrap().token = Some(token.into());
    App::start(settings, deployment(&[PHOTO]))
}

/// As `send`, but that the `Host` header is what a test is about.
fn get_at_host(app: &App, path: &str, host: &str, headers: &str) -> Answer {
    let mut stream = connect(app.admin.unwrap());
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    read_answer(&mut stream)
}

#[test]
fn shows_the_console_under_names_of_this_machine_only() {
    let app = App::with(&[PHOTO]);
    for path in ["/", "/api/overview", "/api/queue"] {
        for host in ["127.0.0.1:9090", "localhost", "[::1]:9090"] {
            assert_eq!(
                get_at_host(&app, path, host, "").status,
                200,
                "{host} {path}"
            );
        }
        for host in [
            "rebound.example",
            "localhost.example:9090",
            "10.0.0.1",
            "127.0.0.1.example",
        ] {
            let answer = get_at_host(&app, path, host, "");
            assert_eq!(answer.status, 403, "{host} {path}");
            assert!(!answer.body.contains("Photo"), "{host} {path}");
        }
    }
}

#[test]
fn lets_probes_and_prometheus_come_under_any_name() {
    let app = App::with(&[PHOTO]);
    for path in ["/metrics", "/ready"] {
        let answer = get_at_host(&app, path, "node-1.internal:9090", "");
        assert_eq!(answer.status, 200, "{path}");
    }
}

#[test]
fn answers_under_any_name_with_the_token() {
    let app = with_token("token-of-the-tests");
    let headers = "Authorization: Bearer token-of-the-tests\r\n";
    assert_eq!(
        get_at_host(&app, "/ready", "console.example", headers).status,
        200
    );
    assert_eq!(
        get_at_host(&app, "/ready", "console.example", "").status,
        401
    );
}

#[test]
fn refuses_what_another_web_site_made_a_browser_send() {
    let app = App::with(&[PHOTO]);
    let body = json!({"parameters": [["folder", "a"]]}).to_string();
    for site in ["cross-site", "same-site"] {
        let headers = format!("{JSON}Sec-Fetch-Site: {site}\r\n");
        assert_eq!(
            post(&app, "/api/signature", &headers, &body).status,
            403,
            "{site}"
        );
        let headers = format!("Sec-Fetch-Site: {site}\r\n");
        assert_eq!(
            app.get_admin("/api/overview", &headers).status,
            403,
            "{site}"
        );
    }
    // What a form or a simple request of another site can send, should a browser not say where it
    // is from.
    for headers in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
    ] {
        assert_eq!(
            post(&app, "/api/signature", headers, &body).status,
            400,
            "{headers}"
        );
    }
    let headers = format!("{JSON}Sec-Fetch-Site: same-origin\r\n");
    assert_eq!(post(&app, "/api/signature", &headers, &body).status, 200);
}

#[test]
fn takes_each_path_with_its_methods_only() {
    let app = App::with(&[PHOTO]);
    for path in [
        "/api/signature",
        "/api/identifier",
        "/api/url",
        "/session",
        "/session/end",
    ] {
        assert_eq!(app.get_admin(path, "").status, 405, "{path}");
    }
    for path in [
        "/",
        "/api/overview",
        "/api/registration",
        "/api/queue",
        "/console.js",
    ] {
        assert_eq!(post(&app, path, JSON, "{}").status, 405, "{path}");
    }
    for path in [
        "/api",
        "/api/",
        "/api/overview/",
        "/console.html",
        "/assets/console.js",
        "/session/",
    ] {
        assert_eq!(app.get_admin(path, "").status, 404, "{path}");
    }
}

#[test]
fn exchanges_the_token_for_a_session_that_does_not_hold_it() {
    let app = with_token("admin token+1 of the tests");
    let answer = post(&app, "/session", "", "token=admin+token%2B1+of+the+tests");
    assert_eq!(answer.status, 303);
    let cookie = answer
        .head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap();
    assert!(
        cookie.ends_with("; httponly; samesite=strict; path=/; max-age=43200"),
        "{cookie}"
    );
    let session = cookie.split(';').next().unwrap();
    assert!(!session.contains("admin"), "{session}");
    let headers = format!("Cookie: other=1; {session}\r\n");
    assert_eq!(app.get_admin("/api/overview", &headers).status, 200);
    let other = session_of(&app);
    let answer = post(&app, "/session/end", &headers, "");
    assert!(
        answer.head.contains(
            "set-cookie: cloudinary-parse-console=; httponly; samesite=strict; path=/; max-age=0"
        ),
        "{}",
        answer.head
    );
    // Whoever has kept the cookie has nothing any more; other sessions go on.
    assert_eq!(app.get_admin("/api/overview", &headers).status, 401);
    assert_eq!(app.get_admin("/metrics", &headers).status, 401);
    let other = format!("Cookie: {other}\r\n");
    assert_eq!(app.get_admin("/api/overview", &other).status, 200);
}

/// A cookie for the token of the test before.
fn session_of(app: &App) -> String {
    let answer = post(app, "/session", "", "token=admin+token%2B1+of+the+tests");
    let mut lines = answer.head.lines();
    let cookie = lines.find_map(|line| line.strip_prefix("set-cookie: "));
    cookie.unwrap().split(';').next().unwrap().to_owned()
}

#[test]
fn a_cross_site_request_ends_no_session() {
    let app = with_token("admin token+1 of the tests");
    let headers = format!("Cookie: {}\r\n", session_of(&app));
    let foreign = format!("{headers}Sec-Fetch-Site: cross-site\r\n");
    assert_eq!(post(&app, "/session/end", &foreign, "").status, 403);
    assert_eq!(app.get_admin("/api/overview", &headers).status, 200);
}

#[test]
fn wrong_tokens_at_the_sign_in_are_limited() {
    let app = with_token("token-of-the-tests");
    for _ in 0..10 {
        assert_eq!(post(&app, "/session", "", "token=wrong").status, 401);
    }
    let answer = post(&app, "/session", "", "token=wrong");
    assert_eq!(answer.status, 429);
    assert!(!answer.head.contains("set-cookie"));
    let answer = post(&app, "/session", "", "token=token-of-the-tests");
    assert_eq!(answer.status, 303);
}

#[test]
fn gives_no_session_for_anything_else() {
    let app = with_token("token-of-the-tests");
    for (body, status) in [
        ("token=token-of-the-test", 401),
        ("token=", 401),
        ("token=TOKEN-OF-THE-TESTS", 401),
        ("", 400),
        ("token", 401),
        ("secret=token-of-the-tests", 400),
        ("token=token-of-the-tests&token=x", 400),
    ] {
        let answer = post(&app, "/session", "", body);
        assert_eq!(answer.status, status, "{body}");
        assert!(!answer.head.contains("set-cookie"), "{body}");
    }
    let cross_site = post(
        &app,
        "/session",
        "Sec-Fetch-Site: cross-site\r\n",
        "token=token-of-the-tests",
    );
    assert_eq!(cross_site.status, 403);
    let none_needed = post(&App::with(&[PHOTO]), "/session", "", "token=");
    assert!(!none_needed.head.contains("set-cookie"));
}

#[test]
fn a_session_of_another_token_or_a_made_up_one_is_none() {
    let other = with_token("other-token-of-the-tests");
    let head = post(&other, "/session", "", "token=other-token-of-the-tests").head;
    let session = head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap()
        .to_owned();
    let session = session.split(';').next().unwrap();
    let app = with_token("token-of-the-tests");
    for cookie in [
        session,
        "cloudinary-parse-console=token-of-the-tests",
        "cloudinary-parse-console=99999999999.",
        "a=b",
    ] {
        let headers = format!("Cookie: {cookie}\r\n");
        for path in ["/api/overview", "/metrics", "/"] {
            assert_eq!(app.get_admin(path, &headers).status, 401, "{cookie} {path}");
        }
    }
}
