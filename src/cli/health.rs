//! `health`: asks a running service whether it serves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::Status;
use super::output::Output;
use crate::config::Environment;
use crate::http::{self, causes, without_password};

/// A container probe waits no longer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Ask a running service whether it is up: exit code 0 if so, 1 if not
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cloudinary-parse health --url http://127.0.0.1:8080")]
pub(crate) struct Health {
    /// Base URL of the service, if it is not this configuration's own on this machine
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Why a service is not healthy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unhealthy {
    /// No answer.
    #[error("{url} does not answer: {cause}")]
    NoAnswer {
        /// What was asked.
        url: String,
        /// In words.
        cause: String,
    },
    /// An answer, but not `{"status":"ok"}`.
    #[error("{url} answered {status}, not as cloudinary-parse does")]
    Stranger {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: StatusCode,
    },
}

impl Health {
    /// Asks.
    ///
    /// # Errors
    /// The service does not answer `{"status":"ok"}`.
    pub(crate) async fn run(self, environment: &Environment) -> anyhow::Result<Status> {
        let (url, verify) = if let Some(url) = &self.url {
            (below(url), true)
        } else {
            let listener = environment.listener()?;
            (own(listener.bind, listener.tls.is_some())?, false)
        };
        let asked = ask(&url, verify).await;
        let mut out = Output::default();
        if self.json {
            let error = asked.as_ref().err().map(ToString::to_string);
            out.line(
                json!({"healthy": asked.is_ok(), "url": without_password(&url), "error": error}),
            );
        } else if asked.is_ok() {
            out.line("ok");
        }
        out.finish().context("cannot write the result")?;
        asked?;
        Ok(Status::Done)
    }
}

fn below(base: &Url) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/health", base.path().trim_end_matches('/')));
    url
}

/// Where a listener bound to `bind` is reached from its own machine.
fn own(bind: SocketAddr, tls: bool) -> anyhow::Result<Url> {
    if bind.port() == 0 {
        anyhow::bail!(
            "CLOUDINARY_PARSE_BIND has port 0: say --url with the port that the log names"
        );
    }
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let scheme = if tls { "https" } else { "http" };
    let address = SocketAddr::new(ip, bind.port());
    Url::parse(&format!("{scheme}://{address}/health"))
        .with_context(|| format!("CLOUDINARY_PARSE_BIND: no URL for {address}"))
}

/// Asks `url` for `{"status":"ok"}`. Without `verify` any certificate will do: those of public
/// names do not name a loopback address, and nothing secret is sent.
///
/// # Errors
/// [`Unhealthy`]
pub(crate) async fn ask(url: &Url, verify: bool) -> Result<(), Unhealthy> {
    let no_answer = |error: reqwest::Error| Unhealthy::NoAnswer {
        url: without_password(url),
        cause: causes(&error),
    };
    let client = http::client(url, TIMEOUT)
        .tls_danger_accept_invalid_certs(!verify)
        .build()
        .map_err(no_answer)?;
    let response = client.get(url.clone()).send().await.map_err(no_answer)?;
    let status = response.status();
    let body = response.bytes().await.map_err(no_answer)?;
    let body: Option<Value> = serde_json::from_slice(&body).ok();
    if status == StatusCode::OK && body.is_some_and(|body| body["status"] == "ok") {
        Ok(())
    } else {
        let url = without_password(url);
        Err(Unhealthy::Stranger { url, status })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_the_listener_from_its_own_machine() {
        for (bind, tls, expected) in [
            ("127.0.0.1:8080", false, "http://127.0.0.1:8080/health"),
            ("0.0.0.0:8080", false, "http://127.0.0.1:8080/health"),
            ("[::]:8443", true, "https://[::1]:8443/health"),
            ("10.1.2.3:80", false, "http://10.1.2.3/health"),
        ] {
            assert_eq!(own(bind.parse().unwrap(), tls).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn does_not_guess_a_port() {
        assert_eq!(
            own("127.0.0.1:0".parse().unwrap(), false)
                .unwrap_err()
                .to_string(),
            "CLOUDINARY_PARSE_BIND has port 0: say --url with the port that the log names"
        );
    }
}
