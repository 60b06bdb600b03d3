//! A Cloudinary account as `CLOUDINARY_URL` describes it.

use secrecy::SecretString;

use super::signature::{Algorithm, SignatureVersion};

/// One Cloudinary account: names, secrets and the defaults of its delivery URLs.
#[derive(Debug, Clone)]
pub struct Account {
    /// Name in delivery and API URLs.
    pub cloud_name: String,
    /// Sent with signed requests; the SDKs accept a URL without one.
    pub api_key: Option<String>,
    /// Newest first: the first signs, all verify. Empty for a URL without a secret.
    pub secrets: Vec<SecretString>,
    /// Digest of upload, response, notification and short URL signatures.
    pub signature_algorithm: Algorithm,
    /// Serialisation of signed upload parameters.
    pub signature_version: SignatureVersion,
}

/// Why a `CLOUDINARY_URL` cannot be used. Never holds the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Not `cloudinary://…`.
    #[error("expected cloudinary://<api_key>:<api_secret>@<cloud_name>")]
    Malformed,
}

impl Account {
    /// Parses `cloudinary://key:secret@cloud[?option=value…]`.
    pub fn from_url(_url: &str) -> Result<Self, AccountError> {
        todo!()
    }

    /// Adds a secret that still verifies but no longer signs.
    #[must_use]
    pub fn with_previous_secret(mut self, secret: SecretString) -> Self {
        self.secrets.push(secret);
        self
    }
}
