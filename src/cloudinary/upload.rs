//! Upload parameters: their names, their serialisation and their signature.

mod check;
mod chosen;
mod error;
mod explain;
mod fields;
mod parameter;
mod text;

use std::borrow::Cow;

use percent_encoding::AsciiSet;
use serde_json::{Map, Value};

use super::account::Account;
use super::percent;
use super::signature::{NoSecret, sign};
use super::transformation;
use super::url_config::UrlConfig;
use parameter::ParameterKind;
use text::text;

pub use check::{check_upload_option, is_part_of_transformation, is_upload_option};
pub use chosen::{check_chosen_parameter, check_posted_text};
pub use error::{MAX_PUBLIC_ID_LEN, UploadError};
pub use explain::{ExplainError, Explanation, check_signed_name, explain_signature};
pub use fields::{Fields, SignedFields, check_ampersands, is_same_posted, posted_text, written};

/// Where uploads go unless the account says otherwise.
const UPLOAD_PREFIX: &str = "https://api.cloudinary.com";

/// A part of an API URL's path.
const PATH_PART: &AsciiSet = &percent::COMPONENT.add(b'\'');

/// The names of every upload parameter but `timestamp` and `transformation`, sorted.
pub fn parameter_names() -> impl Iterator<Item = &'static str> {
    parameter::PARAMETERS.iter().map(|(name, _)| *name)
}

/// Serialises `options` (as the SDKs' `upload` takes them), adds `timestamp`, `signature` and
/// `api_key`: exactly the fields to post to Cloudinary. `timestamp` is a JSON number, the rest
/// strings.
///
/// Every option must be a known one with a value that it can have.
///
/// ```
/// use cloudinary_parse::cloudinary::{account::Account, upload};
///
/// let account = Account::from_url("cloudinary://key:abcd@demo")?;
/// let options = serde_json::json!({"tags": ["cat", "dog"], "eager": {"crop": "fill", "width": 150}});
/// let fields = upload::sign_upload(&account, options.as_object().unwrap(), 1_700_000_000)?;
/// assert_eq!(fields["tags"], "cat,dog");
/// assert_eq!(fields["eager"], "c_fill,w_150");
/// assert_eq!(fields["timestamp"], 1_700_000_000);
/// assert_eq!(fields["api_key"], "key");
/// assert_eq!(fields["signature"].as_str().unwrap().len(), 40);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign_upload(
    account: &Account,
    options: &Map<String, Value>,
    now: u64,
) -> Result<Map<String, Value>, UploadError> {
    for (name, value) in options {
        check_upload_option(name, value)?;
    }
    let params = params_in(Dialect::Documented, &account.url, options, now)?;
    sign_request(account, params)
}

/// Serialises `options` as the SDKs do, without a signature: unknown names are ignored, odd values
/// are sent as text, a backslash in a `context` is not escaped, and the transformation is decoded
/// once.
///
/// [`sign_upload`] is the strict one. The option `timestamp` takes the place of `now`.
///
/// ```
/// use cloudinary_parse::cloudinary::{upload, url_config::UrlConfig};
///
/// let options = serde_json::json!({"overwrite": true, "context": {"alt": "a=b"}, "width": 100});
/// let params = upload::upload_params(&UrlConfig::default(), options.as_object().unwrap(), 1_700_000_000)?;
/// assert_eq!(params["overwrite"], "1");
/// assert_eq!(params["context"], r"alt=a\=b");
/// assert_eq!(params["transformation"], "w_100");
/// # Ok::<(), upload::UploadError>(())
/// ```
pub fn upload_params(
    config: &UrlConfig,
    options: &Map<String, Value>,
    now: u64,
) -> Result<Map<String, Value>, UploadError> {
    params_in(Dialect::Sdks, config, options, now)
}

/// Who is followed where Cloudinary's documentation and its SDKs differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// A backslash in a value of `context` or `metadata` is doubled, so that none of a caller's can
    /// escape what follows it. A transformation is written as in a URL.
    Documented,
    /// As the Node SDK: neither is done, and the transformation is decoded once, since the text of
    /// a layer is encoded twice.
    Sdks,
}

fn params_in(
    dialect: Dialect,
    config: &UrlConfig,
    options: &Map<String, Value>,
    now: u64,
) -> Result<Map<String, Value>, UploadError> {
    let mut params = Map::with_capacity(options.len() + 4);
    let timestamp = match options.get("timestamp") {
        Some(Value::Number(number)) if number.as_u64() != Some(0) => number.clone().into(),
        Some(Value::String(text)) if !text.is_empty() => text.clone().into(),
        _ => now.into(),
    };
    params.insert("timestamp".into(), timestamp);
    for (name, value) in options {
        if let Some(kind) = ParameterKind::of(name) {
            insert_present(
                &mut params,
                name,
                kind.serialize(name, value, config, dialect)?,
            );
        }
    }
    let transformation = transformation_text(options, config, dialect)?;
    insert_present(&mut params, "transformation", transformation.into());
    Ok(params)
}

