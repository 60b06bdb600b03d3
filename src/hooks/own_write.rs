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
    let Some(to) = to(value) else {
        return false;
    };
    let stored = stored.map(JsonText::texts).unwrap_or_default();
    stored.iter().any(|from| {
        let write = OwnWrite {
            class,
            object_id,
            field: &field.name,
            from,
            to: &to,
        };
        mark.covers(&write, &account.secrets, now)
    })
}

/// What a write of ours is to leave in the field; `None` for what we never write.
fn to(value: Option<JsonText<'_>>) -> Option<Cow<'_, str>> {
    let Some(value) = value else {
        return Some("".into());
    };
    match value.kind() {
        Kind::Null => Some("".into()),
        Kind::Object => {
            let members = value.members()?;
            let member = |name: &str| members.iter().find(|m| m.key.is(name)).map(|m| m.value);
            match member("__op")?.as_str()?.as_ref() {
                "Delete" | "Remove" => Some("".into()),
                "AddUnique" => match member("objects")?.texts().as_slice() {
                    [one] => Some(Cow::Owned(one.clone().into_owned())),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => value.as_str(),
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
    let Some(mark) = mark.filter(|mark| mark.field == field.name && !field.many) else {
        return false;
    };
    let object_id = object.get("objectId").and_then(JsonText::as_str);
    let row = (
        class.class.as_str(),
        object_id.as_deref().unwrap_or_default(),
    );
    let stored = envelope
        .original
        .as_ref()
        .and_then(|original| original.get(&field.name));
    let value = object
        .get(&field.name)
        .filter(|value| value.kind() == Kind::String);
    value.is_some() && covers(&mark, row, field, stored, value, account, now)
}
