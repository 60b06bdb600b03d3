//! `beforeSave`: verify each guarded field, strip its signature, keep the client's operations.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::cloudinary::account::Account;
use crate::manifest::ClassManifest;
use crate::parse::envelope::{Envelope, Object};
use crate::parse::json::{JsonText, Key, Member};
use crate::parse::own_write::{Mark, OVERTAKEN};

use super::Decided;
use super::context::ContextSignatures;
use super::field::{Judge, Save, Verdict};
use super::own_write;
use super::refusal::{Reason, Refusal};

/// Judges a save of a guarded class. `now` in seconds since 1970.
///
/// # Errors
/// The first [`Refusal`], in the manifest's order of fields.
pub fn before_save(
    manifest: &ClassManifest,
    account: &Account,
    envelope: &Envelope<'_>,
    object: &Object<'_>,
    now: u64,
) -> Result<Decided, Refusal> {
    let signatures = ContextSignatures::read(manifest, envelope.context)?;
    let save = Save {
        class: &manifest.class,
        account,
        user: envelope.user.as_ref(),
        signatures: &signatures,
        create: envelope.original.is_none(),
        trusted: manifest.trust_master_key && envelope.has_full_master_key(),
        now,
    };
    let mark = || Mark::read(envelope.context);
    let own = envelope.has_full_master_key().then(mark).flatten();
    let mut instead = Vec::new();
    let mut previous_secret = false;
    let mut to_confirm = Vec::new();
    for (index, field) in manifest.fields.iter().enumerate() {
        let original = envelope.original.as_ref();
        let value = sole(save.class, &field.name, object)?;
        let stored = match original {
            Some(original) => sole(save.class, &field.name, original)?,
            None => None,
        };
        if let Some(mark) = own.as_ref().filter(|mark| mark.field == field.name) {
            let object_id = object.get("objectId").and_then(JsonText::as_str);
            let row = (save.class, object_id.as_deref().unwrap_or_default());
            if own_write::covers(mark, row, field, stored, value, account, now) {
                continue;
            }
            let field = &field.name;
            return Err(Refusal::of_field(
                Reason::Overtaken,
                save.class,
                field,
                OVERTAKEN,
            ));
        }
        let mut judge = Judge {
            save,
            field,
            index,
            stored,
            previous_secret: false,
            to_confirm: Vec::new(),
        };
        if let Verdict::Instead(text) = judge.judge(value)? {
            instead.push((field.name.as_str(), text));
        }
        previous_secret |= judge.previous_secret;
        to_confirm.append(&mut judge.to_confirm);
    }
    let answer = (!instead.is_empty()).then(|| rewrite(object, envelope, &instead));
    Ok(Decided {
        answer,
        previous_secret,
        to_confirm,
    })
}

/// A guarded key's value. Parse Server would take the last of two, another reader the first: neither is let through.
fn sole<'a>(
    class: &str,
    field: &str,
    object: &Object<'a>,
) -> Result<Option<JsonText<'a>>, Refusal> {
    let mut found = object.members.iter().filter(|m| m.key.is(field));
    let first = found.next();
    if found.next().is_some() {
        let expected = "occurs twice, expected once";
        return Err(Refusal::of_field(Reason::Repeated, class, field, expected));
    }
    Ok(first.map(|m| m.value))
}

/// `{"success": D + own}`: each top-level key whose JSON text differs from the stored one, verbatim, operations included, and the
/// guarded fields stripped. `success` replaces the whole write set, so what is left out would be lost, and what is sent without
/// need would undo concurrent updates.
fn rewrite(object: &Object<'_>, envelope: &Envelope<'_>, instead: &[(&str, String)]) -> String {
    let stored = envelope.original.as_ref().map_or(&[][..], |o| &o.members);
    let (stored_names, names) = (Names::of(stored), Names::of(&object.members));
    let update = envelope.original.is_some();
    let mut answer = String::with_capacity(object.text_len() + 16);
    answer.push_str("{\"success\":{");
    let mut separator = "";
    for (index, member) in object.members.iter().enumerate() {
        let own = instead.iter().find(|(name, _)| member.key.is(name));
        let unchanged = || {
            let place = stored_names.last(member.key);
            place.is_some_and(|place| stored[place].value == member.value)
        };
        let text = match own {
            Some((_, text)) => text,
            None if is_parse_servers(member.key, update) || unchanged() => continue,
            None => member.value.as_raw(),
        };
        if !names.is_last(index, member.key) {
            continue;
        }
        for part in [separator, "\"", member.key.as_raw(), "\":", text] {
            answer.push_str(part);
        }
        separator = ",";
    }
    answer.push_str("}}");
    answer
}

/// Keys that Parse Server sets itself; on create a chosen `objectId` is the client's.
fn is_parse_servers(key: Key<'_>, update: bool) -> bool {
    key.is("className")
        || key.is("createdAt")
        || key.is("updatedAt")
        || (update && key.is("objectId"))
}

/// Where an object's names last occur, which is where `JSON.parse` reads them.
#[allow(
    clippy::large_enum_variant,
    reason = "it lives on the stack of one function"
)]
enum Names<'a> {
    /// A few members are compared faster than hashed: by their marks first.
    Few(&'a [Member<'a>], [u64; FEW]),
    /// A client may send any number of keys: looking each up must not take longer the more there are.
    Many(HashMap<Cow<'a, [u8]>, usize>),
}

const FEW: usize = 32;

impl<'a> Names<'a> {
    fn of(members: &'a [Member<'a>]) -> Self {
        if members.len() <= FEW {
            let mut marks = [0; FEW];
            for (mark, member) in marks.iter_mut().zip(members) {
                *mark = member.key.mark();
            }
            return Names::Few(members, marks);
        }
        let names = members.iter().enumerate();
        Names::Many(names.map(|(index, m)| (m.key.decoded(), index)).collect())
    }

    /// Whether the key at `index` is the last one of its name.
    fn is_last(&self, index: usize, key: Key<'_>) -> bool {
        match self {
            Names::Few(members, marks) => {
                let mut later = members.iter().zip(marks).skip(index);
                let mark = later.next().map(|(_, mark)| mark);
                !later.any(|(other, m)| Some(m) == mark && other.key.same_as(key))
            }
            Names::Many(names) => names.get(&*key.decoded()) == Some(&index),
        }
    }

    fn last(&self, key: Key<'_>) -> Option<usize> {
        match self {
            Names::Few([], _) => None,
            Names::Few(members, marks) => {
                let mark = key.mark();
                let mut places = members.iter().zip(marks).enumerate().rev();
                let same = |(other, m): (&Member<'_>, &u64)| *m == mark && other.key.same_as(key);
                places
                    .find(|(_, member)| same(*member))
                    .map(|(place, _)| place)
            }
            Names::Many(names) => names.get(&*key.decoded()).copied(),
        }
    }
}
