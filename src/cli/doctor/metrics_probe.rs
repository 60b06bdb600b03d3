//! The counters of the running service, read at its admin listener.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::Admin;
use crate::http;

const TIMEOUT: Duration = Duration::from_secs(3);

/// The admin listener on this machine.
pub(super) struct MetricsProbe {
    http: reqwest::Client,
    url: Url,
    token: Option<SecretString>,
}

/// What the service has counted since its start.
pub(super) struct Counters(String);

/// Reads the counters of the service beside which this runs.
///
/// # Errors
/// Why they cannot be read.
pub(super) async fn counters(admin: Option<&Admin>) -> Result<Counters, &'static str> {
    let admin = admin.ok_or(
        "CLOUDINARY_PARSE_ADMIN_BIND is not set, so the running service's counters cannot be read",
    )?;
    let probe = MetricsProbe::new(admin).ok_or("CLOUDINARY_PARSE_ADMIN_BIND names no fixed port, so the running service's counters cannot be read")?;
    let counters = probe.read().await;
    counters.ok_or("the admin listener at CLOUDINARY_PARSE_ADMIN_BIND does not show the running service's counters")
}

impl MetricsProbe {
    /// `None` where the listener's port is not known.
    pub(super) fn new(admin: &Admin) -> Option<Self> {
        if admin.bind.port() == 0 {
            return None;
        }
        let url = Url::parse(&format!("http://{}/metrics", on_this_machine(admin.bind))).ok()?;
        let http = http::client(&url, TIMEOUT).build().ok()?;
        Some(Self {
            http,
            url,
            token: admin.token.clone(),
        })
    }

    /// `None` if the service does not say.
    async fn read(&self) -> Option<Counters> {
        let mut request = self.http.get(self.url.clone());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        let response = request.send().await.ok()?.error_for_status().ok()?;
        let text = String::from_utf8(response.bytes().await.ok()?.to_vec()).ok()?;
        text.contains("cloudinary_parse_").then_some(Counters(text))
    }

    /// How many decisions the service has made for a hook; `None` if it does not say.
    pub(super) async fn decisions(&self, hook: &str) -> Option<u64> {
        Some(self.read().await?.decisions(hook))
    }
}

impl Counters {
    /// How many decisions were made for a hook.
    pub(super) fn decisions(&self, hook: &str) -> u64 {
        let label = format!("hook=\"{hook}\"");
        self.sum("cloudinary_parse_decisions_total", |labels| {
            labels.contains(&label)
        })
    }

    /// How many calls of a hook were let through.
    pub(super) fn accepted(&self, hook: &str) -> u64 {
        let label = format!("hook=\"{hook}\"");
        let outcomes = ["outcome=\"as_sent\"", "outcome=\"answered\""];
        self.sum("cloudinary_parse_decisions_total", |labels| {
            labels.contains(&label) && outcomes.iter().any(|outcome| labels.contains(outcome))
        })
    }

    /// How many notifications came with a signature of the account's.
    pub(super) fn notifications(&self) -> u64 {
        self.sum("cloudinary_parse_notifications_total", |_| true)
    }

    fn sum(&self, name: &str, counts: impl Fn(&str) -> bool) -> u64 {
        let values = self.0.lines().filter_map(|line| {
            let (labels, value) = line
                .strip_prefix(name)?
                .strip_prefix('{')?
                .rsplit_once("} ")?;
            counts(labels).then(|| value.parse::<u64>().ok())?
        });
        values.sum()
    }
}

/// Where a listener of this machine is asked.
fn on_this_machine(bind: SocketAddr) -> SocketAddr {
    match bind {
        SocketAddr::V4(bind) if bind.ip().is_unspecified() => {
            (Ipv4Addr::LOCALHOST, bind.port()).into()
        }
        SocketAddr::V6(bind) if bind.ip().is_unspecified() => {
            (Ipv6Addr::LOCALHOST, bind.port()).into()
        }
        bind => bind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_one_hook_decided_and_let_through() {
        let counters = Counters("\
# TYPE cloudinary_parse_decisions counter
cloudinary_parse_decisions_total{hook=\"sign\",field=\"\",outcome=\"as_sent\",reason=\"\"} 3
cloudinary_parse_decisions_total{hook=\"sign\",field=\"\",outcome=\"answered\",reason=\"\"} 2
cloudinary_parse_decisions_total{hook=\"sign\",field=\"\",outcome=\"refused\",reason=\"needs_user\"} 4
cloudinary_parse_notifications_total{kind=\"upload\",outcome=\"queued\"} 5
cloudinary_parse_notifications_total{kind=\"rename\",outcome=\"ignored\"} 6
cloudinary_parse_decisions_total{hook=\"signs\",field=\"\",outcome=\"refused\",reason=\"needs_user\"} 100
cloudinary_parse_answer_seconds_count{hook=\"sign\"} 1000
".to_owned());
        for (hook, decisions, accepted) in [("sign", 9, 5), ("signs", 100, 0), ("other", 0, 0)] {
            let counted = (counters.decisions(hook), counters.accepted(hook));
            assert_eq!(counted, (decisions, accepted), "{hook}");
        }
        assert_eq!(counters.notifications(), 11);
        assert_eq!(Counters(String::new()).notifications(), 0);
    }

    #[test]
    fn asks_this_machine_for_what_listens_everywhere() {
        for (bind, asked) in [
            ("0.0.0.0:9090", "127.0.0.1:9090"),
            ("[::]:9090", "[::1]:9090"),
            ("10.1.2.3:9090", "10.1.2.3:9090"),
        ] {
            let found = on_this_machine(bind.parse().unwrap());
            assert_eq!(found, asked.parse().unwrap());
        }
    }
}
