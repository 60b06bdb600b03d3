//! What can be wrong with a transformation.

use crate::cloudinary::suggestion::did_you_mean;

/// Deeper nesting of transformations is refused.
pub(super) const MAX_DEPTH: usize = 64;

/// What a transformation's checks and writers return.
pub(super) type Result<T = ()> = std::result::Result<T, TransformationError>;

/// Why a transformation cannot be written; names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransformationError {
    /// A value that the key cannot have.
    #[error("{key}: expected {expected}")]
    Invalid {
        /// The key, with the path to it where it is nested: `overlay.font_size`,
        /// `transformation[1].radius`.
        key: String,
        /// What it takes.
        expected: &'static str,
    },
    /// A key that is not part of the language. Only a check finds one.
    #[error("{key}: not {kind}{}", did_you_mean(*suggestion))]
    Unknown {
        /// The key, with the path to it.
        key: String,
        /// What it would have to be.
        kind: &'static str,
        /// The key that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// Transformations within transformations beyond all use.
    #[error("transformation: nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// The configuration's `responsive_width` applies to every transformation, the one that it
    /// appends included.
    #[error("responsive_width: expected in the options; in the configuration it would never end")]
    EndlessResponsiveWidth,
}

impl TransformationError {
    pub(super) fn invalid(key: &str, expected: &'static str) -> Self {
        Self::Invalid {
            key: key.to_owned(),
            expected,
        }
    }

    /// The same error, of a transformation nested at `transformation[index]`.
    pub(super) fn nested(self, index: usize) -> Self {
        match self {
            Self::Invalid { key, expected } => Self::Invalid {
                key: format!("transformation[{index}].{key}"),
                expected,
            },
            other => other,
        }
    }
}
