//! Delivery URLs.
//!
//! No analytics token is ever added: a server's URLs are no business of a vendor's statistics.
//! Where the SDKs differ from each other this follows the Node SDK, except that
//!
//! - `secure: false` counts in the configuration too, and `false` and `0` as text are false;
//! - a stored identifier is recognised for videos too, as for images and raw files;
//! - a remote source is escaped as UTF-8, runs of slashes become one, and one of type `upload` is
//!   returned as it is;
//! - the shared host has the cloud name in the path even for a private CDN;
//! - a signature without a secret, or with an empty one, is an error;
//! - `auth_token.set_url_signature` puts a signature beside the token, as in the Python SDK.

mod build;
mod check;
mod flags;
mod host;
mod identifier_in;
mod signature;
mod source;

use serde_json::{Map, Value};

use super::account::Account;
use super::auth_token::TokenError;
use super::identifier::{Identifier, IdentifierError};
use super::number::Scalar;
use super::transformation::{TransformationError, push_transformation};
use super::url_options::{OptionKey, UrlOptions};
use build::{DeliveredAsset, build};

pub(crate) use check::check_chosen_url_option;
pub use check::{check_url_option, check_url_options};
pub use host::delivery_origins;
pub use identifier_in::{UrlIdentifier, identifier_in, is_url};

/// Why a delivery URL cannot be built; names the option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The transformation part.
    #[error(transparent)]
    Transformation(#[from] TransformationError),
    /// The token part.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A value that the option cannot have.
    #[error("{key}: expected {expected}")]
    Invalid {
        /// The option.
        key: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// Neither configuration nor options name the cloud.
    #[error("cloud_name: missing")]
    MissingCloudName,
    /// A signed URL without a secret.
    #[error("api_secret: missing, a signed URL needs it")]
    MissingSecret,
    /// An asset whose URL takes no suffix.
    #[error(
        "url_suffix: expected only for images of type upload, private or authenticated and for videos and raw files of type upload"
    )]
    SuffixUnsupported,
    /// An asset that the root path does not serve.
    #[error("use_root_path: expected only for images of type upload")]
    RootPathUnsupported,
    /// A `%` that encodes nothing.
    #[error("public_id: expected each % to be followed by two hex digits, UTF-8 in all")]
    Encoding,
}

impl UrlError {
    const SUFFIX: Self = Self::Invalid {
        key: "url_suffix",
        expected: "text without . and /",
    };
}

/// Why no identifier is in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoIdentifier {
    /// Anything else.
    #[error("expected an http:// or https:// URL")]
    NotUrl,
    /// Another host, or another cloud name.
    #[error("not a delivery URL of this account: its host or its cloud name is another")]
    OtherAccount,
    /// A `%` that encodes nothing.
    #[error("expected each % to be followed by two hex digits, UTF-8 in all")]
    Encoding,
    /// `images/…`, `videos/…` or `files/…` without the suffix that such a URL has.
    #[error("expected a suffix behind the public ID, as images/, videos/ and files/ have it")]
    Suffix,
    /// The URL of something that an identifier cannot name, a remote picture for instance.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
}

/// The URL of the asset `public_id` with the SDKs' URL options; unknown keys are ignored. `now` in
/// seconds since 1970.
///
/// A `public_id` of the form `resource_type/type/vVERSION/public_id` says those parts itself. A
/// remote URL is returned as it is unless the options give a `type` under which Cloudinary delivers
/// it, such as `fetch`.
///
/// ```
/// use cloudinary_parse::cloudinary::{account::Account, delivery_url};
///
/// let account = Account::from_url("cloudinary://key:secret@demo")?;
/// let options = serde_json::json!({"crop": "fill", "width": 150, "height": 100, "format": "jpg"});
/// let url = delivery_url::url(&account, "users/u1/cat", options.as_object().unwrap(), 1_789_000_000)?;
/// assert_eq!(url, "https://res.cloudinary.com/demo/image/upload/c_fill,h_100,w_150/v1/users/u1/cat.jpg");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn url(
    account: &Account,
    public_id: &str,
    options: &Map<String, Value>,
    now: u64,
) -> Result<String, UrlError> {
    let mut options = UrlOptions::read(options);
    let asset = DeliveredAsset::from_options(account, public_id, &mut options)?;
    if asset.is_elsewhere(public_id) {
        push_transformation(&mut String::new(), &options, &account.url)?;
        return Ok(public_id.to_owned());
    }
    build(account, &asset, &options, now)
}

/// The URL under which a stored asset is delivered. `options` as for [`url`], but that the
/// identifier alone says resource type, type and version. A `format` of the options replaces the
/// identifier's.
///
/// ```
/// use cloudinary_parse::cloudinary::{account::Account, delivery_url, identifier::Identifier};
///
/// let account = Account::from_url("cloudinary://key:secret@demo")?;
/// let identifier = Identifier::parse("video/upload/v1700000000/users/u1/clip.mov")?;
/// let options = serde_json::json!({"width": 300, "crop": "limit", "format": "mp4"});
/// let url = delivery_url::identifier_url(&account, &identifier, options.as_object().unwrap(), 1_789_000_000)?;
/// assert_eq!(
///     url,
///     "https://res.cloudinary.com/demo/video/upload/c_limit,w_300/v1700000000/users/u1/clip.mp4"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn identifier_url(
    account: &Account,
    identifier: &Identifier<'_>,
    options: &Map<String, Value>,
    now: u64,
) -> Result<String, UrlError> {
    identifier_url_with(account, identifier, &UrlOptions::read(options), now)
}

/// [`identifier_url`] for options from several places, which are not copied into one map first.
pub(crate) fn identifier_url_with(
    account: &Account,
    identifier: &Identifier<'_>,
    options: &UrlOptions<'_>,
    now: u64,
) -> Result<String, UrlError> {
    let asset = DeliveredAsset::from_identifier(identifier, options.get(OptionKey::Format))?;
    build(account, &asset, options, now)
}

/// An option that is text.
fn text_option<'a>(options: &UrlOptions<'a>, key: OptionKey) -> Result<Option<&'a str>, UrlError> {
    match options.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(UrlError::Invalid {
            key: key.name(),
            expected: "text",
        }),
    }
}

/// An option that is text or a number.
fn scalar_option<'a>(
    options: &UrlOptions<'a>,
    key: OptionKey,
) -> Result<Option<Scalar<'a>>, UrlError> {
    options.get(key).map(|value| scalar(key, value)).transpose()
}

fn scalar(key: OptionKey, value: &Value) -> Result<Scalar<'_>, UrlError> {
    Scalar::from_value(value).ok_or(UrlError::Invalid {
        key: key.name(),
        expected: "text or a number",
    })
}

#[cfg(test)]
mod tests;
