//! Writes of this service's own, as the guard and the clean-up see them.

use std::borrow::Cow;

use crate::cloudinary::account::Account;
use crate::manifest::{ClassManifest, GuardedField};
use crate::parse::envelope::{Envelope, Object};
use crate::parse::json::{JsonText, Kind};
use crate::parse::own_write::{Mark, OwnWrite};

/// Whether `mark` was made for the save that finds `stored` in the field and brings `value`.
pub(super) fn covers(
    mark: &Mark,
    (class, object_id): (&str, &str),
    field: &GuardedField,
    stored: Option<JsonText<'_>>,
    value: Option<JsonText<'_>>,
    account: &Account,
    now: u64,
) -> bool {
    let stored = stored.map(JsonText::texts).unwrap_or_default();
    let to = to(value, &stored);
    let made_for = |from: &str, to: &str| {
        let write = OwnWrite {
            class,
            object_id,
            field: &field.name,
            from,
            to,
        };
        mark.covers(&write, &account.secrets, now)
    };
    stored
        .iter()
        .any(|from| to.iter().any(|to| made_for(from, to)))
}

/// What a write of ours may mean to leave in the field; nothing for what we never write.
fn to<'a>(value: Option<JsonText<'a>>, stored: &[Cow<'a, str>]) -> Vec<Cow<'a, str>> {
    let Some(value) = value else {
        return vec!["".into()];
    };
    match value.kind() {
        Kind::Null => vec!["".into()],
        Kind::Object => of_operation(value, stored).unwrap_or_default(),
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
    let mark = Mark::read(envelope.context).filter(|_| envelope.has_full_master_key());
    let Some(mark) = mark.filter(|mark| mark.field == field.name) else {
        return false;
    };
    let object_id = object.get("objectId").and_then(JsonText::as_str);
    let texts = |object: &Object<'_>| -> Vec<String> {
        let value = object.get(&field.name).map(JsonText::texts);
        let texts = value.unwrap_or_default().into_iter();
        texts.map(Cow::into_owned).collect()
    };
    let (before, after) = (envelope.original.as_ref().map(texts), texts(object));
    let made_for = |from: &String, to: &String| {
        let write = OwnWrite {
            class: &class.class,
            object_id: object_id.as_deref().unwrap_or_default(),
            field: &field.name,
            from,
            to,
        };
        mark.covers(&write, &account.secrets, now)
    };
    let gone = before.unwrap_or_default().into_iter();
    gone.filter(|text| !after.contains(text))
        .any(|from| after.iter().any(|to| made_for(&from, to)))
}
