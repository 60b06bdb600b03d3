//! One option as it is posted.

use serde_json::{Map, Value};

use super::check::check_upload_option;
use super::error::UploadError;
use super::parameter::{Dialect, ParameterKind};
use crate::cloudinary::account::Account;
use crate::cloudinary::signature::SignatureVersion;
use crate::cloudinary::transformation;
use crate::cloudinary::url_config::UrlConfig;

/// An upload option as [`sign_upload`](super::sign_upload) sends it; `None` for a transformation
/// option, which is written together with the others of its kind.
///
/// # Errors
/// A name or value that is not an upload option's.
pub fn written(
    name: &str,
    value: &Value,
    account: &Account,
) -> Result<Option<String>, UploadError> {
    check_upload_option(name, value)?;
    let Some(kind) = ParameterKind::of(name) else {
        return Ok(None);
    };
    let text = kind.serialize(name, value, &account.url, Dialect::Documented)?;
    Ok(Some(text))
}

/// What is posted for an option alone: [`written`], or the transformation that it makes.
///
/// # Errors
/// A name or value that is not an upload option's.
pub fn posted_text(name: &str, value: &Value, account: &Account) -> Result<String, UploadError> {
    if let Some(text) = written(name, value, account)? {
        return Ok(text);
    }
    let option = Map::from_iter([(name.to_owned(), value.clone())]);
    transformation_text(&option, &account.url)
}

/// Whether two texts are the same value of a parameter. Clients post truth values in either
/// spelling.
pub fn is_same_posted(name: &str, one: &str, other: &str) -> bool {
    let truth = |text| match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    };
    let is_truth_value = || {
        let kind = ParameterKind::of(name);
        matches!(
            kind,
            Some(ParameterKind::Flag | ParameterKind::Boolean | ParameterKind::AutoTranscription)
        )
    };
    one == other || is_truth_value() && truth(one).is_some() && truth(one) == truth(other)
}

/// Version 1 of the signature has no escape for `&`: what follows it in a caller's value would be
/// signed as another parameter.
///
/// # Errors
/// `&` in `text` where the account signs in version 1.
pub fn check_ampersands(name: &str, text: &str, account: &Account) -> Result<(), UploadError> {
    if account.signature_version == SignatureVersion::V1 && text.contains('&') {
        return Err(UploadError::invalid(
            name,
            "a value without `&`, as signature_version=1 has no escape for it",
        ));
    }
    Ok(())
}

/// The `transformation` parameter of an upload: what its transformation options describe.
pub(super) fn transformation_text(
    options: &Map<String, Value>,
    config: &UrlConfig,
) -> Result<String, UploadError> {
    transformation::from_options(options, config)
        .map_err(|error| UploadError::transformation("transformation", error))
}
