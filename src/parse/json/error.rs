//! What can be wrong with a JSON text.

/// The text is not one well-formed JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed JSON at byte {position}")]
pub struct JsonError {
    /// Offset of the first byte that no JSON text can have there.
    pub position: usize,
}

impl JsonError {
    #[inline]
    pub(super) fn at(position: usize) -> Self {
        Self { position }
    }
}
