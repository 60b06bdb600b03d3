//! `resource_type/type/vVERSION/public_id[.format][#signature]`: the text an app stores for an asset.

use super::account::Account;
use super::signature::{BadSignature, SecretInUse};

/// What kind of asset an identifier names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceType {
    /// `image`
    Image,
    /// `video` (audio too)
    Video,
    /// `raw`
    Raw,
}

/// How Cloudinary delivers an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryType {
    /// `upload`: public
    Upload,
    /// `private`
    Private,
    /// `authenticated`
    Authenticated,
}

/// A parsed identifier, borrowed from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identifier<'a> {
    /// First part.
    pub resource_type: ResourceType,
    /// Second part.
    pub delivery_type: DeliveryType,
    /// The digits after `v`: the upload time in seconds since 1970.
    pub version: &'a str,
    /// Without the format (with the extension for `raw`).
    pub public_id: &'a str,
    /// After the last dot of the last segment; never for `raw`.
    pub format: Option<&'a str>,
    /// After `#`.
    pub signature: Option<&'a str>,
    bare: &'a str,
}

/// Why a text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Fewer than four parts.
    #[error("expected resource_type/type/vVERSION/public_id")]
    MissingPart,
}

impl<'a> Identifier<'a> {
    /// Parses an identifier with or without its signature. `bare#` is refused.
    pub fn parse(_text: &'a str) -> Result<Self, IdentifierError> {
        todo!()
    }

    /// The text without `#signature`: what may be stored.
    pub fn bare(&self) -> &'a str {
        self.bare
    }

    /// The version as seconds since 1970.
    pub fn uploaded_at(&self) -> u64 {
        todo!()
    }

    /// Checks `signature` (lower-case hex, signature version 1 over `public_id` and `version`) with every secret of
    /// `account`, in constant time.
    pub fn verify(
        &self,
        _account: &Account,
        _signature: &str,
    ) -> Result<SecretInUse, BadSignature> {
        todo!()
    }
}
