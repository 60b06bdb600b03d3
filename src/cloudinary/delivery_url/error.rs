//! What can be wrong with a delivery URL.

use crate::cloudinary::auth_token::TokenError;
use crate::cloudinary::transformation::TransformationError;

/// Why a delivery URL cannot be built; names the option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The transformation part.
    #[error(transparent)]
    Transformation(#[from] TransformationError),
    /// The token part.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A value that the option cannot have.
    #[error("{key}: expected {expected}")]
    Invalid {
        /// The option.
        key: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// Neither configuration nor options name the cloud.
    #[error("cloud_name: missing")]
    MissingCloudName,
    /// A signed URL without a secret.
    #[error("api_secret: missing, a signed URL needs it")]
    MissingSecret,
    /// An asset whose URL takes no suffix.
    #[error(
        "url_suffix: expected only for images of type upload, private or authenticated and for videos and raw files of type upload"
    )]
    SuffixUnsupported,
    /// An asset that the root path does not serve.
    #[error("use_root_path: expected only for images of type upload")]
    RootPathUnsupported,
    /// A `%` that encodes nothing.
    #[error("public_id: expected each % to be followed by two hex digits, UTF-8 in all")]
    Encoding,
}

impl UrlError {
    pub(super) const SUFFIX: Self = Self::Invalid {
        key: "url_suffix",
        expected: "text without . and /",
    };
}
