//! The URLs of the hooks that are to be set, which Parse Server calls before anything is changed: a
//! hook that it cannot reach would refuse every save.

use std::time::{Duration, Instant};

use log::info;

use crate::cli::probe::reachability::{Obstacle, Reachability};
use crate::cli::probe::reply::ProbeReply;
use crate::cli::probe::temporary_hooks::TemporaryHooks;
use crate::cli::registration::public_url::PublicUrl;
use crate::parse::client::RestError;
use crate::parse::hook_name::HookName;

/// Pause before Parse Server is to try again.
const PAUSE: Duration = Duration::from_secs(1);

/// What is said where it cannot be found out.
pub(super) const OTHER_NODE: &str = "whether Parse Server reaches the hooks is not known: another of its nodes answered all of 20 calls of a temporary hook; let CLOUDINARY_PARSE_SERVER_URL name one node to have it tried";

/// What Parse Server found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Every hook answers.
    Reached,
    /// The calls came to a node of Parse Server that does not know the temporary hooks.
    OtherNode,
}

/// Why hooks would not work.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreached {
    /// No answer of this service.
    #[error("{message}{}{remedy}", if remedy.is_empty() { "" } else { ": " })]
    Obstacle {
        message: String,
        remedy: &'static str,
        may_pass: bool,
    },
    /// 401
    #[error(
        "the service at {public} refuses Parse Server's webhook key: give both the same text, as PARSE_SERVER_WEBHOOK_KEY of the service, and in Parse Server as `webhookKey` of new ParseServer({{…}}) or PARSE_SERVER_WEBHOOK_KEY; then restart the one that was wrong"
    )]
    WrongKey { public: String },
    /// 404
    #[error(
        "the service at {public} does not serve {hooks}: let it load these manifests (SIGHUP, which `kill -HUP` or `systemctl reload cloudinary-parse` sends, or a restart); if it runs with another CLOUDINARY_PARSE_PUBLIC_URL or for another app, name this app's service in CLOUDINARY_PARSE_PUBLIC_URL"
    )]
    NotServed { public: String, hooks: String },
    /// Parse Server answers nobody without one.
    #[error(
        "Parse Server at {server} takes calls only with one of its client keys (restAPIKey, javascriptKey, clientKey), so it cannot be had to try {public}: set PARSE_SERVER_REST_API_KEY to its restAPIKey, or pass --no-probe"
    )]
    ClientKey { server: String, public: String },
}

impl Unreached {
    /// Whether it may be otherwise in a moment: something is starting, or reloading.
    fn may_pass(&self) -> bool {
        match self {
            Self::Obstacle { may_pass, .. } => *may_pass,
            Self::NotServed { .. } => true,
            Self::WrongKey { .. } | Self::ClientKey { .. } => false,
        }
    }
}

/// Lets Parse Server call the URLs of the `wanted` hooks, for up to `patience` where they may answer
/// in a moment.
///
/// # Errors
/// [`Unreached`]
pub(super) async fn probe(
    hooks: &TemporaryHooks,
    public: &PublicUrl,
    wanted: &[HookName],
    patience: Duration,
) -> Result<Found, Unreached> {
    let begin = Instant::now();
    let mut said = false;
    loop {
        match probe_once(hooks, public, wanted).await {
            Err(unreached) if unreached.may_pass() && begin.elapsed() < patience => {
                if !said {
                    info!("waiting for the service: {unreached}");
                    said = true;
                }
                tokio::time::sleep(PAUSE).await;
            }
            found => return found,
        }
    }
}

async fn probe_once(
    hooks: &TemporaryHooks,
    public: &PublicUrl,
    wanted: &[HookName],
) -> Result<Found, Unreached> {
    let reached = Reachability::probe(hooks, public, wanted).await;
    if let Err(RestError::ClientKey { server }) = reached.at_no_hook {
        return Err(Unreached::ClientKey {
            server,
            public: public.to_string(),
        });
    }
    if let Some(Obstacle { message, remedy }) = reached.obstacle(public).await {
        return Err(Unreached::Obstacle {
            message,
            remedy,
            may_pass: match &reached.at_no_hook {
                Ok(_) => true,
                Err(error) => error.may_pass(),
            },
        });
    }
    match reached.at_no_hook {
        Ok(ProbeReply::WrongKey) => Err(Unreached::WrongKey {
            public: public.to_string(),
        }),
        Ok(ProbeReply::NoHandler) => Ok(Found::OtherNode),
        _ if reached.missing.is_empty() => Ok(Found::Reached),
        _ => {
            let missing: Vec<_> = reached.missing.iter().map(ToString::to_string).collect();
            Err(Unreached::NotServed {
                public: public.to_string(),
                hooks: missing.join(", "),
            })
        }
    }
}
