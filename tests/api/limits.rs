//! Sizes and deadlines.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;
use sha1::{Digest as _, Sha1};

use crate::app::{App, KEY, SECRET, bare, connect, deployment, read_answer, settings, signed};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n";
const PATH: &str = "/triggers/Photo/beforeSave";

fn app(change: impl FnOnce(&mut cloudinary_parse::server::Settings)) -> App {
    let mut settings = settings();
    change(&mut settings);
    App::start(settings, deployment(&[PHOTO]))
}

fn body_of(bytes: usize) -> String {
    let empty = json!({"object": {"a": ""}}).to_string().len();
    json!({"object": {"a": "x".repeat(bytes - empty)}}).to_string()
}

#[test]
fn a_body_at_the_limit_is_taken_and_one_byte_more_is_not() {
    let app = app(|settings| settings.max_body = 100_000);
    assert_eq!(app.decision(PATH, &body_of(100_000)), "{}");
    let answer = app.post(PATH, &body_of(100_001));
    assert_eq!(
        (answer.status, &*answer.body),
        (413, r#"{"error":"request too large"}"#)
    );
}

#[test]
fn a_chunked_body_has_the_same_limit() {
    let app = app(|settings| settings.max_body = 100_000);
    for (bytes, status) in [(100_000, 200), (100_001, 413)] {
        let mut stream = connect(app.address);
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\nX-Parse-Webhook-Key: {KEY}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        for piece in body_of(bytes).as_bytes().chunks(7_001) {
            let _ = write!(stream, "{:x}\r\n", piece.len());
            let _ = stream.write_all(piece);
            let _ = stream.write_all(b"\r\n");
        }
        let _ = stream.write_all(b"0\r\n\r\n");
        assert_eq!(read_answer(&mut stream).status, status, "{bytes}");
    }
}

#[test]
fn the_default_limit_takes_what_parse_server_can_send() {
    let app = app(|_| {});
    assert_eq!(app.decision(PATH, &body_of(10 << 20)), "{}");
}

#[test]
fn a_broken_chunk_is_a_refusal() {
    let app = app(|_| {});
    let mut stream = connect(app.address);
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\nX-Parse-Webhook-Key: {KEY}\r\n\r\nzz\r\n{{}}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let answer = read_answer(&mut stream);
    assert!(
        answer.status >= 400 || answer.status == 0,
        "{}",
        answer.status
    );
}

/// Drips a request byte by byte and tells the status and how long it took until the connection
/// ended.
fn drip(app: &App, start: &str, rest: &str) -> (u16, Duration) {
    let started = Instant::now();
    let mut stream = connect(app.address);
    stream.write_all(start.as_bytes()).unwrap();
    let mut reader = stream.try_clone().unwrap();
    let reading = std::thread::spawn(move || read_answer(&mut reader).status);
    for byte in rest.bytes() {
        if stream.write_all(&[byte]).is_err() || reading.is_finished() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    (reading.join().unwrap(), started.elapsed())
}

#[test]
fn a_head_that_drips_is_cut_at_the_deadline() {
    let app = app(|settings| settings.read_timeout = Duration::from_secs(1));
    let (status, took) = drip(&app, "POST / HTTP/1.1\r\n", &"X: y\r\n".repeat(100));
    assert!(status == 408 || status == 0, "{status}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_body_that_drips_is_cut_at_the_deadline() {
    let app = app(|settings| settings.read_timeout = Duration::from_secs(1));
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: 600\r\nContent-Type: application/json\r\nX-Parse-Webhook-Key: {KEY}\r\n\r\n"
    );
    let (status, took) = drip(&app, &head, &" ".repeat(600));
    assert_eq!(status, 503);
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn requests_on_one_connection_are_answered_in_turn() {
    let app = app(|_| {});
    let mut stream = connect(app.address);
    let body = json!({"object": {"picture": signed("cat", 1)}}).to_string();
    let head = |more: &str| {
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: h\r\n{more}Content-Length: {}\r\nContent-Type: application/json\r\nX-Parse-Webhook-Key: {KEY}\r\n\r\n{body}",
            body.len()
        )
    };
    let pipelined = [head(""), head(""), head("Connection: close\r\n")].concat();
    stream.write_all(pipelined.as_bytes()).unwrap();
    let answers = read_answer(&mut stream);
    let expected = json!({"success": {"picture": bare("cat", 1)}}).to_string();
    assert_eq!(
        answers.body.matches(&expected).count(),
        3,
        "{}",
        answers.body
    );
}

#[test]
fn a_body_that_never_comes_is_cut_behind_another_request_too() {
    let app = app(|settings| settings.read_timeout = Duration::from_secs(1));
    let mut stream = connect(app.address);
    let started = Instant::now();
    // The connection takes up the second request while it answers the first, and then hears nothing
    // more.
    let first = head("Content-Length: 13\r\n") + r#"{"object":{}}"#;
    let pipelined = [first, head("Content-Length: 600\r\n")].concat();
    stream.write_all(pipelined.as_bytes()).unwrap();
    let answers = read_answer(&mut stream);
    assert!(started.elapsed() < Duration::from_secs(10));
    let found = [
        answers.body.matches("{}").count(),
        answers
            .body
            .matches(r#"{"error":"timed out, try again"}"#)
            .count(),
    ];
    assert_eq!(found, [1, 1], "{}{}", answers.head, answers.body);
}

#[test]
fn a_refused_request_does_not_keep_its_connection() {
    let app = app(|_| {});
    let mut stream = connect(app.address);
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let answer = read_answer(&mut stream);
    assert_eq!(answer.status, 401);
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
}

#[test]
fn a_notification_has_a_limit_of_its_own() {
    let app = app(|_| {});
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let headers = format!(
        "Content-Type: application/json\r\nX-Cld-Timestamp: {}\r\nX-Cld-Signature: {}\r\n",
        now.as_secs(),
        "0".repeat(40)
    );
    for (bytes, status) in [(1 << 20, 401), ((1 << 20) + 1, 413)] {
        let body = body_of(bytes);
        let answer = app.send(
            "POST",
            "/cloudinary/notifications",
            &headers,
            body.as_bytes(),
        );
        assert_eq!(answer.status, status, "{bytes}");
    }
}

/// As many as are read at a time, and more: well-formed headers that nobody signed, and bodies that
/// do not come.
#[test]
fn made_up_notifications_that_drip_do_not_keep_a_signed_one_out() {
    let app = app(|settings| settings.read_timeout = Duration::from_mins(10));
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let head = |signature: &str, bytes: usize| {
        format!(
            "POST /cloudinary/notifications HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {bytes}\r\nX-Cld-Timestamp: {now}\r\nX-Cld-Signature: {signature}\r\n\r\n"
        )
    };
    let _dripping: Vec<_> = (0..300)
        .map(|_| {
            let mut stream = connect(app.address);
            stream
                .write_all(head(&"0".repeat(40), 600).as_bytes())
                .unwrap();
            stream.write_all(b"{").unwrap();
            stream
        })
        .collect();
    let body = "{}";
    let signature = hex::encode(Sha1::digest(format!("{body}{now}{SECRET}")));
    for _ in 0..3 {
        let mut stream = connect(app.address);
        let request = head(&signature, body.len()) + body;
        stream.write_all(request.as_bytes()).unwrap();
        let answer = read_answer(&mut stream);
        assert_eq!((answer.status, &*answer.body), (200, "{}"));
    }
}

/// A service for 32 connections that closes none for being slow.
fn crowded() -> App {
    app(|settings| {
        settings.max_connections = 32;
        settings.read_timeout = Duration::from_mins(10);
    })
}

fn head(more: &str) -> String {
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nX-Parse-Webhook-Key: {KEY}\r\n{more}\r\n"
    )
}

#[test]
fn connections_that_say_nothing_do_not_keep_parse_server_out() {
    let app = crowded();
    assert_eq!(crowded_out(&app), "0");
    let _silent: Vec<_> = (0..100).map(|_| connect(app.address)).collect();
    assert_eq!(app.decision(PATH, &body_of(100)), "{}");
    assert_ne!(crowded_out(&app), "0");
}

fn crowded_out(app: &App) -> String {
    app.metric("cloudinary_parse_crowded_out_connections_total")
}

#[test]
fn idle_connections_of_parse_servers_do_not_keep_new_ones_out() {
    let app = crowded();
    let _idle: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = connect(app.address);
            let request = head("Content-Length: 13\r\n") + r#"{"object":{}}"#;
            stream.write_all(request.as_bytes()).unwrap();
            let mut first = [0; 12];
            stream.read_exact(&mut first).unwrap();
            assert_eq!(&first, b"HTTP/1.1 200");
            stream
        })
        .collect();
    assert_eq!(app.decision(PATH, &body_of(100)), "{}");
}

#[test]
fn a_request_under_way_keeps_its_connection_in_a_crowd() {
    let app = crowded();
    let _before: Vec<_> = (0..20).map(|_| connect(app.address)).collect();
    let mut stream = connect(app.address);
    let start = head("Connection: close\r\nContent-Length: 13\r\n") + r#"{"object""#;
    stream.write_all(start.as_bytes()).unwrap();
    // Its head has been read once this later one is answered.
    assert_eq!(app.decision(PATH, &body_of(100)), "{}");
    let _silent: Vec<_> = (0..100).map(|_| connect(app.address)).collect();
    assert_eq!(app.decision(PATH, &body_of(100)), "{}");
    stream.write_all(b":{}}").unwrap();
    let answer = read_answer(&mut stream);
    assert_eq!((answer.status, &*answer.body), (200, "{}"));
}
