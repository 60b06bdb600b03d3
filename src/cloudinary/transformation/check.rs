//! What an operator may write: stricter than the SDKs, which ignore what they do not know.

use serde_json::{Map, Value};

use super::error::{MAX_DEPTH, Result, TransformationError};
use super::value::split_offset;
use super::write::{eager, from_options};
use crate::cloudinary::suggestion::closest;
use crate::cloudinary::url_config::UrlConfig;
use crate::cloudinary::url_options::OptionKey;

const LAYER: &[&str] = &[
    "font_antialiasing",
    "font_family",
    "font_hinting",
    "font_size",
    "font_style",
    "font_weight",
    "format",
    "letter_spacing",
    "line_spacing",
    "public_id",
    "resource_type",
    "stroke",
    "text",
    "text_align",
    "text_decoration",
    "text_style",
    "type",
    "url",
];

/// Checks the options of a transformation: known keys at every depth, with values that they can
/// have.
///
/// ```
/// use cloudinary_parse::cloudinary::transformation::check_options;
///
/// let options = serde_json::json!({"overlay": {"public_id": "logo", "fromat": "png"}});
/// let error = check_options(options.as_object().unwrap()).unwrap_err();
/// assert_eq!(error.to_string(), r#"overlay.fromat: not a layer option, did you mean "format"?"#);
/// ```
pub fn check_options(options: &Map<String, Value>) -> Result {
    check_step("", options, &[], 0)?;
    from_options(options, &UrlConfig::default()).map(drop)
}

/// Checks an `eager` parameter as [`check_options`] does options; each transformation may have a
/// `format`.
pub fn check_eager(value: &Value) -> Result {
    let transformations = match value {
        Value::Array(transformations) => transformations.as_slice(),
        single => std::slice::from_ref(single),
    };
    for (index, transformation) in transformations.iter().enumerate() {
        if let Value::Object(options) = transformation {
            let path = if value.is_array() {
                format!("[{index}].")
            } else {
                String::new()
            };
            check_step(&path, options, &["format"], 0)?;
        }
    }
    eager(value, &UrlConfig::default()).map(drop)
}

/// Checks what the value of one option holds; its name is known.
pub(crate) fn check_option(key: OptionKey, value: &Value) -> Result {
    check_nested(key.name(), key, value, 0)
}

/// Refuses a key of an object at `path` that is none of `known`.
pub(crate) fn check_members(
    path: &str,
    value: &Value,
    known: &'static [&'static str],
    kind: &'static str,
) -> Result {
    let unknown = value
        .as_object()
        .and_then(|members| members.keys().find(|name| !known.contains(&name.as_str())));
    match unknown {
        None => Ok(()),
        Some(name) => Err(TransformationError::Unknown {
            key: format!("{path}.{name}"),
            kind,
            suggestion: closest(name, known.iter().copied()),
        }),
    }
}

fn check_step(path: &str, options: &Map<String, Value>, also: &[&str], depth: usize) -> Result {
    if depth > MAX_DEPTH {
        return Err(TransformationError::TooDeep);
    }
    for (name, value) in options {
        if name.starts_with('$') || also.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{path}{name}");
        if let Some(key) = OptionKey::from_name(name).filter(|key| key.is_transformation()) {
            check_nested(&path, key, value, depth)?;
        } else {
            let known = OptionKey::all().filter(|key| key.is_transformation());
            return Err(TransformationError::Unknown {
                key: path,
                kind: "a transformation option",
                suggestion: closest(name, known.map(OptionKey::name)),
            });
        }
    }
    Ok(())
}

fn check_nested(path: &str, key: OptionKey, value: &Value, depth: usize) -> Result {
    match (key, value) {
        (_, Value::Null) => Ok(()),
        (OptionKey::Overlay | OptionKey::Underlay, layer) => {
            check_members(path, layer, LAYER, "a layer option")
        }
        (OptionKey::Border, border) => {
            check_members(path, border, &["color", "width"], "a border option")
        }
        (OptionKey::VideoCodec, codec) => check_members(
            path,
            codec,
            &["b_frames", "codec", "level", "profile"],
            "a codec option",
        ),
        (OptionKey::CustomFunction | OptionKey::CustomPreFunction, function) => check_members(
            path,
            function,
            &["function_type", "source"],
            "a function option",
        ),
        (OptionKey::ResponsiveWidth, flag) if !flag.is_boolean() => {
            Err(TransformationError::invalid(path, "true or false"))
        }
        (OptionKey::Offset, offset) if !is_offset(offset) => Err(TransformationError::invalid(
            path,
            "a range such as \"1.5..3\", \"10%..20%\" or [1.5, 3]",
        )),
        (OptionKey::Transformation, Value::Object(step)) => {
            check_step(&format!("{path}[0]."), step, &[], depth + 1)
        }
        (OptionKey::Transformation, Value::Array(steps)) => check_steps(path, steps, depth + 1),
        _ => Ok(()),
    }
}

fn check_steps(path: &str, steps: &[Value], depth: usize) -> Result {
    if depth > MAX_DEPTH {
        return Err(TransformationError::TooDeep);
    }
    for (index, step) in steps.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match step {
            Value::Object(step) => check_step(&format!("{path}."), step, &[], depth)?,
            Value::Array(steps) => check_steps(&path, steps, depth + 1)?,
            _ => {}
        }
    }
    Ok(())
}

fn is_offset(offset: &Value) -> bool {
    match offset {
        Value::String(range) => split_offset(range).is_some(),
        Value::Array(ends) => ends.len() == 2,
        _ => false,
    }
}
