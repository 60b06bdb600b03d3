//! The webhook key, the public URL and what the running service serves, all found out by calls that
//! Parse Server makes.

use std::time::Duration;

use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::probe_hooks::{ProbeHooks, random_name};
use super::probe_reply::{self, ProbeReply};
use super::report::{Check, Report};
use crate::cli::health_probe;
use crate::cli::registration::public_url::PublicUrl;
use crate::http;
use crate::parse::client::RestError;
use crate::parse::hook_name::HookName;

const RESTART: &str = "restart `cloudinary-parse serve` with this configuration";
const ELSEWHERE: &str = "set CLOUDINARY_PARSE_PUBLIC_URL to where Parse Server reaches this service, then run `cloudinary-parse register`";

/// What Parse Server found at the public URL.
pub(super) struct Reachability {
    /// The answer at a path that no hook has.
    no_hook: Result<ProbeReply, RestError>,
    /// Hooks of the manifests that the running service serves.
    pub(super) served: Vec<HookName>,
    /// Hooks of the manifests that it does not serve.
    missing: Vec<HookName>,
}

impl Reachability {
    /// Lets Parse Server call the URL of each of the `wanted` hooks, once it has reached the
    /// service at all.
    pub(super) async fn probe(hooks: &ProbeHooks, public: &PublicUrl, wanted: &[HookName]) -> Self {
        let mut found = Self {
            no_hook: hooks.ask(&public.of(&random_name())).await,
            served: Vec::new(),
            missing: Vec::new(),
        };
        if found.no_hook != Ok(ProbeReply::NotServed) {
            return found;
        }
        for hook in wanted {
            match hooks.ask(&public.of(hook)).await {
                Ok(ProbeReply::Served) => found.served.push(hook.clone()),
                Ok(ProbeReply::NotServed) => found.missing.push(hook.clone()),
                other => {
                    found.no_hook = other;
                    break;
                }
            }
        }
        found
    }

    /// A service that serves none of the hooks runs with another public URL or other manifests, and
    /// may not even have looked at the key.
    fn serves_nothing(&self) -> bool {
        self.served.is_empty() && !self.missing.is_empty()
    }

    /// Reports whether the keys agree.
    pub(super) async fn tell_key(
        &self,
        public: &PublicUrl,
        key: Option<&SecretString>,
        report: &mut Report,
    ) {
        match &self.no_hook {
            Ok(ProbeReply::NotServed) if !self.serves_nothing() => {
                report.good(Check::WebhookKey, "agrees with Parse Server's");
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
                        "give Parse Server's option webhookKey and PARSE_SERVER_WEBHOOK_KEY the same text, then restart the one that was wrong",
                    ),
                }
            }
            _ => report.skipped(Check::WebhookKey, "not tried: see \"public URL\""),
        }
    }

    /// Reports which of the hooks the running service lacks. Returns whether it lacks none.
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

    /// Reports whether Parse Server reaches the service.
    pub(super) async fn tell_public_url(&self, public: &PublicUrl, report: &mut Report) {
        const CHECK: Check = Check::PublicUrl;
        match &self.no_hook {
            Ok(ProbeReply::NotServed) if self.serves_nothing() => report.bad(
                CHECK,
                format_args!("{public}: the service that answers there serves none of the hooks, because it runs with another CLOUDINARY_PARSE_PUBLIC_URL or other manifests"),
                RESTART,
            ),
            Ok(ProbeReply::Served | ProbeReply::NotServed | ProbeReply::WrongKey) => {
                report.good(CHECK, format_args!("Parse Server reaches {public}"));
            }
            Ok(ProbeReply::Consent) => report.bad(
                CHECK,
                format_args!("{public}: another server answers there, with a redirect, a page or an empty answer. Parse Server takes that for consent, so the classes are not guarded"),
                ELSEWHERE,
            ),
            Ok(ProbeReply::OtherServer { status }) => report.bad(
                CHECK,
                format_args!("{public}: another server answers there, with status {status}"),
                ELSEWHERE,
            ),
            Ok(ProbeReply::Unreachable(cause)) => {
                let here = match health_probe::ask(&public.health(), true).await {
                    Ok(()) => "from here it answers",
                    Err(_) => "from here it does not answer either",
                };
                report.bad(
                    CHECK,
                    format_args!("Parse Server cannot reach {public}: {cause} ({here})"),
                    probe_reply::remedy(cause),
                );
            }
            Ok(ProbeReply::NoHandler) => report.bad(
                CHECK,
                "not tried: Parse Server does not know the hook that was just registered, so another node answers",
                "let CLOUDINARY_PARSE_SERVER_URL name one node, and restart the others after each `cloudinary-parse register`",
            ),
            Ok(ProbeReply::Unknown(text)) => report.bad(
                CHECK,
                format_args!("{public}: Parse Server says {text:?}"),
                "see Parse Server's log",
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
    health_probe::ask(&public.health(), true).await.ok()?;
    let url = reqwest::Url::parse(&public.of(&random_name())).ok()?;
    let http = http::client(&url, Duration::from_secs(5)).build().ok()?;
    let request = http
        .post(url)
        .header("X-Parse-Webhook-Key", key.expose_secret());
    let status = request.json(&json!({})).send().await.ok()?.status();
    Some(status != StatusCode::UNAUTHORIZED)
}
