//! The console: who may use it, and what its API answers.

use std::time::Duration;

use cloudinary_parse::hooks::ParseServer;
use cloudinary_parse::server::HookList;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::app::{
    Answer, App, KEY, PREVIOUS_SECRET, SECRET, and, bare, create, deployment, send, settings,
    signature, signature_by, signed,
};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\nrequired = true\n";
const JSON: &str = "Content-Type: application/json\r\n";

fn with_token(token: &str) -> App {
    let mut settings = settings();
    settings.admin.as_mut().unwrap().token = Some(token.into());
    App::start(settings, deployment(&[PHOTO]))
}

fn with_hook_list(parse_server: &str) -> App {
    let client = ParseServer::new(
        &parse_server.parse().unwrap(),
        "app",
        Duration::from_secs(5),
    );
    let client = client
        .unwrap()
        .with_master_key(&"master-key".into())
        .unwrap();
    let mut settings = settings();
    let public_url = "http://hooks.example".parse().unwrap();
    settings.admin.as_mut().unwrap().hook_list = Some(HookList::new(client, public_url));
    App::start(settings, deployment(&[PHOTO]))
}

fn post(app: &App, path: &str, headers: &str, body: &str) -> Answer {
    send(app.admin.unwrap(), "POST", path, headers, body.as_bytes())
}

#[track_caller]
fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

#[track_caller]
fn tool(path: &str, input: &Value) -> (u16, Value) {
    let answer = post(&App::with(&[PHOTO]), path, JSON, &input.to_string());
    (answer.status, json_of(&answer))
}

/// As `send`, but that the `Host` header is what a test is about.
fn get_at_host(app: &App, path: &str, host: &str, headers: &str) -> Answer {
    use std::io::Write as _;
    let mut stream = crate::app::connect(app.admin.unwrap());
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    crate::app::read_answer(&mut stream)
}

