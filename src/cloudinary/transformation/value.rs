//! JSON values as parameter values.

use serde_json::Value;

use super::TransformationError;
use super::expression::push_normalized;
use crate::cloudinary::number::push_number;

/// A value, or a part of a text option that stands for one.
#[derive(Clone, Copy)]
pub(super) enum Term<'a> {
    Value(&'a Value),
    Text(&'a str),
}

/// Appends text, number or flag as it is; null is nothing.
pub(super) fn push_text(
    out: &mut String,
    key: &str,
    value: &Value,
) -> Result<(), TransformationError> {
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
pub(super) fn push_expression(
    out: &mut String,
    key: &str,
    value: &Value,
) -> Result<(), TransformationError> {
    match value {
        Value::String(text) => push_normalized(out, text),
        other => push_text(out, key, other)?,
    }
    Ok(())
}

/// Appends the items of an array with `separator` between them, or a single value.
pub(super) fn push_joined(
    out: &mut String,
    key: &str,
    value: &Value,
    separator: &str,
) -> Result<(), TransformationError> {
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
pub(super) fn push_color(
    out: &mut String,
    key: &str,
    value: &Value,
) -> Result<(), TransformationError> {
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

/// Appends a time in seconds or, with `%` or `p` after it, per cent (written `p`); other text as an expression if `is_expression`.
pub(super) fn push_time(
    out: &mut String,
    key: &str,
    time: Term<'_>,
    is_expression: bool,
) -> Result<(), TransformationError> {
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