/// The `transformation` parameter of an upload: what its transformation options describe.
fn transformation_text(
    options: &Map<String, Value>,
    config: &UrlConfig,
    dialect: Dialect,
) -> Result<String, UploadError> {
    let transformation = transformation::from_options(options, config)
        .map_err(|error| UploadError::transformation("transformation", error))?;
    // What was checked must be what is signed: decoded, `%2C` would begin another parameter.
    if dialect == Dialect::Sdks
        && let Ok(decoded) = percent::decode_component(&transformation)
    {
        return Ok(decoded.into_owned());
    }
    Ok(transformation)
}

fn insert_present(params: &mut Map<String, Value>, name: &str, value: Value) {
    if !is_blank(&value) {
        params.insert(name.to_owned(), value);
    }
}

/// Adds `signature` and `api_key` to a request's parameters. Null, empty text and empty items of
/// arrays are left out.
///
/// Values stay what they are; they are signed as text, arrays joined by commas.
///
/// ```
/// use cloudinary_parse::cloudinary::{account::Account, upload};
///
/// let account = Account::from_url("cloudinary://key:abcd@demo")?;
/// let params = serde_json::json!({"public_id": "sample_image", "timestamp": 1_315_060_510, "type": null});
/// let request = upload::sign_request(&account, params.as_object().unwrap().clone())?;
/// let names: Vec<&String> = request.keys().collect();
/// assert_eq!(names, ["public_id", "timestamp", "signature", "api_key"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign_request(
    account: &Account,
    params: Map<String, Value>,
) -> Result<Map<String, Value>, UploadError> {
    let api_key = account.api_key.clone().ok_or(UploadError::NoApiKey)?;
    let mut request = without_blanks(params);
    let signature = sign_params(account, &request)?;
    request.insert("signature".into(), signature.into());
    request.insert("api_key".into(), api_key.into());
    Ok(request)
}

/// The parameters that are sent: without null and empty text, and arrays without their empty items.
pub fn without_blanks(mut params: Map<String, Value>) -> Map<String, Value> {
    if params.values().all(is_sent_whole) {
        return params;
    }
    params.retain(|_, value| {
        if is_blank(value) {
            return false;
        }
        if let Value::Array(items) = value {
            items.retain(is_truthy);
        }
        true
    });
    params
}

fn is_sent_whole(value: &Value) -> bool {
    let items = value.as_array();
    !is_blank(value) && items.is_none_or(|items| items.iter().all(is_truthy))
}

/// Whether a value is nothing as text: null, empty text, an array of nothing or of one such value.
fn is_blank(mut value: &Value) -> bool {
    while let Value::Array(items) = value {
        match items.as_slice() {
            [] => return true,
            [only] => value = only,
            _ => return false,
        }
    }
    value.is_null() || value == ""
}

/// As in JavaScript.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => true,
    }
}

/// Signs parameters as they are, for whoever sends them: names and values as the SDKs'
/// `api_sign_request` takes them.
pub fn sign_params(account: &Account, params: &Map<String, Value>) -> Result<String, NoSecret> {
    let mut pairs: Vec<(&str, Cow<'_, str>)> = params
        .iter()
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect();
    sign(account, &mut pairs).map(|signature| signature.as_str().to_owned())
}

/// A value as text, as it is sent and signed: what JavaScript's `String(value)` gives, and nothing
/// for null.
pub fn as_text(value: &Value) -> Cow<'_, str> {
    text(value)
}

/// The `context` or `metadata` parameter as the SDKs write it: `key=value` pairs joined by `|`;
/// text stays as it is.
///
/// ```
/// use cloudinary_parse::cloudinary::upload;
///
/// let context = serde_json::json!({"caption": "a=b", "colours": ["red", "blue"]});
/// assert_eq!(upload::context(&context)?, r#"caption=a\=b|colours=["red","blue"]"#);
/// # Ok::<(), upload::UploadError>(())
/// ```
pub fn context(context: &Value) -> Result<String, UploadError> {
    parameter::context("context", context)
}

/// The `responsive_breakpoints` parameter: a JSON array whose transformations are text.
pub fn responsive_breakpoints(config: &UrlConfig, settings: &Value) -> Result<String, UploadError> {
    parameter::breakpoints("responsive_breakpoints", settings, config)
}

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
pub(super) fn api_base(account: &Account) -> String {
    let prefix = account.url.upload_prefix.as_deref();
    let prefix = prefix.unwrap_or(UPLOAD_PREFIX);
    format!("{prefix}/v1_1/{}", account.cloud_name)
}

#[cfg(test)]
mod tests;
