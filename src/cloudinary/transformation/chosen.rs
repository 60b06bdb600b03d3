//! What a caller may choose of a transformation, judged by the text that is written and signed:
//! neither the value nor its parts decide, since a serialiser joins keys, items and arguments, and
//! whoever reads the text decodes what is encoded in it.

use serde_json::{Map, Value};

use super::error::{Result, TransformationError};
use super::write::{from_options, from_value};
use crate::cloudinary::url_config::UrlConfig;
use crate::cloudinary::url_options::OptionKey;

const NO_SEPARATOR: &str = "a value without `/` and `,`";
const NO_BORDER: &str = "a value without `? # % \\` and control characters";
const PLAIN: &str = "transformations without layers, names, code and conditions";
const LISTED: &str = "a value that the manifest lists: layers, code and raw transformations are not made up by callers";

const MAX_FORMAT_LEN: usize = 16;

/// Options that may hold a whole transformation, a layer or code: no parameter of their own
/// confines what is chosen there.
pub(crate) fn is_composite(name: &str) -> bool {
    matches!(
        name,
        "transformation"
            | "raw_transformation"
            | "overlay"
            | "underlay"
            | "custom_function"
            | "custom_pre_function"
    )
}

/// Checks a value that a caller made up for the option `name`, where what is written will be
/// signed. It may be written as one component with parameters of this option alone;
/// `transformation` as steps of such parameters, which name no other asset and no transformation.
pub(crate) fn check_chosen_option(name: &str, value: &Value) -> Result {
    match name {
        "transformation" => check_chosen_steps(name, &written(name, value)?, false),
        name if is_composite(name) => Err(TransformationError::invalid(name, LISTED)),
        name => check_component(name, value),
    }
}

/// Checks a value that a caller made up for a composite option of a URL that nobody signs: whoever
/// likes can write such a URL. It stays the URL of the same asset.
pub(crate) fn check_unsigned_composite(name: &str, value: &Value) -> Result {
    let text = written(name, value)?;
    let is_end = |c: char| matches!(c, '?' | '#' | '\\') || c.is_control();
    if text.contains(is_end) {
        return Err(TransformationError::invalid(name, NO_BORDER));
    }
    let is_single = !matches!(name, "transformation" | "raw_transformation");
    let upper = text.to_ascii_uppercase();
    let has_separator = text.contains(['/', ',']) && is_single;
    let has_odd_segment = text.split('/').any(|s| matches!(s, "" | "." | "..")) && !text.is_empty();
    if has_separator || has_odd_segment || upper.contains("%2F") || upper.contains("%2C") {
        return Err(TransformationError::invalid(name, NO_SEPARATOR));
    }
    Ok(())
}

/// Checks text that is written for a transformation of a caller's own: steps of plain parameters.
/// Behind them a format may stand if `may_end_in_format`.
pub(crate) fn check_chosen_steps(name: &str, text: &str, may_end_in_format: bool) -> Result {
    check_borders(name, text)?;
    let mut steps = text.split('/').peekable();
    let mut is_first = true;
    while let Some(step) = steps.next() {
        let may_be_format = may_end_in_format && !is_first && steps.peek().is_none();
        is_first = false;
        let is_plain = step.split(',').all(is_plain_parameter);
        if !(is_plain || text.is_empty() || may_be_format && is_format(step)) {
            return Err(TransformationError::invalid(name, PLAIN));
        }
    }
    Ok(())
}

/// [`check_chosen_steps`] for a transformation as text, options or a chain.
pub(crate) fn check_chosen_transformation(
    name: &str,
    value: &Value,
    may_end_in_format: bool,
) -> Result {
    let text = from_value(value, &UrlConfig::default())?;
    if text.contains('|') {
        return Err(TransformationError::invalid(
            name,
            "transformations without `|`",
        ));
    }
    check_chosen_steps(name, &text, may_end_in_format)
}

/// Whether `text` can be the extension of a file.
pub(crate) fn is_format(text: &str) -> bool {
    text.len() <= MAX_FORMAT_LEN && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn written(name: &str, value: &Value) -> Result<String> {
    let options = Map::from_iter([(name.to_owned(), value.clone())]);
    from_options(&options, &UrlConfig::default())
}

fn check_component(name: &str, value: &Value) -> Result {
    let key = OptionKey::from_name(name);
    let text = written(name, value)?;
    // True or false: what is written for it is the same in every URL.
    if key == Some(OptionKey::ResponsiveWidth) || text.is_empty() {
        return Ok(());
    }
    let is_several = matches!(
        key,
        Some(OptionKey::Offset | OptionKey::Size | OptionKey::Variables)
    );
    let has_comma = if is_several {
        holds_comma(value)
    } else {
        text.contains(',')
    };
    if text.contains('/') || has_comma {
        return Err(TransformationError::invalid(name, NO_SEPARATOR));
    }
    check_borders(name, &text)?;
    if !text
        .split(',')
        .all(|parameter| is_own(name, key, parameter))
    {
        return Err(TransformationError::invalid(name, expected(key)));
    }
    Ok(())
}

/// What decodes a text once more than its writer, or ends it early, would read another one.
fn check_borders(name: &str, text: &str) -> Result {
    if text.contains(|c: char| matches!(c, '?' | '#' | '%' | '\\') || c.is_control()) {
        return Err(TransformationError::invalid(name, NO_BORDER));
    }
    Ok(())
}

/// Whether a parameter as it is written belongs to the option.
fn is_own(name: &str, key: Option<OptionKey>, parameter: &str) -> bool {
    let value_of = |short| {
        let value = parameter.strip_prefix(short)?.strip_prefix('_')?;
        (!value.is_empty()).then_some(value)
    };
    match key {
        None => value_of(name).is_some(),
        Some(OptionKey::Variables) => parameter
            .split_once('_')
            .is_some_and(|(name, value)| is_variable(name) && !value.is_empty()),
        Some(OptionKey::Size) => value_of("w").or(value_of("h")).is_some(),
        Some(OptionKey::Offset) => value_of("so").or(value_of("eo")).is_some(),
        // These two are the borders of what a condition is about.
        Some(OptionKey::If) => value_of("if").is_some_and(|value| !matches!(value, "else" | "end")),
        Some(key) => value_of(key.short_name()).is_some(),
    }
}

fn expected(key: Option<OptionKey>) -> &'static str {
    match key {
        Some(OptionKey::Variables) => "an array of [\"$name\", value] pairs",
        Some(OptionKey::If) => "a condition",
        _ => "a value",
    }
}

/// A parameter that concerns nothing but the picture that is transformed.
fn is_plain_parameter(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('_') else {
        return false;
    };
    let is_plain = |key: OptionKey| {
        key.is_transformation()
            && key.short_name() == name
            && !is_composite(key.name())
            && !matches!(key, OptionKey::If | OptionKey::Variables)
    };
    !name.is_empty() && !value.is_empty() && (is_variable(name) || OptionKey::all().any(is_plain))
}

/// `$`, a letter, then letters and digits.
fn is_variable(name: &str) -> bool {
    name.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Whether a text in a value holds a comma.
fn holds_comma(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(','),
        Value::Array(items) => items.iter().any(holds_comma),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains(',') || holds_comma(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
