//! What a caller may choose of an upload's parameters: a value stays one value of its parameter, an
//! item one item, a pair one pair.

use serde_json::Value;

use super::check::check_upload_option;
use super::error::UploadError;
use super::parameter::{Dialect, ParameterKind};
use crate::cloudinary::number::Scalar;
use crate::cloudinary::transformation::{
    check_chosen_option, check_chosen_steps, check_chosen_transformation, is_format,
};
use crate::cloudinary::url_config::UrlConfig;

/// Checks a value that a caller made up for an upload parameter or transformation option: the
/// parameter can have it, and as it is written it neither becomes several values nor names an asset
/// besides the one that is uploaded.
///
/// ```
/// use cloudinary_parse::cloudinary::upload::check_chosen_parameter;
/// use serde_json::json;
///
/// assert!(check_chosen_parameter("effect", &json!({"sepia": 50})).is_ok());
/// let error = check_chosen_parameter("effect", &json!({"sepia": 50, "l_private:cat": "x"})).unwrap_err();
/// assert_eq!(error.to_string(), "effect: expected a value without `/` and `,`");
/// ```
pub fn check_chosen_parameter(name: &str, value: &Value) -> Result<(), UploadError> {
    let Some(kind) = ParameterKind::of(name) else {
        // What is written first: of a value with a separator in it, that is what the caller is
        // told.
        if let Err(error) = check_chosen_option(name, value) {
            check_upload_option(name, value)?;
            return Err(error.into());
        }
        return check_upload_option(name, value);
    };
    check_upload_option(name, value)?;
    if value.is_null() {
        return Ok(());
    }
    let is_confined = match kind {
        ParameterKind::Text => is_confined_text(name, value),
        ParameterKind::List => items(value).all(|item| !holds(item, ',')),
        ParameterKind::Context => members(value).all(|(key, _)| !key.is_empty()),
        ParameterKind::Coordinates => is_coordinates(value),
        ParameterKind::Headers => is_headers(value),
        ParameterKind::Eager => return check_eager_choice(name, value),
        ParameterKind::Breakpoints => return check_breakpoints_choice(name, value),
        // One of a few words, or JSON.
        ParameterKind::Flag
        | ParameterKind::Boolean
        | ParameterKind::Regions
        | ParameterKind::AccessControl
        | ParameterKind::AutoTranscription => true,
    };
    if is_confined {
        return Ok(());
    }
    Err(UploadError::invalid(name, expected(name, kind)))
}

/// [`check_chosen_parameter`] for a parameter that a caller wrote itself, as it is posted: there a
/// transformation is one text, and what is an object elsewhere is JSON.
///
/// ```
/// use cloudinary_parse::cloudinary::upload::check_posted_text;
///
/// assert!(check_posted_text("transformation", "c_limit,w_1000/e_sepia").is_ok());
/// let error = check_posted_text("transformation", "l_private:cat").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "transformation: expected transformations without layers, names, code and conditions"
/// );
/// ```
pub fn check_posted_text(name: &str, text: &str) -> Result<(), UploadError> {
    match ParameterKind::of(name) {
        None if name == "transformation" => Ok(check_chosen_steps(name, text, false)?),
        Some(
            kind @ (ParameterKind::Regions
            | ParameterKind::AccessControl
            | ParameterKind::Breakpoints),
        ) => check_posted_json(name, kind, text),
        Some(kind @ ParameterKind::AutoTranscription) if text.starts_with('{') => {
            check_posted_json(name, kind, text)
        }
        _ => check_chosen_parameter(name, &Value::from(text)),
    }
}

/// In one spelling only: of two values under one key, another reader might take the other.
fn check_posted_json(name: &str, kind: ParameterKind, text: &str) -> Result<(), UploadError> {
    let value: Value = serde_json::from_str(text)
        .map_err(|_| UploadError::invalid(name, "JSON as JSON.stringify writes it"))?;
    check_chosen_parameter(name, &value)?;
    if kind.serialize(name, &value, &UrlConfig::default(), Dialect::Documented)? == text {
        return Ok(());
    }
    Err(UploadError::invalid(
        name,
        "JSON as JSON.stringify writes it",
    ))
}

