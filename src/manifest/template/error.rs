//! What can be wrong with a template.

/// Why a string is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `{` that nothing closes.
    #[error("`{{` without `}}`")]
    Unclosed,
    /// `}` that nothing opened.
    #[error("`}}` without `{{`")]
    Unopened,
    /// A placeholder of another name.
    #[error(
        "unknown template {{{0}}}: expected {{user.objectId}}, {{user.username}} or {{params.<name>}}"
    )]
    Unknown(String),
}

/// Why a template cannot be filled in. The text is what the caller is told; it names the parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A placeholder of the user without a session.
    #[error("Needs an authenticated user")]
    NoUser,
    /// A user without a name.
    #[error("user.username: expected a user with a name")]
    NoUsername,
    /// A parameter that is missing, null, empty or not a string.
    #[error("params.{0}: expected a non-empty string")]
    NotText(String),
    /// A value that would leave its context.
    #[error("{value}: expected {expected}")]
    Misplaced {
        /// `params.<name>`, `user.objectId` or `user.username`.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },
}
