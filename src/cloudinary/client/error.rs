//! Why a call failed.

use reqwest::StatusCode;

/// Why Cloudinary did not do what it was asked. `api` is its URL without a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The account has no key or no secret.
    #[error(
        "CLOUDINARY_URL: expected cloudinary://<api_key>:<api_secret>@<cloud_name> with key and secret"
    )]
    Credentials,
    /// The account's `upload_prefix` makes no URL.
    #[error("CLOUDINARY_URL: upload_prefix is not the beginning of an http or https URL")]
    Prefix,
    /// No HTTP client without the system's certificates.
    #[error("cannot make an HTTP client: {cause}")]
    Client {
        /// In words.
        cause: String,
    },
    /// Name resolution, TCP or TLS, or a connection that broke.
    #[error("cannot reach Cloudinary at {api}: {cause}")]
    Unreachable {
        /// The API's URL.
        api: String,
        /// In words.
        cause: String,
    },
    /// No whole answer in time.
    #[error("Cloudinary at {api} did not answer within {milliseconds} ms")]
    Timeout {
        /// The API's URL.
        api: String,
        /// The limit.
        milliseconds: u128,
    },
    /// The account's calls of this hour are used up.
    #[error("Cloudinary at {api} takes no more calls for now: the account's rate limit is reached")]
    RateLimited {
        /// The API's URL.
        api: String,
        /// When there will be calls again, in seconds since 1970, if Cloudinary said so.
        reset: Option<u64>,
    },
    /// Key or secret are not the account's.
    #[error("Cloudinary at {api} refuses the API key or secret: check CLOUDINARY_URL")]
    Unauthorized {
        /// The API's URL.
        api: String,
    },
    /// An error of Cloudinary's.
    #[error("Cloudinary at {api} answered {status}: {message}")]
    Refused {
        /// The API's URL.
        api: String,
        /// The HTTP status.
        status: StatusCode,
        /// In Cloudinary's words.
        message: String,
    },
    /// Not an answer of Cloudinary's.
    #[error(
        "{api} answered {status}, and not as Cloudinary does: check upload_prefix in CLOUDINARY_URL"
    )]
    NotCloudinary {
        /// The URL that was taken for Cloudinary's.
        api: String,
        /// The HTTP status.
        status: StatusCode,
    },
}

impl ApiError {
    /// Whether the same call succeeds once the operator has mended something: a key, its rights, a
    /// product environment that is locked or disabled, this machine's clock. What waits for it is
    /// tried until then, however often.
    pub fn waits_for_operator(&self) -> bool {
        match self {
            Self::Credentials | Self::Prefix | Self::Unauthorized { .. } => true,
            Self::Refused {
                status, message, ..
            } => {
                matches!(*status, StatusCode::FORBIDDEN | StatusCode::LOCKED)
                    || message.starts_with("Stale request")
            }
            Self::Client { .. }
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::RateLimited { .. }
            | Self::NotCloudinary { .. } => false,
        }
    }

    /// Whether Cloudinary refuses this one thing, and will again; every other failure says
    /// something about Cloudinary or the key.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if !status.is_server_error())
            && !self.waits_for_operator()
    }

    /// Whether the same call may succeed in a moment.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::RateLimited { .. } => true,
            Self::Refused { status, .. } | Self::NotCloudinary { status, .. } => {
                status.is_server_error()
            }
            Self::Credentials | Self::Prefix | Self::Client { .. } | Self::Unauthorized { .. } => {
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, message: &str) -> ApiError {
        ApiError::Refused {
            api: String::new(),
            status: StatusCode::from_u16(status).unwrap(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn tells_what_the_operator_mends_from_refusals_and_outages() {
        for (status, message, operator, refusal) in [
            (403, "unsupported IP", true, false),
            (423, "cloud_name is disabled", true, false),
            (
                400,
                "Stale request - reported time is 2026-11-30 10:00:00 UTC which is more than 1 hour ago",
                true,
                false,
            ),
            (400, "Missing required parameter - public_id", false, true),
            (404, "Resource not found", false, true),
            (409, "busy", false, true),
            (500, "General Error", false, false),
            (503, "Stale", false, false),
        ] {
            let error = refused(status, message);
            assert_eq!(
                (error.waits_for_operator(), error.is_refusal()),
                (operator, refusal),
                "{status} {message}"
            );
        }
        assert!(ApiError::Unauthorized { api: String::new() }.waits_for_operator());
        let limit = ApiError::RateLimited {
            api: String::new(),
            reset: None,
        };
        assert!(!limit.waits_for_operator() && !limit.is_refusal());
    }
}
