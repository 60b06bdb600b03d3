//! What an operator or a caller may write for an upload option: stricter than the SDKs, which send
//! whatever they get.

use serde_json::{Map, Value};

use super::error::UploadError;
use super::parameter::{Dialect, ParameterKind, parameter_names};
use crate::cloudinary::identifier::{DeliveryType, check_public_id};
use crate::cloudinary::suggestion::closest;
use crate::cloudinary::transformation::{check_eager, check_members, check_options};
use crate::cloudinary::url_config::UrlConfig;
use crate::cloudinary::url_options::OptionKey;

const ACCESS_RULE: &[&str] = &["access_type", "end", "start"];
const BREAKPOINTS: &[&str] = &[
    "bytes_step",
    "create_derived",
    "format",
    "max_images",
    "max_width",
    "min_width",
    "transformation",
];
const TRANSCRIPTION: &[&str] = &["translate"];

/// Whether `name` is an upload parameter or a transformation option that an upload takes.
pub fn is_upload_option(name: &str) -> bool {
    ParameterKind::of(name).is_some() || is_transformation_option(name)
}

/// Whether an upload has no parameter `name` of its own: it goes into `transformation`.
pub fn is_part_of_transformation(name: &str) -> bool {
    ParameterKind::of(name).is_none() && is_transformation_option(name)
}

fn is_transformation_option(name: &str) -> bool {
    name.starts_with('$') || OptionKey::from_name(name).is_some_and(OptionKey::is_transformation)
}

/// Checks one upload option: a known name with a value that it can have. Null is no value and
/// always fits.
///
/// ```
/// use cloudinary_parse::cloudinary::upload::check_upload_option;
/// use serde_json::json;
///
/// assert!(check_upload_option("overwrite", &json!(false)).is_ok());
/// let error = check_upload_option("overwrit", &json!(false)).unwrap_err();
/// assert_eq!(error.to_string(), r#"overwrit: not an upload parameter, did you mean "overwrite"?"#);
/// let error = check_upload_option("overwrite", &json!("maybe")).unwrap_err();
/// assert_eq!(error.to_string(), "overwrite: expected true or false");
/// ```
pub fn check_upload_option(name: &str, value: &Value) -> Result<(), UploadError> {
    let Some(kind) = ParameterKind::of(name) else {
        return check_transformation_option(name, value);
    };
    if value.is_null() {
        return Ok(());
    }
    if !kind.takes(value) {
        return Err(UploadError::invalid(name, kind.expected()));
    }
    if let Some(text) = value.as_str() {
        check_text(name, text)?;
    }
    kind.check_within(name, value)?;
    if matches!(
        kind,
        ParameterKind::AccessControl | ParameterKind::Breakpoints
    ) {
        // JSON within text, values of any depth: only writing shows what is wrong there.
        kind.serialize(name, value, &UrlConfig::default(), Dialect::Documented)?;
    }
    Ok(())
}

fn check_transformation_option(name: &str, value: &Value) -> Result<(), UploadError> {
    if !is_transformation_option(name) {
        let options = OptionKey::all().filter(|key| key.is_transformation());
        return Err(UploadError::Unknown {
            name: name.to_owned(),
            suggestion: closest(name, parameter_names().chain(options.map(OptionKey::name))),
        });
    }
    let option = Map::from_iter([(name.to_owned(), value.clone())]);
    Ok(check_options(&option)?)
}

/// Names whose text has a form of its own. A public ID that no identifier can hold could be
/// uploaded but never saved.
fn check_text(name: &str, text: &str) -> Result<(), UploadError> {
    match name {
        "type" if !text.is_empty() && DeliveryType::from_name(text).is_none() => Err(
            UploadError::invalid(name, "upload, private or authenticated"),
        ),
        "public_id" | "folder" | "public_id_prefix" if !text.is_empty() => {
            let text = match name {
                "public_id" => text,
                _ => text.strip_suffix('/').unwrap_or(text),
            };
            check_public_id(text).map_err(|error| UploadError::Path {
                name: name.to_owned(),
                source: error,
            })
        }
        _ => Ok(()),
    }
}

