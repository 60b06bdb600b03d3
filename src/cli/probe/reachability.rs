//! What Parse Server finds at the URLs of hooks.

use super::reply::{self, ProbeReply, plain};
use super::temporary_hooks::{TemporaryHooks, random_name};
use crate::cli::health_probe;
use crate::cli::registration::public_url::PublicUrl;
use crate::parse::client::RestError;
use crate::parse::hook_name::HookName;

const ELSEWHERE: &str = "set CLOUDINARY_PARSE_PUBLIC_URL to where Parse Server reaches this service, then run `cloudinary-parse register`";

/// What Parse Server found at the public URL.
#[derive(Debug)]
pub(crate) struct Reachability {
    /// The answer at a path that no hook has, or the first at a hook's that was none of this
    /// service's.
    pub(crate) at_no_hook: Result<ProbeReply, RestError>,
    /// Hooks that the running service serves.
    pub(crate) served: Vec<HookName>,
    /// Hooks that it does not serve.
    pub(crate) missing: Vec<HookName>,
}

/// Why Parse Server does not reach this service, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    pub(crate) message: String,
    /// Empty where the message says it.
    pub(crate) remedy: &'static str,
}

impl Reachability {
    /// Lets Parse Server call the URL of each of the `wanted` hooks, once it has reached the
    /// service at all.
    pub(crate) async fn probe(
        hooks: &TemporaryHooks,
        public: &PublicUrl,
        wanted: &[HookName],
    ) -> Self {
        let mut found = Self {
            at_no_hook: hooks.ask(&public.of(&random_name())).await,
            served: Vec::new(),
            missing: Vec::new(),
        };
        if found.at_no_hook != Ok(ProbeReply::NotServed) {
            return found;
        }
        for hook in wanted {
            match hooks.ask(&public.of(hook)).await {
                Ok(ProbeReply::Served) => found.served.push(hook.clone()),
                Ok(ProbeReply::NotServed) => found.missing.push(hook.clone()),
                other => {
                    found.at_no_hook = other;
                    break;
                }
            }
        }
        found
    }

    /// Why Parse Server does not get an answer of this service at the `public` URL. `None` also
    /// where the answer is that the key is wrong, or where another node of Parse Server answered.
    pub(crate) async fn obstacle(&self, public: &PublicUrl) -> Option<Obstacle> {
        let (message, remedy) = match &self.at_no_hook {
            Ok(
                ProbeReply::Served
                | ProbeReply::NotServed
                | ProbeReply::WrongKey
                | ProbeReply::NoHandler,
            ) => return None,
            Ok(ProbeReply::Consent) => (
                format!(
                    "{public}: another server answers there, with a redirect, a page or an empty answer. Parse Server takes that for consent, so the classes are not guarded"
                ),
                ELSEWHERE,
            ),
            Ok(ProbeReply::OtherServer { status }) => (
                format!("{public}: another server answers there, with status {status}"),
                ELSEWHERE,
            ),
            Ok(ProbeReply::Unreachable(cause)) => {
                let here = match health_probe::ask(&public.health(), true).await {
                    Ok(()) => "from here it answers",
                    Err(_) => "from here it does not answer either",
                };
                let message = format!(
                    "Parse Server cannot reach {public}: {} ({here})",
                    plain(cause)
                );
                (message, reply::remedy(cause))
            }
            Ok(ProbeReply::Unknown(text)) => (
                format!("{public}: Parse Server says {text:?}"),
                "see Parse Server's log",
            ),
            Err(RestError::Timeout { timeout, .. }) => (
                format!(
                    "Parse Server gets no answer from {public} within {} s",
                    timeout.as_secs()
                ),
                "let Parse Server's machine through the firewall, or set CLOUDINARY_PARSE_PUBLIC_URL to where it reaches this service",
            ),
            Err(error) => (
                format!("Parse Server cannot be had to call {public}: {error}"),
                "",
            ),
        };
        Some(Obstacle { message, remedy })
    }
}
