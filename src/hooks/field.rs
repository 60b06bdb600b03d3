//! The judgement on one guarded field of a save.

use std::borrow::Cow;

use crate::cloudinary::account::Account;
use crate::cloudinary::identifier::{Identifier, IdentifierError};
use crate::cloudinary::json_string::push_json_string;
use crate::cloudinary::signature::SecretInUse;
use crate::manifest::GuardedField;
use crate::parse::envelope::User;
use crate::parse::json::{JsonKind, JsonText};

use super::confirm::ToConfirm;
use super::context::ContextSignatures;
use super::operation::{names_an_operation, operands, operation_name};
use super::policy::Policy;
use super::refusal::{Reason, Refusal};
use super::sign_upload::Caller;
use super::stored::{Again, StoredElements, Texts, again};

/// What becomes of a field's value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FieldWrite {
    /// It is stored as the client sent it.
    AsSent,
    /// This JSON text is stored instead.
    Instead(String),
}

/// What a save is judged by, but for its values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Save<'a> {
    pub class: &'a str,
    pub account: &'a Account,
    pub user: Option<&'a User<'a>>,
    pub signatures: &'a ContextSignatures<'a>,
    pub create: bool,
    /// The manifest trusts the master key and this save has it.
    pub trusted: bool,
    /// Seconds since 1970.
    pub now: u64,
}

/// One field of a save.
#[derive(Debug)]
pub(super) struct FieldCheck<'a> {
    pub save: Save<'a>,
    pub field: &'a GuardedField,
    /// The field's place in the manifest.
    pub index: usize,
    pub stored: Option<JsonText<'a>>,
    /// A verified signature was made with the secret that is being rotated out.
    pub previous_secret: bool,
    /// Verified identifiers, if the field confirms.
    pub to_confirm: Vec<ToConfirm>,
    /// The field loses what it holds, or gets another picture.
    pub changes: bool,
}

impl<'a> FieldCheck<'a> {
    /// Decides on the value that the save holds for the field, or on its absence.
    pub(super) fn judge(&mut self, value: Option<JsonText<'_>>) -> Result<FieldWrite, Refusal> {
        let Some(value) = value else {
            return self.cleared(self.save.create);
        };
        match value.kind() {
            JsonKind::Object => self.operation(value),
            _ if self.stored == Some(value) => Ok(FieldWrite::AsSent),
            JsonKind::Null => self.clears(),
            JsonKind::String if !self.field.many => self.one(value),
            JsonKind::Array if self.field.many => {
                let elements = value.elements().unwrap_or_default();
                if elements.is_empty() {
                    return self.clears();
                }
                let list = self.list(&elements, false)?;
                Ok(list.map_or(FieldWrite::AsSent, FieldWrite::Instead))
            }
            _ if self.save.trusted => {
                self.changes = true;
                Ok(FieldWrite::AsSent)
            }
            _ => Err(self.ill_typed()),
        }
    }

    fn clears(&mut self) -> Result<FieldWrite, Refusal> {
        self.changes |= self.stored.is_some_and(|s| s.kind() != JsonKind::Null);
        self.cleared(true)
    }

    fn cleared(&self, matters: bool) -> Result<FieldWrite, Refusal> {
        if matters && self.field.required {
            let expected = "is required, expected an identifier with its signature";
            return Err(self.refusal(Reason::Required, expected));
        }
        Ok(FieldWrite::AsSent)
    }

    fn one(&mut self, value: JsonText<'_>) -> Result<FieldWrite, Refusal> {
        let text = value.as_str();
        if let (Some(text), Some(stored)) = (&text, self.stored.and_then(JsonText::as_str)) {
            match again(text, &stored) {
                Some(Again::AsIs) => return Ok(FieldWrite::AsSent),
                Some(Again::Signed(bare)) => return Ok(FieldWrite::Instead(quote(bare))),
                None => {}
            }
        }
        self.changes = true;
        let new = self.new_identifier(text)?;
        Ok(new.map_or(FieldWrite::AsSent, FieldWrite::Instead))
    }

    /// Checks an identifier that is not stored yet; the JSON text to store instead, if it is not
    /// bare.
    fn new_identifier(&mut self, text: Option<Cow<'_, str>>) -> Result<Option<String>, Refusal> {
        let Some(text) = text else {
            return Err(self.malformed("a string of Unicode characters"));
        };
        if self.save.trusted {
            return Ok(text.split_once('#').map(|(bare, _)| quote(bare)));
        }
        let identifier = match Identifier::parse(&text) {
            Ok(identifier) => identifier,
            Err(IdentifierError::EmptySignature) => {
                return Err(Refusal::bad_signature(&self.field.name));
            }
            Err(error) => return Err(self.refusal(Reason::Malformed, &error.to_string())),
        };
        let inline = identifier.signature;
        let signature = inline.or_else(|| self.save.signatures.signature(self.index, &text));
        let verified = signature.map(|s| identifier.verify(self.save.account, s));
        match verified {
            Some(Ok(SecretInUse::Current)) => {}
            Some(Ok(SecretInUse::Previous)) => self.previous_secret = true,
            Some(Err(_)) | None => return Err(Refusal::bad_signature(&self.field.name)),
        }
        self.policy(&identifier)?;
        if self.field.confirm.is_some() {
            self.to_confirm.push(ToConfirm {
                field: self.index,
                identifier: identifier.bare().to_owned(),
            });
        }
        Ok(inline.map(|_| quote(identifier.bare())))
    }

