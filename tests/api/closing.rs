//! Refused connections: closed soon, and not read on.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustls::pki_types::PrivateKeyDer;

use crate::app::{App, KEY, connect, deployment, read_answer, settings};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n";
const PATH: &str = "/triggers/Photo/beforeSave";

fn app(tls: Option<rustls::ServerConfig>) -> App {
    let mut settings = settings();
    settings.max_body = 1 << 20;
    settings.tls = tls;
    App::start(settings, deployment(&[PHOTO]))
}

/// More than this is not read on of a refused request, what the system's buffers hold included:
/// those of the loopback are 10 MiB at most.
const LITTLE: usize = 16 << 20;

/// Refused connections end within this.
const END: Duration = Duration::from_secs(5);

/// Sends `head` and then chunks without an end, as fast as they go; says how many bytes were taken,
/// and what was answered.
fn endless(stream: &mut (impl std::io::Read + std::io::Write), head: &str) -> (usize, String) {
    const CHUNK: usize = 64 << 10;
    let chunk = format!("{CHUNK:x}\r\n{}\r\n", "x".repeat(CHUNK));
    let started = Instant::now();
    let mut taken = 0;
    if stream.write_all(head.as_bytes()).is_ok() {
        while taken <= LITTLE && started.elapsed() < 3 * END {
            match stream.write(chunk.as_bytes()) {
                Ok(bytes) => taken += bytes,
                Err(_) => break,
            }
        }
    }
    assert!(started.elapsed() < 2 * END, "{:?}", started.elapsed());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(started.elapsed() < 3 * END, "{:?}", started.elapsed());
    (taken, String::from_utf8_lossy(&answer).into_owned())
}

fn status_of(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1);
    status.map_or(0, |status| status.parse().unwrap())
}

fn chunked(method: &str, path: &str, more: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n{more}\r\n"
    )
}

/// Each way in which the webhook listener refuses a request before it has read it.
fn refused_before_the_body() -> Vec<(u16, String)> {
    let json = "Content-Type: application/json\r\n";
    let key = format!("X-Parse-Webhook-Key: {KEY}\r\n");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let signed = |signature: &str, at: u64| {
        format!("{json}X-Cld-Timestamp: {at}\r\nX-Cld-Signature: {signature}\r\n")
    };
    let notifications = "/cloudinary/notifications";
    vec![
        (401, chunked("POST", PATH, json)),
        (
            401,
            chunked("POST", PATH, &format!("{json}X-Parse-Webhook-Key: x\r\n")),
        ),
        (
            404,
            chunked(
                "POST",
                "/triggers/Other/beforeSave",
                &format!("{json}{key}"),
            ),
        ),
        (404, chunked("POST", "/", json)),
        (405, chunked("PUT", PATH, &key)),
        (400, chunked("POST", PATH, &key)),
        (413, chunked("POST", PATH, &format!("{json}{key}"))),
        (401, chunked("POST", notifications, json)),
        (
            401,
            chunked("POST", notifications, &signed("x", now.as_secs())),
        ),
        (
            401,
            chunked("POST", notifications, &signed(&"0".repeat(40), 5)),
        ),
        (
            413,
            chunked(
                "POST",
                notifications,
                &signed(&"0".repeat(40), now.as_secs()),
            ),
        ),
        (405, chunked("PUT", notifications, "")),
        (200, chunked("GET", "/health", "")),
        (405, chunked("POST", "/health", "")),
    ]
}

#[test]
fn a_refused_body_without_an_end_is_not_read_on_and_its_connection_ends() {
    let app = app(None);
    for (status, head) in refused_before_the_body() {
        let mut stream = connect(app.address);
        stream.set_write_timeout(Some(2 * END)).unwrap();
        let (taken, answer) = endless(&mut stream, &head);
        assert!(taken <= LITTLE, "{taken} {head}");
        assert_eq!(status_of(&answer), status, "{head}{answer}");
    }
}

#[test]
fn the_admin_listener_does_not_read_on_either() {
    let mut settings = settings();
    settings.admin.as_mut().unwrap().token = Some("token-of-the-tests".into());
    let app = App::start(settings, deployment(&[PHOTO]));
    for (status, method, path) in [
        (401, "GET", "/metrics"),
        (401, "GET", "/"),
        (200, "GET", "/console.js"),
        (404, "GET", "/nothing"),
        (405, "POST", "/metrics"),
        (413, "POST", "/session"),
        (401, "POST", "/api/url"),
        (303, "POST", "/session/end"),
    ] {
        let mut stream = connect(app.admin.unwrap());
        stream.set_write_timeout(Some(2 * END)).unwrap();
        let (taken, answer) = endless(&mut stream, &chunked(method, path, ""));
        assert!(taken <= LITTLE, "{taken} {method} {path}");
        assert_eq!(status_of(&answer), status, "{method} {path} {answer}");
    }
}

#[test]
fn a_refused_client_that_says_nothing_more_is_let_go() {
    let app = app(None);
    for head in [
        chunked("POST", PATH, "Content-Type: application/json\r\n"),
        format!("POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: 600\r\n\r\n"),
    ] {
        let started = Instant::now();
        let mut stream = connect(app.address);
        stream.write_all(head.as_bytes()).unwrap();
        assert_eq!(read_answer(&mut stream).status, 401, "{head}");
        assert!(started.elapsed() < END, "{:?}", started.elapsed());
    }
}

/// A certificate for 127.0.0.1, as the service and its client need it.
fn certificate() -> (rustls::ServerConfig, Arc<rustls::ClientConfig>) {
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let server = rustls::ServerConfig::builder().with_no_client_auth();
    let server = server.with_single_cert(vec![certificate.clone()], key);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = rustls::ClientConfig::builder().with_root_certificates(roots);
    (server.unwrap(), Arc::new(client.with_no_client_auth()))
}

#[test]
fn under_tls_it_is_not_read_on_either() {
    let (server, client) = certificate();
    let app = app(Some(server));
    for (status, head) in refused_before_the_body() {
        let stream = connect(app.address);
        stream.set_write_timeout(Some(2 * END)).unwrap();
        let name = "127.0.0.1".try_into().unwrap();
        let connection = rustls::ClientConnection::new(client.clone(), name).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, stream);
        let (taken, answer) = endless(&mut stream, &head);
        assert!(taken <= LITTLE, "{taken} {head}");
        // A client that is still writing when the connection is reset may lose the answer to its
        // own TLS.
        assert!([0, status].contains(&status_of(&answer)), "{head}{answer}");
    }
}
