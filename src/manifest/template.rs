//! `{user.objectId}`, `{user.username}` and `{params.<name>}` in manifest strings.
//!
//! Values are filled in once: braces in a value mean nothing. There is no way to write a literal
//! brace, so a forgotten or misspelt placeholder is always found when the manifest is loaded.

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;

use crate::cloudinary::identifier::check_public_id;
use crate::cloudinary::signature::SignatureVersion;

use super::value_context::ValueContext;

mod error;
mod piece;

pub use error::{RenderError, TemplateError};
use piece::Piece;

/// A string with placeholders, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// The caller, as far as templates need it.
#[derive(Debug, Clone, Copy)]
pub struct TemplateUser<'a> {
    /// `user.objectId`
    pub object_id: &'a str,
    /// `user.username`
    pub username: Option<&'a str>,
}

/// A function's parameters: the raw JSON of the named one, if the caller sent it.
pub type Params<'f, 'p> = &'f dyn Fn(&str) -> Option<&'p RawValue>;

impl Template {
    /// Parses a manifest string; one without placeholders is a template too.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, found) = rest.split_at(at);
            let Some(inside) = found.strip_prefix('{') else {
                return Err(TemplateError::Unopened);
            };
            let (name, after) = inside.split_once('}').ok_or(TemplateError::Unclosed)?;
            if name.contains('{') {
                return Err(TemplateError::Unclosed);
            }
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::placeholder(name)?);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// Fills in the placeholders.
    ///
    /// A parameter that would leave `context` is refused. In a user's own attributes the offending
    /// characters become `_`, so that nobody is locked out by a name; only in paths they are
    /// refused, since replacing could make two users' folders one.
    pub fn render(
        &self,
        context: ValueContext,
        user: Option<TemplateUser<'_>>,
        params: Params<'_, '_>,
    ) -> Result<String, RenderError> {
        self.render_signed(context, user, params, SignatureVersion::V2)
    }

    /// [`render`](Self::render) of what is signed in `version`: in version 1 `&` would begin
    /// another parameter, so it leaves every context that does not encode it.
    pub fn render_signed(
        &self,
        context: ValueContext,
        user: Option<TemplateUser<'_>>,
        params: Params<'_, '_>,
        version: SignatureVersion,
    ) -> Result<String, RenderError> {
        let mut rendered = String::new();
        for piece in &self.pieces {
            let fitted = match piece {
                Piece::Text(text) => Ok(Cow::Borrowed(text.as_str())),
                Piece::ObjectId => context.fit_attribute(
                    user.map(|user| user.object_id)
                        .filter(|id| !id.is_empty())
                        .ok_or(RenderError::NoUser)?,
                    version,
                ),
                Piece::Username => context.fit_attribute(
                    user.ok_or(RenderError::NoUser)?
                        .username
                        .filter(|name| !name.is_empty())
                        .ok_or(RenderError::NoUsername)?,
                    version,
                ),
                Piece::Param(name) => context.fit_param(
                    text_of(params(name)).ok_or_else(|| RenderError::NotText(name.clone()))?,
                    version,
                ),
            };
            rendered.push_str(&fitted.map_err(|expected| piece.misplaced(expected))?);
        }
        if context == ValueContext::Path {
            self.check_segments(&rendered)?;
        }
        Ok(rendered)
    }

    /// No value holds `..`, but one could complete it beside a fixed dot.
    fn check_segments(&self, path: &str) -> Result<(), RenderError> {
        let last = self
            .pieces
            .iter()
            .rev()
            .find(|piece| piece.is_placeholder());
        match (check_public_id(path), last) {
            (Err(_), Some(piece)) => Err(piece.misplaced(ValueContext::Path.expected())),
            _ => Ok(()),
        }
    }

    /// Whether a placeholder needs a session.
    pub fn needs_user(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::ObjectId | Piece::Username))
    }

    /// Whether `{user.username}` is used.
    pub fn uses_username(&self) -> bool {
        self.pieces.contains(&Piece::Username)
    }

    /// The `params.<name>` it uses.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Param(name) => Some(name.as_str()),
            Piece::Text(_) | Piece::ObjectId | Piece::Username => None,
        })
    }

    /// Whether each user gets a path of their own: `{user.objectId}` is the only placeholder of
    /// some segment. Beside another one the border between the two could be moved.
    pub fn binds_user(&self) -> bool {
        let mut placeholders = 0;
        let mut bound = false;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => {
                    if text.contains('/') {
                        if bound && placeholders == 1 {
                            return true;
                        }
                        (placeholders, bound) = (0, false);
                    }
                }
                Piece::ObjectId => (placeholders, bound) = (placeholders + 1, true),
                Piece::Username | Piece::Param(_) => placeholders += 1,
            }
        }
        bound && placeholders == 1
    }

    /// What every value of it begins with: the text before the first placeholder, and whether there
    /// is one.
    fn beginning(&self) -> (&str, bool) {
        match self.pieces.as_slice() {
            [] => ("", false),
            [Piece::Text(text)] => (text, false),
            [Piece::Text(text), ..] => (text, true),
            [_, ..] => ("", true),
        }
    }

    /// What every public ID in this folder begins with; empty if that is nothing.
    pub fn fixed_prefix(&self) -> String {
        let (text, goes_on) = self.beginning();
        let slash = if goes_on || text.is_empty() { "" } else { "/" };
        format!("{text}{slash}")
    }

    /// The text, if there is no placeholder in it.
    pub(super) fn fixed(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// What [`render`](Self::render) would give if every value were `stand_in`.
    pub(super) fn with_every_value(&self, stand_in: &str) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::ObjectId | Piece::Username | Piece::Param(_) => stand_in,
            })
            .collect()
    }
}

/// As it stands in the manifest.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::ObjectId | Piece::Username | Piece::Param(_) => {
                write!(f, "{{{}}}", piece.name())
            }
        })
    }
}

/// The text of a non-empty JSON string. A lone surrogate is no text.
fn text_of(value: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let json = value?.get();
    let text: Cow<'_, str> = serde_json::from_str(json)
        .map(Cow::Borrowed)
        .or_else(|_| serde_json::from_str(json).map(Cow::Owned))
        .ok()?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
