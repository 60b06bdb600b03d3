//! `beforeSave`: verify each guarded field, strip its signature, keep the client's operations.
//!
//! A save may carry operations that Parse Server does not show: a key such as `pictures.0` beside
//! `pictures`. `{}` would store them, so where one could reach a guarded field or a column of ours
//! the answer is a write set, which drops them. Cloud Code names them: then such a save is refused,
//! and the answer holds nothing but what is ours.

use crate::cloudinary::account::Account;
use crate::manifest::{ClassManifest, GuardedField};
use crate::parse::envelope::{Envelope, Object};
use crate::parse::json::{JsonKind, JsonText};
use crate::parse::signed_write::{OVERTAKEN, WriteProof};

use super::Outcome;
use super::confirm::ToConfirm;
use super::context::ContextSignatures;
use super::field::{FieldCheck, FieldWrite, Save};
use super::refusal::{Reason, Refusal};
use super::signed_write::{self, Effect};
use super::write_set::{Changes, Own};

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
) -> Result<Outcome, Refusal> {
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
    let proof = || WriteProof::read(envelope.context);
    let mut guard = Guard {
        save,
        envelope,
        object,
        proof: envelope.has_full_master_key().then(proof).flatten(),
        own: Own::default(),
        may_hide: false,
        previous_secret: false,
        to_confirm: Vec::new(),
    };
    for (index, field) in manifest.fields.iter().enumerate() {
        guard.field(index, field)?;
    }
    Ok(guard.outcome(manifest))
}

/// A save on its way through the fields of its class.
struct Guard<'m, 'a> {
    save: Save<'a>,
    envelope: &'a Envelope<'a>,
    object: &'a Object<'a>,
    /// This service's own, if the save says that it is.
    proof: Option<WriteProof>,
    own: Own<'m>,
    /// An operation that is not shown could reach a guarded field or a column of ours.
    may_hide: bool,
    previous_secret: bool,
    to_confirm: Vec<ToConfirm>,
}

/// What a save shows of one key.
#[derive(Clone, Copy)]
struct Shown<'a> {
    /// What the save brings, or leaves as it is.
    value: Option<JsonText<'a>>,
    stored: Option<JsonText<'a>>,
}

