//! Signatures of upload parameters and of upload responses.

/// Digest of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// 40 hex digits; the default of every account.
    #[default]
    Sha1,
    /// 64 hex digits.
    Sha256,
}

/// How upload parameters are serialised before they are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureVersion {
    /// `&` in a value stays.
    V1,
    /// `&` in a value becomes `%26`.
    #[default]
    V2,
}

/// Which of an account's secrets made a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretInUse {
    /// The secret that also signs.
    Current,
    /// One that is being rotated out.
    Previous,
}

/// No configured secret made this signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bad signature")]
pub struct BadSignature;
