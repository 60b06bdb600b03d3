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

/// What can make the same call succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Time alone: nobody answered, or the hour's calls are used up.
    Time,
    /// Somebody has to mend a key, its permissions or a clock, or an asset has to leave processing. Until then the call waits.
    Operator,
    /// Nothing is known to: Cloudinary understood the call and refuses it.
    Nothing,
}

impl ApiError {
    /// What can make the same call succeed.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Unauthorized { .. } | Self::Credentials | Self::Prefix => Remedy::Operator,
            Self::Refused {
                status, message, ..
            } => match status.as_u16() {
                403 | 423 => Remedy::Operator,
                400 if is_stale(message) => Remedy::Operator,
                500.. => Remedy::Time,
                _ => Remedy::Nothing,
            },
            Self::Client { .. }
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::RateLimited { .. }
            | Self::NotCloudinary { .. } => Remedy::Time,
        }
    }

    /// Whether it says something about the one asset rather than about Cloudinary, the key or the clock.
    pub fn is_about_the_asset(&self) -> bool {
        let processing =
            matches!(self, Self::Refused { status, .. } if *status == StatusCode::LOCKED);
        processing || self.remedy() == Remedy::Nothing
    }

    /// Whether the same call may succeed in a moment.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::RateLimited { .. } => true,
            Self::Refused { status, .. } => {
                status.is_server_error() || *status == StatusCode::LOCKED
            }
            Self::NotCloudinary { status, .. } => status.is_server_error(),
            Self::Credentials | Self::Prefix | Self::Client { .. } | Self::Unauthorized { .. } => {
                false
            }
        }
    }
}

/// `Stale request - reported time is … which is more than 1 hour ago`: this machine's clock is wrong.
fn is_stale(message: &str) -> bool {
    message.starts_with("Stale request")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, message: &str) -> ApiError {
        ApiError::Refused {
            api: "https://api.cloudinary.com".to_owned(),
            status: StatusCode::from_u16(status).unwrap(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn what_the_operator_can_mend_is_no_refusal_for_good() {
        let stale = "Stale request - reported time is 2024-04-11 13:23:38 +0000 which is more than 1 hour ago";
        for (error, remedy, about_the_asset) in [
            (refused(400, stale), Remedy::Operator, false),
            (refused(400, "Invalid type"), Remedy::Nothing, true),
            (refused(400, "not a Stale request"), Remedy::Nothing, true),
            (refused(403, "Forbidden"), Remedy::Operator, false),
            (refused(404, "Resource not found"), Remedy::Nothing, true),
            (refused(404, stale), Remedy::Nothing, true),
            (refused(409, "Conflict"), Remedy::Nothing, true),
            (refused(423, "Processing"), Remedy::Operator, true),
            (refused(500, "General error"), Remedy::Time, false),
            (refused(503, ""), Remedy::Time, false),
            (ApiError::Credentials, Remedy::Operator, false),
            (ApiError::Prefix, Remedy::Operator, false),
            (
                ApiError::Unauthorized { api: String::new() },
                Remedy::Operator,
                false,
            ),
            (
                ApiError::RateLimited {
                    api: String::new(),
                    reset: None,
                },
                Remedy::Time,
                false,
            ),
        ] {
            assert_eq!(error.remedy(), remedy, "{error}");
            assert_eq!(error.is_about_the_asset(), about_the_asset, "{error}");
        }
    }
}
