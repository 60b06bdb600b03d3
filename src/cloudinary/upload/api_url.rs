//! URLs of Cloudinary's APIs.

use percent_encoding::AsciiSet;

use crate::cloudinary::account::Account;
use crate::cloudinary::percent;

/// Where uploads go unless the account says otherwise.
const UPLOAD_PREFIX: &str = "https://api.cloudinary.com";

/// A part of an API URL's path.
const PATH_PART: &AsciiSet = &percent::COMPONENT.add(b'\'');

/// `https://api.cloudinary.com/v1_1/<cloud>/<resource_type>/upload`, with the account's
/// `upload_prefix`.
///
/// ```
/// use cloudinary_parse::cloudinary::{account::Account, upload};
///
/// let account = Account::from_url("cloudinary://key:secret@demo")?;
/// assert_eq!(
///     upload::upload_url(&account, "auto"),
///     "https://api.cloudinary.com/v1_1/demo/auto/upload"
/// );
/// # Ok::<(), cloudinary_parse::cloudinary::account::AccountError>(())
/// ```
pub fn upload_url(account: &Account, resource_type: &str) -> String {
    api_url(account, resource_type, "upload")
}

/// The URL of an API call: `action` is `upload`, `destroy`, `rename`, `explicit`, …
pub fn api_url(account: &Account, resource_type: &str, action: &str) -> String {
    let mut url = api_base(account);
    for part in [resource_type, action] {
        url.push('/');
        percent::push(&mut url, part, PATH_PART);
    }
    url
}

/// What the URLs of all API calls begin with: `https://api.cloudinary.com/v1_1/<cloud>`.
pub(crate) fn api_base(account: &Account) -> String {
    let prefix = account.url.upload_prefix.as_deref();
    let prefix = prefix.unwrap_or(UPLOAD_PREFIX);
    format!("{prefix}/v1_1/{}", account.cloud_name)
}
