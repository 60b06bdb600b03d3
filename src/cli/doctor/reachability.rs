//! The webhook key, the public URL and what the running service serves, all told by calls that
//! Parse Server makes.

use std::time::Duration;

use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::probe_hooks::{Temporary, random_name};
use super::probe_reply::{self, Heard};
use super::report::{Check, Report};
use crate::cli::health;
use crate::cli::registration::public_url::PublicUrl;
use crate::http;
use crate::parse::client::{HookName, RestError};

const RESTART: &str = "restart `cloudinary-parse serve` with this configuration";
const ELSEWHERE: &str = "set CLOUDINARY_PARSE_PUBLIC_URL to where Parse Server reaches this service, then run `cloudinary-parse register`";

/// What Parse Server found at the public URL.
pub(super) struct Found {
    /// At a path that no hook has.
    nowhere: Result<Heard, RestError>,
    /// Hooks of the manifests that the running service has.
    pub(super) served: Vec<HookName>,
    /// Hooks of the manifests that it has not.
    missing: Vec<HookName>,
}

impl Found {
    /// Lets Parse Server call the URL of each of the `wanted` hooks, once it has reached the
    /// service at all.
    pub(super) async fn out(
        temporary: &Temporary,
        public: &PublicUrl,
        wanted: &[HookName],
    ) -> Self {
        let mut found = Self {
            nowhere: temporary.ask(&public.of(&random_name())).await,
            served: Vec::new(),
            missing: Vec::new(),
        };
        if found.nowhere != Ok(Heard::NotServed) {
            return found;
        }
        for hook in wanted {
            match temporary.ask(&public.of(hook)).await {
                Ok(Heard::Served) => found.served.push(hook.clone()),
                Ok(Heard::NotServed) => found.missing.push(hook.clone()),
                other => {
                    found.nowhere = other;
                    break;
                }
            }
        }
        found
    }

    /// A service that knows none of several hooks may not even look at the key: it runs with
    /// another public URL or other manifests.
    fn serves_nothing(&self) -> bool {
        self.served.is_empty() && !self.missing.is_empty()
    }

    /// Says whether the keys agree.
    pub(super) async fn tell_key(
        &self,
        public: &PublicUrl,
        key: Option<&SecretString>,
        report: &mut Report,
    ) {
        match &self.nowhere {
            Ok(Heard::NotServed) if !self.serves_nothing() => {
                report.good(Check::WebhookKey, "agrees with Parse Server's");
            }
            Ok(Heard::WrongKey) => {
                let running_has_ours = match key {
                    Some(key) => accepts(public, key).await,
                    None => None,
                };
                match running_has_ours {
                    Some(false) => report.bad(
                        Check::WebhookKey,
                        "the running service refuses Parse Server's key, and PARSE_SERVER_WEBHOOK_KEY as it is configured here as well",
                        RESTART,
                    ),
                    Some(true) | None => report.bad(
                        Check::WebhookKey,
                        "Parse Server sends another webhook key, or none, so every save of the guarded classes is refused",
                        "give Parse Server's option webhookKey and PARSE_SERVER_WEBHOOK_KEY the same text, then restart the one that was wrong",
                    ),
                }
            }
            _ => report.skipped(Check::WebhookKey, "not tried: see \"public URL\""),
        }
    }

    /// Says which of the hooks the running service lacks.
    pub(super) fn tell_missing(&self, report: &mut Report) -> bool {
        if self.served.is_empty() {
            return true;
        }
        for hook in &self.missing {
            report.bad(
                Check::Hooks,
                format_args!("{hook}: the running service does not serve it"),
                "let `cloudinary-parse serve` load the manifests: kill -HUP, or restart it",
            );
        }
        self.missing.is_empty()
    }

    /// Says whether Parse Server reaches the service.
    pub(super) async fn tell_public_url(&self, public: &PublicUrl, report: &mut Report) {
        const CHECK: Check = Check::PublicUrl;
        match &self.nowhere {
            Ok(Heard::NotServed) if self.serves_nothing() => report.bad(
                CHECK,
                format_args!("{public}: the service that answers there serves none of the hooks: it runs with another CLOUDINARY_PARSE_PUBLIC_URL or other manifests"),
                RESTART,
            ),
            Ok(Heard::Served | Heard::NotServed | Heard::WrongKey) => {
                report.good(CHECK, format_args!("Parse Server reaches {public}"));
            }
            Ok(Heard::Consent) => report.bad(
                CHECK,
                format_args!("{public}: what answers there redirects, or answers with a page or nothing at all. Parse Server takes that for consent: the classes are not guarded"),
                ELSEWHERE,
            ),
            Ok(Heard::Stranger { status }) => report.bad(
                CHECK,
                format_args!("{public}: something answers {status} there, and not as this service does"),
                ELSEWHERE,
            ),
            Ok(Heard::Unreachable(cause)) => {
                let here = match health::ask(&public.health(), true).await {
                    Ok(()) => "from here it answers",
                    Err(_) => "from here it does not answer either",
                };
                report.bad(
                    CHECK,
                    format_args!("Parse Server cannot reach {public}: {cause} ({here})"),
                    probe_reply::remedy(cause),
                );
            }
            Ok(Heard::NoHandler) => report.bad(
                CHECK,
                "not tried: Parse Server does not know the hook that it has just been given, so another node answers",
                "let CLOUDINARY_PARSE_SERVER_URL name one node, and restart the others after each `cloudinary-parse register`",
            ),
            Ok(Heard::Odd(text)) => report.bad(
                CHECK,
                format_args!("{public}: Parse Server says {text:?}"),
                "its log says more",
            ),
            Err(RestError::Timeout { timeout, .. }) => report.bad(
                CHECK,
                format_args!("Parse Server gets no answer from {public} within {} s", timeout.as_secs()),
                "let Parse Server's machine through the firewall, or set CLOUDINARY_PARSE_PUBLIC_URL to where it reaches this service",
            ),
            Err(error) => report.bad(CHECK, format_args!("not tried: {error}"), ""),
        }
    }
}

/// Whether the service at the public URL takes `key`; `None` if nothing of ours answers.
async fn accepts(public: &PublicUrl, key: &SecretString) -> Option<bool> {
    health::ask(&public.health(), true).await.ok()?;
    let url = reqwest::Url::parse(&public.of(&random_name())).ok()?;
    let http = http::client(&url, Duration::from_secs(5)).build().ok()?;
    let request = http
        .post(url)
        .header("X-Parse-Webhook-Key", key.expose_secret());
    let status = request.json(&json!({})).send().await.ok()?.status();
    Some(status != StatusCode::UNAUTHORIZED)
}
