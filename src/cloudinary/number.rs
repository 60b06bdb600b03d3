//! Numbers as JavaScript prints them, which is how they reach Cloudinary.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// A value that is text or a number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scalar<'a> {
    Text(&'a str),
    Number(&'a Number),
}

impl<'a> Scalar<'a> {
    pub(crate) fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text)),
            Value::Number(number) => Some(Self::Number(number)),
            _ => None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Text(""))
    }

    pub(crate) fn contains(self, character: char) -> bool {
        matches!(self, Self::Text(text) if text.contains(character))
    }

    pub(crate) fn push(self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Number(number) => push_number(out, number),
        }
    }
}

/// Appends `number` without a trailing `.0`, with an exponent below 1e-6 and from 1e21.
pub(crate) fn push_number(out: &mut String, number: &Number) {
    // Sizes in pixels and timestamps: most numbers there are. `write!` takes three times as long.
    if let Some(whole) = number.as_u64() {
        return out.push_str(itoa::Buffer::new().format(whole));
    }
    // Writing to a String cannot fail.
    let _ = match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => write!(out, "{integer}"),
        (None, Some(float)) => return push_float(out, float),
        (None, None) => write!(out, "{number}"),
    };
}

fn push_float(out: &mut String, float: f64) {
    let size = float.abs();
    if size == 0.0 {
        out.push('0');
    } else if (1e-6..1e21).contains(&size) {
        let _ = write!(out, "{float}");
    } else {
        let start = out.len();
        let _ = write!(out, "{float:e}");
        if let Some(exponent) = out[start..].find('e')
            && !out[start + exponent..].starts_with("e-")
        {
            out.insert(start + exponent + 1, '+');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_numbers_as_javascript_does() {
        for (json, text) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("1.0", "1"),
            ("-20", "-20"),
            ("7", "7"),
            ("1000", "1000"),
            ("10203", "10203"),
            ("65535", "65535"),
            ("65536", "65536"),
            ("0.1", "0.1"),
            ("18446744073709551615", "18446744073709551615"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("-1.5e300", "-1.5e+300"),
            ("0.000001", "0.000001"),
            ("1.25e-7", "1.25e-7"),
        ] {
            let number: Number = serde_json::from_str(json).unwrap();
            let mut out = String::new();
            push_number(&mut out, &number);
            assert_eq!(out, text, "{json}");
        }
    }
}
