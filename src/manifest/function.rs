//! A manifest that serves a cloud function.

use std::num::NonZeroU32;
use std::time::Duration;

use super::delivery_url::DeliveryUrl;
use super::sign_upload::SignUpload;

/// A cloud function.
#[derive(Debug, Clone)]
pub struct FunctionManifest {
    /// The function's name.
    pub name: String,
    /// Who may call it.
    pub access: Access,
    /// How often it may be called.
    pub limit: Limit,
    /// What it does.
    pub action: Action,
}

/// Who may call a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// A session; the master key alone does not satisfy it.
    User,
    /// The full master key.
    Master,
    /// A session of a user who has this role, or a role that it inherits from.
    Role(String),
}

/// How often a function may be called; without an entry, as often as anybody likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limit {
    /// By one user.
    pub per_user: Option<Rate>,
    /// From one address.
    pub per_address: Option<Rate>,
}

/// `30/m`: so many calls in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls in a period.
    pub calls: NonZeroU32,
    /// A second, minute, hour or day.
    pub period: Duration,
}

/// What a function does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Signs an upload.
    SignUpload(SignUpload),
    /// Builds a delivery URL.
    DeliveryUrl(DeliveryUrl),
}
