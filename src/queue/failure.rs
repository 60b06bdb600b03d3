//! Why a try of a job failed, and what may mend it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::store::StoreError;
use crate::cloudinary::client::ApiError;
use crate::parse::client::RestError;

/// Seconds without calls when Cloudinary does not say when its rate limit ends.
const UNANNOUNCED: u64 = 60;

/// Longest time without calls, in seconds, whatever Cloudinary says.
pub(super) const LONGEST_PAUSE: u64 = 2 * 3600;

/// A try that failed.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) cause: Cause,
    pub(super) error: String,
    /// Not to be tried again before, in seconds since 1970.
    pub(super) not_before: u64,
}

/// What a job failed on, by what may mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A key is wrong or lacks rights: the job waits until the operator mends it.
    Key,
    /// A dependency cannot be reached or is overloaded.
    Outage,
    /// A dependency refuses.
    Refusal,
    /// The job was written by a version of this program with another format.
    Unreadable,
}

/// Cloudinary's rate limit, as far as the jobs of this process know.
#[derive(Debug, Default)]
pub(super) struct RateLimit {
    /// When Cloudinary takes calls again, in seconds since 1970.
    until: AtomicU64,
}

impl RateLimit {
    /// Fails while Cloudinary takes no calls.
    pub(super) fn check(&self, now: u64) -> Result<(), Failure> {
        let until = self.until.load(Ordering::Relaxed);
        if until <= now {
            return Ok(());
        }
        Err(Failure {
            not_before: until,
            ..Failure::outage("Cloudinary's rate limit is reached")
        })
    }

    /// What an error of Cloudinary's means for a job; a reached limit is remembered.
    pub(super) fn failure(&self, error: &ApiError, now: u64) -> Failure {
        let mut not_before = 0;
        if let ApiError::RateLimited { reset, .. } = error {
            let pause = reset.map_or(UNANNOUNCED, |reset| reset.saturating_sub(now) + 1);
            not_before = now + pause.min(LONGEST_PAUSE);
            self.until.store(not_before, Ordering::Relaxed);
        }
        let cause = if error.waits_for_operator() {
            Cause::Key
        } else if error.is_refusal() {
            Cause::Refusal
        } else {
            Cause::Outage
        };
        Failure {
            not_before,
            ..Failure::new(cause, error.to_string())
        }
    }
}

impl Failure {
    pub(super) fn new(cause: Cause, error: impl Into<String>) -> Self {
        Self {
            cause,
            error: error.into(),
            not_before: 0,
        }
    }

    pub(super) fn outage(error: impl Into<String>) -> Self {
        Self::new(Cause::Outage, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::outage(error.to_string())
    }
}

impl From<RestError> for Failure {
    fn from(error: RestError) -> Self {
        let cause = match error {
            RestError::MasterKey { .. }
            | RestError::MasterKeyIps { .. }
            | RestError::ReadOnlyMasterKey { .. }
            | RestError::Unauthorized { .. }
            | RestError::ClientKey { .. }
            | RestError::ApplicationIdOrMasterKey { .. }
            | RestError::Header { .. } => Cause::Key,
            // 1 is an internal error of Parse Server's, 155 its rate limit.
            RestError::Refused { code, .. } if !matches!(code, 1 | 155) => Cause::Refusal,
            _ => Cause::Outage,
        };
        Self::new(cause, error.to_string())
    }
}
