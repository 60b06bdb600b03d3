//! The pieces of a template: text and placeholders.

use std::borrow::Cow;

use super::error::{RenderError, TemplateError};

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    ObjectId,
    Username,
    Param(String),
}

impl Piece {
    pub(super) fn placeholder(name: &str) -> Result<Self, TemplateError> {
        match name {
            "user.objectId" => Ok(Self::ObjectId),
            "user.username" => Ok(Self::Username),
            _ => name
                .strip_prefix("params.")
                .filter(|param| is_param_name(param))
                .map(|param| Self::Param(param.to_owned()))
                .ok_or_else(|| TemplateError::Unknown(name.to_owned())),
        }
    }

    pub(super) fn is_placeholder(&self) -> bool {
        !matches!(self, Self::Text(_))
    }

    /// A placeholder's name, or the text.
    pub(super) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::ObjectId => "user.objectId".into(),
            Self::Username => "user.username".into(),
            Self::Param(name) => format!("params.{name}").into(),
        }
    }

    pub(super) fn misplaced(&self, expected: &'static str) -> RenderError {
        let value = self.name().into_owned();
        RenderError::Misplaced { value, expected }
    }
}

fn is_param_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
