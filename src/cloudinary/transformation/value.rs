//! JSON values as parameter values.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::error::{Result, TransformationError};
use super::expression::push_normalized;
use crate::cloudinary::number::push_number;
use crate::cloudinary::percent;

/// A value, or a part of a text option that stands for one.
#[derive(Clone, Copy)]
pub(super) enum Term<'a> {
    Value(&'a Value),
    Text(&'a str),
}

/// Appends text, number or flag as it is; null is nothing.
pub(super) fn push_text(out: &mut String, key: &str, value: &Value) -> Result {
    match value {
        Value::Null => {}
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => push_number(out, number),
        Value::String(text) => out.push_str(text),
        Value::Array(_) | Value::Object(_) => {
            return Err(TransformationError::invalid(key, "text or a number"));
        }
    }
    Ok(())
}

/// Appends a value, text normalised as an expression.
pub(super) fn push_expression(out: &mut String, key: &str, value: &Value) -> Result {
    match value {
        Value::String(text) => push_normalized(out, text),
        other => push_text(out, key, other)?,
    }
    Ok(())
}

/// Appends the items of an array with `separator` between them, or a single value.
pub(super) fn push_joined(out: &mut String, key: &str, value: &Value, separator: &str) -> Result {
    let Value::Array(items) = value else {
        return push_text(out, key, value);
    };
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        push_text(out, key, item)?;
    }
    Ok(())
}

/// Appends text whose leading `#` means a colour in hex.
pub(super) fn push_color(out: &mut String, key: &str, value: &Value) -> Result {
    match value {
        Value::String(color) => match color.strip_prefix('#') {
            Some(hex) => {
                out.push_str("rgb:");
                out.push_str(hex);
            }
            None => out.push_str(color),
        },
        _ => return Err(TransformationError::invalid(key, "a colour as text")),
    }
    Ok(())
}

/// Appends a time in seconds or, with `%` or `p` after it, per cent (written `p`); other text as an
/// expression if `is_expression`.
pub(super) fn push_time(
    out: &mut String,
    key: &str,
    time: Term<'_>,
    is_expression: bool,
) -> Result {
    let text = match time {
        Term::Text(text) => text,
        Term::Value(Value::String(text)) => text,
        Term::Value(other) => return push_text(out, key, other),
    };
    match percentage(text) {
        Some(number) => {
            out.push_str(number);
            out.push('p');
        }
        None if is_expression => push_normalized(out, text),
        None => out.push_str(text),
    }
    Ok(())
}

/// A variable's value as an expression; null is written out, as a variable has to have one.
pub(super) fn push_variable_value(out: &mut String, name: &str, value: &Value) -> Result {
    if value.is_null() {
        out.push_str("null");
    }
    push_expression(out, name, value)
}

/// Joins an array first: a variable at the end of one item reaches into the next.
pub(super) fn push_joined_expression(
    out: &mut String,
    key: &str,
    value: &Value,
    separator: &str,
) -> Result {
    if !value.is_array() {
        return push_expression(out, key, value);
    }
    let mut joined = String::new();
    push_joined(&mut joined, key, value, separator)?;
    push_normalized(out, &joined);
    Ok(())
}

/// An array is one effect with its arguments; an object's pairs are effects.
pub(super) fn push_effect(out: &mut String, key: &str, effect: &Value) -> Result {
    let Value::Object(effects) = effect else {
        return push_joined_expression(out, key, effect, ":");
    };
    for (index, (name, argument)) in effects.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(name);
        out.push(':');
        push_text(out, key, argument)?;
    }
    Ok(())
}

/// Text, or an object of width and colour. A bare number is the border of an HTML image, not of the
/// transformation.
pub(super) fn push_border(out: &mut String, key: &str, border: &Value) -> Result {
    let start = out.len();
    let Value::Object(border) = border else {
        push_text(out, key, border)?;
        if out[start..].bytes().all(|byte| byte.is_ascii_digit()) {
            out.truncate(start);
        }
        return Ok(());
    };
    let part = |name| border.get(name).filter(|part: &&Value| !part.is_null());
    match part("width") {
        Some(width) => push_text(out, "border.width", width)?,
        None => out.push('2'),
    }
    out.push_str("px_solid_");
    match part("color") {
        Some(color) => push_color(out, "border.color", color)?,
        None => out.push_str("black"),
    }
    Ok(())
}

/// Named transformations: `t_a.b`.
pub(super) fn push_names(out: &mut String, key: &str, names: &Value) -> Result {
    push_joined(out, key, names, ".")
}

/// One radius, or one to four of them.
pub(super) fn push_radius(out: &mut String, key: &str, radius: &Value) -> Result {
    let Value::Array(corners) = radius else {
        return push_expression(out, key, radius);
    };
    if !(1..=4).contains(&corners.len()) || corners.contains(&Value::Null) {
        return Err(TransformationError::invalid(key, "one to four corners"));
    }
    for (index, corner) in corners.iter().enumerate() {
        if index > 0 {
            out.push(':');
        }
        push_expression(out, key, corner)?;
    }
    Ok(())
}

/// `codec[:profile[:level[:bframes_no]]]`.
pub(super) fn push_video_codec(out: &mut String, key: &str, codec: &Value) -> Result {
    let Value::Object(parts) = codec else {
        return push_text(out, key, codec);
    };
    let part = |name| parts.get(name).filter(|part: &&Value| !part.is_null());
    let Some(codec) = part("codec") else {
        return Err(TransformationError::invalid(
            "video_codec.codec",
            "a codec's name",
        ));
    };
    push_text(out, "video_codec.codec", codec)?;
    let Some(profile) = part("profile") else {
        return Ok(());
    };
    out.push(':');
    push_text(out, "video_codec.profile", profile)?;
    let Some(level) = part("level") else {
        return Ok(());
    };
    out.push(':');
    push_text(out, "video_codec.level", level)?;
    if part("b_frames") == Some(&Value::Bool(false)) {
        out.push_str(":bframes_no");
    }
    Ok(())
}

/// Text, or an object of type and source.
pub(super) fn push_function(out: &mut String, key: &str, function: &Value) -> Result {
    let Value::Object(parts) = function else {
        return push_text(out, key, function);
    };
    let (Some(Value::String(kind)), Some(Value::String(source))) =
        (parts.get("function_type"), parts.get("source"))
    else {
        return Err(TransformationError::invalid(
            key,
            "function_type and source as text",
        ));
    };
    out.push_str(kind);
    out.push(':');
    if kind == "remote" {
        push_fetch_url(out, source);
    } else {
        out.push_str(source);
    }
    Ok(())
}

/// `10..20` or `10%..20%` as its two ends.
pub(super) fn split_offset(offset: &str) -> Option<(&str, &str)> {
    let is_time = |time: &str| is_number(time) || percentage(time).is_some();
    offset
        .split_once("..")
        .filter(|(start, end)| is_time(start) && is_time(end))
}

fn percentage(text: &str) -> Option<&str> {
    text.strip_suffix(['%', 'p', 'P'])
        .filter(|number| is_number(number))
}

/// `12`, `1.5` or `.5`.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => !fraction.is_empty() && digits(whole) && digits(fraction),
        None => !text.is_empty() && digits(text),
    }
}

/// Appends a URL, percent-encoded once, in Base64.
pub(super) fn push_fetch_url(out: &mut String, url: &str) {
    URL_SAFE_NO_PAD.encode_string(percent::normalize_uri(url), out);
}
