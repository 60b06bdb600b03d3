//! A validating JSON scanner that keeps text as it is.
//!
//! `serde_json::Value` changes doubles, rejects lone surrogates and deep nesting, and copies
//! everything; Parse Server sends all three and a guard reads three keys of a body. So values stay
//! slices of the request: one pass checks the whole grammar of RFC 8259 (escapes, numbers,
//! literals, nesting of any depth) and notes where the values of interest lie.
//!
//! Deliberately not here: building values, and rules about repeated keys (the caller sees every
//! member).

#![allow(
    clippy::inline_always,
    reason = "left to itself, the compiler makes calls of a sixth of the time that a body takes"
)]

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, Visitor};
use wide::u8x16;

/// The text is not one well-formed JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed JSON at byte {position}")]
pub struct JsonError {
    /// Offset of the first byte that no JSON text can have there.
    pub position: usize,
}

/// What a JSON value is, told by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonKind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// `-1.5e3`
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

/// The text of one well-formed JSON value, without white space around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonText<'a>(&'a str);

/// The name of an object's member as it was written, without its quotes.
#[derive(Debug, Clone, Copy)]
pub struct MemberKey<'a> {
    raw: &'a str,
    escaped: bool,
}

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Its name.
    pub key: MemberKey<'a>,
    /// Its value.
    pub value: JsonText<'a>,
}

impl<'a> JsonText<'a> {
    /// Checks that `text` is exactly one JSON value, white space around it allowed.
    ///
    /// # Errors
    /// [`JsonError`] with the place of the first mistake.
    pub fn parse(text: &'a str) -> Result<Self, JsonError> {
        let mut scanner = Scanner::new(text);
        let value = scanner.value()?;
        scanner.finish()?;
        Ok(value)
    }

    /// The text itself.
    pub fn as_raw(self) -> &'a str {
        self.0
    }

    /// What it is.
    pub fn kind(self) -> JsonKind {
        match self.0.as_bytes().first() {
            Some(b'{') => JsonKind::Object,
            Some(b'[') => JsonKind::Array,
            Some(b'"') => JsonKind::String,
            Some(b't' | b'f') => JsonKind::Bool,
            Some(b'n') => JsonKind::Null,
            _ => JsonKind::Number,
        }
    }

    /// The decoded string; `None` for other kinds and for strings with lone surrogates, which no
    /// Rust string can hold.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if after_plain(self.0.as_bytes(), 1) <= inner.len() {
            return serde_json::from_str(self.0).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(inner))
    }

    /// The decoded string, with replacement characters for lone surrogates; `None` for other kinds.
    pub fn lossy_text(self) -> Option<Cow<'a, str>> {
        let raw = self.0.strip_prefix('"')?.strip_suffix('"')?;
        let escaped = raw.contains('\\');
        Some(MemberKey { raw, escaped }.text())
    }

    /// Whether it is the string `text`, however it is spelled.
    pub fn is_str(self, text: &str) -> bool {
        self.as_str().is_some_and(|own| own == text)
    }

    /// The strings of a value: itself, or the elements of an array.
    pub fn texts(self) -> Vec<Cow<'a, str>> {
        match self.elements() {
            Some(elements) => elements.into_iter().filter_map(JsonText::as_str).collect(),
            None => self.as_str().into_iter().collect(),
        }
    }

    /// Whether it is the literal `true`.
    pub fn is_true(self) -> bool {
        self.0 == "true"
    }

    /// The members of an object in their order, repeated names included; `None` for other kinds.
    pub fn members(self) -> Option<Vec<Member<'a>>> {
        let mut scanner = Scanner::new(self.0);
        (self.kind() == JsonKind::Object)
            .then(|| scanner.members().ok())
            .flatten()
    }

    /// The elements of an array; `None` for other kinds.
    pub fn elements(self) -> Option<Vec<JsonText<'a>>> {
        let mut scanner = Scanner::new(self.0);
        (self.kind() == JsonKind::Array)
            .then(|| scanner.elements().ok())
            .flatten()
    }
}

