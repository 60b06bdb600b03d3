//! The percent encodings that Cloudinary URLs use, as JavaScript and the SDKs define them.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// JavaScript's `encodeURIComponent`.
pub(crate) const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A public ID in a delivery URL: a component that keeps `:` and `/`.
pub(crate) const PUBLIC_ID: &AsciiSet = &COMPONENT.remove(b':').remove(b'/');

/// The text of a text layer: parentheses would look like a variable.
pub(crate) const LAYER_TEXT: &AsciiSet = &COMPONENT.add(b'(').add(b')');

/// The SDKs' `smart_escape`, for remote sources.
pub(crate) const REMOTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'/')
    .remove(b':');

/// The path of a URL as a client sends it: what the URL standard encodes there.
pub(crate) const PATH: &AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// JavaScript's `encodeURI`.
const URI: &AsciiSet = &PUBLIC_ID
    .remove(b';')
    .remove(b',')
    .remove(b'?')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b'#');

/// What `decodeURI` leaves encoded.
const URI_RESERVED: &[u8] = b";/?:@&=+$,#";

/// A `%` that is not followed by two hex digits, or bytes that are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Appends `text`, encoded with `set`.
pub(crate) fn push(out: &mut String, text: &str, set: &'static AsciiSet) {
    out.extend(utf8_percent_encode(text, set));
}

/// JavaScript's `decodeURIComponent`.
pub(crate) fn decode_component(text: &str) -> Result<Cow<'_, str>, Malformed> {
    decode(text, b"")
}

/// `encodeURI(decodeURI(url))`, or `encodeURI(url)` where that cannot be decoded: a URL encoded
/// once, whether it was before or not.
pub(crate) fn normalize_uri(url: &str) -> String {
    let decoded = decode(url, URI_RESERVED).unwrap_or(Cow::Borrowed(url));
    utf8_percent_encode(&decoded, URI).to_string()
}

fn decode<'a>(text: &'a str, reserved: &[u8]) -> Result<Cow<'a, str>, Malformed> {
    let bytes = text.as_bytes();
    let Some(first) = bytes.iter().position(|&byte| byte == b'%') else {
        return Ok(Cow::Borrowed(text));
    };
    let mut decoded = Vec::with_capacity(bytes.len());
    decoded.extend_from_slice(&bytes[..first]);
    let mut rest = &bytes[first..];
    while let [byte, tail @ ..] = rest {
        let escape = (*byte == b'%').then_some(tail);
        match escape {
            None => {
                decoded.push(*byte);
                rest = tail;
            }
            Some([high, low, tail @ ..]) => {
                let value = (digit(*high)? << 4) | digit(*low)?;
                if reserved.contains(&value) {
                    decoded.extend_from_slice(&[b'%', *high, *low]);
                } else {
                    decoded.push(value);
                }
                rest = tail;
            }
            Some(_) => return Err(Malformed),
        }
    }
    String::from_utf8(decoded)
        .map(Cow::Owned)
        .map_err(|_| Malformed)
}

fn digit(byte: u8) -> Result<u8, Malformed> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_as_javascript_does() {
        for (text, decoded) in [
            ("", Ok("")),
            ("a b", Ok("a b")),
            ("a%20b", Ok("a b")),
            ("%C3%a9t%C3%A9", Ok("été")),
            ("a%2Fb", Ok("a/b")),
            ("%", Err(Malformed)),
            ("%4", Err(Malformed)),
            ("%zz", Err(Malformed)),
            ("%+1", Err(Malformed)),
            ("a%E0%A4%A", Err(Malformed)),
            ("%E9", Err(Malformed)),
            ("%%", Err(Malformed)),
        ] {
            assert_eq!(
                decode_component(text).as_deref(),
                decoded.as_ref().copied(),
                "{text}"
            );
        }
    }

    #[test]
    fn encodes_a_uri_once() {
        for (url, normal) in [
            ("http://x.com/a b.jpg", "http://x.com/a%20b.jpg"),
            ("http://x.com/a%20b.jpg", "http://x.com/a%20b.jpg"),
            ("http://x.com/ä?b=c&d#e", "http://x.com/%C3%A4?b=c&d#e"),
            ("http://x.com/a%2Fb", "http://x.com/a%252Fb"),
            ("http://x.com/100%", "http://x.com/100%25"),
            ("http://x.com/%E9", "http://x.com/%25E9"),
            ("l'ogo(1)!*~[]", "l'ogo(1)!*~%5B%5D"),
        ] {
            assert_eq!(normalize_uri(url), normal, "{url}");
        }
    }
}
