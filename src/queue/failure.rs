//! Why a try fails, and what may mend it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::retry::Failure;
use super::store::StoreError;
use crate::cloudinary::client::ApiError;
use crate::parse::client::RestError;

/// Seconds that calls rest when Cloudinary does not say when its rate limit ends.
const LIMIT_REST: u64 = 60;

/// Longest rest, in seconds, whatever Cloudinary says.
pub(super) const LONGEST_REST: u64 = 2 * 3600;

/// Why a try failed.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) failure: Failure,
    pub(super) error: String,
    /// Not to be tried before, in seconds since 1970.
    pub(super) not_before: u64,
}

/// What the batches of one process share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// When Cloudinary takes calls again, in seconds since 1970.
    rests_until: AtomicU64,
}

impl Shared {
    /// Fails while Cloudinary takes no calls.
    pub(super) fn check_rest(&self, now: u64) -> Result<(), Trouble> {
        let until = self.rests_until.load(Ordering::Relaxed);
        if until <= now {
            return Ok(());
        }
        Err(Trouble {
            not_before: until,
            ..Trouble::outage("Cloudinary's rate limit is reached".to_owned())
        })
    }

    pub(super) fn trouble(&self, error: &ApiError, now: u64) -> Trouble {
        let mut not_before = 0;
        if let ApiError::RateLimited { reset, .. } = error {
            let rest = reset.map_or(LIMIT_REST, |reset| reset.saturating_sub(now) + 1);
            not_before = now + rest.min(LONGEST_REST);
            self.rests_until.store(not_before, Ordering::Relaxed);
        }
        let failure = if error.waits_for_operator() {
            Failure::Key
        } else if error.is_refusal() {
            Failure::Refusal
        } else {
            Failure::Outage
        };
        Trouble {
            failure,
            error: error.to_string(),
            not_before,
        }
    }
}

impl Trouble {
    pub(super) fn outage(error: String) -> Self {
        Self {
            failure: Failure::Outage,
            error,
            not_before: 0,
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::outage(error.to_string())
    }
}

impl From<RestError> for Trouble {
    fn from(error: RestError) -> Self {
        let failure = match error {
            RestError::MasterKey { .. }
            | RestError::MasterKeyIps { .. }
            | RestError::ReadOnlyMasterKey { .. }
            | RestError::Unauthorized { .. }
            | RestError::ClientKey { .. }
            | RestError::ApplicationIdOrMasterKey { .. }
            | RestError::Header { .. } => Failure::Key,
            // 1 is Parse Server's own trouble, 155 its rate limit.
            RestError::Refused { code, .. } if !matches!(code, 1 | 155) => Failure::Refusal,
            _ => Failure::Outage,
        };
        Self {
            failure,
            error: error.to_string(),
            not_before: 0,
        }
    }
}
