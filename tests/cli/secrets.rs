//! Secrets under `RUST_LOG=trace`: none is in a log, an error, a metric, a page or an answer that
//! it does not belong in.

use reqwest::Method;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use crate::command::CloudinaryParse;
use crate::parse_server::{APPLICATION_ID, MASTER_KEY, ParseServer, answer};
use crate::running::{Asked, Running, WEBHOOK_KEY, ask, client};

const API_SECRET: &str = "marked-api-secret";
const PREVIOUS_SECRET: &str = "marked-previous-secret";
const NOTIFICATION_SECRET: &str = "marked-notification-secret";
const PREVIOUS_KEY: &str = "marked-previous-webhook-key";
const REST_KEY: &str = "marked-rest-api-key";
const ADMIN_TOKEN: &str = "marked-admin-token";
const SESSION: &str = "r:marked-session-token";
const PASSWORD: &str = "marked-password";
const WRONG_KEY: &str = "marked-wrong-key";

/// What no answer and no log may hold.
const SECRETS: [&str; 11] = [
    API_SECRET,
    PREVIOUS_SECRET,
    NOTIFICATION_SECRET,
    WEBHOOK_KEY,
    PREVIOUS_KEY,
    REST_KEY,
    MASTER_KEY,
    ADMIN_TOKEN,
    SESSION,
    PASSWORD,
    WRONG_KEY,
];

fn signature(secret: &str, public_id: &str) -> String {
    hex::encode(Sha1::digest(format!(
        "public_id={public_id}&version=1{secret}"
    )))
}

fn signed(secret: &str, public_id: &str) -> String {
    format!(
        "image/upload/v1/{public_id}.jpg#{}",
        signature(secret, public_id)
    )
}

fn service(server: &ParseServer, format: &str) -> CloudinaryParse {
    CloudinaryParse::bare()
        .env("RUST_LOG", "trace")
        .env("CLOUDINARY_PARSE_LOG_FORMAT", format)
        .env("CLOUDINARY_URL", &format!("cloudinary://key:{API_SECRET}@demo"))
        .env("CLOUDINARY_API_SECRET_PREVIOUS", PREVIOUS_SECRET)
        .env("CLOUDINARY_NOTIFICATION_SECRET", NOTIFICATION_SECRET)
        .env("PARSE_SERVER_WEBHOOK_KEY", WEBHOOK_KEY)
        .env("PARSE_SERVER_WEBHOOK_KEY_PREVIOUS", PREVIOUS_KEY)
        .env("PARSE_SERVER_URL", &server.url())
        .env("PARSE_SERVER_APPLICATION_ID", APPLICATION_ID)
        .env("PARSE_SERVER_MASTER_KEY", MASTER_KEY)
        .env("PARSE_SERVER_REST_API_KEY", REST_KEY)
        .env("CLOUDINARY_PARSE_ADMIN_TOKEN", ADMIN_TOKEN)
        .env("CLOUDINARY_PARSE_MAX_BODY", "64KiB")
        .env("CLOUDINARY_PARSE_PUBLIC_URL", "http://127.0.0.1:1/cp")
        .manifest("User.toml", "class = \"_User\"\n[fields.picture]\nfolder = \"a\"\n")
        .manifest("Photo.toml", "class = \"Photo\"\n[fields.picture]\n[fields.pictures]\nmany = true\n")
        .manifest("sign.toml", "function = \"sign\"\naction = \"sign_upload\"\naccess = { role = \"editors\" }\n[limit]\nper_user = \"3/h\"\n")
        .manifest("url.toml", "function = \"url\"\naction = \"delivery_url\"\nclass = \"Photo\"\nfield = \"picture\"\n")
}

fn parse_server() -> ParseServer {
    let roles = json!({"results": [{"objectId": "e", "name": "editors"}]});
    ParseServer::start()
        .answers("GET", "/roles", answer(200, roles), 1)
        .answers(
            "GET",
            "/classes/Photo/p1",
            answer(200, json!({"picture": signed(API_SECRET, "row")})),
            1,
        )
        .answers(
            "GET",
            "/classes/Photo/p2",
            answer(400, json!({"code": 1, "error": "x"})),
            1,
        )
        .answers(
            "GET",
            "/classes/Photo/p3",
            answer(403, json!({"error": "unauthorized"})),
            1,
        )
}

