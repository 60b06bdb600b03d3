//! Signatures of upload parameters and of upload responses.
//!
//! Cloudinary's request signature is a plain digest of the sorted parameters followed by the
//! secret; it is not an HMAC. The same form, over `public_id` and `version` only, is what an
//! upload's response carries and what an identifier shows.

use secrecy::SecretString;

use super::account::Account;
use super::digest::Hasher;

pub use super::algorithm::{Algorithm, SignatureVersion};
pub use super::digest::HexDigest;

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

/// Signs upload parameters with the account's newest secret.
///
/// `params` are sorted by name; those with an empty value are left out, as Cloudinary leaves them
/// out. The caller leaves out what is never signed: `file`, `cloud_name`, `resource_type`,
/// `api_key`.
///
/// ```
/// use cloudinary_parse::cloudinary::{account::Account, signature::sign};
///
/// let account = Account::from_url("cloudinary://key:abcd@demo")?;
/// let mut params = [("timestamp", "1315060510"), ("public_id", "sample_image")];
/// assert_eq!(sign(&account, &mut params)?.as_str(), "b4ad47fb4e25c7bf5f92a20089f9db59bc302313");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
/// use cloudinary_parse::cloudinary::signature::{SignatureVersion, string_to_sign};
///
/// let mut params = [("timestamp", "1700000000"), ("notification_url", "https://example.com/?a=1&b=2")];
/// assert_eq!(
///     string_to_sign(&mut params, SignatureVersion::V2),
///     "notification_url=https://example.com/?a=1%26b=2&timestamp=1700000000"
/// );
/// ```
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
    // Without a way out in the middle the comparisons become vector instructions.
    let ands = text
        .bytes()
        .fold(0, |found, byte| found | u8::from(byte == b'&'));
    if version == SignatureVersion::V1 || ands == 0 {
        return write(text.as_bytes());
    }
    let mut separator = "";
    for piece in text.split('&') {
        write(separator.as_bytes());
        write(piece.as_bytes());
        separator = "%26";
    }
}

/// Checks the signature of an upload response: over `public_id` and `version` and nothing else,
/// always in version 1.
///
/// Its length tells the algorithm. The account's `signature_algorithm` decides only about what is
/// signed here: an account may take both, and which one its responses carry is Cloudinary's choice.
///
/// ```
/// use cloudinary_parse::cloudinary::{account::Account, signature::verify_response};
///
/// let account = Account::from_url("cloudinary://1234567890:test-secret-abcDEF123@demo-cloud")?;
/// let signature = "433bfb3d9e1208e5018128660fc1383bfe52c4ff";
/// assert!(verify_response(&account, "folder/sample", "1571218330", signature).is_ok());
/// assert!(verify_response(&account, "folder/sample", "1571218331", signature).is_err());
/// # Ok::<(), cloudinary_parse::cloudinary::account::AccountError>(())
/// ```
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

/// Whether a secret of the account, appended to `parts`, gives `signature`, by the algorithm that
/// its length tells.
pub(super) fn verify_parts(
    account: &Account,
    parts: &[&[u8]],
    signature: &str,
) -> Result<SecretInUse, BadSignature> {
    let matches = |secret: &SecretString| is_signed_with(secret, parts, signature);
    let position = account.secrets.iter().position(matches);
    let position = position.ok_or(BadSignature)?;
    Ok(if position == 0 {
        SecretInUse::Current
    } else {
        SecretInUse::Previous
    })
}

/// Whether `secret`, appended to `parts`, gives `signature`.
pub(super) fn is_signed_with(secret: &SecretString, parts: &[&[u8]], signature: &str) -> bool {
    let Some(algorithm) = Algorithm::of_signature(signature) else {
        return false;
    };
    let mut hasher = Hasher::new(algorithm);
    for part in parts {
        hasher.update(part);
    }
    hasher.finish(secret).matches(signature)
}

#[cfg(test)]
mod tests;
