//! The webhook key, the public URL and what the running service serves, all found out by calls that
//! Parse Server makes.

use std::time::Duration;

use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::probe_hooks::{ProbeHooks, random_name};
use super::probe_reply::{self, ProbeReply};
use super::report::{Check, Report};
use crate::cli::health_probe;
use crate::cli::registration::public_url::PublicUrl;
use crate::http;
use crate::parse::client::RestError;
use crate::parse::hook_name::HookName;

const RESTART: &str = "restart `cloudinary-parse serve` with this configuration, unless it serves another app: one service serves one app, so leave that one as it is, start a second at another address and name that in CLOUDINARY_PARSE_PUBLIC_URL";
const ELSEWHERE: &str = "set CLOUDINARY_PARSE_PUBLIC_URL to where Parse Server reaches this service, then run `cloudinary-parse register`";

/// What Parse Server found at the public URL.
pub(super) struct Reachability {
    /// The answer at a path that no hook has.
    no_hook: Result<ProbeReply, RestError>,
    /// Hooks of the manifests that the running service serves.
    pub(super) served: Vec<HookName>,
    /// Hooks of the manifests that it does not serve.
    pub(super) missing: Vec<HookName>,
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
        match &self.no_hook {
            Ok(ProbeReply::NotServed) if !self.serves_nothing() => None,
            Ok(ProbeReply::WrongKey) => Some("webhook key"),
            _ => Some("public URL"),
        }
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
                    format_args!("Parse Server cannot reach {public}: {} ({here})", plain(cause)),
                    probe_reply::remedy(cause),
                );
            }
            Ok(ProbeReply::NoHandler) => report.bad(
                CHECK,
                "cannot be told: Parse Server does not know the hook that was just registered, so another node answers",
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
            Err(error) => report.bad(
                CHECK,
                format_args!("Parse Server cannot be had to call {public}: {error}"),
                "",
            ),
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

/// A reason of Node.js without the codes of OpenSSL, which are in the form
/// `write EPROTO 80C8:error:0A00010B:SSL routines:function:wrong version number:file.c:354:`.
fn plain(cause: &str) -> String {
    let Some((before, codes)) = cause.split_once(":error:") else {
        return cause.to_owned();
    };
    let call = before.rsplit_once(' ').map_or("", |(call, _)| call);
    match codes.split(':').nth(3).map(str::trim) {
        Some(reason) if !reason.is_empty() => format!("{call}: {reason}"),
        _ => call.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_openssl_says_and_leaves_its_codes_out() {
        for (cause, expected) in [
            (
                "write EPROTO 80C8C0E8A87F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/openssl/ssl/record/ssl3_record.c:354:\n",
                "write EPROTO: wrong version number",
            ),
            (
                "write EPROTO 00:error:0A0000C6:SSL routines:tls_get_more_records:packet length too long:../deps/x.c:1:\n",
                "write EPROTO: packet length too long",
            ),
            ("write EPROTO 00:error:0A0000C6", "write EPROTO"),
            (
                "connect ECONNREFUSED 127.0.0.1:9",
                "connect ECONNREFUSED 127.0.0.1:9",
            ),
            ("self-signed certificate", "self-signed certificate"),
            ("", ""),
        ] {
            assert_eq!(plain(cause), expected);
        }
    }
}
