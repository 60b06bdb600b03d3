//! What is registered at Parse Server, asked only when somebody looks.

use std::time::{Duration, Instant};

use reqwest::Url;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::parse::client::{HookName, MasterClient, RegisteredHook};
use crate::registration::compare;
use crate::registration::public_url::PublicUrl;

use crate::clock::unix_time;

/// How long an answer of Parse Server's is shown again instead of asking anew.
const FRESH: Duration = Duration::from_secs(10);
/// How long Parse Server may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a console without a master key says.
const NO_MASTER_KEY: &str =
    "no master key: set PARSE_SERVER_URL, PARSE_SERVER_APPLICATION_ID and PARSE_SERVER_MASTER_KEY";

/// Parse Server's list of hooks, and where they should point.
#[derive(Debug)]
pub struct HookList {
    client: MasterClient,
    public_url: Url,
    asked: Mutex<Option<Asked>>,
}

/// An answer, and when it came.
#[derive(Debug)]
struct Asked {
    arrived: Instant,
    at: u64,
    answer: Result<Vec<RegisteredHook>, String>,
}

impl HookList {
    /// `public_url` is where Parse Server reaches the webhook listener.
    pub fn new(client: MasterClient, public_url: Url) -> Self {
        HookList {
            client,
            public_url,
            asked: Mutex::new(None),
        }
    }

    /// Puts the port that was bound in the place of port 0.
    pub(in crate::server) fn bound(&mut self, port: u16) {
        if self.public_url.port() == Some(0) {
            // Err: a URL that cannot have a port had none.
            let _ = self.public_url.set_port(Some(port));
        }
    }

    async fn compared(&self, wanted: Vec<HookName>) -> Value {
        let public_url = match PublicUrl::new(&self.public_url) {
            Ok(public_url) => public_url,
            Err(error) => return unknown(&format!("CLOUDINARY_PARSE_PUBLIC_URL: {error}")),
        };
        // Held while Parse Server is asked, so that many open consoles ask once.
        let mut asked = self.asked.lock().await;
        let fresh = asked.take().filter(|asked| asked.arrived.elapsed() < FRESH);
        let current = match fresh {
            Some(fresh) => fresh,
            None => self.ask().await,
        };
        let current = asked.insert(current);
        let registered = match &current.answer {
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
        json!({"known": true, "at": current.at, "hooks": hooks.collect::<Vec<_>>()})
    }

    async fn ask(&self) -> Asked {
        let answer = match tokio::time::timeout(PATIENCE, self.client.hooks()).await {
            Ok(Ok(registered)) => Ok(registered),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!(
                "Parse Server did not answer in {} s",
                PATIENCE.as_secs()
            )),
        };
        Asked {
            arrived: Instant::now(),
            at: unix_time(),
            answer,
        }
    }
}

/// The state of the `wanted` hooks, and which others there are.
pub(super) async fn state(list: Option<&HookList>, wanted: Vec<HookName>) -> Value {
    match list {
        Some(list) => list.compared(wanted).await,
        None => unknown(NO_MASTER_KEY),
    }
}

fn unknown(reason: &str) -> Value {
    json!({"known": false, "reason": reason})
}
