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
