//! Stopping: requests in flight finish, idle connections do not hold the process up.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::app::{App, KEY, bare, connect, deployment, read_answer, settings, signed};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n";

fn request(close: bool) -> String {
    let body = json!({"object": {"picture": signed("cat", 1)}}).to_string();
    format!(
        "POST /triggers/Photo/beforeSave HTTP/1.1\r\nHost: h\r\n{}Content-Length: {}\r\nContent-Type: application/json\r\nX-Parse-Webhook-Key: {KEY}\r\n\r\n{body}",
        if close { "Connection: close\r\n" } else { "" },
        body.len()
    )
}

#[test]
fn an_idle_connection_is_closed_at_once() {
    let app = App::with(&[PHOTO]);
    let mut idle = connect(app.address);
    idle.write_all(request(false).as_bytes()).unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let started = Instant::now();
    app.stop();
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_request_whose_body_is_still_arriving_is_answered() {
    let app = App::with(&[PHOTO]);
    let mut stream = connect(app.address);
    let request = request(true);
    let (start, rest) = request.split_at(request.len() - 10);
    stream.write_all(start.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let stopping = std::thread::spawn(move || app.stop());
    std::thread::sleep(Duration::from_millis(300));
    stream.write_all(rest.as_bytes()).unwrap();
    let expected = json!({"success": {"picture": bare("cat", 1)}}).to_string();
    assert_eq!(read_answer(&mut stream).body, expected);
    stopping.join().unwrap();
}

#[test]
fn replaced_hooks_answer_from_then_on() {
    let app = App::start(settings(), deployment(&[PHOTO]));
    let forged = json!({"object": {"picture": bare("cat", 1)}});
    assert_eq!(
        app.before_save("Photo", &forged),
        r#"{"error":"Bad signature"}"#
    );
    app.control()
        .replace(deployment(&["class = \"Photo\"\n[fields.other]\n"]));
    assert_eq!(app.before_save("Photo", &forged), "{}");
}
