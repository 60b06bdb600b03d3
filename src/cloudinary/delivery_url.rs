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
mod error;
mod flags;
mod host;
mod identifier_in;
mod options;
mod signature;
mod source;

use serde_json::{Map, Value};

use super::account::Account;
use super::identifier::Identifier;
use super::transformation::push_transformation;
use super::url_options::{OptionKey, UrlOptions};
use build::{DeliveredAsset, build};

pub(crate) use check::check_chosen_url_option;
pub use check::{check_url_option, check_url_options};
pub use error::{NoIdentifier, UrlError};
pub use host::delivery_origins;
pub use identifier_in::{UrlIdentifier, identifier_in, is_url};

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

#[cfg(test)]
mod tests;