fn expected(name: &str, kind: ParameterKind) -> &'static str {
    match kind {
        ParameterKind::List => "items without `,`",
        ParameterKind::Context => "keys that are not empty",
        ParameterKind::Coordinates => "numbers: [x, y, width, height] or an array of those",
        ParameterKind::Headers => {
            "one header a line, without control characters and without `:` in a name"
        }
        _ if name == "format" => "a value without `/ , ? # % | \\` and control characters",
        _ => "a value without control characters",
    }
}

/// A `format` is written behind a `/`. In the others only a URL or a name in a header could end
/// early.
fn is_confined_text(name: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return true;
    };
    match name {
        "format" => !text.contains(|c: char| "/,?#%|\\".contains(c) || c.is_control()),
        "notification_url" | "eager_notification_url" | "callback" | "proxy" => {
            !text.contains(char::is_control)
        }
        _ => true,
    }
}

fn is_coordinates(value: &Value) -> bool {
    let is_number = |text: &str| {
        let text = text.trim_matches(' ');
        let digits = text.strip_prefix('-').unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    match value {
        Value::String(text) if text.is_empty() => true,
        Value::String(text) => text.split(['|', ',']).all(is_number),
        Value::Array(items) => items.iter().all(is_coordinates_item(&is_number)),
        _ => true,
    }
}

/// A number, or a box of them.
fn is_coordinates_item(is_number: &impl Fn(&str) -> bool) -> impl Fn(&Value) -> bool {
    move |item| match item {
        Value::String(text) => is_number(text),
        Value::Array(numbers) => numbers
            .iter()
            .all(|number| number.as_str().is_none_or(is_number)),
        _ => true,
    }
}

fn is_headers(value: &Value) -> bool {
    let is_line = |text: &str| !text.contains(char::is_control);
    match value {
        Value::String(text) => text.split('\n').all(is_line),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).all(is_line),
        Value::Object(headers) => headers.iter().all(|(name, value)| {
            let is_name = !name.is_empty() && !name.contains(':') && is_line(name);
            is_name && value.as_str().is_none_or(is_line)
        }),
        _ => true,
    }
}

/// As many transformations as the value has: items of an array, or what `|` separates in a text.
fn check_eager_choice(name: &str, value: &Value) -> Result<(), UploadError> {
    let check = |transformation: &Value| {
        if let Some(format) = transformation.get("format") {
            check_format(name, format)?;
        }
        check_chosen_transformation(name, transformation, true)
            .map_err(|error| UploadError::transformation(name, error))
    };
    match value {
        Value::String(text) => text.split('|').map(Value::from).try_for_each(|t| check(&t)),
        Value::Array(transformations) => transformations.iter().try_for_each(check),
        single => check(single),
    }
}

fn check_breakpoints_choice(name: &str, value: &Value) -> Result<(), UploadError> {
    for setting in items(value).filter_map(Value::as_object) {
        if let Some(format) = setting.get("format") {
            check_format(name, format)?;
        }
        if let Some(transformation) = setting.get("transformation").filter(|t| !t.is_null()) {
            check_chosen_transformation(name, transformation, false)
                .map_err(|error| UploadError::transformation(name, error))?;
        }
    }
    Ok(())
}

fn check_format(name: &str, format: &Value) -> Result<(), UploadError> {
    let is_good = match format {
        Value::Null => true,
        Value::String(text) => is_format(text),
        _ => false,
    };
    if is_good {
        return Ok(());
    }
    Err(UploadError::Invalid {
        name: format!("{name}.format"),
        expected: "up to 16 letters and digits",
    })
}

/// The items of an array; none of another value.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(items) => items.as_slice(),
        Value::Object(_) => std::slice::from_ref(value),
        _ => &[],
    }
    .iter()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn holds(value: &Value, character: char) -> bool {
    Scalar::from_value(value).is_some_and(|scalar| scalar.contains(character))
}
