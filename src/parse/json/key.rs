//! Names of members, in whatever spelling.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, Visitor};

/// The name of an object's member as it was written, without its quotes.
#[derive(Debug, Clone, Copy)]
pub struct MemberKey<'a> {
    pub(super) raw: &'a str,
    pub(super) escaped: bool,
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
