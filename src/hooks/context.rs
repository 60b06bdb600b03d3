//! Context mode: signatures that travel in the save's `context`, the identifiers being bare
//! already.
//!
//! `{"cloudinary": {"<field>": "<signature>"}}`, for a field with many identifiers `{"<field>":
//! {"<identifier>": "<signature>"}}`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::manifest::ClassManifest;
use crate::parse::json::{JsonKind, JsonText, Member};

use super::refusal::{Reason, Refusal};

/// The signatures of a save's context, by guarded field.
#[derive(Debug, Default)]
pub(super) struct ContextSignatures<'a> {
    fields: Vec<(usize, ContextEntry<'a>)>,
}

#[derive(Debug)]
enum ContextEntry<'a> {
    One(Cow<'a, str>),
    Many(HashMap<Cow<'a, str>, Cow<'a, str>>),
}

impl<'a> ContextSignatures<'a> {
    /// Reads `context`, whose other keys are the app's own business.
    pub(super) fn read(
        manifest: &ClassManifest,
        context: Option<JsonText<'a>>,
    ) -> Result<Self, Refusal> {
        let class = &manifest.class;
        let Some(context) = context.filter(|c| c.kind() != JsonKind::Null && c.as_raw() != "{}")
        else {
            return Ok(Self::default());
        };
        let members = context.members().ok_or_else(|| {
            Refusal::of_class(Reason::Context, class, "context: expected an object")
        })?;
        let mut ours = members.iter().filter(|m| m.key.is("cloudinary"));
        let Some(cloudinary) = ours.next() else {
            return Ok(Self::default());
        };
        if ours.next().is_some() {
            return Err(repeated(class, "context.cloudinary"));
        }
        let by_field = cloudinary.value.members().ok_or_else(|| {
            let expected = "context.cloudinary: expected an object of signatures by field";
            Refusal::of_class(Reason::Context, class, expected)
        })?;
        refuse_repeated(&by_field, class, "context.cloudinary")?;
        let mut fields = Vec::new();
        for (index, field) in manifest.fields.iter().enumerate() {
            if let Some(member) = by_field.iter().find(|m| m.key.is(&field.name)) {
                let entry = ContextEntry::read(class, &field.name, field.many, member.value)?;
                fields.push((index, entry));
            }
        }
        Ok(ContextSignatures { fields })
    }

    /// The signature for `identifier` in the guarded field with this index.
    pub(super) fn signature(&self, field: usize, identifier: &str) -> Option<&str> {
        let (_, entry) = self.fields.iter().find(|(index, _)| *index == field)?;
        match entry {
            ContextEntry::One(signature) => Some(signature),
            ContextEntry::Many(signatures) => signatures.get(identifier).map(Cow::as_ref),
        }
    }
}

impl<'a> ContextEntry<'a> {
    fn read(
        class: &str,
        field: &str,
        many: bool,
        value: JsonText<'a>,
    ) -> Result<ContextEntry<'a>, Refusal> {
        let ill_typed = || {
            let expected = if many {
                "an object of signatures by identifier"
            } else {
                "a signature string"
            };
            let place = format!("context.cloudinary.{field}: expected {expected}");
            Refusal::of_class(Reason::Context, class, place)
        };
        if !many {
            return value.as_str().map(ContextEntry::One).ok_or_else(ill_typed);
        }
        let members = value.members().ok_or_else(ill_typed)?;
        refuse_repeated(&members, class, &format!("context.cloudinary.{field}"))?;
        let mut signatures = HashMap::with_capacity(members.len());
        for member in members {
            let identifier = match member.key.decoded() {
                Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
                Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
            };
            let signature = member.value.as_str();
            signatures.insert(
                identifier.ok_or_else(ill_typed)?,
                signature.ok_or_else(ill_typed)?,
            );
        }
        Ok(ContextEntry::Many(signatures))
    }
}

fn refuse_repeated(members: &[Member<'_>], class: &str, place: &str) -> Result<(), Refusal> {
    if members.len() < 2 {
        return Ok(());
    }
    let mut names = HashSet::with_capacity(members.len());
    if members.iter().all(|m| names.insert(m.key.decoded())) {
        Ok(())
    } else {
        Err(repeated(class, place))
    }
}

fn repeated(class: &str, place: &str) -> Refusal {
    let expected = format!("{place}: a key occurs twice, expected once");
    Refusal::of_class(Reason::Repeated, class, expected)
}
