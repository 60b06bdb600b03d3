//! What `[upload]` sets, filled in for a call.

use serde_json::value::RawValue;

use crate::cloudinary::account::Account;
use crate::cloudinary::upload::{self, Fields};
use crate::manifest::{FunctionManifest, Parameter, RenderError, UploadRules};
use crate::parse::envelope::Envelope;

use super::refusal::Refusal;
use super::sign_upload::Caller;

/// The options of `[upload]` that are the same in every call, as they are sent: each call would
/// write them again.
#[derive(Debug, Default)]
pub struct FixedFields(Vec<Option<String>>);

impl FixedFields {
    /// Those of a function, in the manifest's order; none if it signs nothing.
    pub fn of(function: &FunctionManifest, account: &Account) -> Self {
        let Some(rules) = function.action.upload_rules() else {
            return FixedFields::default();
        };
        let texts = rules
            .upload
            .iter()
            .map(|(name, parameter)| match parameter {
                Parameter::Fixed(value) => upload::written(name, value, account).ok().flatten(),
                _ => None,
            });
        FixedFields(texts.collect())
    }

    fn get(&self, index: usize) -> Option<&str> {
        self.0.get(index)?.as_deref()
    }
}

/// The fields that `[upload]` sets, with the placeholders filled in.
pub(super) fn upload_fields<'m>(
    rules: &'m UploadRules,
    fixed: &'m FixedFields,
    account: &Account,
    envelope: &Envelope<'_>,
) -> Result<Fields<'m>, Refusal> {
    let user = envelope.user.as_ref().and_then(Caller::of);
    let user = user.as_ref().map(Caller::as_template);
    let raw = |name: &str| {
        let value = envelope.params.get(name)?;
        serde_json::from_str::<&RawValue>(value.as_raw()).ok()
    };
    let mut fields = Fields::default();
    for (index, (name, parameter)) in rules.upload.iter().enumerate() {
        if let Some(text) = fixed.get(index) {
            fields.add_written(name, text);
            continue;
        }
        let value = parameter
            .render(name, user, &raw, account.signature_version)
            .map_err(|error| match error {
                RenderError::NoUser => Refusal::needs_user(),
                other => Refusal::of_parameter(other),
            })?;
        let added = fields.add_option(name, &value, account);
        added.map_err(Refusal::of_parameter)?;
    }
    Ok(fields)
}
