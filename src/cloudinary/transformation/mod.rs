//! The transformation language.

/// Why a transformation cannot be written; names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransformationError {
    /// A key that the language does not know (only where the caller asked for strictness).
    #[error("unknown key {key:?}")]
    UnknownKey {
        /// The key.
        key: String,
    },
}
