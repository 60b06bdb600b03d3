//! What an account may choose about its signatures.

/// Digest of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// 40 hex digits; the default of every account.
    #[default]
    Sha1,
    /// 64 hex digits.
    Sha256,
}

impl Algorithm {
    /// `sha1` or `sha256`, the only two that Cloudinary knows.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// The algorithm whose digests are as long as `signature`: 40 or 64 hex digits.
    pub fn of_signature(signature: &str) -> Option<Self> {
        match signature.len() {
            40 => Some(Self::Sha1),
            64 => Some(Self::Sha256),
            _ => None,
        }
    }

    /// The name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

/// How upload parameters are serialised before they are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureVersion {
    /// `&` in a value stays.
    V1,
    /// `&` in a value becomes `%26`, so that a value cannot pass for two parameters.
    #[default]
    V2,
}

impl SignatureVersion {
    /// As in configurations: everything from 2 on escapes. `None` for what is not a number.
    pub fn from_number(number: &str) -> Option<Self> {
        let number: f64 = number
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())?;
        Some(if number >= 2.0 { Self::V2 } else { Self::V1 })
    }

    /// The number in configurations.
    pub fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }
}
