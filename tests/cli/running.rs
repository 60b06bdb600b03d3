//! A running `serve`: what it logs, and what it answers.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use reqwest::{Certificate, Client, Method, StatusCode};

use crate::command::CloudinaryParse;
use crate::parse_server::run;

pub(crate) const WEBHOOK_KEY: &str = "webhook-key-1";

/// Longest wait for a line of the log.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    /// What has been read of standard output and error.
    pub(crate) seen: Vec<String>,
    /// Base URL of the webhook listener.
    pub(crate) url: String,
    /// Base URL of the admin listener.
    pub(crate) admin_url: String,
}

/// A request and what is to be said with it.
pub(crate) struct Asked<'a> {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: Vec<u8>,
}

impl Running {
    /// Starts `serve` on free ports and waits until it listens.
    pub(crate) fn start(service: &CloudinaryParse) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudinary-parse"));
        command
            .arg("serve")
            .env_clear()
            .current_dir(service.directory())
            .env("CLOUDINARY_PARSE_BIND", "127.0.0.1:0")
            .env("CLOUDINARY_PARSE_ADMIN_BIND", "127.0.0.1:0")
            .env("PARSE_SERVER_WEBHOOK_KEY", WEBHOOK_KEY)
            .envs(service.variables())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (send, lines) = channel();
        follow(child.stdout.take().unwrap(), send.clone());
        follow(child.stderr.take().unwrap(), send);
        let mut running = Running {
            child,
            lines,
            seen: Vec::new(),
            url: String::new(),
            admin_url: String::new(),
        };
        running.url = running.address_after("webhook listener on ");
        running.admin_url = running.address_after("admin listener on ");
        running
    }

    fn address_after(&mut self, text: &str) -> String {
        let line = self.wait_for(text);
        let (_, address) = line.split_once(text).unwrap();
        let end = |c: char| c.is_whitespace() || c == '"';
        address.split(end).next().unwrap().to_owned()
    }

    /// The next line that holds `text`.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(error) => panic!("{error}: no {text:?} in\n{}", self.seen.join("\n")),
            }
        }
    }

    /// Says SIGHUP.
    pub(crate) fn hang_up(&self) {
        self.signal("HUP");
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(status.success(), "kill -s {name} {id}");
    }

    /// Says SIGTERM, waits for the end, and gives everything that was written.
    pub(crate) fn stop(mut self) -> String {
        self.signal("TERM");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        self.seen.extend(self.lines.iter());
        self.seen.join("\n")
    }

    /// Posts as Parse Server does.
    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, String) {
        let (status, _, text) = ask(&client(None), &self.webhook(path, body)).unwrap();
        (status.as_u16(), text)
    }

    pub(crate) fn webhook(&self, path: &str, body: &str) -> Asked<'static> {
        Asked {
            method: Method::POST,
            url: format!("{}{path}", self.url),
            headers: vec![
                ("Content-Type", "application/json"),
                ("X-Parse-Webhook-Key", WEBHOOK_KEY),
            ],
            body: body.as_bytes().to_vec(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Err: it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(stream: impl Read + Send + 'static, lines: Sender<String>) {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).unwrap() > 0 {
            // Err: the test has ended.
            let _ = lines.send(String::from_utf8_lossy(&line).trim_end().to_owned());
            line.clear();
        }
    });
}

/// A client that trusts this certificate (PEM) alone.
pub(crate) fn client(trusted: Option<&str>) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = trusted.map(|pem| Certificate::from_pem(pem.as_bytes()).unwrap());
    Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .tls_certs_only(trusted)
        .build()
        .unwrap()
}

/// Status, headers as text, body.
pub(crate) fn ask(
    client: &Client,
    asked: &Asked<'_>,
) -> reqwest::Result<(StatusCode, String, String)> {
    run(async {
        let mut request = client.request(asked.method.clone(), &asked.url);
        for (name, value) in &asked.headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(asked.body.clone()).send().await?;
        let (status, headers) = (answer.status(), format!("{:?}", answer.headers()));
        Ok((status, headers, answer.text().await?))
    })
}
