//! Whether a call arrived, by the running service's own metrics.

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

impl MetricsProbe {
    /// `None` where the listener's port is not known.
    pub(super) fn new(admin: &Admin) -> Option<Self> {
        if admin.bind.port() == 0 || admin.bind.ip().is_unspecified() {
            return None;
        }
        let url = Url::parse(&format!("http://{}/metrics", admin.bind)).ok()?;
        let http = http::client(&url, TIMEOUT).build().ok()?;
        Some(Self {
            http,
            url,
            token: admin.token.clone(),
        })
    }

    /// How many decisions the service has made for a hook; `None` if it does not say.
    pub(super) async fn decisions(&self, hook: &str) -> Option<u64> {
        let mut request = self.http.get(self.url.clone());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        let response = request.send().await.ok()?.error_for_status().ok()?;
        let text = response.bytes().await.ok()?;
        Some(decisions(std::str::from_utf8(&text).ok()?, hook))
    }
}

fn decisions(metrics: &str, hook: &str) -> u64 {
    let label = format!("hook=\"{hook}\"");
    let ours = metrics.lines().filter(|line| {
        line.starts_with("cloudinary_parse_decisions_total{") && line.contains(&label)
    });
    ours.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_decisions_of_one_hook() {
        let metrics = "\
# TYPE cloudinary_parse_decisions counter
cloudinary_parse_decisions_total{hook=\"sign\",field=\"\",outcome=\"accepted\",reason=\"as_sent\"} 3
cloudinary_parse_decisions_total{hook=\"sign\",field=\"\",outcome=\"refused\",reason=\"needs_user\"} 4
cloudinary_parse_decisions_total{hook=\"signs\",field=\"\",outcome=\"refused\",reason=\"needs_user\"} 100
cloudinary_parse_answer_seconds_count{hook=\"sign\"} 1000
";
        assert_eq!(decisions(metrics, "sign"), 7);
        assert_eq!(decisions(metrics, "other"), 0);
    }
}
