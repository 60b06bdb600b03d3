//! The hooks that are registered at Parse Server, which is asked only when an operator looks.

use std::time::{Duration, Instant};

use reqwest::Url;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::clock::unix_time;
use crate::parse::client::{MasterClient, RegisteredHook, RestError};
use crate::parse::hook_name::HookName;
use crate::registration::compare;
use crate::registration::public_url::PublicUrl;

/// How long a list is shown again before Parse Server is asked for a new one.
const MAX_AGE: Duration = Duration::from_secs(10);
/// Time within which Parse Server must answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Why nothing is known without a master key.
pub(super) const NO_MASTER_KEY: &str =
    "no master key: set PARSE_SERVER_URL, PARSE_SERVER_APPLICATION_ID and PARSE_SERVER_MASTER_KEY";

/// Parse Server's list of hooks.
#[derive(Debug)]
pub struct HookList {
    client: MasterClient,
    latest: Mutex<Option<Answer>>,
}

/// An answer of Parse Server.
#[derive(Debug)]
struct Answer {
    arrived: Instant,
    /// When it arrived, in seconds since 1970.
    at: u64,
    hooks: Result<Vec<RegisteredHook>, Failure>,
}

/// Why there is none.
#[derive(Debug, Clone)]
struct Failure {
    reason: String,
    /// Parse Server did not answer at all.
    is_away: bool,
}

impl HookList {
    /// Asks nothing yet.
    pub fn new(client: MasterClient) -> Self {
        HookList {
            client,
            latest: Mutex::new(None),
        }
    }

    /// The state of the `wanted` hooks, which should lie under `public_url`, and any others that are
    /// registered.
    pub(super) async fn compare(&self, public_url: &Url, wanted: Vec<HookName>) -> Value {
        let public_url = match PublicUrl::new(public_url) {
            Ok(public_url) => public_url,
            Err(error) => return unknown(&format!("CLOUDINARY_PARSE_PUBLIC_URL: {error}")),
        };
        // Locked while Parse Server is asked, so that many open consoles ask once.
        let mut latest = self.latest.lock().await;
        let fresh = latest.take().filter(|a| a.arrived.elapsed() < MAX_AGE);
        let answer = match fresh {
            Some(fresh) => fresh,
            None => self.ask().await,
        };
        let answer = latest.insert(answer);
        let registered = match &answer.hooks {
            Ok(registered) => registered.clone(),
            Err(failure) => {
                let mut unknown = unknown(&failure.reason);
                unknown["away"] = failure.is_away.into();
                return unknown;
            }
        };
        let hooks = compare(&public_url, wanted, registered);
        let hooks = hooks.iter().map(|hook| {
            json!({
                "hook": hook.name.to_string(),
                "state": hook.state.as_str(),
                "wanted": hook.wanted,
                "registered": hook.registered_shown(),
            })
        });
        json!({"known": true, "at": answer.at, "hooks": hooks.collect::<Vec<_>>()})
    }

    async fn ask(&self) -> Answer {
        let hooks = match tokio::time::timeout(TIMEOUT, self.client.hooks()).await {
            Ok(Ok(registered)) => Ok(registered),
            Ok(Err(error)) => Err(Failure {
                reason: error.to_string(),
                is_away: is_away(&error),
            }),
            Err(_) => Err(Failure {
                reason: format!("Parse Server did not answer in {} s", TIMEOUT.as_secs()),
                is_away: true,
            }),
        };
        Answer {
            arrived: Instant::now(),
            at: unix_time(),
            hooks,
        }
    }
}

/// Whether Parse Server did not answer, or is not ready to.
fn is_away(error: &RestError) -> bool {
    matches!(
        error,
        RestError::Connect { .. }
            | RestError::Timeout { .. }
            | RestError::Broken { .. }
            | RestError::Unavailable { .. }
            | RestError::NotReady { .. }
    )
}

/// The answer while nothing is known.
pub(super) fn unknown(reason: &str) -> Value {
    json!({"known": false, "reason": reason, "away": false})
}
