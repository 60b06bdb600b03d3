//! The webhook key, the public URL and what the running service serves, all found out by calls that
//! Parse Server makes.

use std::time::Duration;

use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::report::{Check, Report};
use crate::cli::health_probe;
use crate::cli::probe::reachability::{Obstacle, Reachability};
use crate::cli::probe::reply::ProbeReply;
use crate::cli::probe::temporary_hooks::random_name;
use crate::cli::registration::public_url::PublicUrl;
use crate::http;

const RESTART: &str = "restart `cloudinary-parse serve` with this configuration, unless it serves another app: one service serves one app, so leave that one as it is, start a second at another address and name that in CLOUDINARY_PARSE_PUBLIC_URL";

/// What the probe found, as the report's lines need it.
pub(super) struct Findings(pub(super) Reachability);

impl Findings {
    /// A service that serves none of the hooks runs with another public URL or other manifests, and
    /// may not even have looked at the key.
    fn serves_nothing(&self) -> bool {
        self.0.served.is_empty() && !self.0.missing.is_empty()
    }

    /// Reports whether the keys agree.
    pub(super) async fn tell_key(
        &self,
        public: &PublicUrl,
        key: Option<&SecretString>,
        report: &mut Report,
    ) {
        match &self.0.at_no_hook {
            Ok(ProbeReply::NotServed) if !self.serves_nothing() => {
                tell_own_key(public, key, report).await;
            }
            Ok(ProbeReply::WrongKey) => {
                let running_has_ours = match key {
                    Some(key) => accepts(public, key).await,
                    None => None,
                };
                match running_has_ours {
                    Some(false) => report.bad(
                        Check::WebhookKey,
                        "the running service refuses Parse Server's key, and also the PARSE_SERVER_WEBHOOK_KEY that is configured here",
                        RESTART,
                    ),
                    Some(true) | None => report.bad(
                        Check::WebhookKey,
                        "Parse Server sends another webhook key, or none, so every save of the guarded classes is refused",
                        "give both the same text, as PARSE_SERVER_WEBHOOK_KEY here, and in Parse Server as `webhookKey` of new ParseServer({…}) or PARSE_SERVER_WEBHOOK_KEY; then restart the one that was wrong",
                    ),
                }
            }
            _ => report.skipped(Check::WebhookKey, "not tried: see \"public URL\""),
        }
    }

    /// The line that says why hooks cannot work, whatever is registered.
    pub(super) fn obstacle(&self) -> Option<&'static str> {
        match &self.0.at_no_hook {
            Ok(ProbeReply::NotServed) if !self.serves_nothing() => None,
            Ok(ProbeReply::WrongKey) => Some("webhook key"),
            _ => Some("public URL"),
        }
    }

    /// Reports whether Parse Server reaches the service.
    pub(super) async fn tell_public_url(&self, public: &PublicUrl, report: &mut Report) {
        const CHECK: Check = Check::PublicUrl;
        if let Some(Obstacle { message, remedy }) = self.0.obstacle(public).await {
            return report.bad(CHECK, message, remedy);
        }
        match &self.0.at_no_hook {
            Ok(ProbeReply::NoHandler) => report.bad(
                CHECK,
                "cannot be told: Parse Server does not know the hook that was just registered, so another node answers",
                "let CLOUDINARY_PARSE_SERVER_URL name one node, and restart the others after each `cloudinary-parse register`",
            ),
            Ok(ProbeReply::NotServed) if self.serves_nothing() => report.bad(
                CHECK,
                format_args!("{public}: the service that answers there serves none of the hooks, because it runs with another CLOUDINARY_PARSE_PUBLIC_URL or other manifests"),
                RESTART,
            ),
            _ => report.good(CHECK, format_args!("Parse Server reaches {public}")),
        }
    }
}

/// Compares the key that is configured here with the one that the running service and Parse Server
/// share.
async fn tell_own_key(public: &PublicUrl, key: Option<&SecretString>, report: &mut Report) {
    const CHECK: Check = Check::WebhookKey;
    let Some(key) = key else {
        return report.skipped(
            CHECK,
            "Parse Server's agrees with the running service's; the one here: see \"configuration\"",
        );
    };
    match accepts(public, key).await {
        Some(true) => report.good(CHECK, "agrees with Parse Server's"),
        Some(false) => report.bad(
            CHECK,
            "Parse Server and the running service agree, but the PARSE_SERVER_WEBHOOK_KEY that is configured here is another: a service that starts with it refuses every call",
            "correct PARSE_SERVER_WEBHOOK_KEY (in the environment, .env or the file that PARSE_SERVER_WEBHOOK_KEY_FILE names)",
        ),
        None => report.skipped(
            CHECK,
            format_args!("Parse Server's agrees with the running service's; not compared with the one here, because {public} does not answer from here"),
        ),
    }
}

/// Whether the service at the public URL takes `key`; `None` if nothing of ours answers.
async fn accepts(public: &PublicUrl, key: &SecretString) -> Option<bool> {
    health_probe::ask(&public.health(), true).await.ok()?;
    let url = reqwest::Url::parse(&public.of(&random_name())).ok()?;
    let http = http::client(&url, Duration::from_secs(5)).build().ok()?;
    let request = http
        .post(url)
        .header("X-Parse-Webhook-Key", key.expose_secret());
    let answer = request.json(&json!({})).send().await.ok()?;
    let status = answer.status();
    let body: Value = serde_json::from_slice(&answer.bytes().await.ok()?).ok()?;
    // Whatever else answers, a proxy say, knows nothing of the key.
    match (status, body["error"].as_str()?) {
        (StatusCode::NOT_FOUND, "not found") => Some(true),
        (StatusCode::UNAUTHORIZED, "unauthorized") => Some(false),
        _ => None,
    }
}
