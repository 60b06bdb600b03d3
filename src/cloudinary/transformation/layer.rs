//! Layers: overlays and underlays.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Map, Value};

use super::error::{Result, TransformationError};
use super::value::{push_fetch_url, push_text};
use crate::cloudinary::percent;

/// Style words with the value that is not written.
const STYLE: [(&str, &str); 5] = [
    ("font_weight", "normal"),
    ("font_style", "normal"),
    ("text_decoration", "none"),
    ("text_align", ""),
    ("stroke", "none"),
];

/// Style options that are written after a name.
const NAMED_STYLE: [(&str, &str); 4] = [
    ("letter_spacing", "letter_spacing_"),
    ("line_spacing", "line_spacing_"),
    ("font_antialiasing", "antialias_"),
    ("font_hinting", "hinting_"),
];

/// Appends a layer given as text or as an object.
pub(super) fn push_layer(out: &mut String, key: &str, layer: &Value) -> Result {
    match layer {
        Value::String(text) => push_text_layer(out, text),
        Value::Object(layer) => LayerOptions { key, layer }.push(out)?,
        Value::Number(_) => push_text(out, key, layer)?,
        Value::Null | Value::Array(_) | Value::Bool(_) => {
            return Err(TransformationError::invalid(key, "text or an object"));
        }
    }
    Ok(())
}

/// Appends text as it is, but for `fetch:<url>` and `<resource type>:fetch:<url>`.
fn push_text_layer(out: &mut String, layer: &str) {
    if let Some(url) = layer.strip_prefix("fetch:") {
        out.push_str("fetch:");
        return push_fetch_url(out, url);
    }
    for resource_type in ["image", "video", "raw"] {
        let url = layer
            .strip_prefix(resource_type)
            .and_then(|rest| rest.strip_prefix(":fetch:"));
        if let Some(url) = url {
            if resource_type != "image" {
                out.push_str(resource_type);
                out.push(':');
            }
            out.push_str("fetch:");
            // The Node SDK cuts this form short, so it is the Python SDK's encoding that is in use.
            return URL_SAFE.encode_string(url, out);
        }
    }
    out.push_str(layer);
}

struct LayerOptions<'a> {
    /// `overlay` or `underlay`, for errors.
    key: &'a str,
    layer: &'a Map<String, Value>,
}

impl<'a> LayerOptions<'a> {
    fn push(&self, out: &mut String) -> Result {
        let text = self.text("text")?;
        let url = self.text("url")?;
        let public_id = self.text("public_id")?;
        let resource_type = self.text("resource_type")?.or(text.map(|_| "text"));
        let delivery_type = self.text("type")?.or(url.map(|_| "fetch"));
        let is_text = resource_type == Some("text");
        if public_id.is_none() && !is_text && delivery_type != Some("fetch") {
            return Err(self.invalid("a public_id"));
        }
        let base = out.len();
        if let Some(resource_type) = resource_type.filter(|&name| name != "image") {
            push_part(out, base, resource_type);
        }
        if let Some(delivery_type) = delivery_type.filter(|&name| name != "upload") {
            push_part(out, base, delivery_type);
        }
        if is_text || resource_type == Some("subtitles") {
            if public_id.is_none() && text.is_none() {
                return Err(self.invalid("a text or a public_id"));
            }
            self.push_style(out, base)?;
            self.push_public_id(out, base, public_id)?;
            if let Some(text) = text {
                push_part(out, base, "");
                push_layer_text(out, text);
            }
        } else if delivery_type == Some("fetch") {
            let url = url.ok_or_else(|| self.invalid("a url"))?;
            push_part(out, base, "");
            push_fetch_url(out, url);
        } else {
            self.push_public_id(out, base, public_id)?;
        }
        Ok(())
    }

    /// An option's text; empty text counts as absent.
    fn text(&self, name: &str) -> Result<Option<&'a str>> {
        match self.layer.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(self.invalid_option(name, "text")),
        }
    }

    fn push_public_id(&self, out: &mut String, base: usize, public_id: Option<&str>) -> Result {
        let Some(public_id) = public_id else {
            return Ok(());
        };
        push_part(out, base, "");
        out.extend(public_id.chars().map(|c| if c == '/' { ':' } else { c }));
        if let Some(format) = self.text("format")? {
            out.push('.');
            out.push_str(format);
        }
        Ok(())
    }

    /// `text_style`, or the font with the style options that are not the default.
    fn push_style(&self, out: &mut String, base: usize) -> Result {
        if let Some(style) = self.text("text_style")? {
            push_part(out, base, style);
            return Ok(());
        }
        let given = |name: &str| {
            self.layer
                .get(name)
                .filter(|value| !value.is_null() && value.as_str() != Some(""))
        };
        let words = STYLE
            .iter()
            .filter_map(|(name, default)| Some((*name, "", given(name)?, *default)));
        let named = NAMED_STYLE
            .iter()
            .filter_map(|(name, prefix)| Some((*name, *prefix, given(name)?, "")));
        let mut style = words
            .chain(named)
            .filter(|(_, _, value, default)| value.as_str() != Some(*default))
            .peekable();
        let (family, size) = (self.text("font_family")?, given("font_size"));
        if family.is_none() && size.is_none() && style.peek().is_none() {
            return Ok(());
        }
        let Some(size) = size.filter(|size| size.as_f64() != Some(0.0)) else {
            return Err(self.invalid_option("font_size", "a size, as the text has a style"));
        };
        let Some(family) = family else {
            return Err(self.invalid_option("font_family", "a font, as the text has a style"));
        };
        push_part(out, base, family);
        out.push('_');
        push_text(out, self.key, size)?;
        for (name, prefix, value, _) in style {
            out.push('_');
            out.push_str(prefix);
            push_text(out, name, value)?;
        }
        Ok(())
    }

    fn invalid(&self, expected: &'static str) -> TransformationError {
        TransformationError::invalid(self.key, expected)
    }

    fn invalid_option(&self, name: &str, expected: &'static str) -> TransformationError {
        TransformationError::Invalid {
            key: format!("{}.{name}", self.key),
            expected,
        }
    }
}

/// Appends a further part of the layer that begins at `base`.
fn push_part(out: &mut String, base: usize, part: &str) {
    if out.len() > base {
        out.push(':');
    }
    out.push_str(part);
}

/// Appends a text, percent-encoded; commas and slashes twice, as one decoding would make them
/// separators. `$(variable)` stays.
fn push_layer_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find([',', '/', '$']) {
        percent::push(out, &rest[..at], percent::LAYER_TEXT);
        rest = &rest[at..];
        let length = match rest.as_bytes()[0] {
            b',' => {
                out.push_str("%252C");
                1
            }
            b'/' => {
                out.push_str("%252F");
                1
            }
            _ => {
                let length = variable_length(rest);
                match length {
                    0 => out.push_str("%24"),
                    _ => out.push_str(&rest[..length]),
                }
                length.max(1)
            }
        };
        rest = &rest[length..];
    }
    percent::push(out, rest, percent::LAYER_TEXT);
}

/// Length of the `$(name)` that `text` begins with, or 0: a letter, then letters, digits and `_`,
/// at least one of them.
fn variable_length(text: &str) -> usize {
    let Some((name, _)) = text
        .strip_prefix("$(")
        .and_then(|rest| rest.split_once(')'))
    else {
        return 0;
    };
    let is_name = name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if is_name { name.len() + 3 } else { 0 }
}
