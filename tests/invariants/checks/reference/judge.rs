//! The reference's judgement on one guarded field.

use super::super::identifier::{self, Read};
use super::super::is_signed;
use super::super::json::{Json, all};
use super::{Field, Guard, Refused, Signatures};

/// What a guarded field's value becomes.
pub(super) enum Becomes {
    AsSent,
    This(String),
}

/// One field of a save.
pub(super) struct Judge<'j, 'a> {
    pub(super) guard: &'j Guard<'j, 'a>,
    pub(super) field: &'static Field,
    pub(super) stored: Option<Json<'a>>,
    pub(super) signatures: &'j Signatures,
    pub(super) to_confirm: Vec<String>,
}

impl Judge<'_, '_> {
    pub(super) fn judge(&mut self, value: Option<Json<'_>>) -> Result<Becomes, Refused> {
        let create = self.guard.request.original.is_none();
        let Some(value) = value else {
            return self.cleared(create);
        };
        if value.is_object() {
            return self.object(value);
        }
        if self.stored == Some(value) {
            return Ok(Becomes::AsSent);
        }
        if value.0 == "null" {
            return self.cleared(true);
        }
        if value.0.starts_with('"') && !self.field.many {
            let text = value.text().ok_or(Refused)?;
            return match self.string(&text)? {
                stripped if stripped == text => Ok(Becomes::AsSent),
                stripped => Ok(Becomes::This(quote(&stripped))),
            };
        }
        if value.0.starts_with('[') && self.field.many {
            let elements = value.elements().expect("an array");
            if elements.is_empty() {
                return self.cleared(true);
            }
            let stored = self.stored.and_then(Json::elements).unwrap_or_default();
            if elements.len() >= stored.len() {
                self.holds(elements.len())?;
            }
            let list = self.list(&elements)?;
            return Ok(list.map_or(Becomes::AsSent, Becomes::This));
        }
        if self.guard.trusted() {
            return Ok(Becomes::AsSent);
        }
        Err(Refused)
    }

    /// Whether the picture of a field with one is another than before.
    pub(super) fn changes(&self, value: Option<Json<'_>>) -> bool {
        let was_there = self.stored.is_some_and(|stored| stored.0 != "null");
        let Some(value) = value else {
            return false;
        };
        let op = value
            .members()
            .and_then(|m| Some(*all(&m, "__op").first()?));
        if op.is_some() || value.0 == "null" {
            return was_there;
        }
        let again = match (value.text(), self.stored.and_then(Json::text)) {
            (Some(text), Some(stored)) => {
                sent_again(&text, &stored) || {
                    let bare = without_signature(&text);
                    text.len() > bare.len() + 1 && sent_again(bare, &stored)
                }
            }
            _ => false,
        };
        !again && self.stored != Some(value)
    }

    fn cleared(&self, clears: bool) -> Result<Becomes, Refused> {
        if clears && self.field.required {
            return Err(Refused);
        }
        Ok(Becomes::AsSent)
    }

