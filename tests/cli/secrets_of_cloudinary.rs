//! Secrets under `RUST_LOG=trace`, where Cloudinary is asked and where it notifies.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use sha1::{Digest as _, Sha1};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::command::CloudinaryParse;
use crate::parse_server::run;
use crate::running::{Asked, Running, WEBHOOK_KEY, ask, client};
use crate::secrets::assert_clean;

const API_SECRET: &str = "marked-api-secret";
const PREVIOUS_SECRET: &str = "marked-previous-secret";
const SESSION: &str = "r:marked-session-token";

fn sign(text: &str) -> String {
    hex::encode(Sha1::digest(text))
}

fn service(cloudinary: &str, format: &str) -> CloudinaryParse {
    let account = format!("cloudinary://key:{API_SECRET}@demo?upload_prefix={cloudinary}");
    CloudinaryParse::bare()
        .env("RUST_LOG", "trace")
        .env("CLOUDINARY_PARSE_LOG_FORMAT", format)
        .env("CLOUDINARY_URL", &account)
        .env("CLOUDINARY_API_SECRET_PREVIOUS", PREVIOUS_SECRET)
        .manifest(
            "Photo.toml",
            "class = \"Photo\"\n[fields.picture]\nconfirm = true\nmax_bytes = \"1KiB\"\n",
        )
}

/// What Cloudinary may answer to a question about a picture.
fn answers() -> Vec<ResponseTemplate> {
    let asset = |bytes: u64| json!({"public_id": "cat", "resource_type": "image", "type": "upload", "version": 1, "bytes": bytes});
    let refused = json!({"error": {"message": "unknown api_key"}});
    vec![
        ResponseTemplate::new(200).set_body_json(asset(1)),
        ResponseTemplate::new(200).set_body_json(asset(5000)),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(401).set_body_json(refused),
        ResponseTemplate::new(404),
        ResponseTemplate::new(420),
        ResponseTemplate::new(500),
    ]
}

/// What must be in no line: secrets, the header made of them, signatures.
fn marked(notified: &[String]) -> Vec<String> {
    let basic = BASE64_STANDARD.encode(format!("key:{API_SECRET}"));
    let identifier = sign(&format!("public_id=cat&version=1{API_SECRET}"));
    let mut marked = vec![basic, identifier, WEBHOOK_KEY.to_owned()];
    marked.extend([API_SECRET, PREVIOUS_SECRET, SESSION].map(str::to_owned));
    marked.extend_from_slice(notified);
    marked
}

/// Saves a picture that Cloudinary signed and posts the notifications; gives the log, and the
/// signatures of the notifications.
fn log_of(cloudinary: &str, format: &str) -> (String, Vec<String>) {
    let running = Running::start(&service(cloudinary, format));
    let signature = sign(&format!("public_id=cat&version=1{API_SECRET}"));
    let body = json!({
        "object": {"picture": format!("image/upload/v1/cat.jpg#{signature}")},
        "user": {"objectId": "u1", "sessionToken": SESSION},
    });
    let (status, answer) = running.post("/triggers/Photo/beforeSave", &body.to_string());
    assert_eq!(status, 200);
    assert_clean(&answer, marked(&[]));
    let signatures = notifications(&running);
    (running.stop(), signatures)
}

/// Signed by each secret, by none, too old, and no JSON.
fn notifications(running: &Running) -> Vec<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_secs();
    let body = json!({"notification_type": "upload", "public_id": "cat"}).to_string();
    let mut signatures = Vec::new();
    for (body, at, secret, expected) in [
        (&*body, now, API_SECRET, 200),
        (&*body, now, PREVIOUS_SECRET, 200),
        (&*body, now, "another", 401),
        (&*body, now - 9000, API_SECRET, 401),
        ("not JSON", now, API_SECRET, 400),
    ] {
        let signature = sign(&format!("{body}{at}{secret}"));
        let at = at.to_string();
        let asked = Asked {
            method: reqwest::Method::POST,
            url: format!("{}/cloudinary/notifications", running.url),
            headers: vec![
                ("Content-Type", "application/json"),
                ("X-Cld-Timestamp", &at),
                ("X-Cld-Signature", &signature),
            ],
            body: body.as_bytes().to_vec(),
        };
        let (status, head, answer) = ask(&client(None), &asked).unwrap();
        assert_eq!(status, expected, "{body}");
        assert_clean(&format!("{head}{answer}"), marked(&[]));
        signatures.push(signature);
    }
    signatures
}

#[test]
fn none_is_in_the_log_where_pictures_are_confirmed_and_notifications_come() {
    for (index, answer) in answers().into_iter().enumerate() {
        let server = run(MockServer::start());
        run(Mock::given(any()).respond_with(answer).mount(&server));
        let format = if index % 2 == 0 { "text" } else { "json" };
        let (log, signatures) = log_of(&server.uri(), format);
        assert!(log.contains("TRACE"), "the log says less than it can");
        assert_eq!(run(server.received_requests()).unwrap().len(), 1);
        assert_clean(&log, marked(&signatures));
    }
}

#[test]
fn none_is_in_the_log_where_cloudinary_cannot_be_reached() {
    let (log, signatures) = log_of("http://127.0.0.1:1", "text");
    assert!(log.contains("cannot confirm a picture of Photo"), "{log}");
    assert_clean(&log, marked(&signatures));
}
