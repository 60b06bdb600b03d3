//! `webhooks/*.toml` as typed hooks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::cloudinary::identifier::{DeliveryType, ResourceType};

mod template;

pub use template::{Place, RenderError, Template, TemplateUser};

/// Every hook of a deployment.
#[derive(Debug, Clone, Default)]
pub struct Manifests {
    /// Guarded classes.
    pub classes: Vec<ClassManifest>,
    /// Cloud functions.
    pub functions: Vec<FunctionManifest>,
    /// What `check --strict` and `doctor` treat as errors.
    pub warnings: Vec<Finding>,
}

/// A mistake or a warning in a manifest, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {message}", file.display())]
pub struct Finding {
    /// The manifest.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// A class whose `beforeSave` is guarded.
#[derive(Debug, Clone)]
pub struct ClassManifest {
    /// The Parse class.
    pub class: String,
    /// Saves with the (full) master key are stripped but not verified.
    pub trust_master_key: bool,
    /// The guarded fields.
    pub fields: Vec<GuardedField>,
}

/// One guarded field.
#[derive(Debug, Clone)]
pub struct GuardedField {
    /// The field's name.
    pub name: String,
    /// A create without it, or clearing it, is refused.
    pub required: bool,
    /// An array of identifiers.
    pub many: bool,
    /// Accepted resource types.
    pub resource_types: Vec<ResourceType>,
    /// Accepted delivery types.
    pub types: Vec<DeliveryType>,
    /// Accepted formats; `None`: any or none.
    pub formats: Option<Vec<String>>,
    /// The folder that the `public_id` must lie in.
    pub folder: Option<Template>,
    /// Oldest accepted upload.
    pub max_age: Option<Duration>,
}

/// A cloud function.
#[derive(Debug, Clone)]
pub struct FunctionManifest {
    /// The function's name.
    pub name: String,
    /// Who may call it.
    pub access: Access,
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
}

/// What a function does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Signs an upload.
    SignUpload(SignUpload),
    /// Builds a delivery URL.
    DeliveryUrl(DeliveryUrl),
}

/// A `sign_upload` function.
#[derive(Debug, Clone)]
pub struct SignUpload {
    /// Always signed; in the manifest's order.
    pub upload: Vec<(String, Parameter)>,
    /// What the caller may choose.
    pub accept: Vec<(String, Accepted)>,
    /// The form of the answer.
    pub response: ResponseForm,
    /// Part of the upload URL of `response = "request"`.
    pub resource_type: String,
}

/// A value of `[upload]`.
#[derive(Debug, Clone)]
pub enum Parameter {
    /// A string with placeholders.
    Template(Template),
    /// Anything else, as the SDKs' `upload` takes it.
    Fixed(Value),
}

/// What a caller may choose for one parameter.
#[derive(Debug, Clone)]
pub enum Accepted {
    /// `true`: any value the parameter can have.
    Any,
    /// One of these.
    OneOf(Vec<Value>),
}

/// The form of a `sign_upload` answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseForm {
    /// The fields to post, as the old module answered.
    Fields,
    /// `{"url", "fields", "expires_at"}`.
    Request,
}

/// A `delivery_url` function.
#[derive(Debug, Clone)]
pub struct DeliveryUrl {
    /// Class and field to read; without them the caller names an identifier.
    pub source: Option<(String, String)>,
    /// URL options in force unless the caller may override them.
    pub url: Map<String, Value>,
    /// What the caller may set or override in `params.options`.
    pub accept: Vec<(String, Accepted)>,
}

/// Reads every `*.toml` of `folder`.
///
/// # Errors
/// All mistakes of all files, in the order of files and lines.
pub fn load(_folder: &Path) -> Result<Manifests, Vec<Finding>> {
    todo!()
}