#[test]
fn answers_under_names_of_this_machine_only() {
    let app = App::with(&[PHOTO]);
    for path in ["/", "/api/overview", "/metrics", "/ready"] {
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
fn answers_under_any_name_with_the_token() {
    let app = with_token("admin-token");
    let headers = "Authorization: Bearer admin-token\r\n";
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
    // What a form or a simple request of another site can send, should a browser not say where it is from.
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
fn lets_pictures_come_from_the_delivery_host_and_nothing_else_from_elsewhere() {
    let answer = App::with(&[PHOTO]).get_admin("/", "");
    let policy = "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                  img-src 'self' https://res.cloudinary.com; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    assert!(answer.head.contains(policy), "{}", answer.head);
    for header in [
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
    ] {
        assert!(answer.head.contains(header), "{header}\n{}", answer.head);
    }
}

#[test]
fn exchanges_the_token_for_a_session_that_does_not_hold_it() {
    let app = with_token("admin token+1");
    let answer = post(&app, "/session", "", "token=admin+token%2B1");
    assert_eq!(answer.status, 303);
    let cookie = answer
        .head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap();
    assert!(
        cookie.ends_with("; path=/; max-age=43200; httponly; samesite=strict"),
        "{cookie}"
    );
    let session = cookie.split(';').next().unwrap();
    assert!(!session.contains("admin"), "{session}");
    let headers = format!("Cookie: other=1; {session}\r\n");
    assert_eq!(app.get_admin("/api/overview", &headers).status, 200);
    let answer = post(&app, "/session/end", &headers, "");
    assert!(
        answer
            .head
            .contains("set-cookie: cloudinary-parse-console=; path=/; max-age=0"),
        "{}",
        answer.head
    );
}

#[test]
fn gives_no_session_for_anything_else() {
    let app = with_token("admin-token");
    for (body, status) in [
        ("token=admin-toke", 401),
        ("token=", 401),
        ("token=ADMIN-TOKEN", 401),
        ("", 400),
        ("token", 401),
        ("secret=admin-token", 400),
        ("token=admin-token&token=x", 400),
    ] {
        let answer = post(&app, "/session", "", body);
        assert_eq!(answer.status, status, "{body}");
        assert!(!answer.head.contains("set-cookie"), "{body}");
    }
    let cross_site = post(
        &app,
        "/session",
        "Sec-Fetch-Site: cross-site\r\n",
        "token=admin-token",
    );
    assert_eq!(cross_site.status, 403);
    let none_needed = post(&App::with(&[PHOTO]), "/session", "", "token=");
    assert!(!none_needed.head.contains("set-cookie"));
}

#[test]
fn a_session_of_another_token_or_a_made_up_one_is_none() {
    let other = with_token("other-token");
    let head = post(&other, "/session", "", "token=other-token").head;
    let session = head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap()
        .to_owned();
    let session = session.split(';').next().unwrap();
    let app = with_token("admin-token");
    for cookie in [
        session,
        "cloudinary-parse-console=admin-token",
        "cloudinary-parse-console=99999999999.",
        "a=b",
    ] {
        let headers = format!("Cookie: {cookie}\r\n");
        for path in ["/api/overview", "/metrics", "/"] {
            assert_eq!(app.get_admin(path, &headers).status, 401, "{cookie} {path}");
        }
    }
}

#[test]
fn shows_decisions_and_refusals_without_what_could_be_replayed() {
    let app = App::with(&[PHOTO]);
    let user = json!({"user": {"objectId": "u1", "username": "ann", "sessionToken": "r:session"}});
    app.before_save("Photo", &create(json!({"picture": signed("cat", 1)})));
    let forged = format!("{}#{}", bare("dog", 1), signature("cat", 1));
    app.before_save("Photo", &and(create(json!({"picture": forged})), user));
    app.before_save("Photo", &create(json!({"title": "no picture"})));
    app.post("/triggers/Photo/beforeSave", "no JSON");
    let text = app.get_admin("/api/overview", "").body;
    let overview: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        overview["totals"],
        json!({"accepted": 1, "refused": 2, "failed": 1})
    );
    assert_eq!(
        overview["hooks"],
        json!([{"hook": "Photo.beforeSave", "accepted": 1, "refused": 2}])
    );
    let counts = [
        json!({"reason": "bad_signature", "count": 1}),
        json!({"reason": "required", "count": 1}),
    ];
    assert_eq!(overview["reasons"], json!(counts));
    let refusals = overview["refusals"].as_array().unwrap();
    let shown: Vec<_> = refusals
        .iter()
        .map(|r| json!([r["hook"], r["field"], r["reason"], r["user"]]))
        .collect();
    let expected = [
        json!(["Photo.beforeSave", "picture", "required", null]),
        json!(["Photo.beforeSave", "picture", "bad_signature", "u1"]),
    ];
    assert_eq!(shown, expected);
    for never in [
        "dog",
        "cat",
        "r:session",
        "ann",
        &signature("cat", 1),
        SECRET,
        KEY,
    ] {
        assert!(!text.contains(never), "{never}\n{text}");
    }
}

#[test]
fn keeps_the_counts_of_hooks_that_a_reload_takes_away() {
    let app = App::with(&[PHOTO]);
    app.before_save("Photo", &create(json!({"picture": signed("cat", 1)})));
    app.control()
        .replace(deployment(&["class = \"Other\"\n[fields.picture]\n"]));
    let overview = json_of(&app.get_admin("/api/overview", ""));
    assert_eq!(overview["totals"]["accepted"], 1);
    assert_eq!(
        overview["hooks"],
        json!([{"hook": "Other.beforeSave", "accepted": 0, "refused": 0}])
    );
}

#[test]
fn says_which_secret_signed_an_identifier() {
    let parts = json!({
        "resource_type": "image", "type": "upload", "version": "5", "uploaded_at": "1970-01-01T00:00:05Z",
        "public_id": "cat", "format": "jpg",
    });
    for (secret, name) in [(SECRET, "current"), (PREVIOUS_SECRET, "previous")] {
        let identifier = format!("{}#{}", bare("cat", 5), signature_by(secret, "cat", 5));
        let expected = and(json!({"valid": true, "secret": name}), parts.clone());
        assert_eq!(
            tool("/api/identifier", &json!({"identifier": identifier})),
            (200, expected)
        );
    }
    let identifier = format!("{}#{}", bare("cat", 5), signature_by("other", "cat", 5));
    let reason = json!({
        "valid": false, "reason": "signature: made with none of the account's secrets", "tried": ["current", "previous"],
    });
    assert_eq!(
        tool("/api/identifier", &json!({"identifier": identifier})),
        (200, and(reason, parts))
    );
}

#[test]
fn builds_delivery_urls() {
    let base = "https://res.cloudinary.com/demo";
    for (input, url, picture) in [
        (
            json!({"identifier": bare("cat", 5)}),
            "/image/upload/v5/cat.jpg",
            Some("/image/upload/v5/cat.jpg"),
        ),
        (
            json!({"identifier": "video/upload/v5/a/clip.mov#ff", "transformation": "w_300"}),
            "/video/upload/w_300/v5/a/clip.mov",
            Some("/video/upload/w_300/v5/a/clip.jpg"),
        ),
        (
            json!({"identifier": "raw/upload/v5/a.pdf"}),
            "/raw/upload/v5/a.pdf",
            None,
        ),
    ] {
        let expected = json!({"url": format!("{base}{url}"), "picture": picture.map(|p| format!("{base}{p}"))});
        assert_eq!(tool("/api/url", &input), (200, expected), "{input}");
    }
}

#[test]
fn shows_what_is_signed_without_the_secret() {
    let input = json!({"parameters": [["timestamp", "5"], ["tags", "a&b"], ["empty", ""]]});
    let (status, answer) = tool("/api/signature", &input);
    assert_eq!(status, 200);
    assert_eq!(
        answer["string_to_sign"],
        "tags=a%26b&timestamp=5<api_secret>"
    );
    assert_eq!(answer["left_out"], json!(["empty"]));
    assert_eq!(answer["fields"]["api_key"], "123456789012345");
    assert!(!answer.to_string().contains(SECRET));
}

#[test]
fn says_what_is_wrong_with_the_input_of_a_tool() {
    let version =
        "version is not an upload parameter; signed with public_id it would make an identifier";
    for (path, input, error) in [
        (
            "/api/url",
            json!({"identifier": "cat.jpg"}),
            "identifier: expected resource_type/type/vVERSION/public_id",
        ),
        (
            "/api/signature",
            json!({"parameters": [["version", "1"]]}),
            version,
        ),
        (
            "/api/signature",
            json!({"parameters": [["a", "1"], ["a", "2"]]}),
            "a: given twice, expected once",
        ),
        (
            "/api/signature",
            json!({"parameters": [["", "1"]]}),
            "expected a name before \"=\"",
        ),
    ] {
        assert_eq!(
            tool(path, &input),
            (400, json!({"error": error})),
            "{path} {input}"
        );
    }
    for input in [
        json!({}),
        json!([]),
        json!({"identifier": 5}),
        json!({"identifier": "a", "more": 1}),
    ] {
        let (status, answer) = tool("/api/identifier", &input);
        assert_eq!(status, 400, "{input}");
        let error = answer["error"].as_str().unwrap();
        assert!(
            error.starts_with("the request is not as expected: "),
            "{error}"
        );
    }
    let long = json!({"identifier": "a".repeat(70_000)}).to_string();
    assert_eq!(
        post(&App::with(&[PHOTO]), "/api/identifier", JSON, &long).status,
        413
    );
}

#[test]
fn knows_nothing_of_the_registration_without_a_master_key() {
    let expected = json!({
        "known": false,
        "reason": "no master key: set PARSE_SERVER_URL, PARSE_SERVER_APPLICATION_ID and PARSE_SERVER_MASTER_KEY",
    });
    assert_eq!(
        json_of(&App::with(&[PHOTO]).get_admin("/api/registration", "")),
        expected
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_parse_server_once_for_many_looks() {
    let parse_server = MockServer::start().await;
    for (list, rows) in [
        (
            "triggers",
            json!([{"className": "Photo", "triggerName": "beforeSave", "url": "http://u:word@old.example/x"}]),
        ),
        (
            "functions",
            json!([{"functionName": "f", "url": "http://elsewhere.example/f"}]),
        ),
    ] {
        Mock::given(method("GET"))
            .and(path(format!("/hooks/{list}")))
            .and(header("X-Parse-Master-Key", "master-key"))
            .respond_with(ResponseTemplate::new(200).set_body_json(rows))
            .expect(1)
            .mount(&parse_server)
            .await;
    }
    let url = parse_server.uri();
    let seen = tokio::task::spawn_blocking(move || {
        let app = with_hook_list(&url);
        let (first, second) = (
            app.get_admin("/api/registration", ""),
            app.get_admin("/api/registration", ""),
        );
        assert_eq!(first.body, second.body);
        json_of(&first)
    });
    let expected = json!([
        {
            "hook": "Photo.beforeSave", "state": "outdated",
            "wanted": "http://hooks.example/triggers/Photo/beforeSave", "registered": "http://u:***@old.example/x",
        },
        {"hook": "f", "state": "foreign", "wanted": null, "registered": "http://elsewhere.example/f"},
    ]);
    let seen = seen.await.unwrap();
    assert_eq!((&seen["known"], &seen["hooks"]), (&json!(true), &expected));
}

#[test]
fn says_why_parse_server_could_not_be_asked() {
    let answer =
        json_of(&with_hook_list("http://127.0.0.1:9/parse").get_admin("/api/registration", ""));
    assert_eq!(answer["known"], false);
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("http://127.0.0.1:9/parse"), "{reason}");
    assert!(!reason.contains("master-key"), "{reason}");
}
