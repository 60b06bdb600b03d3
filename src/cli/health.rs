//! `health`: asks a running service whether it serves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context as _;
use reqwest::Url;
use serde_json::json;

use super::Status;
use super::health_probe::ask;
use super::output::Output;
use crate::config::Environment;
use crate::http::without_password;

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
