//! Writes of this service's own, as the guard and the clean-up see them.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::cloudinary::account::Account;
use crate::cloudinary::identifier::{Identifier, bare};
use crate::manifest::{ClassManifest, GuardedField};
use crate::parse::envelope::{Envelope, Object};
use crate::parse::json::{JsonKind, JsonText};
use crate::parse::signed_write::{SignedWrite, WriteProof};

/// What a write of this service's own does to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// The picture stays, under another name perhaps.
    Keeps,
    /// It is cleared, or another version comes in its place.
    Changes,
}

/// What `proof` was made to do in the save that finds `stored` in the field and brings `value`;
/// `None` if it was made for no such save.
pub(super) fn covered(
    proof: &WriteProof,
    (class, object_id): (&str, &str),
    field: &GuardedField,
    stored: Option<JsonText<'_>>,
    value: Option<JsonText<'_>>,
    account: &Account,
    now: u64,
) -> Option<Effect> {
    if let Some(to) = value.and_then(array).filter(|_| field.many) {
        let write = SignedWrite {
            class,
            object_id,
            field: &field.name,
            from: proof.find_from(stored.and_then(array))?,
            to: proof.find_to([to])?,
        };
        let covers = proof.covers(&write, &account.secrets, now);
        return covers.then_some(Effect::Changes);
    }
    let stored = stored.map(JsonText::texts).unwrap_or_default();
    let to = proof.find_to(to(value, &stored))?;
    let from = proof.find_from(&stored)?;
    let write = SignedWrite {
        class,
        object_id,
        field: &field.name,
        from,
        to: &to,
    };
    let covers = proof.covers(&write, &account.secrets, now);
    covers.then(|| effect(from, &to))
}

/// The text of a whole array.
fn array(value: JsonText<'_>) -> Option<&str> {
    (value.kind() == JsonKind::Array).then(|| value.as_raw())
}

/// A rename keeps the version, which an upload of another picture never does.
fn effect(from: &str, to: &str) -> Effect {
    let version = |text: &str| Some(Identifier::parse(bare(text)).ok()?.version.to_owned());
    if from == to || version(from).is_some_and(|version_from| version(to) == Some(version_from)) {
        Effect::Keeps
    } else {
        Effect::Changes
    }
}

/// What a write of ours may mean to leave in the field; nothing for what we never write.
fn to<'a>(value: Option<JsonText<'a>>, stored: &[Cow<'a, str>]) -> Vec<Cow<'a, str>> {
    let Some(value) = value else {
        return vec!["".into()];
    };
    match value.kind() {
        JsonKind::Null => vec!["".into()],
        JsonKind::Object => of_operation(value, stored).unwrap_or_default(),
        _ => value.as_str().into_iter().collect(),
    }
}

fn of_operation<'a>(value: JsonText<'a>, stored: &[Cow<'a, str>]) -> Option<Vec<Cow<'a, str>>> {
    let members = value.members()?;
    let member = |name: &str| members.iter().find(|m| m.key.is(name)).map(|m| m.value);
    match member("__op")?.as_str()?.as_ref() {
        "Delete" => Some(vec!["".into()]),
        // The old name goes once the new one is there.
        "Remove" => Some([&["".into()], stored].concat()),
        "AddUnique" => match member("objects")?.texts().as_slice() {
            [one] => Some(vec![Cow::Owned(one.clone().into_owned())]),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a save was ours and gave the field another name of the same picture, which is no loss.
pub(super) fn renames(
    class: &ClassManifest,
    field: &GuardedField,
    envelope: &Envelope<'_>,
    object: &Object<'_>,
    account: &Account,
    now: u64,
) -> bool {
    let proof = WriteProof::read(envelope.context).filter(|_| envelope.has_full_master_key());
    let Some(proof) = proof.filter(|proof| proof.field == field.name) else {
        return false;
    };
    let object_id = object.get("objectId").and_then(JsonText::as_str);
    let texts = |object: &Object<'_>| -> Vec<String> {
        let value = object.get(&field.name).map(JsonText::texts);
        let texts = value.unwrap_or_default().into_iter();
        texts.map(Cow::into_owned).collect()
    };
    let before = envelope.original.as_ref().map(texts).unwrap_or_default();
    let after = texts(object);
    let stays: HashSet<&String> = after.iter().collect();
    let gone = before.iter().filter(|text| !stays.contains(text));
    let (Some(from), Some(to)) = (proof.find_from(gone), proof.find_to(&after)) else {
        return false;
    };
    let write = SignedWrite {
        class: &class.class,
        object_id: object_id.as_deref().unwrap_or_default(),
        field: &field.name,
        from,
        to,
    };
    proof.covers(&write, &account.secrets, now)
}
