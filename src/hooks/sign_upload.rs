//! `sign_upload`: the fields that a client posts to Cloudinary together with its file.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use crate::cloudinary::account::Account;
use crate::cloudinary::identifier::check_public_id;
use crate::cloudinary::upload;
use crate::manifest::{ResponseForm, SignUpload, TemplateUser};
use crate::parse::envelope::{Envelope, User};

use super::answer::{fields_answer, request_answer};
use super::choice::Table;
use super::refusal::Refusal;
use super::upload_fields::{FixedFields, upload_fields};

/// How long Cloudinary takes a signed request, in seconds after its timestamp.
const SIGNATURE_LIFETIME: u64 = 3600;

/// Signs what the manifest sets and what the caller may choose; the text to answer. `now` in
/// seconds since 1970.
pub(super) fn sign(
    manifest: &SignUpload,
    fixed: &FixedFields,
    account: &Account,
    envelope: &Envelope<'_>,
    now: u64,
) -> Result<String, Refusal> {
    let rules = &manifest.rules;
    let mut fields = upload_fields(rules, fixed, account, envelope)?;
    let table = Table {
        accept: &rules.accept,
        path: "",
        nothing: "",
    };
    let sent = table.read(&envelope.params.members, |name| rules.fills_template(name))?;
    for sent in &sent {
        let value = sent.choose()?;
        if sent.name == "public_id" {
            check_choice_of_public_id(value)?;
        }
        let added = fields.add_chosen(sent.name, value, account);
        added.map_err(Refusal::of_parameter)?;
    }
    for (name, value) in table.defaults(&sent) {
        let added = fields.add_option(name, value, account);
        added.map_err(Refusal::of_parameter)?;
    }
    let fields = fields.sign(account, now).map_err(Refusal::of_parameter)?;
    Ok(match manifest.response {
        ResponseForm::Fields => fields_answer(&fields),
        ResponseForm::Request => request_answer(
            &upload::upload_url(account, &manifest.resource_type),
            &fields,
            &iso_date(now + SIGNATURE_LIFETIME),
        ),
    })
}

/// Signing a `public_id` with `&` or `#` in it could make a signature that passes for another
/// identifier's.
fn check_choice_of_public_id(value: &Value) -> Result<(), Refusal> {
    let Some(public_id) = value.as_str().filter(|id| !id.is_empty()) else {
        let text = "public_id: expected a non-empty string";
        return Err(Refusal::of_parameter(text));
    };
    check_public_id(public_id).map_err(Refusal::of_parameter)
}

fn iso_date(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::MAX)
        .to_string()
}

/// The caller, with what templates need of it.
#[derive(Debug)]
pub(super) struct Caller<'a> {
    object_id: Cow<'a, str>,
    username: Option<Cow<'a, str>>,
}

impl<'a> Caller<'a> {
    pub(super) fn of(user: &User<'a>) -> Option<Self> {
        Some(Caller {
            object_id: user.object_id()?,
            username: user.username(),
        })
    }

    /// Somebody of whom no more is known.
    pub(super) fn with_id(object_id: &'a str) -> Self {
        Caller {
            object_id: object_id.into(),
            username: None,
        }
    }

    pub(super) fn as_template(&self) -> TemplateUser<'_> {
        TemplateUser {
            object_id: &self.object_id,
            username: self.username.as_deref(),
        }
    }
}
