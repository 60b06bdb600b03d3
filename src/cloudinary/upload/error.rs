//! What can be wrong with upload parameters.

use crate::cloudinary::identifier::IdentifierError;
use crate::cloudinary::signature::NoSecret;
use crate::cloudinary::suggestion::did_you_mean;
use crate::cloudinary::transformation::TransformationError;

/// Longest public ID that Cloudinary takes, its folder included, in characters.
pub const MAX_PUBLIC_ID_LEN: usize = 255;

/// Why upload parameters cannot be built; names the parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// A value that the parameter cannot have.
    #[error("{name}: expected {expected}")]
    Invalid {
        /// The parameter, with the path into it where it is an object: `context.caption`.
        name: String,
        /// What it takes.
        expected: &'static str,
    },
    /// A transformation in a parameter.
    #[error("{}", of_transformation(name, source))]
    Transformation {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        source: TransformationError,
    },
    /// A transformation option, or a member of an object: the error names it.
    #[error(transparent)]
    Option(#[from] TransformationError),
    /// A public ID, prefix or folder that no identifier could hold.
    #[error("{name}: {}", of_path(*.source))]
    Path {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        source: IdentifierError,
    },
    /// A public ID that is too long, whatever is put before it included.
    #[error(
        "{name}: expected at most {MAX_PUBLIC_ID_LEN} characters, folder and public_id together"
    )]
    TooLong {
        /// The parameter.
        name: &'static str,
    },
    /// A name that is neither an upload parameter nor a transformation option.
    #[error("{name}: not an upload parameter{}", did_you_mean(*.suggestion))]
    Unknown {
        /// The name.
        name: String,
        /// A name that is like it.
        suggestion: Option<&'static str>,
    },
    /// The account has no API key to send.
    #[error("api_key: missing, expected cloudinary://<api_key>:<api_secret>@<cloud_name>")]
    NoApiKey,
    /// The account has no secret to sign with.
    #[error(transparent)]
    NoSecret(#[from] NoSecret),
}

impl UploadError {
    pub(super) fn invalid(name: &str, expected: &'static str) -> Self {
        Self::Invalid {
            name: name.to_owned(),
            expected,
        }
    }

    /// The same error, of a transformation in the parameter `name`.
    pub(super) fn within(self, name: &str) -> Self {
        match self {
            Self::Option(error) => Self::transformation(name, error),
            other => other,
        }
    }

    pub(super) fn transformation(name: &str, source: TransformationError) -> Self {
        Self::Transformation {
            name: name.to_owned(),
            source,
        }
    }
}

/// An identifier's error names the public ID; here the parameter's name stands before it.
fn of_path(error: IdentifierError) -> String {
    let text = error.to_string();
    text.strip_prefix("public_id: ").unwrap_or(&text).to_owned()
}

/// An option's own error names it already.
fn of_transformation(name: &str, error: &TransformationError) -> String {
    let text = error.to_string();
    if text.starts_with(name) {
        text
    } else {
        format!("{name}: {text}")
    }
}
