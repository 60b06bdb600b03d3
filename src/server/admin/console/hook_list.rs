//! The hooks that are registered at Parse Server, which is asked only when an operator looks.

use std::time::{Duration, Instant};

use reqwest::Url;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::clock::unix_time;
use crate::parse::client::{MasterClient, RegisteredHook};
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

/// Parse Server's list of hooks, and the URL that they should point to.
#[derive(Debug)]
pub struct HookList {
    client: MasterClient,
    public_url: Url,
    latest: Mutex<Option<Answer>>,
}

/// An answer of Parse Server.
#[derive(Debug)]
struct Answer {
    arrived: Instant,
    /// When it arrived, in seconds since 1970.
    at: u64,
    hooks: Result<Vec<RegisteredHook>, String>,
}

impl HookList {
    /// `public_url` is where Parse Server reaches the webhook listener.
    pub fn new(client: MasterClient, public_url: Url) -> Self {
        HookList {
            client,
            public_url,
            latest: Mutex::new(None),
        }
    }

    /// Puts the bound port in place of port 0.
    pub(in crate::server) fn replace_port_0(&mut self, port: u16) {
        if self.public_url.port() == Some(0) {
            // Only a URL without a port fails, and this one has a port.
            let _ = self.public_url.set_port(Some(port));
        }
    }

    /// The state of the `wanted` hooks, and any others that are registered.
    pub(super) async fn compare(&self, wanted: Vec<HookName>) -> Value {
        let public_url = match PublicUrl::new(&self.public_url) {
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
            Err(error) => return unknown(error),
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
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!(
                "Parse Server did not answer in {} s",
                TIMEOUT.as_secs()
            )),
        };
        Answer {
            arrived: Instant::now(),
            at: unix_time(),
            hooks,
        }
    }
}

/// The answer while nothing is known.
pub(super) fn unknown(reason: &str) -> Value {
    json!({"known": false, "reason": reason})
}
