//! Values as they were written.

use std::borrow::Cow;

use super::bytes::after_plain;
use super::key::MemberKey;

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
pub struct JsonText<'a>(pub(super) &'a str);

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Its name.
    pub key: MemberKey<'a>,
    /// Its value.
    pub value: JsonText<'a>,
}

impl<'a> JsonText<'a> {
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

    /// Whether it is the literal `true`.
    pub fn is_true(self) -> bool {
        self.0 == "true"
    }
}
