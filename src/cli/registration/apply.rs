//! Changing what is registered at Parse Server.

use std::time::Duration;

use super::same_url;
use crate::parse::client::{MasterClient, RestError};
use crate::parse::hook_name::HookName;

/// How often an add that follows a delete is tried, since the hook is unguarded meanwhile.
const TRIES: u32 = 3;

/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Why a hook is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApplyError {
    /// Nothing was changed.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// After the delete was sent and before the add was confirmed.
    #[error("it may be unregistered now, and then nothing guards it until register succeeds: {0}")]
    Unguarded(RestError),
    /// Added with another URL while this was at work.
    #[error("somebody else registers it at the same time")]
    Race,
}

impl ApplyError {
    /// Whether the next hook may fare better.
    pub(crate) fn is_about_one_hook(&self) -> bool {
        match self {
            Self::Rest(error) | Self::Unguarded(error) => {
                matches!(error, RestError::Refused { .. } | RestError::Name { .. })
            }
            Self::Race => true,
        }
    }
}

/// Registers a hook that was not.
///
/// # Errors
/// [`ApplyError`]
pub(crate) async fn add(
    client: &MasterClient,
    name: &HookName,
    url: &str,
) -> Result<(), ApplyError> {
    if client.create_hook(name, url).await? || is_registered(client, name, url).await? {
        Ok(())
    } else {
        Err(ApplyError::Race)
    }
}

/// Registers a hook anew. `PUT` with a URL would do without a gap, but adds a second row on
/// PostgreSQL.
///
/// # Errors
/// [`ApplyError`]
pub(crate) async fn replace(
    client: &MasterClient,
    name: &HookName,
    url: &str,
) -> Result<(), ApplyError> {
    let mut tries = 1;
    while let Err(error) = client.delete_hook(name).await {
        pause(error, &mut tries).await?;
    }
    let mut tries = 1;
    loop {
        match client.create_hook(name, url).await {
            Ok(true) => return Ok(()),
            // Added by a try whose answer was lost, or by another run.
            Ok(false) if is_registered(client, name, url).await? => return Ok(()),
            Ok(false) => return Err(ApplyError::Race),
            Err(error) => pause(error, &mut tries)
                .await
                .map_err(|error| match error {
                    ApplyError::Rest(error) => ApplyError::Unguarded(error),
                    error => error,
                })?,
        }
    }
}

/// Waits for the next try, if there is one and it makes sense.
async fn pause(error: RestError, tries: &mut u32) -> Result<(), ApplyError> {
    if *tries < TRIES && error.may_pass() {
        *tries += 1;
        tokio::time::sleep(PAUSE).await;
        return Ok(());
    }
    Err(match error {
        RestError::Timeout { .. } | RestError::Broken { .. } => ApplyError::Unguarded(error),
        error => ApplyError::Rest(error),
    })
}

async fn is_registered(
    client: &MasterClient,
    name: &HookName,
    url: &str,
) -> Result<bool, RestError> {
    let hooks = client.hooks().await?;
    let mut urls = hooks.iter().filter(|hook| hook.name == *name);
    Ok(urls.clone().count() == 1 && urls.all(|hook| same_url(&hook.url, url)))
}
