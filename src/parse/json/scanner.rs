//! Reading a text from its start.

use std::borrow::Cow;

use super::bytes::{after_byte, after_plain, after_space, byte};
use super::error::JsonError;
use super::key::MemberKey;
use super::strings::{after_colon, after_rest_of_string, at_colon, is_next_name};
use super::text::{JsonKind, JsonText, Member};
use super::values::after_value;

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
                _ => return Err(JsonError::at(self.position).into()),
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
            Err(JsonError::at(self.position))
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

    /// The strings of a value: itself, or the elements of an array.
    pub fn texts(self) -> Vec<Cow<'a, str>> {
        match self.elements() {
            Some(elements) => elements.into_iter().filter_map(JsonText::as_str).collect(),
            None => self.as_str().into_iter().collect(),
        }
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
