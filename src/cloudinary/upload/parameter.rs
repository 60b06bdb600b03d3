//! The parameters of an upload and how each is written.

use serde_json::{Map, Value};

use super::error::UploadError;
use super::text::{join, json, text};
use crate::cloudinary::transformation;
use crate::cloudinary::url_config::UrlConfig;

/// Who is followed where Cloudinary's documentation and its SDKs differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A backslash in a value of `context` or `metadata` is doubled, so that none of a caller's can
    /// escape what follows it. A transformation is written as in a URL.
    Documented,
    /// As the Node SDK: neither is done, and the transformation is decoded once, since the text of
    /// a layer is encoded twice.
    Sdks,
}

/// How a parameter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterKind {
    /// `1` or `0`.
    Flag,
    /// `true` or `false`.
    Boolean,
    /// As it is.
    Text,
    /// Joined by commas.
    List,
    /// `key=value` joined by `|`.
    Context,
    /// `x,y,width,height` joined by `|`.
    Coordinates,
    /// JSON.
    Regions,
    /// One `name:value` per line.
    Headers,
    /// JSON, an array.
    AccessControl,
    /// JSON, an array whose `transformation`s are text.
    Breakpoints,
    /// `1`, `0` or JSON.
    AutoTranscription,
    /// Transformations joined by `|`.
    Eager,
}

/// Every parameter but `timestamp` and `transformation`, sorted.
pub(super) const PARAMETERS: &[(&str, ParameterKind)] = &[
    ("access_control", ParameterKind::AccessControl),
    ("access_mode", ParameterKind::Text),
    ("accessibility_analysis", ParameterKind::Flag),
    ("allowed_formats", ParameterKind::List),
    ("asset_folder", ParameterKind::Text),
    ("async", ParameterKind::Flag),
    ("auto_chaptering", ParameterKind::Flag),
    ("auto_tagging", ParameterKind::Text),
    ("auto_transcription", ParameterKind::AutoTranscription),
    ("auto_video_details", ParameterKind::Flag),
    ("background_removal", ParameterKind::Text),
    ("backup", ParameterKind::Flag),
    ("batch_id", ParameterKind::Text),
    ("callback", ParameterKind::Text),
    ("categorization", ParameterKind::Text),
    ("cinemagraph_analysis", ParameterKind::Flag),
    ("clear_invalid", ParameterKind::Flag),
    ("colors", ParameterKind::Flag),
    ("context", ParameterKind::Context),
    ("custom_coordinates", ParameterKind::Coordinates),
    ("detection", ParameterKind::Text),
    ("discard_original_filename", ParameterKind::Flag),
    ("display_name", ParameterKind::Text),
    ("eager", ParameterKind::Eager),
    ("eager_async", ParameterKind::Flag),
    ("eager_notification_url", ParameterKind::Text),
    ("eval", ParameterKind::Text),
    ("exif", ParameterKind::Flag),
    ("face_coordinates", ParameterKind::Coordinates),
    ("faces", ParameterKind::Flag),
    ("filename_override", ParameterKind::Text),
    ("folder", ParameterKind::Text),
    ("format", ParameterKind::Text),
    ("headers", ParameterKind::Headers),
    ("image_metadata", ParameterKind::Flag),
    ("invalidate", ParameterKind::Flag),
    ("media_metadata", ParameterKind::Flag),
    ("metadata", ParameterKind::Context),
    ("moderation", ParameterKind::Text),
    ("notification_url", ParameterKind::Text),
    ("ocr", ParameterKind::Text),
    ("on_success", ParameterKind::Text),
    ("overwrite", ParameterKind::Flag),
    ("phash", ParameterKind::Flag),
    ("proxy", ParameterKind::Text),
    ("public_id", ParameterKind::Text),
    ("public_id_prefix", ParameterKind::Text),
    ("quality_analysis", ParameterKind::Flag),
    ("quality_override", ParameterKind::Text),
    ("raw_convert", ParameterKind::Text),
    ("regions", ParameterKind::Regions),
    ("responsive_breakpoints", ParameterKind::Breakpoints),
    ("return_delete_token", ParameterKind::Flag),
    ("similarity_search", ParameterKind::Text),
    ("tags", ParameterKind::List),
    ("type", ParameterKind::Text),
    ("unique_display_name", ParameterKind::Boolean),
    ("unique_filename", ParameterKind::Flag),
    ("upload_preset", ParameterKind::Text),
    ("use_asset_folder_as_public_id_prefix", ParameterKind::Flag),
    ("use_filename", ParameterKind::Flag),
    ("use_filename_as_display_name", ParameterKind::Flag),
    ("visual_search", ParameterKind::Boolean),
];

/// The names of every upload parameter but `timestamp` and `transformation`, sorted.
pub fn parameter_names() -> impl Iterator<Item = &'static str> {
    PARAMETERS.iter().map(|(name, _)| *name)
}