impl<'a> MemberKey<'a> {
    /// As it was written, without quotes.
    pub fn as_raw(self) -> &'a str {
        self.raw
    }

    /// Whether it names `name`, however it is spelled (`"\u0061"` is `a`).
    pub fn is(self, name: &str) -> bool {
        if self.escaped {
            self.decoded().as_ref() == name.as_bytes()
        } else {
            self.raw == name
        }
    }

    /// Whether it is a path into `name`, as in `name.0`, however it is spelled.
    #[inline]
    pub fn reaches_into(self, name: &str) -> bool {
        if self.escaped {
            let path = self.decoded();
            let rest = path.strip_prefix(name.as_bytes());
            rest.is_some_and(|rest| rest.first() == Some(&b'.'))
        } else {
            let path = self.raw.as_bytes();
            path.get(name.len()) == Some(&b'.') && path.starts_with(name.as_bytes())
        }
    }

    /// Whether two keys have the same name, however they are spelled.
    pub fn same_as(self, other: MemberKey<'_>) -> bool {
        if self.escaped || other.escaped {
            self.decoded() == other.decoded()
        } else {
            self.raw == other.raw
        }
    }

    /// A number that is the same for every spelling of a name, and seldom for two names.
    pub fn mark(self) -> u64 {
        let name = self.decoded();
        let first = match name.first_chunk() {
            Some(first) => u64::from_le_bytes(*first),
            None => name
                .iter()
                .fold(0, |mark, byte| mark << 8 | u64::from(*byte)),
        };
        let last = name.last().copied().unwrap_or_default();
        first ^ u64::from(last) << 56 ^ name.len() as u64
    }

    /// The name for messages and look-ups, with replacement characters for lone surrogates.
    pub fn text(self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        Cow::Owned(String::from_utf8_lossy(&self.decoded()).into_owned())
    }

    /// The name in UTF-8, lone surrogates encoded like other code points (WTF-8).
    #[inline]
    pub fn decoded(self) -> Cow<'a, [u8]> {
        if self.escaped {
            self.unescaped()
        } else {
            Cow::Borrowed(self.raw.as_bytes())
        }
    }

    #[cold]
    fn unescaped(self) -> Cow<'a, [u8]> {
        let quoted = format!("\"{}\"", self.raw);
        let decoded = serde_json::Deserializer::from_str(&quoted).deserialize_bytes(OwnedBytes);
        decoded.map_or(Cow::Borrowed(self.raw.as_bytes()), Cow::Owned)
    }
}

/// serde's byte visitor: the one way to have `serde_json` decode lone surrogates.
struct OwnedBytes;

impl Visitor<'_> for OwnedBytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}

/// Reads a text from its start, checking all of it.
#[derive(Debug)]
pub struct Scanner<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Scanner<'a> {
    /// Starts at the first byte of `text`.
    pub fn new(text: &'a str) -> Self {
        Scanner { text, position: 0 }
    }

    /// Reads one value of any kind, its inside checked but not kept.
    #[inline(always)]
    pub fn value(&mut self) -> Result<JsonText<'a>, JsonError> {
        self.skip_space();
        let start = self.position;
        self.skip()?;
        Ok(JsonText(&self.text[start..self.position]))
    }

    /// Checks one value and lets go of it.
    #[inline(always)]
    pub fn skip(&mut self) -> Result<(), JsonError> {
        let text = self.text.as_bytes();
        self.position = after_value(text, after_space(text, self.position))?;
        Ok(())
    }

    /// Reads an object, calling `visit` with each name; `visit` must read that member's value.
    #[inline(always)]
    pub fn each_member<E: From<JsonError>>(
        &mut self,
        mut visit: impl FnMut(MemberKey<'a>, &mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.skip_space();
        self.expect(b'{')?;
        self.skip_space();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            visit(key, self)?;
            let text = self.text.as_bytes();
            if is_next_name(text, self.position) {
                self.position += 1;
                continue;
            }
            self.position = after_space(text, self.position);
            match byte(text, self.position) {
                b',' => self.position = after_space(text, self.position + 1),
                b'}' => {
                    self.position += 1;
                    return Ok(());
                }
                _ => return Err(JsonError::from(Mistake(self.position)).into()),
            }
        }
    }

    /// Reads an object's members.
    pub fn members(&mut self) -> Result<Vec<Member<'a>>, JsonError> {
        let mut members = Vec::with_capacity(16);
        self.each_member(|key, scanner| {
            let value = scanner.value()?;
            members.push(Member { key, value });
            Ok::<_, JsonError>(())
        })?;
        Ok(members)
    }

    /// Reads an array's elements.
    pub fn elements(&mut self) -> Result<Vec<JsonText<'a>>, JsonError> {
        let mut elements = Vec::new();
        self.skip_space();
        self.expect(b'[')?;
        self.skip_space();
        if self.take(b']') {
            return Ok(elements);
        }
        loop {
            elements.push(self.value()?);
            self.skip_space();
            if self.take(b']') {
                return Ok(elements);
            }
            self.expect(b',')?;
        }
    }

    /// Whether the next value is an object.
    pub fn at_object(&mut self) -> bool {
        self.skip_space();
        byte(self.text.as_bytes(), self.position) == b'{'
    }

    /// Checks that nothing but white space follows.
    pub fn finish(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        if self.position == self.text.len() {
            Ok(())
        } else {
            Err(Mistake(self.position).into())
        }
    }

    /// Reads a name and the colon after it.
    #[inline(always)]
    fn key(&mut self) -> Result<MemberKey<'a>, JsonError> {
        let text = self.text.as_bytes();
        let start = after_byte(text, self.position, b'"')?;
        let mut end = after_plain(text, start);
        let mut escaped = false;
        if let Some(value) = at_colon(text, end) {
            self.position = value;
        } else {
            let after;
            (after, escaped) = after_rest_of_string(text, end)?;
            self.position = after_colon(text, after)?;
            end = after - 1;
        }
        let raw = &self.text[start..end];
        Ok(MemberKey { raw, escaped })
    }

    #[inline(always)]
    fn skip_space(&mut self) {
        self.position = after_space(self.text.as_bytes(), self.position);
    }

    fn take(&mut self, expected: u8) -> bool {
        let found = byte(self.text.as_bytes(), self.position) == expected;
        self.position += usize::from(found);
        found
    }

    fn expect(&mut self, expected: u8) -> Result<(), JsonError> {
        self.position = after_byte(self.text.as_bytes(), self.position, expected)?;
        Ok(())
    }
}