impl ParameterKind {
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Flag | Self::Boolean => is_truth_value(value),
            Self::Text => is_text(value),
            Self::List => is_text(value) || is_array_of(value, is_text),
            Self::Context => value.is_string() || is_object_of(value, is_context_pair),
            Self::Coordinates => value.is_string() || is_box(value) || is_array_of(value, is_box),
            Self::Regions => is_object_of(value, |_, region| {
                is_array_of(region, |point| is_array_of(point, is_text))
            }),
            Self::Headers => {
                value.is_string()
                    || is_array_of(value, Value::is_string)
                    || is_object_of(value, |_, header| is_text(header))
            }
            Self::AccessControl => {
                value.is_string() || value.is_object() || is_array_of(value, Value::is_object)
            }
            Self::Breakpoints => value.is_object() || is_array_of(value, Value::is_object),
            Self::AutoTranscription => {
                is_truth_value(value) || value.get("translate").is_some_and(Value::is_array)
            }
            Self::Eager => is_transformation(value) || is_array_of(value, is_transformation),
        }
    }

    /// Refuses unknown keys of objects within `value`.
    fn check_within(self, name: &str, value: &Value) -> Result<(), UploadError> {
        let known = match self {
            Self::Eager => {
                return check_eager(value)
                    .map_err(|error| UploadError::transformation(name, error));
            }
            Self::Context => return check_context_keys(name, value),
            Self::AccessControl => ACCESS_RULE,
            Self::AutoTranscription => TRANSCRIPTION,
            Self::Breakpoints => BREAKPOINTS,
            _ => return Ok(()),
        };
        let objects = match value {
            Value::Array(objects) => objects.as_slice(),
            single => std::slice::from_ref(single),
        };
        for object in objects {
            check_members(name, object, known, "one of its options")?;
            if let Some(transformation) = object.get("transformation") {
                check_transformation_option("transformation", transformation)
                    .map_err(|error| error.within(name))?;
            }
        }
        Ok(())
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Flag | Self::Boolean => "true or false",
            Self::Text => "text or a number",
            Self::List => "text or an array of text",
            Self::Context => {
                "text or an object of text, numbers, truth values or arrays of them, without \"=\" and \"|\" in its keys"
            }
            Self::Coordinates => "text, [x, y, width, height] or an array of those",
            Self::Regions => "an object of arrays of [x, y]",
            Self::Headers => "text, an array of text or an object of text",
            Self::AccessControl => "an object, an array of objects, or either as JSON text",
            Self::Breakpoints => "an object or an array of objects",
            Self::AutoTranscription => "true, false or an object with an array \"translate\"",
            Self::Eager => "a transformation or an array of them",
        }
    }
}

fn is_truth_value(value: &Value) -> bool {
    match value {
        Value::Bool(_) => true,
        Value::Number(number) => matches!(number.as_u64(), Some(0 | 1)),
        Value::String(text) => matches!(text.as_str(), "" | "true" | "false" | "1" | "0"),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

fn is_text(value: &Value) -> bool {
    value.is_string() || value.is_number()
}

fn is_scalar(value: &Value) -> bool {
    is_text(value) || value.is_boolean()
}

fn is_box(value: &Value) -> bool {
    is_array_of(value, is_text) && value.as_array().is_some_and(|numbers| numbers.len() == 4)
}

fn is_transformation(value: &Value) -> bool {
    value.is_string() || value.is_object()
}

/// A backslash in a key would escape what follows it.
fn check_context_keys(name: &str, value: &Value) -> Result<(), UploadError> {
    let mut keys = value.as_object().into_iter().flat_map(Map::keys);
    if keys.any(|key| key.contains('\\')) {
        return Err(UploadError::invalid(name, "keys without \"\\\""));
    }
    Ok(())
}

/// Keys are not escaped: `=` or `|` in one would begin another pair.
fn is_context_pair(key: &str, value: &Value) -> bool {
    !key.contains(['=', '|']) && (is_scalar(value) || is_array_of(value, is_scalar))
}

fn is_array_of(value: &Value, is_item: impl Fn(&Value) -> bool) -> bool {
    value
        .as_array()
        .is_some_and(|items| items.iter().all(is_item))
}

fn is_object_of(value: &Value, is_member: impl Fn(&str, &Value) -> bool) -> bool {
    let members = value.as_object();
    members.is_some_and(|members| members.iter().all(|(key, value)| is_member(key, value)))
}