impl ParameterKind {
    /// The kind of the parameter `name`.
    pub(super) fn of(name: &str) -> Option<Self> {
        PARAMETERS
            .binary_search_by(|(parameter, _)| (*parameter).cmp(name))
            .ok()
            .map(|index| PARAMETERS[index].1)
    }

    /// The value as it is sent; empty if nothing is to be sent.
    pub(super) fn serialize(
        self,
        name: &str,
        value: &Value,
        config: &UrlConfig,
        dialect: Dialect,
    ) -> Result<String, UploadError> {
        Ok(match (self, value) {
            (_, Value::Null) => String::new(),
            (Self::Flag, value) | (Self::AutoTranscription, value @ Value::Bool(_)) => flag(value),
            (Self::AutoTranscription, Value::Object(options))
                if options.contains_key("translate") =>
            {
                to_json(name, value)?
            }
            (Self::Context, Value::Object(pairs)) => context_pairs(name, pairs, dialect)?,
            (Self::Coordinates, Value::Array(boxes))
                if boxes.first().is_some_and(Value::is_array) =>
            {
                join(boxes, "|")
            }
            (Self::Headers, Value::Array(lines)) => join(lines, "\n"),
            (Self::Headers, Value::Object(headers)) => header_lines(headers),
            (Self::Regions, value) => to_json(name, value)?,
            (Self::AccessControl, value) => access_control(name, value)?,
            (Self::Breakpoints, value) => breakpoints(name, value, config)?,
            (Self::Eager, value) => transformation::eager(value, config)
                .map_err(|error| UploadError::transformation(name, error))?,
            (
                Self::Text
                | Self::Boolean
                | Self::List
                | Self::Context
                | Self::Coordinates
                | Self::Headers
                | Self::AutoTranscription,
                value,
            ) => text(value).into_owned(),
        })
    }
}

/// What does not read as a truth value stays as it is.
fn flag(value: &Value) -> String {
    match text(value).as_ref() {
        "true" | "1" => "1".to_owned(),
        "false" | "0" => "0".to_owned(),
        other => other.to_owned(),
    }
}

fn to_json(name: &str, value: &Value) -> Result<String, UploadError> {
    json(value).map_err(|_| UploadError::invalid(name, "less nesting"))
}

/// `key=value|key=["item","item"]`, with a backslash before `=` and `|` in values, and before a
/// backslash where that is the dialect.
pub(super) fn context_pairs(
    name: &str,
    pairs: &Map<String, Value>,
    dialect: Dialect,
) -> Result<String, UploadError> {
    let mut out = String::new();
    for (key, value) in pairs {
        let value = match value {
            // Items are strings, numbers too, as the Node SDK writes them. JSON, so that a quote in
            // one does not end it: the SDK writes them raw.
            Value::Array(items) => to_json(name, &items.iter().map(as_string).collect())?.into(),
            Value::Null | Value::Object(_) => {
                return Err(UploadError::Invalid {
                    name: format!("{name}.{key}"),
                    expected: "text, a number or an array",
                });
            }
            value => text(value),
        };
        if !out.is_empty() {
            out.push('|');
        }
        out.push_str(key);
        out.push('=');
        for character in value.chars() {
            if matches!(character, '=' | '|') || character == '\\' && dialect == Dialect::Documented
            {
                out.push('\\');
            }
            out.push(character);
        }
    }
    Ok(out)
}

/// A number or truth value as a string.
fn as_string(item: &Value) -> Value {
    match item {
        Value::Number(_) | Value::Bool(_) => Value::String(text(item).into_owned()),
        other => other.clone(),
    }
}

fn header_lines(headers: &Map<String, Value>) -> String {
    let lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}:{}", text(value)))
        .collect();
    lines.join("\n")
}

/// Rules given as JSON text are read first: what is sent is always an array.
fn access_control(name: &str, value: &Value) -> Result<String, UploadError> {
    let parsed: Value;
    let rules = match value {
        Value::String(text) if text.is_empty() => return Ok(String::new()),
        Value::String(text) => {
            parsed = serde_json::from_str(text)
                .map_err(|_| UploadError::invalid(name, "rules as JSON"))?;
            &parsed
        }
        value => value,
    };
    let rules = to_json(name, rules).map(|text| (rules.is_array(), text))?;
    Ok(match rules {
        (true, text) => text,
        (false, text) => format!("[{text}]"),
    })
}

/// One or several settings as a JSON array, each `transformation` in it as text.
pub(super) fn breakpoints(
    name: &str,
    value: &Value,
    config: &UrlConfig,
) -> Result<String, UploadError> {
    let settings = match value {
        Value::Array(settings) => settings.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut written = settings.to_vec();
    for setting in &mut written {
        if let Some(transformation) = setting.get_mut("transformation")
            && !transformation.is_null()
        {
            *transformation = transformation::from_value(transformation, config)
                .map_err(|error| UploadError::transformation(name, error))?
                .into();
        }
    }
    to_json(name, &Value::Array(written))
}
