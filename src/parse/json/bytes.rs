//! Single bytes of a JSON text and runs of them.
//!
//! The functions here and in the two files beside it take a position and give the one after what
//! they read, so that it stays in a register.

use wide::u8x16;

use super::error::JsonError;

/// The byte at a position; at the end a zero, which no JSON text can hold.
#[inline]
pub(super) fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or_default()
}

#[inline]
pub(super) fn after_byte(text: &[u8], at: usize, expected: u8) -> Result<usize, JsonError> {
    if byte(text, at) == expected {
        Ok(at + 1)
    } else {
        Err(JsonError::at(at))
    }
}

#[inline]
pub(super) fn after_space(text: &[u8], at: usize) -> usize {
    // Parse Server writes none.
    if byte(text, at) > b' ' {
        at
    } else {
        after_some_space(text, at)
    }
}

#[cold]
fn after_some_space(text: &[u8], mut at: usize) -> usize {
    while matches!(byte(text, at), b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
    }
    at
}

/// After what neither ends a string (`"`), nor escapes (`\`), nor is forbidden in one (below
/// space).
#[inline(always)]
pub(super) fn after_plain(text: &[u8], start: usize) -> usize {
    let mut rest = text.get(start..).unwrap_or_default();
    while let Some((lane, after)) = rest.split_first_chunk::<16>() {
        let lane = u8x16::new(*lane);
        let is_control = lane.min(u8x16::splat(b' ' - 1)).simd_eq(lane);
        let is_quote = lane.simd_eq(u8x16::splat(b'"'));
        let is_backslash = lane.simd_eq(u8x16::splat(b'\\'));
        let stops = (is_control | is_quote | is_backslash).to_bitmask();
        if stops != 0 {
            return text.len() - rest.len() + stops.trailing_zeros() as usize;
        }
        rest = after;
    }
    // Only the last bytes of a text come here.
    let mut at = text.len() - rest.len();
    while matches!(byte(text, at), b' '..=b'!' | b'#'..=b'[' | b']'..) {
        at += 1;
    }
    at
}
