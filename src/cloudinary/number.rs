//! Numbers as JavaScript prints them, which is how they reach Cloudinary.

use std::fmt::Write as _;

use serde_json::Number;

/// Appends `number` without a trailing `.0`, with an exponent below 1e-6 and from 1e21.
pub(crate) fn push_number(out: &mut String, number: &Number) {
    // Writing to a String cannot fail.
    let _ = match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(integer), ..) => write!(out, "{integer}"),
        (None, Some(integer), _) => write!(out, "{integer}"),
        (None, None, Some(float)) => return push_float(out, float),
        (None, None, None) => write!(out, "{number}"),
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
