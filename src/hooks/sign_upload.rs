//! `sign_upload`: the fields that a client posts to Cloudinary together with its file.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::cloudinary::account::Account;
use crate::cloudinary::identifier::check_public_id;
use crate::cloudinary::upload;
use crate::manifest::{RenderError, ResponseForm, SignUpload, TemplateUser};
use crate::parse::envelope::{Envelope, User};

use super::refusal::Refusal;

/// How long Cloudinary takes a signed request, in seconds after its timestamp.
const SIGNATURE_LIFETIME: u64 = 3600;

/// Signs what the manifest sets and what the caller may choose. `now` in seconds since 1970.
pub(super) fn sign(
    manifest: &SignUpload,
    account: &Account,
    envelope: &Envelope<'_>,
    now: u64,
) -> Result<Value, Refusal> {
    let user = envelope.user.as_ref().and_then(Caller::of);
    let user = user.as_ref().map(Caller::as_template);
    let raw = |name: &str| {
        let value = envelope.params.get(name)?;
        serde_json::from_str::<&RawValue>(value.as_raw()).ok()
    };
    let mut options = Map::new();
    for (name, parameter) in &manifest.upload {
        let value = parameter
            .render(name, user, &raw)
            .map_err(|error| match error {
                RenderError::NoUser => Refusal::needs_user(),
                other => Refusal::of_parameter(other),
            })?;
        options.insert(name.clone(), value);
    }
    for (name, value) in chosen(manifest, envelope)? {
        options.insert(name, value);
    }
    let fields = upload::sign_upload(account, &options, now).map_err(Refusal::of_parameter)?;
    Ok(match manifest.response {
        ResponseForm::Fields => Value::Object(fields),
        ResponseForm::Request => json!({
            "url": upload::upload_url(account, &manifest.resource_type),
            "fields": fields,
            "expires_at": iso_date(now + SIGNATURE_LIFETIME),
        }),
    })
}

/// What the caller chose, checked; everything that the manifest neither accepts nor uses in a template is refused by name.
fn chosen(manifest: &SignUpload, envelope: &Envelope<'_>) -> Result<Vec<(String, Value)>, Refusal> {
    let mut chosen = Vec::new();
    for member in &envelope.params.members {
        let name = String::from_utf8_lossy(&member.key.decoded()).into_owned();
        if chosen.iter().any(|(other, _)| *other == name) {
            let text = format!("{name}: occurs twice, expected once");
            return Err(Refusal::of_parameter(text));
        }
        let accepted = manifest
            .accept
            .iter()
            .find(|(accepted, _)| *accepted == name);
        let Some((_, accepted)) = accepted else {
            if manifest.fills_template(&name) {
                continue;
            }
            return Err(Refusal::of_parameter(not_accepted(manifest, &name)));
        };
        let value: Value = serde_json::from_str(member.value.as_raw()).map_err(|_| {
            let text = format!("{name}: expected a value of Unicode text and moderate depth");
            Refusal::of_parameter(text)
        })?;
        let value = accepted
            .choose(&name, &value)
            .map_err(Refusal::of_parameter)?;
        if name == "public_id" {
            check_choice_of_public_id(&value)?;
        }
        chosen.push((name, value));
    }
    for (name, accepted) in &manifest.accept {
        if let Some(default) = &accepted.default
            && !chosen.iter().any(|(c, _)| c == name)
        {
            chosen.push((name.clone(), default.clone()));
        }
    }
    Ok(chosen)
}

fn not_accepted(manifest: &SignUpload, name: &str) -> String {
    let names: Vec<&str> = manifest.accept.iter().map(|(n, _)| n.as_str()).collect();
    match names.as_slice() {
        [] => format!("{name}: not accepted"),
        names => format!("{name}: not accepted, expected only {}", names.join(", ")),
    }
}

/// Signing a `public_id` with `&` or `#` in it could make a signature that passes for another identifier's.
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

    pub(super) fn as_template(&self) -> TemplateUser<'_> {
        TemplateUser {
            object_id: &self.object_id,
            username: self.username.as_deref(),
        }
    }
}
