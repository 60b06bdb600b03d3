//! The SDKs' own functions: a map of anything in, a map out. The service signs [`Fields`]; these
//! are here to be compared with the SDKs.
//!
//! [`Fields`]: super::Fields

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::error::UploadError;
use super::parameter::{Dialect, ParameterKind, breakpoints, context_pairs};
use super::posted::transformation_text;
use super::text::text;
use crate::cloudinary::account::Account;
use crate::cloudinary::percent;
use crate::cloudinary::signature::{NoSecret, sign};
use crate::cloudinary::url_config::UrlConfig;

/// Serialises `options` as the SDKs do, without a signature: unknown names are ignored, odd values
/// are sent as text, a backslash in a `context` is not escaped, and the transformation is decoded
/// once.
///
/// [`sign_upload`](super::sign_upload) is the strict one. The option `timestamp` takes the place of `now`.
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
    let mut params = Map::with_capacity(options.len() + 4);
    let timestamp = match options.get("timestamp") {
        Some(Value::Number(number)) if number.as_u64() != Some(0) => number.clone().into(),
        Some(Value::String(text)) if !text.is_empty() => text.clone().into(),
        _ => now.into(),
    };
    params.insert("timestamp".into(), timestamp);
    for (name, value) in options {
        if let Some(kind) = ParameterKind::of(name) {
            let written = match (kind, value) {
                (ParameterKind::Text, Value::Array(_)) => value.clone(),
                _ => kind.serialize(name, value, config, Dialect::Sdks)?.into(),
            };
            insert_present(&mut params, name, written);
        }
    }
    let transformation = transformation_text(options, config)?;
    let transformation = match percent::decode_component(&transformation) {
        Ok(decoded) => decoded.into_owned(),
        Err(_) => transformation,
    };
    insert_present(&mut params, "transformation", transformation.into());
    Ok(params)
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
    match context {
        Value::Object(pairs) => context_pairs("context", pairs, Dialect::Sdks),
        other => Ok(text(other).into_owned()),
    }
}

/// The `responsive_breakpoints` parameter: a JSON array whose transformations are text.
pub fn responsive_breakpoints(config: &UrlConfig, settings: &Value) -> Result<String, UploadError> {
    breakpoints("responsive_breakpoints", settings, config)
}
