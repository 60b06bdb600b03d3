//! What `register` does about a hook.

use crate::cli::registration::apply::{self, ApplyError};
use crate::cli::registration::{ComparedHook, HookState};
use crate::parse::client::MasterClient;

/// What has to be done about a hook.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Add,
    Replace,
    Remove,
}

impl Change {
    pub(super) fn of(state: HookState, prune: bool) -> Option<Self> {
        match state {
            HookState::Missing => Some(Self::Add),
            HookState::Outdated | HookState::Duplicate => Some(Self::Replace),
            HookState::Stale if prune => Some(Self::Remove),
            HookState::Stale | HookState::Current | HookState::Shared | HookState::Foreign => None,
        }
    }

    pub(super) fn planned(self) -> &'static str {
        match self {
            Self::Add => "to add",
            Self::Replace => "to replace",
            Self::Remove => "to remove",
        }
    }

    pub(super) fn done(self) -> &'static str {
        match self {
            Self::Add => "added",
            Self::Replace => "replaced",
            Self::Remove => "removed",
        }
    }

    /// Whether Parse Server calls the hook from then on.
    pub(super) fn sets(self) -> bool {
        match self {
            Self::Add | Self::Replace => true,
            Self::Remove => false,
        }
    }

    pub(super) async fn apply(
        self,
        client: &MasterClient,
        hook: &ComparedHook,
    ) -> Result<(), ApplyError> {
        let url = hook.wanted.as_deref().unwrap_or_default();
        match self {
            Self::Add => apply::add(client, &hook.name, url).await,
            Self::Replace => apply::replace(client, &hook.name, url).await,
            Self::Remove => Ok(client.delete_hook(&hook.name).await?),
        }
    }
}
