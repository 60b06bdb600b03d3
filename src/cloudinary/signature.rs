//! Signatures of upload parameters and of upload responses.
//!
//! Cloudinary's request signature is a plain digest of the sorted parameters followed by the secret; it is not an HMAC. The same
//! form, over `public_id` and `version` only, is what an upload's response carries and what an identifier shows.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::account::Account;

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

/// The account has no secret to sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("api_secret: missing, expected cloudinary://<api_key>:<api_secret>@<cloud_name>")]
pub struct NoSecret;

/// A digest in lower-case hex, without an allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HexDigest {
    digits: [u8; 64],
    len: usize,
}

impl HexDigest {
    fn of(digest: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(digest) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self {
            digits,
            len: digest.len() * 2,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Compares in constant time; anything but lower-case hex of the right length differs.
    pub fn matches(&self, signature: &str) -> bool {
        self.as_bytes().ct_eq(signature.as_bytes()).into()
    }
}

impl fmt::Display for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The two digests behind one face, fed piece by piece so that nothing is joined first.
#[derive(Clone)]
enum Hasher {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    fn finish(mut self, secret: &SecretString) -> HexDigest {
        self.update(secret.expose_secret().as_bytes());
        match self {
            Self::Sha1(hasher) => HexDigest::of(&hasher.finalize()),
            Self::Sha256(hasher) => HexDigest::of(&hasher.finalize()),
        }
    }
}

/// Signs upload parameters with the account's newest secret.
///
/// `params` are sorted by name; those with an empty value are left out, as Cloudinary leaves them out. The caller leaves out what is never
/// signed: `file`, `cloud_name`, `resource_type`, `api_key`.
pub fn sign<V: AsRef<str>>(
    account: &Account,
    params: &mut [(&str, V)],
) -> Result<HexDigest, NoSecret> {
    let secret = account.secrets.first().ok_or(NoSecret)?;
    let mut hasher = Hasher::new(account.signature_algorithm);
    write_to_sign(params, account.signature_version, |bytes| {
        hasher.update(bytes);
    });
    Ok(hasher.finish(secret))
}

/// What [`sign`] digests, but for the secret at its end: the answer to "Invalid Signature".
pub fn string_to_sign<V: AsRef<str>>(
    params: &mut [(&str, V)],
    version: SignatureVersion,
) -> String {
    let mut text = Vec::new();
    write_to_sign(params, version, |bytes| text.extend_from_slice(bytes));
    String::from_utf8(text).unwrap_or_default()
}

fn write_to_sign<V: AsRef<str>>(
    params: &mut [(&str, V)],
    version: SignatureVersion,
    mut write: impl FnMut(&[u8]),
) {
    params.sort_unstable_by_key(|(name, _)| *name);
    let mut separator = "";
    for (name, value) in &*params {
        let value = value.as_ref();
        if value.is_empty() {
            continue;
        }
        write(separator.as_bytes());
        write_escaped(name, version, &mut write);
        write(b"=");
        write_escaped(value, version, &mut write);
        separator = "&";
    }
}

fn write_escaped(text: &str, version: SignatureVersion, write: &mut impl FnMut(&[u8])) {
    match version {
        SignatureVersion::V1 => write(text.as_bytes()),
        SignatureVersion::V2 => {
            let mut pieces = text.split('&');
            write(pieces.next().unwrap_or_default().as_bytes());
            for piece in pieces {
                write(b"%26");
                write(piece.as_bytes());
            }
        }
    }
}

/// Checks the signature of an upload response: over `public_id` and `version` and nothing else, always in version 1.
pub fn verify_response(
    account: &Account,
    public_id: &str,
    version: &str,
    signature: &str,
) -> Result<SecretInUse, BadSignature> {
    verify_parts(
        account,
        &["public_id=", public_id, "&version=", version].map(str::as_bytes),
        signature,
    )
}

/// Whether a secret of the account, appended to `parts`, gives `signature`.
pub(super) fn verify_parts(
    account: &Account,
    parts: &[&[u8]],
    signature: &str,
) -> Result<SecretInUse, BadSignature> {
    let mut hasher = Hasher::new(account.signature_algorithm);
    for part in parts {
        hasher.update(part);
    }
    let position = account
        .secrets
        .iter()
        .position(|secret| hasher.clone().finish(secret).matches(signature))
        .ok_or(BadSignature)?;
    Ok(if position == 0 {
        SecretInUse::Current
    } else {
        SecretInUse::Previous
    })
}

#[cfg(test)]
mod tests;
