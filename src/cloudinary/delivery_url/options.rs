//! Options of a delivery URL that are text or a number.

use serde_json::Value;

use super::error::UrlError;
use crate::cloudinary::number::Scalar;
use crate::cloudinary::url_options::{OptionKey, UrlOptions};

/// An option that is text.
pub(super) fn text_option<'a>(
    options: &UrlOptions<'a>,
    key: OptionKey,
) -> Result<Option<&'a str>, UrlError> {
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
pub(super) fn scalar_option<'a>(
    options: &UrlOptions<'a>,
    key: OptionKey,
) -> Result<Option<Scalar<'a>>, UrlError> {
    options.get(key).map(|value| scalar(key, value)).transpose()
}

pub(super) fn scalar(key: OptionKey, value: &Value) -> Result<Scalar<'_>, UrlError> {
    Scalar::from_value(value).ok_or(UrlError::Invalid {
        key: key.name(),
        expected: "text or a number",
    })
}
