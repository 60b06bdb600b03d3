//! Strings and the names of members.

use super::bytes::{after_byte, after_plain, after_space, byte};
use super::error::JsonError;

/// After a name, the colon and the white space before its value.
#[inline(always)]
pub(super) fn after_key(text: &[u8], at: usize) -> Result<usize, JsonError> {
    let at = after_plain(text, after_byte(text, at, b'"')?);
    if let Some(value) = at_colon(text, at) {
        return Ok(value);
    }
    let (at, _) = after_rest_of_string(text, at)?;
    after_colon(text, at)
}

/// If a name ends at a position as almost all do, with a quote and a colon and nothing between them
/// and the value: where that is.
#[inline(always)]
pub(super) fn at_colon(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at..)?.first_chunk()? {
        [b'"', b':', next] if *next > b' ' => Some(at + 2),
        _ => None,
    }
}

/// Whether another member's name follows, with nothing but a comma before it.
#[inline(always)]
pub(super) fn is_next_name(text: &[u8], at: usize) -> bool {
    matches!(text.get(at..).and_then(<[u8]>::first_chunk), Some(b",\""))
}

/// After a name's colon and the white space around it.
#[cold]
pub(super) fn after_colon(text: &[u8], at: usize) -> Result<usize, JsonError> {
    let at = after_byte(text, after_space(text, at), b':')?;
    Ok(after_space(text, at))
}

#[inline(always)]
pub(super) fn after_string(text: &[u8], at: usize) -> Result<usize, JsonError> {
    let at = after_plain(text, after_byte(text, at, b'"')?);
    after_rest_of_string(text, at).map(|(end, _)| end)
}

/// After a string that is read up to its end or its first escape; and whether it holds one.
#[inline(always)]
pub(super) fn after_rest_of_string(text: &[u8], at: usize) -> Result<(usize, bool), JsonError> {
    if byte(text, at) == b'"' {
        return Ok((at + 1, false));
    }
    after_escapes(text, at).map(|end| (end, true))
}

/// After a string that is read up to its first escape.
#[cold]
fn after_escapes(text: &[u8], mut at: usize) -> Result<usize, JsonError> {
    loop {
        at = after_escape(text, after_byte(text, at, b'\\')?)?;
        at = after_plain(text, at);
        if byte(text, at) == b'"' {
            return Ok(at + 1);
        }
    }
}

fn after_escape(text: &[u8], at: usize) -> Result<usize, JsonError> {
    match byte(text, at) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
        b'u' => match (at + 1..at + 5).find(|&at| !byte(text, at).is_ascii_hexdigit()) {
            None => Ok(at + 5),
            Some(odd) => Err(JsonError::at(odd)),
        },
        _ => Err(JsonError::at(at)),
    }
}