/// Where the grammar is broken. The functions below take a position and give the one after what
/// they read: positions that stay in registers are half of their speed.
#[derive(Debug)]
struct Mistake(usize);

impl From<Mistake> for JsonError {
    fn from(Mistake(position): Mistake) -> Self {
        JsonError { position }
    }
}

/// The byte at a position; at the end a zero, which no JSON text can hold.
#[inline]
fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or_default()
}

#[inline]
fn after_byte(text: &[u8], at: usize, expected: u8) -> Result<usize, Mistake> {
    if byte(text, at) == expected {
        Ok(at + 1)
    } else {
        Err(Mistake(at))
    }
}

#[inline]
fn after_space(text: &[u8], at: usize) -> usize {
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

#[inline(always)]
fn after_value(text: &[u8], at: usize) -> Result<usize, Mistake> {
    match byte(text, at) {
        b'"' => after_string(text, at),
        b'{' | b'[' => after_container(text, at),
        _ => after_scalar(text, at),
    }
}

#[inline(never)]
fn after_container(text: &[u8], mut at: usize) -> Result<usize, Mistake> {
    let mut open = OpenContainers::default();
    'values: loop {
        match byte(text, at) {
            b'"' => {
                at = after_string(text, at)?;
                // Most members of objects are strings, one after the other.
                while open.in_object() && is_next_name(text, at) {
                    at = after_key(text, at + 1)?;
                    if byte(text, at) != b'"' {
                        continue 'values;
                    }
                    at = after_string(text, at)?;
                }
            }
            b'{' => {
                at = after_space(text, at + 1);
                if byte(text, at) != b'}' {
                    at = after_key(text, at)?;
                    open.push(true);
                    continue;
                }
                at += 1;
            }
            b'[' => {
                at = after_space(text, at + 1);
                if byte(text, at) != b']' {
                    open.push(false);
                    continue;
                }
                at += 1;
            }
            _ => at = after_scalar(text, at)?,
        }
        // A value ends here: on to the next one, out of the containers that end too.
        loop {
            if open.depth == 0 {
                return Ok(at);
            }
            let in_object = open.in_object();
            at = after_space(text, at);
            match byte(text, at) {
                b',' => {
                    at = after_space(text, at + 1);
                    if in_object {
                        at = after_key(text, at)?;
                    }
                    break;
                }
                b'}' if in_object => open.pop(),
                b']' if !in_object => open.pop(),
                _ => return Err(Mistake(at)),
            }
            at += 1;
        }
    }
}

