//! `resource_type/type/vVERSION/public_id[.format][#signature]`: the text an app stores for an
//! asset.
//!
//! An upload's signature covers `public_id` and `version` only. So a text is read in exactly one
//! way, and what could make a signature of one thing pass for another is refused: `&` and `=`
//! (another parameter), `.` and `..` segments, control characters.

mod public_id;

use std::fmt;

use memchr::memchr;

use super::account::Account;
use super::signature::{BadSignature, SecretInUse, verify_response};

pub use public_id::{check_public_id, is_forbidden};

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

impl ResourceType {
    /// The first part of an identifier, as a type.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "image" => Some(Self::Image),
            "video" => Some(Self::Video),
            "raw" => Some(Self::Raw),
            _ => None,
        }
    }

    /// The name in identifiers and URLs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Raw => "raw",
        }
    }
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

impl DeliveryType {
    /// The second part of an identifier, as a type.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "upload" => Some(Self::Upload),
            "private" => Some(Self::Private),
            "authenticated" => Some(Self::Authenticated),
            _ => None,
        }
    }

    /// The name in identifiers and URLs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Private => "private",
            Self::Authenticated => "authenticated",
        }
    }
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
    /// Fewer than four parts, or the last one empty.
    #[error("expected resource_type/type/vVERSION/public_id")]
    MissingPart,
    /// The first part.
    #[error("resource type: expected image, video or raw")]
    ResourceType,
    /// The second part.
    #[error("type: expected upload, private or authenticated")]
    DeliveryType,
    /// The third part is not `v` and digits.
    #[error("version: expected v and 1 to 12 digits")]
    Version,
    /// The third part has more than twelve digits.
    #[error("version: expected at most 12 digits")]
    VersionTooLong,
    /// A character that could give a signature a second meaning, or break a URL.
    #[error("public_id: {0:?} is not allowed")]
    ForbiddenCharacter(char),
    /// `//`, `/./`, `/../`, or such a segment at an end; an empty public ID is one empty segment.
    #[error("public_id: empty, \".\" and \"..\" segments are not allowed")]
    Segment,
    /// White space at an end of the public ID.
    #[error("public_id: white space at its ends is not allowed")]
    OuterWhiteSpace,
    /// What follows the last dot of the last segment of an image or video.
    #[error("format: expected 1 to 16 ASCII letters and digits after the last dot")]
    Format,
    /// `#` with nothing after it.
    #[error("signature: expected one after \"#\"")]
    EmptySignature,
}

pub(super) const MAX_VERSION_DIGITS: usize = 12;
const MAX_FORMAT_LEN: usize = 16;

impl<'a> Identifier<'a> {
    /// Parses an identifier with or without its signature. `bare#` is refused.
    ///
    /// ```
    /// use cloudinary_parse::cloudinary::identifier::Identifier;
    ///
    /// let identifier = Identifier::parse("image/upload/v1700000000/users/u1/cat.jpg#5f1c…")?;
    /// assert_eq!(identifier.public_id, "users/u1/cat");
    /// assert_eq!(identifier.format, Some("jpg"));
    /// assert_eq!(identifier.bare(), "image/upload/v1700000000/users/u1/cat.jpg");
    /// # Ok::<(), cloudinary_parse::cloudinary::identifier::IdentifierError>(())
    /// ```
    pub fn parse(text: &'a str) -> Result<Self, IdentifierError> {
        let (bare, signature) = match memchr(b'#', text.as_bytes()) {
            None => (text, None),
            Some(at) if at + 1 == text.len() => return Err(IdentifierError::EmptySignature),
            Some(at) => (&text[..at], Some(&text[at + 1..])),
        };
        let (resource_type, rest) = cut(bare, b'/').ok_or(IdentifierError::MissingPart)?;
        let (delivery_type, rest) = cut(rest, b'/').ok_or(IdentifierError::MissingPart)?;
        let (version, file) = cut(rest, b'/').ok_or(IdentifierError::MissingPart)?;
        if file.is_empty() {
            return Err(IdentifierError::MissingPart);
        }
        let resource_type =
            ResourceType::from_name(resource_type).ok_or(IdentifierError::ResourceType)?;
        let delivery_type =
            DeliveryType::from_name(delivery_type).ok_or(IdentifierError::DeliveryType)?;
        let version = parse_version(version)?;
        let (public_id, format) = match resource_type {
            ResourceType::Raw => (file, None),
            ResourceType::Image | ResourceType::Video => split_format(file)?,
        };
        check_public_id(public_id)?;
        Ok(Self {
            resource_type,
            delivery_type,
            version,
            public_id,
            format,
            signature,
            bare,
        })
    }

    /// The text without `#signature`: what may be stored.
    pub fn bare(&self) -> &'a str {
        self.bare
    }

    /// The version as seconds since 1970.
    pub fn uploaded_at(&self) -> u64 {
        self.version
            .bytes()
            .fold(0, |seconds, digit| seconds * 10 + u64::from(digit - b'0'))
    }

    /// Checks `signature` (lower-case hex, signature version 1 over `public_id` and `version`) with
    /// every secret of `account`, in constant time.
    ///
    /// ```
    /// use cloudinary_parse::cloudinary::account::Account;
    /// use cloudinary_parse::cloudinary::identifier::Identifier;
    /// use cloudinary_parse::cloudinary::signature::SecretInUse;
    ///
    /// let account = Account::from_url("cloudinary://1234567890:test-secret-abcDEF123@demo-cloud")?;
    /// let text = "image/upload/v1571218330/folder/sample.jpg#433bfb3d9e1208e5018128660fc1383bfe52c4ff";
    /// let identifier = Identifier::parse(text)?;
    /// let signature = identifier.signature.ok_or("unsigned")?;
    /// assert_eq!(identifier.verify(&account, signature), Ok(SecretInUse::Current));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self, account: &Account, signature: &str) -> Result<SecretInUse, BadSignature> {
        verify_response(account, self.public_id, self.version, signature)
    }
}

/// A stored text without its signature: up to its first `#`, whether it is an identifier or not.
pub fn bare(text: &str) -> &str {
    text.split_once('#').map_or(text, |(bare, _)| bare)
}

impl fmt::Display for Identifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.bare)?;
        match self.signature {
            Some(signature) => write!(f, "#{signature}"),
            None => Ok(()),
        }
    }
}

/// Cuts at the first `byte`, an ASCII character. Faster than `split_once` on texts as short as
/// these.
fn cut(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|other| other == byte)?;
    Some((&text[..at], &text[at + 1..]))
}

fn parse_version(part: &str) -> Result<&str, IdentifierError> {
    let digits = part.strip_prefix('v').ok_or(IdentifierError::Version)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IdentifierError::Version);
    }
    if digits.len() > MAX_VERSION_DIGITS {
        return Err(IdentifierError::VersionTooLong);
    }
    Ok(digits)
}

/// A dot in the last segment always starts a format: were `a.b c` read as a public ID with a dot,
/// one text would have two readings.
fn split_format(file: &str) -> Result<(&str, Option<&str>), IdentifierError> {
    let last = file.bytes().rposition(|byte| matches!(byte, b'.' | b'/'));
    let Some(dot) = last.filter(|&at| file.as_bytes()[at] == b'.') else {
        return Ok((file, None));
    };
    let (public_id, format) = (&file[..dot], &file[dot + 1..]);
    let is_format = (1..=MAX_FORMAT_LEN).contains(&format.len())
        && format.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_format {
        return Err(IdentifierError::Format);
    }
    Ok((public_id, Some(format)))
}

#[cfg(test)]
mod tests;
