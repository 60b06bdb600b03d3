//! `webhooks/*.toml` as typed hooks.
//!
//! A file guards a class, or names columns of it that refer to assets ([`ClassManifest`]), or
//! serves a function ([`FunctionManifest`]): a `sign_upload` ([`SignUpload`]), a `sign_params`
//! ([`UploadRules`]) or a `delivery_url` ([`DeliveryUrl`]). Strings of `[upload]` and of a field's
//! `folder` are templates ([`Template`]); what a value may hold depends on where it goes
//! ([`ValueContext`]). What a caller may choose stands in
//! `[accept]` ([`Accepted`]).
//!
//! ```
//! use cloudinary_parse::manifest;
//!
//! let text = "class = \"Photo\"\n[fields.picture]\nrequird = true\n";
//! let mistakes = manifest::parse(&[("Photo.toml", text)]).unwrap_err();
//! assert_eq!(mistakes[0].line, 3);
//! assert_eq!(mistakes[0].message, "unknown key `requird`, did you mean `required`?");
//! ```

use std::fmt;
use std::path::PathBuf;

use crate::cloudinary::account::Account;
use crate::cloudinary::upload;
use crate::cloudinary::url_options::OptionKey;

mod accept;
mod class;
mod clean_up;
mod confirm;
mod delivery_url;
mod document;
mod follow;
mod function;
mod hooks;
mod keys;
mod load;
mod names;
mod option_kind;
mod parameter;
mod references;
mod sign_params;
mod sign_upload;
mod template;
mod upload_rules;
mod value_context;

pub use crate::units::Rate;
pub use accept::{Accepted, Choice, NotAccepted, Pattern};
pub use class::{ClassManifest, GuardedField};
pub use clean_up::CleanUp;
pub use confirm::{Confirm, OnUnreachable, Pixels};
pub use delivery_url::DeliveryUrl;
pub use follow::Follow;
pub use function::{Access, CallLimit, FunctionAction, FunctionManifest};
pub use hooks::{Hook, HookAction};
pub use keys::keys;
pub use load::{load, parse};
pub(crate) use names::{check_class, check_field, check_function};
pub(crate) use option_kind::is_reserved;
pub use parameter::Parameter;
pub use references::Reference;
pub(crate) use sign_params::OWN as SIGN_PARAMS_OWN;
pub use sign_upload::{ResponseForm, SignUpload};
pub use template::{Params, RenderError, Template, TemplateError, TemplateUser};
pub use upload_rules::UploadRules;
pub use value_context::ValueContext;

/// Every hook of a deployment.
#[derive(Debug, Clone, Default)]
pub struct Manifests {
    /// Guarded classes, and those that only refer to assets.
    pub classes: Vec<ClassManifest>,
    /// Cloud functions.
    pub functions: Vec<FunctionManifest>,
    /// What `check --strict` and `doctor` treat as errors.
    pub warnings: Vec<ManifestFinding>,
    /// What is a mistake if the account signs every URL: see
    /// [`check_account`](Self::check_account).
    pub unsigned_only: Vec<ManifestFinding>,
}

/// A mistake or a warning in a manifest, with its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ManifestFinding {
    /// The manifest, or the folder of manifests.
    pub file: PathBuf,
    /// From 1; 0 for the file or folder as a whole.
    pub line: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for ManifestFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ManifestFinding {}

/// The upload parameters that `[upload]` and `[accept]` may name, sorted; transformation options
/// besides.
pub fn upload_parameters() -> impl Iterator<Item = &'static str> {
    upload::parameter_names()
        .filter(|name| option_kind::OptionKind::Upload.check_name(name).is_ok())
}

/// The URL options that `[url]` and `[accept]` may name, transformation options first.
pub fn url_options() -> impl Iterator<Item = &'static str> {
    let names = OptionKey::all().map(OptionKey::name);
    names.filter(|name| option_kind::OptionKind::Url.check_name(name).is_ok())
}

impl Manifests {
    /// Refuses functions that take layers and raw or named transformations from callers, if
    /// `account` signs every URL: a signed one would show them any private asset.
    ///
    /// # Errors
    /// A finding for each accepted option.
    pub fn check_account(&self, account: &Account) -> Result<(), Vec<ManifestFinding>> {
        let signs_all = account.url.sign_url || account.url.auth_token.is_some();
        if signs_all && !self.unsigned_only.is_empty() {
            return Err(self.unsigned_only.clone());
        }
        Ok(())
    }

    /// Whether a hook asks Cloudinary for something.
    pub fn confirm_assets(&self) -> bool {
        let mut fields = self.classes.iter().flat_map(|class| &class.fields);
        fields.any(|field| field.confirm.is_some())
    }

    /// Whether a field has anything done later, a picture destroyed or a notification followed:
    /// then there is a queue, and Parse Server is asked with the master key.
    pub fn need_queue(&self) -> bool {
        let mut fields = self.classes.iter().flat_map(|class| &class.fields);
        fields.any(|field| field.clean_up.destroys() || field.follow.writes())
    }

    /// Whether a hook asks Parse Server for something: a `delivery_url` that reads a row, a
    /// function for a role.
    pub fn need_parse_server(&self) -> bool {
        self.functions.iter().any(|function| {
            matches!(function.access, Access::Role(_))
                || matches!(&function.action, FunctionAction::DeliveryUrl(url) if url.source.is_some())
        })
    }
}
