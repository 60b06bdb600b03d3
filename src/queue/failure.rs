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
pub(super) struct JobFailure {
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
    pub(super) fn check(&self, now: u64) -> Result<(), JobFailure> {
        let until = self.until.load(Ordering::Relaxed);
        if until <= now {
            return Ok(());
        }
        Err(JobFailure {
            not_before: until,
            ..JobFailure::outage("Cloudinary's rate limit is reached")
        })
    }

    /// What an error of Cloudinary's means for a job; a reached limit is remembered.
    pub(super) fn failure(&self, error: &ApiError, now: u64) -> JobFailure {
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
        JobFailure {
            not_before,
            ..JobFailure::new(cause, error.to_string())
        }
    }
}

impl JobFailure {
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

impl From<StoreError> for JobFailure {
    fn from(error: StoreError) -> Self {
        Self::outage(error.to_string())
    }
}

impl From<RestError> for JobFailure {
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

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    const NOW: u64 = 1_000_000;

    fn limited(reset: Option<u64>) -> ApiError {
        ApiError::RateLimited {
            api: "A".to_owned(),
            reset,
        }
    }

    #[test]
    fn calls_rest_until_a_second_after_the_limit_s_end_but_not_for_over_two_hours() {
        for (reset, until) in [
            (None, NOW + 60),
            (Some(NOW + 10), NOW + 11),
            (Some(NOW - 10), NOW + 1),
            (Some(NOW + 7_198), NOW + 7_199),
            (Some(NOW + 100_000), NOW + 7_200),
        ] {
            let limit = RateLimit::default();
            let failure = limit.failure(&limited(reset), NOW);
            assert_eq!((failure.cause, failure.not_before), (Cause::Outage, until));
            let refused = limit.check(until - 1).unwrap_err();
            assert_eq!(refused.cause, Cause::Outage);
            assert_eq!(refused.not_before, until);
            assert_eq!(refused.error, "Cloudinary's rate limit is reached");
            assert!(limit.check(until).is_ok());
        }
        assert!(RateLimit::default().check(0).is_ok());
    }

    #[test]
    fn an_error_of_cloudinary_s_other_than_a_limit_makes_no_call_wait() {
        let refused = |status: u16| ApiError::Refused {
            api: "A".to_owned(),
            status: StatusCode::from_u16(status).unwrap(),
            message: "no".to_owned(),
        };
        for (error, cause) in [
            (refused(400), Cause::Refusal),
            (refused(403), Cause::Key),
            (refused(500), Cause::Outage),
        ] {
            let limit = RateLimit::default();
            let failure = limit.failure(&error, NOW);
            assert_eq!((failure.cause, failure.not_before), (cause, 0), "{error}");
            assert_eq!(failure.error, error.to_string());
            assert!(limit.check(0).is_ok());
        }
    }

    #[test]
    fn tells_what_the_operator_mends_at_parse_server_from_refusals_and_outages() {
        let server = || "S".to_owned();
        let refused = |code| RestError::Refused {
            server: server(),
            code,
            message: "no".to_owned(),
        };
        for (error, cause) in [
            (
                RestError::MasterKey {
                    server: server(),
                    version_6: false,
                },
                Cause::Key,
            ),
            (
                RestError::MasterKeyIps {
                    server: server(),
                    address: None,
                },
                Cause::Key,
            ),
            (
                RestError::ReadOnlyMasterKey { server: server() },
                Cause::Key,
            ),
            (RestError::Unauthorized { server: server() }, Cause::Key),
            (RestError::ClientKey { server: server() }, Cause::Key),
            (
                RestError::ApplicationIdOrMasterKey { server: server() },
                Cause::Key,
            ),
            (RestError::Header { what: "X" }, Cause::Key),
            (refused(1), Cause::Outage),
            (refused(155), Cause::Outage),
            (refused(119), Cause::Refusal),
            (refused(0), Cause::Refusal),
            (RestError::TooLong { server: server() }, Cause::Outage),
        ] {
            let text = error.to_string();
            let failure = JobFailure::from(error);
            assert_eq!((failure.cause, failure.not_before), (cause, 0), "{text}");
            assert_eq!(failure.error, text);
        }
    }
}
