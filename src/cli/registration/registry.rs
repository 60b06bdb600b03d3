//! What `register`, `unregister` and `hooks` begin with: Parse Server asked, its hooks compared
//! with the manifests.

use std::time::{Duration, Instant};

use log::info;

use super::public_url::PublicUrl;
use super::report::Report;
use super::{ComparedHook, compare};
use crate::cli::inputs::rest_client;
use crate::cli::probe::temporary_hooks::{TemporaryHooks, is_temporary};
use crate::config::ParseAccess;
use crate::parse::client::{MasterClient, RestClient, RestError, ServerInfo};
use crate::parse::hook_name::HookName;

/// How long Parse Server may take for one call; it may be busy with a start or a slow database.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Pause before Parse Server is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// A Parse Server that has accepted the master key, and its hooks.
#[derive(Debug)]
pub(crate) struct Registry {
    /// For changes.
    pub(crate) client: MasterClient,
    /// All hooks, wanted and registered.
    pub(crate) hooks: Vec<ComparedHook>,
    /// Parse Server's version.
    pub(crate) version: String,
    anonymous: RestClient,
}

impl Registry {
    /// Asks Parse Server, for up to `patience` if it is down or starting, and compares its hooks
    /// with the `wanted` ones.
    ///
    /// # Errors
    /// Parse Server cannot be asked or refuses the application id or the master key.
    pub(crate) async fn open(
        access: &ParseAccess,
        public: &PublicUrl,
        wanted: Vec<HookName>,
        patience: Duration,
    ) -> Result<Self, RestError> {
        let anonymous = rest_client(&access.address, TIMEOUT)?;
        let client = anonymous.clone().with_master_key(&access.master_key)?;
        let version = prove(&client, patience).await?.version;
        let hooks = compare(public, wanted, client.hooks().await?);
        Ok(Self {
            client,
            hooks,
            version,
            anonymous,
        })
    }

    /// Takes the temporary hooks that a killed run left behind out of the list.
    pub(crate) fn take_temporary(&mut self) -> Vec<HookName> {
        let taken = self.hooks.extract_if(.., |hook| is_temporary(&hook.name));
        taken.map(|hook| hook.name).collect()
    }

    /// For calls that this Parse Server makes.
    pub(crate) fn temporary_hooks(&self) -> TemporaryHooks {
        TemporaryHooks::new(self.client.clone(), self.anonymous.clone())
    }

    /// Begins a report about these hooks.
    pub(crate) fn introduce(&self, report: &mut Report, public: &PublicUrl) {
        report.head(&self.client.server(), &self.version, public);
        report.align(&self.hooks);
    }
}

async fn prove(client: &MasterClient, patience: Duration) -> Result<ServerInfo, RestError> {
    let begin = Instant::now();
    let mut said = false;
    loop {
        match client.prove_master_key().await {
            Err(error) if error.may_pass() && begin.elapsed() < patience => {
                if !said {
                    info!("waiting for Parse Server: {error}");
                    said = true;
                }
                tokio::time::sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}
