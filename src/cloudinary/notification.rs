//! Notifications: what Cloudinary posts when an upload, a moderation or a deletion is done.
//!
//! Anybody who knows the URL can post to it. What counts is Cloudinary's signature over the bytes
//! exactly as they came, together with a timestamp. The SDKs set no limit on future timestamps and
//! read odd ones as numbers; here both are refused.

use serde::Deserialize;

use super::account::Account;
use super::signature::{Algorithm, BadSignature, SecretInUse, is_signed_with, verify_parts};

/// A notification is taken until this many seconds after its timestamp.
pub const MAX_AGE: u64 = 2 * 60 * 60;

/// How far ahead of ours Cloudinary's clock may be, in seconds.
pub const MAX_AHEAD: u64 = 5 * 60;

const MAX_TIMESTAMP_DIGITS: usize = 12;

/// Longest `signature_key` that is worth a line in the log.
const MAX_KEY_LENGTH: usize = 64;

/// Why a notification is not taken for Cloudinary's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// The timestamp is not a number of seconds.
    #[error("timestamp: expected 1 to 12 digits")]
    Timestamp,
    /// Older than [`MAX_AGE`], or than the caller's own limit.
    #[error("timestamp: too old")]
    TooOld,
    /// More than [`MAX_AHEAD`] ahead.
    #[error("timestamp: in the future")]
    InTheFuture,
    /// No digest looks like this.
    #[error("signature: expected 40 or 64 digits of lower-case hex")]
    Shape,
    /// No configured secret made the signature.
    #[error(transparent)]
    Signature(#[from] BadSignature),
}

/// The headers of a notification: what can be judged before its body is read.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    /// `X-Cld-Timestamp`.
    pub timestamp: &'a str,
    /// `X-Cld-Signature`.
    pub signature: &'a str,
}

/// A notification as it came: nothing of it is to be believed before it is verified.
#[derive(Debug, Clone, Copy)]
pub struct Notification<'a> {
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// The header `X-Cld-Timestamp`.
    pub timestamp: &'a str,
    /// The header `X-Cld-Signature`.
    pub signature: &'a str,
}

impl Headers<'_> {
    /// Refuses what no notification of now can have. Returns the timestamp.
    ///
    /// ```
    /// use cloudinary_parse::cloudinary::notification::{Headers, NotificationError};
    ///
    /// let headers = Headers { timestamp: "1789000000", signature: "made up" };
    /// assert_eq!(headers.check(1_789_000_000), Err(NotificationError::Shape));
    /// assert_eq!(headers.check(1_789_100_000), Err(NotificationError::TooOld));
    /// ```
    ///
    /// # Errors
    /// Everything but a signature that no secret made.
    pub fn check(&self, now: u64) -> Result<u64, NotificationError> {
        self.check_within(now, MAX_AGE)
    }

    fn check_within(&self, now: u64, max_age: u64) -> Result<u64, NotificationError> {
        let timestamp = self.seconds().ok_or(NotificationError::Timestamp)?;
        if timestamp < now.saturating_sub(max_age) {
            return Err(NotificationError::TooOld);
        }
        if timestamp > now.saturating_add(MAX_AHEAD) {
            return Err(NotificationError::InTheFuture);
        }
        let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_digest =
            Algorithm::of_signature(self.signature).is_some() && self.signature.bytes().all(is_hex);
        is_digest
            .then_some(timestamp)
            .ok_or(NotificationError::Shape)
    }

    /// Body and timestamp are signed without anything between them: only digits, none of them a
    /// leading zero, keep a byte from passing from one to the other.
    fn seconds(&self) -> Option<u64> {
        let is_number = (1..=MAX_TIMESTAMP_DIGITS).contains(&self.timestamp.len())
            && self.timestamp.bytes().all(|byte| byte.is_ascii_digit())
            && (self.timestamp == "0" || !self.timestamp.starts_with('0'));
        is_number.then(|| self.timestamp.parse().ok())?
    }
}

impl Notification<'_> {
    /// Checks age and signature at `now` (seconds since 1970), with every secret of `account`, in
    /// constant time.
    ///
    /// ```
    /// use cloudinary_parse::cloudinary::account::Account;
    /// use cloudinary_parse::cloudinary::notification::{Notification, NotificationError};
    ///
    /// let account = Account::from_url("cloudinary://1234567890:test-secret-abcDEF123@demo-cloud")?;
    /// let notification = Notification {
    ///     body: br#"{"notification_type":"upload","public_id":"x","version":1}"#,
    ///     timestamp: "1789000000",
    ///     signature: "bc8330e2934ca88c2832a17d5044f970ad93a302",
    /// };
    /// assert!(notification.verify(&account, 1_789_000_000).is_ok());
    /// assert_eq!(notification.verify(&account, 1_789_100_000), Err(NotificationError::TooOld));
    /// # Ok::<(), cloudinary_parse::cloudinary::account::AccountError>(())
    /// ```
    pub fn verify(&self, account: &Account, now: u64) -> Result<SecretInUse, NotificationError> {
        self.verify_within(account, now, MAX_AGE)
    }

    /// As [`Self::verify`], with another limit than [`MAX_AGE`], in seconds.
    pub fn verify_within(
        &self,
        account: &Account,
        now: u64,
        max_age: u64,
    ) -> Result<SecretInUse, NotificationError> {
        let headers = Headers {
            timestamp: self.timestamp,
            signature: self.signature,
        };
        headers.check_within(now, max_age)?;
        let signed = [self.body, self.timestamp.as_bytes()];
        // A key of its own is no rotation that is under way.
        if let Some(secret) = &account.notification_secret
            && is_signed_with(secret, &signed, self.signature)
        {
            return Ok(SecretInUse::Current);
        }
        Ok(verify_parts(account, &signed, self.signature)?)
    }
}

/// The API key that a body says it was signed with, to be logged: nobody vouches for it, so it is
/// at most 64 letters, digits, `_` and `-`.
pub fn claimed_key(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Claim {
        signature_key: String,
    }
    let Claim { signature_key: key } = serde_json::from_slice(body).ok()?;
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let is_key = (1..=MAX_KEY_LENGTH).contains(&key.len()) && key.bytes().all(is_sign);
    is_key.then_some(key)
}

#[cfg(test)]
mod tests;
