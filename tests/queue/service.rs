//! The binary as a service: started, asked, killed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{APPLICATION_ID, MASTER_KEY, World};

pub(crate) const PHOTO: &str = r#"class = "Photo"
[fields.picture]
on_replace = "destroy"
on_delete = "destroy"
grace = "1s"
destroy_within = "app/"
"#;

/// How a service is run: its folder outlives it.
pub(crate) struct Setup {
    pub(crate) folder: TempDir,
    environment: Vec<(String, String)>,
}

pub(crate) struct Service {
    child: Child,
    webhook: String,
    admin: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Setup {
    pub(crate) fn new(world: &World, manifests: &[(&str, &str)]) -> Self {
        let setup = Self {
            folder: TempDir::new().unwrap(),
            environment: Vec::new(),
        };
        for (name, text) in manifests {
            setup.manifest(name, text);
        }
        setup
            .env("CLOUDINARY_URL", &world.cloudinary_url())
            .env("PARSE_SERVER_URL", &world.parse_url())
            .env("PARSE_SERVER_APPLICATION_ID", APPLICATION_ID)
            .env("PARSE_SERVER_MASTER_KEY", MASTER_KEY)
            .env("PARSE_SERVER_WEBHOOK_KEY", "webhook-key")
            .env("CLOUDINARY_PARSE_BIND", "127.0.0.1:0")
            .env("CLOUDINARY_PARSE_ADMIN_BIND", "127.0.0.1:0")
            .env("CLOUDINARY_PARSE_WORKERS", "1")
            .env("CLOUDINARY_PARSE_QUEUE", "sqlite://queue.db")
    }

    pub(crate) fn photo(world: &World) -> Self {
        Self::new(world, &[("Photo.toml", PHOTO)])
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn manifest(&self, name: &str, text: &str) {
        let folder = self.folder.path().join("webhooks");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
    }

    pub(crate) fn queue_file(&self) -> PathBuf {
        self.folder.path().join("queue.db")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_cloudinary-parse")));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub(crate) fn start(&self) -> Service {
        let mut child = self
            .command(&["serve"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (send, receive) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn({
            let log = log.clone();
            move || {
                for line in stderr.lines().map_while(Result::ok) {
                    for listener in ["webhook listener on http://", "admin listener on http://"] {
                        if let Some((_, address)) = line.split_once(listener) {
                            let _ = send.send(address.to_owned());
                        }
                    }
                    log.lock().unwrap().push(line);
                }
            }
        });
        let limit = Duration::from_mins(1);
        let address = || {
            receive
                .recv_timeout(limit)
                .unwrap_or_else(|_| panic!("{:?}", log.lock().unwrap()))
        };
        let (webhook, admin) = (address(), address());
        Service {
            child,
            webhook,
            admin,
            log,
        }
    }
}

impl Service {
    /// An `afterSave` of a photo whose picture changes; the time it took.
    pub(crate) fn replaced(&self, id: &str, before: &Value, after: &Value) -> Duration {
        self.after_save(
            "Photo",
            &json!({
                "triggerName": "afterSave",
                "object": {"className": "Photo", "objectId": id, "picture": after},
                "original": {"className": "Photo", "objectId": id, "picture": before},
            }),
        )
    }

    pub(crate) fn after_save(&self, class: &str, body: &Value) -> Duration {
        self.hook(&format!("/triggers/{class}/afterSave"), body)
    }

    pub(crate) fn deleted(&self, class: &str, object: &Value) -> Duration {
        let body = json!({"triggerName": "afterDelete", "object": object});
        self.hook(&format!("/triggers/{class}/afterDelete"), &body)
    }

    fn hook(&self, path: &str, body: &Value) -> Duration {
        let begin = Instant::now();
        let answer = self.try_hook(path, body).unwrap();
        assert_eq!(answer, (200, "{}".to_owned()));
        begin.elapsed()
    }

    /// `None` if the service dies over it.
    pub(crate) fn try_hook(&self, path: &str, body: &Value) -> Option<(u16, String)> {
        let headers = "Content-Type: application/json\r\nX-Parse-Webhook-Key: webhook-key\r\n";
        send(&self.webhook, "POST", path, headers, &body.to_string())
    }

    pub(crate) fn post(&self, path: &str, headers: &str, body: &str) -> (u16, String) {
        send(&self.webhook, "POST", path, headers, body).unwrap()
    }

    pub(crate) fn ready(&self) -> (u16, Value) {
        let (status, body) = send(&self.admin, "GET", "/ready", "", "").unwrap();
        (status, serde_json::from_str(&body).unwrap())
    }

    /// The value of a metric, 0 if it is not there.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let (_, text) = send(&self.admin, "GET", "/metrics", "", "").unwrap();
        let mut values = text
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        values.next().unwrap_or(0.0)
    }

    pub(crate) fn address(&self) -> &str {
        &self.webhook
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn send(
    address: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