impl<'m> Guard<'m, '_> {
    fn field(&mut self, index: usize, field: &'m GuardedField) -> Result<(), Refusal> {
        let class = self.save.class;
        if self.named_path_reaches(&field.name) {
            let expected = "expected no operation on a path into it";
            return Err(Refusal::of_field(
                Reason::Malformed,
                class,
                &field.name,
                expected,
            ));
        }
        let shown = Shown {
            value: sole(class, &field.name, self.object)?,
            stored: match &self.envelope.original {
                Some(original) => sole(class, &field.name, original)?,
                None => None,
            },
        };
        // An operation into an array's element, or into an eager column's, needs no key that is new
        // to the row.
        self.may_hide |= !self.save.create && (field.many || field.follow.eager_field.is_some());
        self.may_hide |= self.may_reach(&field.name, shown);
        let changes = match self.signed_write(field, shown)? {
            Some(effect) => effect == Effect::Changes,
            None => self.judge(index, field, shown)?,
        };
        for column in field.follow.columns() {
            self.column(column, changes)?;
        }
        Ok(())
    }

    /// What a write of this service's own does; `None` if the save is somebody else's.
    fn signed_write(
        &self,
        field: &GuardedField,
        shown: Shown<'_>,
    ) -> Result<Option<Effect>, Refusal> {
        let Some(proof) = self
            .proof
            .as_ref()
            .filter(|proof| proof.field == field.name)
        else {
            return Ok(None);
        };
        let Save {
            class,
            account,
            now,
            ..
        } = self.save;
        let object_id = self.object.get("objectId").and_then(JsonText::as_str);
        let row = (class, object_id.as_deref().unwrap_or_default());
        let Shown { value, stored } = shown;
        let effect = signed_write::covered(proof, row, field, stored, value, account, now);
        let overtaken = || Refusal::of_field(Reason::Overtaken, class, &field.name, OVERTAKEN);
        effect.map(Some).ok_or_else(overtaken)
    }

    /// Whether the field loses its picture or gets another one.
    fn judge(
        &mut self,
        index: usize,
        field: &'m GuardedField,
        shown: Shown<'_>,
    ) -> Result<bool, Refusal> {
        let mut judge = FieldCheck {
            save: self.save,
            field,
            index,
            stored: shown.stored,
            previous_secret: false,
            to_confirm: Vec::new(),
            changes: false,
        };
        if let FieldWrite::Instead(text) = judge.judge(shown.value)? {
            self.own.instead.push((&field.name, text));
        }
        self.previous_secret |= judge.previous_secret;
        self.to_confirm.append(&mut judge.to_confirm);
        Ok(judge.changes)
    }

    /// A column of ours: clients leave it as it is, and what it says of a picture goes with that
    /// picture.
    fn column(&mut self, name: &'m str, picture_changes: bool) -> Result<(), Refusal> {
        if self.named_path_reaches(name) {
            return Err(self.column_of_ours(name));
        }
        let original = self.envelope.original.as_ref();
        let shown = Shown {
            value: self.object.get(name),
            stored: original.and_then(|original| original.get(name)),
        };
        self.may_hide |= self.may_reach(name, shown);
        let is_set = shown.value.is_some() && shown.value != shown.stored;
        if is_set && self.envelope.has_full_master_key() {
            return Ok(());
        }
        if is_set && self.save.create {
            return match shown.value.map(JsonText::kind) {
                Some(JsonKind::Null) => Ok(()),
                _ => Err(self.column_of_ours(name)),
            };
        }
        if is_set {
            self.own.leave_out(name);
        }
        // Where the row holds nothing there is nothing to clear, and PostgreSQL fails on a column
        // that was never written.
        if picture_changes && shown.stored.is_some() {
            self.own.clear(name);
        }
        Ok(())
    }

    fn column_of_ours(&self, name: &str) -> Refusal {
        let expected = "only this service and the master key write it, expected no value";
        Refusal::of_field(Reason::Column, self.save.class, name, expected)
    }

    /// Whether an operation on a path into the key may be hidden behind it: where the row holds
    /// something of the column's own type Parse Server refuses one, but a column that was never
    /// written takes any. Parse Server 5 and 6 show such paths.
    fn may_reach(&self, name: &str, shown: Shown<'_>) -> bool {
        let is_new = shown.stored.is_none_or(|s| s.kind() == JsonKind::Null);
        let mut members = self.object.members.iter();
        (shown.value.is_some() && is_new) || members.any(|m| m.key.reaches_into(name))
    }

    /// Whether Cloud Code's object has an operation on a path into the key.
    fn named_path_reaches(&self, name: &str) -> bool {
        let reaches = |path: &str| {
            let rest = path.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let mut paths = self.envelope.dotted_keys().iter();
        self.envelope.from_cloud_code && paths.any(|path| reaches(path))
    }

    fn outcome(self, manifest: &ClassManifest) -> Outcome {
        if self.envelope.from_cloud_code {
            let own = || self.own.answer(self.envelope.original.as_ref());
            return Outcome {
                answer: (!self.own.is_empty()).then(own),
                previous_secret: self.previous_secret,
                to_confirm: self.to_confirm,
                left_out: self.own.left_out(),
                ..Outcome::default()
            };
        }
        let needs_answer = self.may_hide || !self.own.is_empty();
        let answer = needs_answer.then(|| {
            let changes = Changes::of(self.object, self.envelope);
            let stands = self.own.is_empty() && self.is_email_verification(&changes);
            (!stands).then(|| changes.answer(manifest, &self.own))
        });
        Outcome {
            answer: answer.flatten(),
            previous_secret: self.previous_secret,
            to_confirm: self.to_confirm,
            left_out: self.own.left_out(),
            ..Outcome::default()
        }
    }

    /// Parse Server's own save, which takes the token of the e-mail away under a key that it does
    /// not show. A client's is refused by Parse Server before it asks.
    fn is_email_verification(&self, changes: &Changes<'_, '_>) -> bool {
        self.save.class == "_User"
            && !self.save.create
            && self.save.user.is_none()
            && !self.envelope.has_master_key()
            && changes.are_only("emailVerified")
    }
}

/// A guarded key's value. Parse Server would take the last of two, another reader the first:
/// neither is let through.
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
