//! What an operator may write as URL options.

use serde_json::{Map, Value};

use super::build::check_suffix;
use super::error::UrlError;
use super::options::scalar;
use crate::cloudinary::signature::Algorithm;
use crate::cloudinary::suggestion::closest;
use crate::cloudinary::transformation::{
    TransformationError, check_chosen_option, check_members, check_option,
    check_unsigned_composite, from_options, is_composite, push_transformation,
};
use crate::cloudinary::url_config::UrlConfig;
use crate::cloudinary::url_options::{OptionKey, UrlOptions};

const TOKEN: &[&str] = &[
    "acl",
    "duration",
    "expiration",
    "ip",
    "key",
    "set_url_signature",
    "start_time",
    "token_name",
    "url",
];

/// Checks options that an operator wrote: known keys at every depth, with values that they can
/// have. Null is no value and always fits.
///
/// ```
/// use cloudinary_parse::cloudinary::delivery_url::check_url_options;
///
/// let options = serde_json::json!({"crop": "fill", "widht": 150});
/// let error = check_url_options(options.as_object().unwrap()).unwrap_err();
/// assert_eq!(error.to_string(), r#"widht: not a URL option, did you mean "width"?"#);
/// ```
pub fn check_url_options(options: &Map<String, Value>) -> Result<(), UrlError> {
    for (name, value) in options {
        check_unwritten(name, value)?;
    }
    from_options(options, &UrlConfig::default())?;
    Ok(())
}

/// [`check_url_options`] for one of them.
pub fn check_url_option(name: &str, value: &Value) -> Result<(), UrlError> {
    check_unwritten(name, value)?;
    let mut options = UrlOptions::default();
    options.add(name, value);
    push_transformation(&mut String::new(), &options, &UrlConfig::default())?;
    Ok(())
}

/// [`check_url_option`] for a value that a caller made up, by what is written for it: the URL stays
/// that of the same asset, and a transformation option stays one component. Composite options can
/// be accepted only where no URL is signed.
pub(crate) fn check_chosen_url_option(name: &str, value: &Value) -> Result<(), UrlError> {
    check_unwritten(name, value)?;
    match OptionKey::from_name(name) {
        Some(key) if !key.is_transformation() => check_chosen_part(key, value),
        _ if is_composite(name) => Ok(check_unsigned_composite(name, value)?),
        _ => Ok(check_chosen_option(name, value)?),
    }
}

/// A part of the URL around the transformation.
fn check_chosen_part(key: OptionKey, value: &Value) -> Result<(), UrlError> {
    let text = value.as_str().unwrap_or_default();
    let is_border = |c: char| matches!(c, '?' | '#' | '%' | '\\') || c.is_control();
    let expected = if text.contains(['/', ',']) {
        "a value without `/` and `,`"
    } else if text.contains(is_border) {
        "a value without `? # % \\` and control characters"
    } else {
        return Ok(());
    };
    Err(UrlError::Invalid {
        key: key.name(),
        expected,
    })
}

/// What [`check_url_option`] finds that building a URL would not.
fn check_unwritten(name: &str, value: &Value) -> Result<(), UrlError> {
    match OptionKey::from_name(name) {
        Some(_) if value.is_null() => Ok(()),
        Some(key) if key.is_transformation() => Ok(check_option(key, value)?),
        Some(key) => check_delivery_option(key, value),
        None if name.starts_with('$') => Ok(()),
        None => Err(UrlError::Transformation(TransformationError::Unknown {
            key: name.to_owned(),
            kind: "a URL option",
            suggestion: closest(name, OptionKey::all().map(OptionKey::name)),
        })),
    }
}

/// Checks an option that is no part of the transformation.
fn check_delivery_option(key: OptionKey, value: &Value) -> Result<(), UrlError> {
    let expected = match key {
        OptionKey::AuthToken if value == &Value::Bool(false) => None,
        OptionKey::AuthToken if value.is_object() => {
            return Ok(check_members("auth_token", value, TOKEN, "a token option")?);
        }
        OptionKey::AuthToken => Some("an object or false"),
        OptionKey::CdnSubdomain
        | OptionKey::ForceVersion
        | OptionKey::LongUrlSignature
        | OptionKey::PrivateCdn
        | OptionKey::Secure
        | OptionKey::SecureCdnSubdomain
        | OptionKey::Shorten
        | OptionKey::SignUrl
        | OptionKey::UseFetchFormat
        | OptionKey::UseRootPath => (!value.is_boolean()).then_some("true or false"),
        OptionKey::Format | OptionKey::Version => return scalar(key, value).map(drop),
        OptionKey::SignatureAlgorithm => {
            let algorithm = value.as_str().and_then(Algorithm::from_name);
            algorithm.is_none().then_some("sha1 or sha256")
        }
        OptionKey::UrlSuffix => {
            let suffix = value.as_str();
            return suffix.ok_or(UrlError::SUFFIX).and_then(check_suffix);
        }
        _ => (!value.is_string()).then_some("text"),
    };
    match expected {
        None => Ok(()),
        Some(expected) => Err(UrlError::Invalid {
            key: key.name(),
            expected,
        }),
    }
}