/// A body with everything secret that Parse Server sends along.
fn body(more: Value) -> String {
    let mut body = json!({
        "master": false,
        "user": {"objectId": "u1", "username": "user", "sessionToken": SESSION},
        "headers": {"x-parse-master-key": MASTER_KEY, "x-parse-session-token": SESSION},
        "ip": "192.0.2.1",
    });
    let Value::Object(more) = more else {
        panic!("an object expected");
    };
    body.as_object_mut().unwrap().extend(more);
    body.to_string()
}

/// Requests of every kind, decided well and badly.
fn requests(running: &Running) -> Vec<Asked<'static>> {
    let (good, old) = (signed(API_SECRET, "cat"), signed(PREVIOUS_SECRET, "dog"));
    let photo = "/triggers/Photo/beforeSave";
    let save = |object: Value| body(json!({ "object": object }));
    let in_context = json!({
        "object": {"picture": "image/upload/v1/cat.jpg"},
        "context": {"cloudinary": {"picture": signature(API_SECRET, "cat")}},
    });
    let ill_typed = json!({"object": {}, "context": {"cloudinary": {"picture": [signature(API_SECRET, "cat")]}}});
    let call = |params: Value| body(json!({ "params": params }));
    let mut requests: Vec<_> = [
        (photo, save(json!({"picture": good}))),
        (photo, save(json!({"picture": old}))),
        (photo, save(json!({"picture": good.replace("cat", "other")}))),
        (photo, save(json!({"picture": good.to_uppercase()}))),
        (photo, save(json!({"picture": {"x": good}}))),
        (photo, save(json!({"pictures": [good, old, "image/upload/v1/bad.jpg"]}))),
        (photo, body(in_context)),
        (photo, body(ill_typed)),
        (photo, save(json!({"picture": good}))[1..].to_owned()),
        (photo, format!("{{\"user\":{{\"sessionToken\":\"{SESSION}\"}},\"object\":{{\"picture\":\"{good}\"}},}}")),
        (photo, body(json!({"object": {"picture": good}, "triggerName": SESSION}))),
        (photo, body(json!({"object": good}))),
        (photo, save(json!({"picture": good, "filler": "x".repeat(100_000)}))),
        ("/triggers/_User/beforeSave", save(json!({"password": PASSWORD, "picture": good}))),
        ("/triggers/Other/beforeSave", save(json!({"picture": good}))),
        ("/functions/sign", call(json!({}))),
        ("/functions/sign", call(json!({"signature": signature(API_SECRET, "cat")}))),
        ("/functions/sign", call(json!({"x": PASSWORD}))),
        ("/functions/sign", call(json!({}))),
        ("/functions/url", call(json!({"objectId": "p1"}))),
        ("/functions/url", call(json!({"objectId": "p2"}))),
        ("/functions/url", call(json!({"objectId": "p3"}))),
        ("/functions/url", call(json!({"objectId": SESSION}))),
    ]
    .iter()
    .map(|(path, body)| running.webhook(path, body))
    .collect();
    for key in [PREVIOUS_KEY, WRONG_KEY] {
        let mut other = running.webhook(photo, &save(json!({"picture": good})));
        other.headers = vec![
            ("Content-Type", "application/json"),
            ("X-Parse-Webhook-Key", key),
        ];
        requests.push(other);
    }
    let mut text = running.webhook(photo, &save(json!({"picture": good})));
    text.headers[0].1 = "text/plain";
    requests.push(text);
    for (path, token) in [
        ("/", ADMIN_TOKEN),
        ("/ready", ADMIN_TOKEN),
        ("/metrics", ADMIN_TOKEN),
        ("/metrics", WRONG_KEY),
    ] {
        let bearer = if token == ADMIN_TOKEN {
            "Bearer marked-admin-token"
        } else {
            "Bearer marked-wrong-key"
        };
        requests.push(Asked {
            method: Method::GET,
            url: format!("{}{path}", running.admin_url),
            headers: vec![("Authorization", bearer)],
            body: Vec::new(),
        });
    }
    requests
}

/// Signatures that were sent or made; an identifier's must not be logged.
fn signatures() -> [String; 3] {
    [
        signature(API_SECRET, "cat"),
        signature(PREVIOUS_SECRET, "dog"),
        signature(API_SECRET, "row"),
    ]
}

#[track_caller]
pub(crate) fn assert_clean(text: &str, secrets: impl IntoIterator<Item = impl AsRef<str>>) {
    for secret in secrets {
        let secret = secret.as_ref();
        let bytes = format!("{:?}", secret.as_bytes());
        let shown = [&secret.to_lowercase(), bytes.trim_matches(['[', ']'])];
        let leak = |line: &&str| shown.iter().any(|form| line.to_lowercase().contains(form));
        if let Some(line) = text.lines().find(leak) {
            panic!("{secret} in {line}");
        }
    }
}

