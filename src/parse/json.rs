//! A validating JSON scanner that keeps text as it is.
//!
//! `serde_json::Value` changes doubles, rejects lone surrogates and deep nesting, and copies everything; Parse Server sends all
//! three and a guard reads three keys of a body. So values stay slices of the request: one pass checks the whole grammar of
//! RFC 8259 (escapes, numbers, literals, nesting of any depth) and notes where the values of interest lie.
//!
//! Deliberately not here: building values, and rules about repeated keys (the caller sees every member).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, Visitor};

/// The text is not one well-formed JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed JSON at byte {position}")]
pub struct JsonError {
    /// Offset of the first byte that no JSON text can have there.
    pub position: usize,
}

/// What a JSON value is, told by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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
pub struct Key<'a> {
    raw: &'a str,
    escaped: bool,
}

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Its name.
    pub key: Key<'a>,
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
    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The decoded string; `None` for other kinds and for strings with lone surrogates, which no Rust string can hold.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        if self.kind() != Kind::String {
            return None;
        }
        let inner = self.0.get(1..self.0.len().checked_sub(1)?)?;
        if inner.contains('\\') {
            serde_json::from_str(self.0).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
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
        (self.kind() == Kind::Object)
            .then(|| scanner.members().ok())
            .flatten()
    }

    /// The elements of an array; `None` for other kinds.
    pub fn elements(self) -> Option<Vec<JsonText<'a>>> {
        let mut scanner = Scanner::new(self.0);
        (self.kind() == Kind::Array)
            .then(|| scanner.elements().ok())
            .flatten()
    }
}

impl<'a> Key<'a> {
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

    /// Whether two keys have the same name, however they are spelled.
    pub fn same_as(self, other: Key<'_>) -> bool {
        if self.escaped || other.escaped {
            self.decoded() == other.decoded()
        } else {
            self.raw == other.raw
        }
    }

    /// The name in UTF-8, lone surrogates encoded like other code points (WTF-8).
    pub fn decoded(self) -> Cow<'a, [u8]> {
        if !self.escaped {
            return Cow::Borrowed(self.raw.as_bytes());
        }
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
    pub fn value(&mut self) -> Result<JsonText<'a>, JsonError> {
        self.skip_space();
        let start = self.position;
        self.skip_value()?;
        Ok(JsonText(&self.text[start..self.position]))
    }

    /// Reads an object, calling `visit` with each name; `visit` must read that member's value.
    pub fn each_member<E: From<JsonError>>(
        &mut self,
        mut visit: impl FnMut(Key<'a>, &mut Self) -> Result<(), E>,
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
            self.skip_space();
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
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
        self.peek() == Some(b'{')
    }

    /// Checks that nothing but white space follows.
    pub fn finish(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        if self.position == self.text.len() {
            Ok(())
        } else {
            Err(self.error())
        }
    }

    fn skip_value(&mut self) -> Result<(), JsonError> {
        let mut open = OpenContainers::default();
        loop {
            self.skip_space();
            match self.peek() {
                Some(b'"') => self.string().map(|_| ())?,
                Some(b'{') => {
                    self.position += 1;
                    self.skip_space();
                    if !self.take(b'}') {
                        self.key()?;
                        open.push(true);
                        continue;
                    }
                }
                Some(b'[') => {
                    self.position += 1;
                    self.skip_space();
                    if !self.take(b']') {
                        open.push(false);
                        continue;
                    }
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal("true")?,
                Some(b'f') => self.literal("false")?,
                Some(b'n') => self.literal("null")?,
                _ => return Err(self.error()),
            }
            if self.close_containers(&mut open)? {
                return Ok(());
            }
        }
    }

    /// After a value: closes what ends here. True at the end of the outermost value, false where another value must follow.
    fn close_containers(&mut self, open: &mut OpenContainers) -> Result<bool, JsonError> {
        loop {
            let Some(in_object) = open.innermost() else {
                return Ok(true);
            };
            self.skip_space();
            match self.peek() {
                Some(b',') => {
                    self.position += 1;
                    if in_object {
                        self.key()?;
                    }
                    return Ok(false);
                }
                Some(b'}') if in_object => open.pop(),
                Some(b']') if !in_object => open.pop(),
                _ => return Err(self.error()),
            }
            self.position += 1;
        }
    }

    /// Reads a name and the colon after it.
    fn key(&mut self) -> Result<Key<'a>, JsonError> {
        self.skip_space();
        let start = self.position + 1;
        let escaped = self.string()?;
        let raw = &self.text[start..self.position - 1];
        self.skip_space();
        self.expect(b':')?;
        Ok(Key { raw, escaped })
    }

    /// Reads a string; true if it holds an escape.
    fn string(&mut self) -> Result<bool, JsonError> {
        self.expect(b'"')?;
        let mut escaped = false;
        loop {
            self.position += plain_prefix(&self.text.as_bytes()[self.position..]);
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.position += 1;
                    self.escape()?;
                }
                _ => return Err(self.error()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.position += 1,
            Some(b'u') => {
                self.position += 1;
                for _ in 0..4 {
                    match self.peek() {
                        Some(byte) if byte.is_ascii_hexdigit() => self.position += 1,
                        _ => return Err(self.error()),
                    }
                }
            }
            _ => return Err(self.error()),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.position;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.position += 1;
        }
        if self.position == start {
            return Err(self.error());
        }
        Ok(())
    }

    fn literal(&mut self, literal: &str) -> Result<(), JsonError> {
        if self.text.as_bytes()[self.position..].starts_with(literal.as_bytes()) {
            self.position += literal.len();
            Ok(())
        } else {
            Err(self.error())
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.position += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.error())
        }
    }

    fn error(&self) -> JsonError {
        JsonError {
            position: self.position,
        }
    }
}

/// Length of the prefix that neither ends a string (`"`), nor escapes (`\`), nor is forbidden in one (below space).
fn plain_prefix(bytes: &[u8]) -> usize {
    const LANE: usize = 16;
    let mut length = 0;
    // Sixteen comparisons without a branch between them become vector instructions.
    while let Some(lane) = bytes.get(length..length + LANE) {
        let stop = lane.iter().fold(0_u8, |found, &byte| {
            found | u8::from(byte == b'"') | u8::from(byte == b'\\') | u8::from(byte < b' ')
        });
        if stop != 0 {
            break;
        }
        length += LANE;
    }
    length
        + bytes[length..]
            .iter()
            .take_while(|&&byte| byte != b'"' && byte != b'\\' && byte >= b' ')
            .count()
}

/// Which kinds of container are open, one bit each (true: object), so that nesting costs neither stack nor, up to 64 levels, memory.
#[derive(Debug, Default)]
struct OpenContainers {
    depth: usize,
    innermost: u64,
    outer: Vec<u64>,
}

impl OpenContainers {
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

    fn innermost(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.innermost & 1 == 1)
    }
}

#[cfg(test)]
mod tests;
