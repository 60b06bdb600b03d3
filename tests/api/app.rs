//! A running service with the manifests of a test, and the HTTP to talk to it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::hooks::ParseServer;
use cloudinary_parse::manifest;
use cloudinary_parse::server::{AdminSettings, Control, Deployment, Server, Settings, WebhookKeys};
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

pub(crate) const KEY: &str = "webhook-key-of-the-tests";
pub(crate) const SECRET: &str = "api-secret-of-the-tests";
pub(crate) const PREVIOUS_SECRET: &str = "previous-secret-of-the-tests";

pub(crate) struct App {
    pub(crate) address: SocketAddr,
    pub(crate) admin: Option<SocketAddr>,
    control: Control,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) fn account() -> Account {
    let url = format!("cloudinary://123456789012345:{SECRET}@demo");
    Account::from_url(&url)
        .unwrap()
        .with_previous_secret(PREVIOUS_SECRET.into())
}

pub(crate) fn deployment(manifests: &[&str]) -> Deployment {
    let files: Vec<_> = manifests.iter().map(|text| ("m.toml", *text)).collect();
    let manifests = manifest::parse(&files).unwrap();
    Deployment {
        account: account(),
        manifests,
        parse_server: None,
        cloudinary: None,
        queue: None,
        master_key: None,
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        bind: ([127, 0, 0, 1], 0).into(),
        admin: Some(AdminSettings {
            bind: ([127, 0, 0, 1], 0).into(),
            token: None,
            hook_list: None,
            parse_server: None,
            public_url: "http://127.0.0.1:0".parse().unwrap(),
        }),
        webhook_keys: WebhookKeys::new(KEY.into(), Some("previous-webhook-key".into())),
        public_path: String::new(),
        max_body: 16 << 20,
        max_connections: 1_000,
        read_timeout: Duration::from_secs(10),
        answer_timeout: Duration::from_secs(10),
        shutdown_timeout: Duration::from_secs(8),
        workers: 1,
        tls: None,
    }
}

impl App {
    pub(crate) fn with(manifests: &[&str]) -> App {
        App::start(settings(), deployment(manifests))
    }

    pub(crate) fn with_parse_server(manifests: &[&str], parse_server: ParseServer) -> App {
        let mut deployment = deployment(manifests);
        deployment.parse_server = Some(parse_server);
        App::start(settings(), deployment)
    }

    pub(crate) fn start(settings: Settings, deployment: Deployment) -> App {
        let (send, receive) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let server = Server::build(settings, deployment)?;
                let addresses = (server.webhook_address(), server.admin_address());
                send.send((addresses, server.control())).unwrap();
                server.run().await
            })
        });
        let ((address, admin), control) = receive.recv().expect("the listeners are bound");
        App {
            address,
            admin,
            control,
            thread: Some(thread),
        }
    }

    pub(crate) fn control(&self) -> Control {
        self.control.clone()
    }

    /// Stops the service and waits for its end.
    pub(crate) fn stop(mut self) {
        self.shut_down();
    }

    fn shut_down(&mut self) {
        if let Some(thread) = self.thread.take() {
            let control = self.control.clone();
            actix_web::rt::System::new().block_on(control.stop());
            thread.join().unwrap().unwrap();
        }
    }

    /// Posts a `beforeSave` of `class` as Parse Server does.
    #[track_caller]
    pub(crate) fn before_save(&self, class: &str, body: &Value) -> String {
        self.decision(&format!("/triggers/{class}/beforeSave"), &body.to_string())
    }

    /// Posts a function call.
    #[track_caller]
    pub(crate) fn call(&self, function: &str, body: &Value) -> Value {
        let answer = self.decision(&format!("/functions/{function}"), &body.to_string());
        serde_json::from_str(&answer).unwrap()
    }

    /// The text of a decision, whose status is always 200.
    #[track_caller]
    pub(crate) fn decision(&self, path: &str, body: &str) -> String {
        let answer = self.post(path, body);
        assert_eq!((answer.status, &*answer.body), (200, &*answer.body));
        answer.body
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        let headers = format!("Content-Type: application/json\r\nX-Parse-Webhook-Key: {KEY}\r\n");
        self.send("POST", path, &headers, body.as_bytes())
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        send(self.address, method, path, headers, body)
    }

    pub(crate) fn get_admin(&self, path: &str, headers: &str) -> Answer {
        send(self.admin.unwrap(), "GET", path, headers, b"")
    }

    /// The value of the metric with this name and these labels; all of them if there is none.
    pub(crate) fn metric(&self, name: &str) -> String {
        let metrics = self.get_admin("/metrics", "").body;
        let of = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(' ')?.to_owned());
        metrics.lines().find_map(of).unwrap_or(metrics)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.shut_down();
        }
    }
}

pub(crate) fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> Answer {
    let mut stream = connect(address);
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A refusal may come before the body is read.
    let _ = stream.write_all(body);
    read_answer(&mut stream)
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// Reads until the other side closes; an empty answer has status 0.
pub(crate) fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Answer {
        status: status.unwrap_or(0),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

/// Cloudinary's response signature, made here from its documentation.
pub(crate) fn signature_by(secret: &str, public_id: &str, version: u64) -> String {
    hex::encode(Sha1::digest(format!(
        "public_id={public_id}&version={version}{secret}"
    )))
}

pub(crate) fn signature(public_id: &str, version: u64) -> String {
    signature_by(SECRET, public_id, version)
}

/// A signed identifier of a JPEG.
pub(crate) fn signed(public_id: &str, version: u64) -> String {
    format!(
        "image/upload/v{version}/{public_id}.jpg#{}",
        signature(public_id, version)
    )
}

/// The same without its signature.
pub(crate) fn bare(public_id: &str, version: u64) -> String {
    format!("image/upload/v{version}/{public_id}.jpg")
}

/// A `beforeSave` body of a create.
pub(crate) fn create(object: Value) -> Value {
    json!({"triggerName": "beforeSave", "master": false, "object": object})
}

/// A `beforeSave` body of an update.
pub(crate) fn update(object: Value, original: Value) -> Value {
    json!({"triggerName": "beforeSave", "master": false, "object": object, "original": original})
}

/// The body with more keys.
pub(crate) fn and(mut body: Value, more: Value) -> Value {
    let (Value::Object(body_keys), Value::Object(more)) = (&mut body, more) else {
        panic!("two objects expected");
    };
    body_keys.extend(more);
    body
}

/// A function call by a user.
pub(crate) fn call_by(user: &str, params: Value) -> Value {
    json!({
        "params": params,
        "master": false,
        "user": {"objectId": user, "username": format!("name of {user}"), "sessionToken": "r:secret"},
    })
}