    fn policy(&self, identifier: &Identifier<'_>) -> Result<(), Refusal> {
        let policy = Policy {
            field: self.field,
            caller: &|| self.save.user.and_then(Caller::of),
            now: self.save.now,
        };
        match policy.broken_by(identifier).next() {
            Some(broken) => Err(self.refusal(broken.reason, &broken.expected)),
            None => Ok(()),
        }
    }

    /// Checks the elements of an array, which `adds` to the stored one or takes its place; the
    /// array to write instead, if any must be stripped.
    fn list(&mut self, elements: &[JsonText<'_>], adds: bool) -> Result<Option<String>, Refusal> {
        let stored = self.stored_elements();
        let held = elements.len() + if adds { stored.len() } else { 0 };
        if held > self.field.max_items && held >= stored.len() {
            let expected = format!("expected at most {} identifiers", self.field.max_items);
            return Err(self.refusal(Reason::Items, &expected));
        }
        let stored = StoredElements::of(&stored);
        let mut replaced = Vec::with_capacity(elements.len());
        for &element in elements {
            replaced.push(self.element(element, &stored)?);
        }
        Ok(spliced(elements, &replaced))
    }

    fn element(
        &mut self,
        element: JsonText<'_>,
        stored: &StoredElements<'_>,
    ) -> Result<Option<String>, Refusal> {
        let Some(text) = element.as_str() else {
            if stored.has_other(element) {
                return Ok(None);
            }
            if element.kind() == JsonKind::String {
                return self.new_identifier(None);
            }
            if self.save.trusted {
                return Ok(None);
            }
            return Err(self.malformed("an array of identifier strings"));
        };
        match stored.again(&text) {
            Some(Again::AsIs) => Ok(None),
            Some(Again::Signed(bare)) => Ok(Some(quote(bare))),
            None => self.new_identifier(Some(text)),
        }
    }

    fn stored_elements(&self) -> Vec<JsonText<'a>> {
        let elements = self.stored.and_then(JsonText::elements);
        elements.unwrap_or_default()
    }

    /// A JSON object: one of Parse's operations, or nothing that a guarded field can hold.
    fn operation(&mut self, value: JsonText<'_>) -> Result<FieldWrite, Refusal> {
        let members = value.members().unwrap_or_default();
        let Some(op) = operation_name(&members) else {
            let unchanged = self.stored == Some(value);
            if unchanged || (self.save.trusted && !names_an_operation(&members)) {
                self.changes = !unchanged;
                return Ok(FieldWrite::AsSent);
            }
            return Err(self.ill_typed());
        };
        if op == "Delete" {
            return self.clears();
        }
        match (op.as_ref(), operands(&members)) {
            ("Add" | "AddUnique", Some(elements)) if self.field.many => {
                if elements.is_empty() {
                    return self.cleared(self.save.create);
                }
                let list = self.list(&elements, true)?;
                Ok(with_operands(&op, list))
            }
            ("Remove", Some(elements)) if self.field.many => {
                self.refuse_emptying(&elements)?;
                let list = self.without_signatures(&elements);
                Ok(with_operands(&op, list))
            }
            _ => Err(self.ill_typed()),
        }
    }

    /// A Remove is always allowed, but stored elements being bare, a signature in it would keep it
    /// from matching.
    fn without_signatures(&self, elements: &[JsonText<'_>]) -> Option<String> {
        let stored = Texts::of(&self.stored_elements());
        let bare = |element: &JsonText<'_>| {
            let text = element.as_str()?;
            let (bare, _) = text.split_once('#')?;
            (!stored.has(&text)).then(|| quote(bare))
        };
        let replaced: Vec<_> = elements.iter().map(bare).collect();
        spliced(elements, &replaced)
    }

    fn refuse_emptying(&self, removed: &[JsonText<'_>]) -> Result<(), Refusal> {
        let removed = Texts::of(removed);
        let goes = |stored: &JsonText<'_>| stored.as_str().is_some_and(|s| removed.has(&s));
        let stored = self.stored_elements();
        let empties = stored.iter().all(goes) && (self.save.create || !stored.is_empty());
        self.cleared(empties).map(|_| ())
    }

    fn ill_typed(&self) -> Refusal {
        self.malformed(if self.field.many {
            "an array of identifiers"
        } else {
            "an identifier string"
        })
    }

    fn malformed(&self, expected: &str) -> Refusal {
        self.refusal(Reason::Malformed, &format!("expected {expected}"))
    }

    fn refusal(&self, reason: Reason, expected: &str) -> Refusal {
        Refusal::of_field(reason, self.save.class, &self.field.name, expected)
    }
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    push_json_string(&mut quoted, text);
    quoted
}

/// The array with its replacements; `None` if there are none.
fn spliced(elements: &[JsonText<'_>], replaced: &[Option<String>]) -> Option<String> {
    replaced.iter().any(Option::is_some).then(|| {
        let items = elements.iter().zip(replaced);
        let items: Vec<_> = items
            .map(|(e, r)| r.as_deref().unwrap_or(e.as_raw()))
            .collect();
        format!("[{}]", items.join(","))
    })
}

/// The operation with another array in the place of its own.
fn with_operands(op: &str, list: Option<String>) -> FieldWrite {
    list.map_or(FieldWrite::AsSent, |list| {
        FieldWrite::Instead(format!("{{\"__op\":\"{op}\",\"objects\":{list}}}"))
    })
}