#[track_caller]
fn assert_no_secret_in_the_life_of_a_service(format: &str) {
    let server = parse_server();
    let service = service(&server, format);
    let mut running = Running::start(&service);
    let client = client(None);
    let mut made = Vec::new();
    for asked in requests(&running) {
        let (status, head, text) = ask(&client, &asked).unwrap();
        assert_clean(&head, SECRETS);
        // A password that the app itself saves is part of its own write.
        let carried = text.contains("\"success\"") && asked.url.ends_with("_User/beforeSave");
        assert_clean(
            &text,
            SECRETS
                .iter()
                .filter(|secret| !carried || **secret != PASSWORD),
        );
        let answer = serde_json::from_str::<Value>(&text).unwrap_or_default();
        made.extend(answer["success"]["signature"].as_str().map(str::to_owned));
        assert_clean(&text, signatures());
        assert_ne!(status, 500, "{text}");
    }
    assert_eq!(made.len(), 1);
    std::fs::write(
        service.directory().join("webhooks/url.toml"),
        format!("x = \"{API_SECRET}\"\n"),
    )
    .unwrap();
    running.hang_up();
    running.wait_for("manifests not loaded");
    std::fs::remove_file(service.directory().join("webhooks/url.toml")).unwrap();
    running.hang_up();
    running.wait_for("Photo.beforeSave is not registered");
    let log = running.stop();
    assert!(
        log.contains("TRACE"),
        "the log says less than it can:\n{log}"
    );
    assert_clean(&log, SECRETS);
    assert_clean(&log, signatures());
    assert_clean(&log, made);
}

#[test]
fn none_is_in_a_text_log() {
    assert_no_secret_in_the_life_of_a_service("text");
}

#[test]
fn none_is_in_a_json_log() {
    assert_no_secret_in_the_life_of_a_service("json");
}

#[test]
fn none_is_in_the_log_of_a_service_that_cannot_reach_parse_server() {
    for url in [
        "http://127.0.0.1:1/parse",
        "https://127.0.0.1:1/parse",
        "http://user:marked-password@127.0.0.1:1/parse",
    ] {
        let service = service(&parse_server(), "text").env("PARSE_SERVER_URL", url);
        let mut running = Running::start(&service);
        let (_, text) = running.post("/functions/sign", &body(json!({"params": {}})));
        assert_eq!(
            text,
            r#"{"error":"Cannot check the role editors, try again later"}"#
        );
        let (_, text) = running.post(
            "/functions/url",
            &body(json!({"params": {"objectId": "p1"}})),
        );
        assert_eq!(text, r#"{"error":"image lookup failed"}"#);
        running.hang_up();
        running.wait_for("not compared with what is registered: ");
        assert_clean(&running.stop(), SECRETS);
    }
}

#[test]
fn none_is_in_what_commands_say() {
    let server = parse_server();
    let service = service(&server, "text");
    let identifier = signed(API_SECRET, "cat");
    for arguments in [
        &["check", "--strict"][..],
        &["register", "--dry-run"],
        &["register"],
        &["hooks"],
        &["unregister"],
        &["health"],
        &["sign", "tags=cat", "--explain"],
        &["verify", &identifier],
        &["url", "image/upload/v1/cat.jpg"],
        &["serve", "--nonsense"],
    ] {
        let result = service.run(arguments);
        assert_clean(&result.stdout, SECRETS);
        assert_clean(&result.stderr, SECRETS);
        assert_clean(&result.stderr, signatures());
    }
}

#[test]
fn none_is_in_a_report_of_mistakes() {
    let server = parse_server();
    for (name, value) in [
        ("CLOUDINARY_URL", "cloudinary://key:marked-api-secret"),
        ("CLOUDINARY_URL", "marked-api-secret"),
        (
            "CLOUDINARY_URL",
            "cloudinary://key:marked-api-secret@demo?signature_algorithm=md5",
        ),
        ("PARSE_SERVER_URL", "http://user:marked-password@"),
        ("PARSE_SERVER_URL", "user:marked-password@host"),
        ("PARSE_SERVER_MASTER_KEY", "marked-password\u{1}"),
        ("PARSE_SERVER_WEBHOOK_KEY_FILE", "/nonexistent"),
    ] {
        let service = service(&server, "text").env(name, value);
        for command in ["check", "register"] {
            let result = service.run(&[command]);
            assert_clean(&result.stdout, SECRETS);
            assert_clean(&result.stderr, SECRETS);
        }
    }
}
