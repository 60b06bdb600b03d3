//! JSON values as text: what JavaScript's `String(value)` and `JSON.stringify(value)` give, which
//! is what the SDKs send.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::cloudinary::json_string::push_json_string;
use crate::cloudinary::number::push_number;

/// Deeper values are not written as JSON.
const MAX_DEPTH: usize = 128;

/// A value nested more than [`MAX_DEPTH`] deep.
#[derive(Debug)]
pub(super) struct TooDeep;

/// A value as text, as it is sent and signed: what JavaScript's `String(value)` gives, and nothing
/// for null.
pub fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Number(number) => {
            let mut out = String::new();
            push_number(&mut out, number);
            Cow::Owned(out)
        }
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(items) => Cow::Owned(join(items, ",")),
        Value::Object(_) => Cow::Borrowed("[object Object]"),
    }
}

/// The items with `separator` between them; arrays within are joined by commas.
pub(super) fn join(items: &[Value], separator: &str) -> String {
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        match item {
            Value::Array(inner) => push_flat(&mut out, inner),
            item => out.push_str(&text(item)),
        }
    }
    out
}

/// Joins arrays of arrays by commas, without recursion: any depth will do.
fn push_flat(out: &mut String, items: &[Value]) {
    let mut levels = vec![items.iter()];
    let mut is_first = true;
    while let Some(level) = levels.last_mut() {
        let Some(item) = level.next() else {
            levels.pop();
            is_first = false;
            continue;
        };
        if !is_first {
            out.push(',');
        }
        if let Value::Array(inner) = item {
            levels.push(inner.iter());
            is_first = true;
        } else {
            out.push_str(&text(item));
            is_first = false;
        }
    }
}

/// Compact JSON in the caller's order.
pub(super) fn json(value: &Value) -> Result<String, TooDeep> {
    let mut out = String::new();
    push_json(&mut out, value, MAX_DEPTH)?;
    Ok(out)
}

fn push_json(out: &mut String, value: &Value, depth: usize) -> Result<(), TooDeep> {
    match value {
        Value::Number(number) => push_number(out, number),
        Value::Array(items) => {
            let depth = depth.checked_sub(1).ok_or(TooDeep)?;
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_json(out, item, depth)?;
            }
            out.push(']');
        }
        Value::Object(members) => push_json_object(out, members, depth)?,
        Value::String(text) => push_json_string(out, text),
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
    }
    Ok(())
}

fn push_json_object(
    out: &mut String,
    members: &Map<String, Value>,
    depth: usize,
) -> Result<(), TooDeep> {
    let depth = depth.checked_sub(1).ok_or(TooDeep)?;
    out.push('{');
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_json_string(out, name);
        out.push(':');
        push_json(out, value, depth)?;
    }
    out.push('}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_values_as_javascript_does() {
        for (value, expected) in [
            (json!(null), ""),
            (json!(false), "false"),
            (json!(0), "0"),
            (json!(1.0), "1"),
            (
                json!(["a", 1, null, true, ["b", [], ["c", ["d"]]], {}]),
                "a,1,,true,b,,c,d,[object Object]",
            ),
            (json!([[], []]), ","),
            (json!({"a": 1}), "[object Object]"),
        ] {
            assert_eq!(text(&value), expected, "{value}");
        }
    }

    #[test]
    fn writes_json_as_javascript_does() {
        let value = json!({"b": [1.0, 1.5, null], "a": {"é\"\n\u{7f}": false}, "c": {}});
        assert_eq!(
            json(&value).unwrap(),
            "{\"b\":[1,1.5,null],\"a\":{\"é\\\"\\n\u{7f}\":false},\"c\":{}}"
        );
    }

    #[test]
    fn refuses_json_nested_beyond_all_use() {
        let nest = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        assert!(json(&nest(128)).is_ok());
        assert!(json(&nest(129)).is_err());
        assert_eq!(text(&nest(1000)), "1");
    }
}