    fn stored_texts(&self) -> Vec<String> {
        match self.stored {
            Some(stored) if self.field.many => stored
                .elements()
                .map(|elements| elements.into_iter().filter_map(Json::text).collect())
                .unwrap_or_default(),
            Some(stored) => stored.text().into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The text to store for one that the client sent.
    fn string(&mut self, text: &str) -> Result<String, Refused> {
        let stored = self.stored_texts();
        if stored.iter().any(|stored| sent_again(text, stored)) {
            return Ok(text.to_owned());
        }
        let bare = without_signature(text);
        let has_signature = text.len() > bare.len() + 1;
        if has_signature && stored.iter().any(|stored| sent_again(bare, stored)) {
            return Ok(bare.to_owned());
        }
        if self.guard.trusted() {
            return Ok(without_signature(text).to_owned());
        }
        let read = identifier::read(text).ok_or(Refused)?;
        let signature = read.signature.clone().or_else(|| {
            let of = |(field, identifier, _): &&(&str, Option<String>, String)| {
                *field == self.field.name && identifier.as_deref().is_none_or(|id| id == text)
            };
            let found = self.signatures.iter().find(of);
            found.map(|(_, _, signature)| signature.clone())
        });
        let signature = signature.ok_or(Refused)?;
        if !is_signed(&signature, &read.public_id, &read.version) || !self.accepts(&read) {
            return Err(Refused);
        }
        if self.field.confirm {
            self.to_confirm.push(read.bare.clone());
        }
        Ok(read.bare)
    }

    fn accepts(&self, read: &Read) -> bool {
        let field = self.field;
        let extension = match read.resource_type.as_str() {
            "raw" => {
                let file = read.public_id.rsplit('/').next().expect("a last segment");
                file.rsplit_once('.').map(|(_, extension)| extension)
            }
            _ => read.format.as_deref(),
        };
        let format = |extension: &str| {
            let mut formats = field.formats.iter();
            formats.any(|format| format.eq_ignore_ascii_case(extension))
        };
        let uploaded: u64 = read.version.parse().expect("twelve digits at most");
        field.resource_types.contains(&read.resource_type.as_str())
            && field.types.contains(&read.delivery_type.as_str())
            && (field.formats.is_empty() || extension.is_some_and(format))
            && (!field.in_users_folder || self.is_in_users_folder(&read.public_id))
            && field.max_age.is_none_or(|seconds| {
                uploaded <= self.guard.now + 300 && uploaded + seconds >= self.guard.now
            })
    }

    fn is_in_users_folder(&self, public_id: &str) -> bool {
        let Some(user) = &self.guard.request.user_id else {
            return false;
        };
        // An id that could leave its folder has none.
        let folder = format!("users/{user}/");
        let odd = user.contains('/') || user.contains("..");
        !odd && identifier::is_public_id(user) && public_id.starts_with(&folder)
    }

    /// Refuses a save that would leave more elements than the manifest says.
    fn holds(&self, elements: usize) -> Result<(), Refused> {
        if elements > self.field.max_items.unwrap_or(1000) {
            return Err(Refused);
        }
        Ok(())
    }

    fn list(&mut self, elements: &[Json<'_>]) -> Result<Option<String>, Refused> {
        let stored = self.stored.and_then(Json::elements).unwrap_or_default();
        let mut becomes = Vec::new();
        for element in elements {
            let as_sent = || element.0.to_owned();
            if stored.contains(element) {
                becomes.push(as_sent());
            } else if element.0.starts_with('"') {
                let text = element.text().ok_or(Refused)?;
                let stripped = self.string(&text)?;
                becomes.push(if stripped == text {
                    as_sent()
                } else {
                    quote(&stripped)
                });
            } else if self.guard.trusted() {
                becomes.push(as_sent());
            } else {
                return Err(Refused);
            }
        }
        let changed = elements.iter().zip(&becomes).any(|(a, b)| a.0 != b);
        Ok(changed.then(|| format!("[{}]", becomes.join(","))))
    }

    fn object(&mut self, value: Json<'_>) -> Result<Becomes, Refused> {
        let members = value.members().expect("an object");
        let ops = all(&members, "__op");
        let objects = all(&members, "objects");
        let op = match ops[..] {
            [op] if objects.len() <= 1 => op.text(),
            _ => None,
        };
        let Some(op) = op else {
            let known = self.stored == Some(value) || (self.guard.trusted() && ops.is_empty());
            return if known {
                Ok(Becomes::AsSent)
            } else {
                Err(Refused)
            };
        };
        let elements = objects.first().and_then(|objects| objects.elements());
        match (op.as_str(), elements) {
            ("Delete", _) => self.cleared(true),
            ("Add" | "AddUnique", Some(elements)) if self.field.many => {
                if elements.is_empty() {
                    return self.cleared(self.guard.request.original.is_none());
                }
                let stored = self.stored.and_then(Json::elements).unwrap_or_default();
                self.holds(stored.len() + elements.len())?;
                let list = self.list(&elements)?;
                Ok(operation(&op, list))
            }
            ("Remove", Some(elements)) if self.field.many => self.remove(&elements),
            _ => Err(Refused),
        }
    }

    fn remove(&self, elements: &[Json<'_>]) -> Result<Becomes, Refused> {
        let stored = self.stored.and_then(Json::elements).unwrap_or_default();
        let removed: Vec<String> = elements.iter().filter_map(|e| e.text()).collect();
        let goes = |element: &Json<'_>| {
            let text = element.text();
            text.is_some_and(|text| {
                removed
                    .iter()
                    .any(|r| *r == text || without_signature(r) == text)
            })
        };
        let create = self.guard.request.original.is_none();
        self.cleared(stored.iter().all(goes) && (create || !stored.is_empty()))?;
        let mut becomes = Vec::new();
        for element in elements {
            let text = element.text().filter(|text| text.contains('#'));
            match text {
                Some(text) if !self.stored_texts().contains(&text) => {
                    becomes.push(quote(without_signature(&text)));
                }
                _ => becomes.push(element.0.to_owned()),
            }
        }
        let changed = elements.iter().zip(&becomes).any(|(a, b)| a.0 != b);
        let list = changed.then(|| format!("[{}]", becomes.join(",")));
        Ok(operation("Remove", list))
    }
}

fn sent_again(text: &str, stored: &str) -> bool {
    text == stored || text == without_signature(stored)
}

fn operation(op: &str, list: Option<String>) -> Becomes {
    list.map_or(Becomes::AsSent, |list| {
        Becomes::This(format!("{{\"__op\":\"{op}\",\"objects\":{list}}}"))
    })
}

pub(in super::super) fn without_signature(text: &str) -> &str {
    text.split('#').next().unwrap_or_default()
}

fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a string")
}
