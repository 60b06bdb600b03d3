//! JSON as `serde_json` reads it, kept as text: `Value` refuses lone surrogates and deep nesting,
//! and changes numbers.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The text of one JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Json<'a>(pub(super) &'a str);

/// An object's members, names decoded (lone surrogates as WTF-8), repeated ones included.
pub(super) type Members<'a> = Vec<(Vec<u8>, Json<'a>)>;

impl<'a> Json<'a> {
    /// `None` unless `body` is exactly one well-formed JSON text in UTF-8.
    pub(super) fn parse(body: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        Some(Self(raw.get()))
    }

    pub(super) fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    pub(super) fn members(self) -> Option<Members<'a>> {
        let object: Object<'a> = serde_json::from_str(self.0).ok()?;
        Some(object.0)
    }

    pub(super) fn elements(self) -> Option<Vec<Json<'a>>> {
        let elements: Vec<&'a RawValue> = serde_json::from_str(self.0).ok()?;
        Some(elements.into_iter().map(|raw| Json(raw.get())).collect())
    }

    /// `None` for other kinds, and for what no string of Unicode characters can hold.
    pub(super) fn text(self) -> Option<String> {
        serde_json::from_str(self.0).ok()
    }

    /// Equal but for white space between the tokens.
    pub(super) fn same(self, other: Json<'_>) -> bool {
        if let (Some(ours), Some(theirs)) = (self.elements(), other.elements()) {
            return ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| a.same(b));
        }
        if let (Some(ours), Some(theirs)) = (self.members(), other.members()) {
            return ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(a, b)| a.0 == b.0 && a.1.same(b.1));
        }
        self.0 == other.0
    }
}

/// The values of a name.
pub(super) fn all<'a>(members: &Members<'a>, name: &str) -> Vec<Json<'a>> {
    let found = members.iter().filter(|(key, _)| key == name.as_bytes());
    found.map(|(_, value)| *value).collect()
}

/// Whether a name occurs twice.
pub(super) fn repeats(members: &Members<'_>) -> bool {
    let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
    names.sort();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

struct Object<'a>(Members<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor).map(Object)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            members.push((name, Json(value.get())));
        }
        Ok(members)
    }
}

struct Name(Vec<u8>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(NameVisitor).map(Name)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_str<E>(self, text: &str) -> Result<Vec<u8>, E> {
        Ok(text.as_bytes().to_vec())
    }
}
