//! What can be wrong with a delivery URL.

use crate::cloudinary::auth_token::TokenError;
use crate::cloudinary::identifier::IdentifierError;
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

/// Why no identifier is in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoIdentifier {
    /// Anything else.
    #[error("expected an http:// or https:// URL")]
    NotUrl,
    /// Another host, or another cloud name.
    #[error("not a delivery URL of this account: its host or its cloud name is another")]
    OtherAccount,
    /// A `%` that encodes nothing.
    #[error("expected each % to be followed by two hex digits, UTF-8 in all")]
    Encoding,
    /// `images/…`, `videos/…` or `files/…` without the suffix that such a URL has.
    #[error("expected a suffix behind the public ID, as images/, videos/ and files/ have it")]
    Suffix,
    /// The URL of something that an identifier cannot name, a remote picture for instance.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
}
