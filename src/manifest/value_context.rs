//! Where the value of a placeholder goes, and what may stand there.
//!
//! Upload parameters have separators of their own (`,` between tags, `|` between context pairs, `/`
//! between folders). A value that holds one would become two values, so each context says which
//! characters leave it.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::cloudinary::identifier::{IdentifierError, check_public_id};
use crate::cloudinary::signature::SignatureVersion;
use crate::cloudinary::upload::MAX_PUBLIC_ID_LEN;

/// Where a rendered value goes: what it may hold depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueContext {
    /// `tags` and `allowed_formats`: `,` separates.
    Tags,
    /// `context` and `metadata`: `|` and `=` separate, `\` escapes.
    Context,
    /// `folder`, `public_id` and their kin: no `/`, `..` or forbidden characters from a
    /// placeholder, not even from a user's name.
    Path,
    /// `headers`: a line each.
    Headers,
    /// `notification_url` and its kin: values are percent-encoded.
    Url,
    /// The `text` of a text layer: encoded by the serialiser, but for the `$(…)` of variables.
    Caption,
    /// `display_name`: free text.
    Text,
    /// Any other parameter, transformations above all: letters, digits, space, `_`, `-` and `.`.
    Other,
}

/// Unreserved characters of RFC 3986 stay.
const URL_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

impl ValueContext {
    /// The context that an upload parameter is.
    pub fn of(parameter: &str) -> Self {
        match parameter {
            "tags" | "allowed_formats" => Self::Tags,
            "context" | "metadata" => Self::Context,
            "folder" | "public_id" | "public_id_prefix" | "asset_folder" | "filename_override" => {
                Self::Path
            }
            "headers" => Self::Headers,
            "notification_url" | "eager_notification_url" | "callback" | "proxy" => Self::Url,
            "display_name" => Self::Text,
            _ => Self::Other,
        }
    }

    /// The context of an entry of a table in this one.
    pub(super) fn inside(self, key: &str) -> Self {
        if self == Self::Other && key == "text" {
            Self::Caption
        } else {
            self
        }
    }

    /// Fits a parameter that is signed in `version`, or says what was expected.
    pub(super) fn fit_param(
        self,
        value: Cow<'_, str>,
        version: SignatureVersion,
    ) -> Result<Cow<'_, str>, &'static str> {
        match self {
            Self::Path => check_path_value(&value).map(|()| value),
            Self::Url => encode(&value).map(Cow::Owned),
            Self::Tags
            | Self::Context
            | Self::Headers
            | Self::Caption
            | Self::Text
            | Self::Other => match self.replacing(&value, version) {
                Cow::Borrowed(_) => Ok(value),
                Cow::Owned(_)
                    if matches!(
                        self.replacing(&value, SignatureVersion::V2),
                        Cow::Borrowed(_)
                    ) =>
                {
                    Err("text without `&`, as signature_version=1 has no escape for it")
                }
                Cow::Owned(_) => Err(self.expected()),
            },
        }
    }

    /// Fits an attribute of the user; only paths and URLs can refuse one.
    pub(super) fn fit_attribute(
        self,
        value: &str,
        version: SignatureVersion,
    ) -> Result<Cow<'_, str>, &'static str> {
        match self {
            Self::Path => check_path_value(value).map(|()| Cow::Borrowed(value)),
            Self::Url => encode(value).map(Cow::Owned),
            Self::Tags
            | Self::Context
            | Self::Headers
            | Self::Caption
            | Self::Text
            | Self::Other => Ok(self.replacing(value, version)),
        }
    }

    /// The value with `_` for what would leave the context; borrowed if nothing would.
    fn replacing(self, value: &str, version: SignatureVersion) -> Cow<'_, str> {
        // The serialiser encodes what is in a caption.
        let is_parameter = |c| c == '&' && version == SignatureVersion::V1 && self != Self::Caption;
        if self == Self::Caption && value.contains("$(") {
            Cow::Owned(value.replace("$(", "_("))
        } else if value.contains(|c| self.forbids(c) || is_parameter(c)) {
            Cow::Owned(value.replace(|c| self.forbids(c) || is_parameter(c), "_"))
        } else {
            Cow::Borrowed(value)
        }
    }

    fn forbids(self, c: char) -> bool {
        match self {
            Self::Tags => c == ',',
            Self::Context => matches!(c, '|' | '=' | '\\'),
            Self::Headers => c.is_control(),
            Self::Other => !(c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.')),
            Self::Path | Self::Url | Self::Caption | Self::Text => false,
        }
    }

    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Tags => "text without `,`",
            Self::Context => "text without `|`, `=` and `\\`",
            Self::Path => {
                "text without `/`, `..`, `& = ? # % < > \\`, control characters and white space at its ends"
            }
            Self::Headers => "text without control characters",
            Self::Url => "text without `..`",
            Self::Caption => "text without `$(`",
            Self::Text => "text",
            Self::Other => "letters, digits, spaces, `_`, `-` and `.`",
        }
    }
}

/// Whether placeholders may stand in this upload parameter. `eval` and `on_success` are code that
/// Cloudinary runs, and braces belong to it.
pub(super) fn takes_placeholders(parameter: &str) -> bool {
    !matches!(parameter, "eval" | "on_success")
}

/// Says why Cloudinary would not keep a folder or `public_id` as it is written, or no identifier
/// could hold it.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    match check_public_id(path) {
        Ok(()) => Ok(()),
        Err(IdentifierError::ForbiddenCharacter(character)) => {
            Err(format!("{character:?} is not allowed"))
        }
        Err(IdentifierError::OuterWhiteSpace) => {
            Err("white space at its ends is not allowed".to_owned())
        }
        Err(_) => Err(
            "expected a path without empty, `.` or `..` segments: no `/` at its ends".to_owned(),
        ),
    }
}

/// [`check_path`] for a path that a caller chose: Cloudinary takes no `+` in a public ID.
pub(super) fn check_chosen_path(path: &str) -> Result<(), String> {
    if path.contains('+') {
        return Err("'+' is not allowed".to_owned());
    }
    check_path(path)
}

fn check_path_value(value: &str) -> Result<(), &'static str> {
    if value.contains('+') {
        return Err("text without `+`");
    }
    if value.chars().count() > MAX_PUBLIC_ID_LEN {
        return Err("at most 255 characters");
    }
    if value.contains('/') || value.contains("..") || check_public_id(value).is_err() {
        return Err(ValueContext::Path.expected());
    }
    Ok(())
}

fn encode(value: &str) -> Result<String, &'static str> {
    if value == "." || value.contains("..") {
        return Err(ValueContext::Url.expected());
    }
    Ok(utf8_percent_encode(value, URL_VALUE).to_string())
}