/// After a name, the colon and the white space before its value.
#[inline(always)]
fn after_key(text: &[u8], at: usize) -> Result<usize, Mistake> {
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
fn at_colon(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at..)?.first_chunk()? {
        [b'"', b':', next] if *next > b' ' => Some(at + 2),
        _ => None,
    }
}

/// Whether another member's name follows, with nothing but a comma before it.
#[inline(always)]
fn is_next_name(text: &[u8], at: usize) -> bool {
    matches!(text.get(at..).and_then(<[u8]>::first_chunk), Some(b",\""))
}

/// After a name's colon and the white space around it.
#[cold]
fn after_colon(text: &[u8], at: usize) -> Result<usize, Mistake> {
    let at = after_byte(text, after_space(text, at), b':')?;
    Ok(after_space(text, at))
}

#[inline(always)]
fn after_string(text: &[u8], at: usize) -> Result<usize, Mistake> {
    let at = after_plain(text, after_byte(text, at, b'"')?);
    after_rest_of_string(text, at).map(|(end, _)| end)
}

/// After a string that is read up to its end or its first escape; and whether it holds one.
#[inline(always)]
fn after_rest_of_string(text: &[u8], at: usize) -> Result<(usize, bool), Mistake> {
    if byte(text, at) == b'"' {
        return Ok((at + 1, false));
    }
    after_escapes(text, at).map(|end| (end, true))
}

/// After a string that is read up to its first escape.
#[cold]
fn after_escapes(text: &[u8], mut at: usize) -> Result<usize, Mistake> {
    loop {
        at = after_escape(text, after_byte(text, at, b'\\')?)?;
        at = after_plain(text, at);
        if byte(text, at) == b'"' {
            return Ok(at + 1);
        }
    }
}

fn after_escape(text: &[u8], at: usize) -> Result<usize, Mistake> {
    match byte(text, at) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
        b'u' => match (at + 1..at + 5).find(|&at| !byte(text, at).is_ascii_hexdigit()) {
            None => Ok(at + 5),
            Some(odd) => Err(Mistake(odd)),
        },
        _ => Err(Mistake(at)),
    }
}

fn after_scalar(text: &[u8], at: usize) -> Result<usize, Mistake> {
    match byte(text, at) {
        b'-' | b'0'..=b'9' => after_number(text, at),
        b't' => after_literal(text, at, "true"),
        b'f' => after_literal(text, at, "false"),
        b'n' => after_literal(text, at, "null"),
        _ => Err(Mistake(at)),
    }
}

fn after_number(text: &[u8], mut at: usize) -> Result<usize, Mistake> {
    at += usize::from(byte(text, at) == b'-');
    at = match byte(text, at) {
        b'0' => at + 1,
        _ => after_digits(text, at)?,
    };
    if byte(text, at) == b'.' {
        at = after_digits(text, at + 1)?;
    }
    if matches!(byte(text, at), b'e' | b'E') {
        at += 1;
        at += usize::from(matches!(byte(text, at), b'+' | b'-'));
        at = after_digits(text, at)?;
    }
    Ok(at)
}

fn after_digits(text: &[u8], start: usize) -> Result<usize, Mistake> {
    let mut at = start;
    while byte(text, at).is_ascii_digit() {
        at += 1;
    }
    if at == start {
        return Err(Mistake(at));
    }
    Ok(at)
}

fn after_literal(text: &[u8], at: usize, literal: &str) -> Result<usize, Mistake> {
    if text[at..].starts_with(literal.as_bytes()) {
        Ok(at + literal.len())
    } else {
        Err(Mistake(at))
    }
}

/// After what neither ends a string (`"`), nor escapes (`\`), nor is forbidden in one (below
/// space).
#[inline(always)]
fn after_plain(text: &[u8], start: usize) -> usize {
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

/// Which kinds of container are open, one bit each (true: object), so that nesting costs neither
/// stack nor, up to 64 levels, memory.
#[derive(Debug, Default)]
struct OpenContainers {
    depth: usize,
    innermost: u64,
    outer: Vec<u64>,
}

impl OpenContainers {
    fn in_object(&self) -> bool {
        self.innermost & 1 == 1
    }

    fn push(&mut self, object: bool) {
        if self.depth != 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.innermost);
        }
        self.innermost = self.innermost << 1 | u64::from(object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.innermost >>= 1;
        if self.depth.is_multiple_of(64) {
            self.innermost = self.outer.pop().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests;
