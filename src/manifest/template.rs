//! `{user.objectId}`, `{user.username}` and `{params.<name>}` in manifest strings.

use serde_json::value::RawValue;
use std::collections::HashMap;

/// A string with placeholders, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template;

/// Where a rendered value goes: what it may hold depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `,` separates.
    Tags,
    /// `|` and `=` separate.
    Context,
    /// `folder`, `public_id` and their kin: no `/`, `..` or forbidden characters from a placeholder.
    Path,
    /// Any other parameter.
    Other,
}

/// The caller, as far as templates need it.
#[derive(Debug, Clone, Copy)]
pub struct TemplateUser<'a> {
    /// `user.objectId`
    pub object_id: &'a str,
    /// `user.username`
    pub username: Option<&'a str>,
}

/// Why a template cannot be filled in; names the parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A placeholder of the user without a session.
    #[error("Needs an authenticated user")]
    NoUser,
}

impl Template {
    /// Fills in the placeholders. `params` are the function's parameters as raw JSON.
    pub fn render(
        &self,
        _place: Place,
        _user: Option<TemplateUser<'_>>,
        _params: &HashMap<&str, &RawValue>,
    ) -> Result<String, RenderError> {
        todo!()
    }

    /// Whether a placeholder needs a session.
    pub fn needs_user(&self) -> bool {
        todo!()
    }

    /// The `params.<name>` it uses.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }
}
