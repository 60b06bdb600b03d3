//! The guard once more, written for being obviously right and nothing else: what a save comes to, by the rules as they are
//! documented. It shares no code with the product but the reading of a manifest's names and of this service's own marks.

use std::collections::BTreeMap;

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::parse::json::JsonText;
use cloudinary_parse::parse::own_write::{Mark, OwnWrite};

use super::identifier::{self, Read};
use super::json::{Json, Members, all, repeats};

/// A guarded class, as the reference and (through [`Class::manifest`]) the product see it.
pub(super) struct Class {
    pub(super) trust_master_key: bool,
    pub(super) fields: &'static [Field],
}

#[allow(
    clippy::struct_excessive_bools,
    reason = "they are the manifest's keys"
)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) many: bool,
    pub(super) required: bool,
    pub(super) resource_types: &'static [&'static str],
    pub(super) types: &'static [&'static str],
    /// Empty: any or none.
    pub(super) formats: &'static [&'static str],
    /// `users/{user.objectId}`.
    pub(super) in_users_folder: bool,
    /// In seconds.
    pub(super) max_age: Option<u64>,
    pub(super) confirm: bool,
}

impl Class {
    /// The manifest's text.
    pub(super) fn manifest(&self) -> String {
        let mut text = format!(
            "class = \"Photo\"\ntrust_master_key = {}\n",
            self.trust_master_key
        );
        for field in self.fields {
            let mut lines = vec![
                format!("[fields.{}]", field.name),
                format!("many = {}", field.many),
                format!("required = {}", field.required),
                format!("resource_types = {:?}", field.resource_types),
                format!("types = {:?}", field.types),
            ];
            if !field.formats.is_empty() {
                lines.push(format!("formats = {:?}", field.formats));
            }
            if field.in_users_folder {
                lines.push("folder = \"users/{user.objectId}\"".to_owned());
            }
            if let Some(seconds) = field.max_age {
                lines.push(format!("max_age = \"{seconds}s\""));
            }
            if field.confirm {
                lines.push("confirm = true".to_owned());
            }
            text += &(lines.join("\n") + "\n");
        }
        text
    }
}

/// Top-level keys that a save changes, each with the JSON text that it becomes.
pub(super) type Writes = BTreeMap<Vec<u8>, String>;

/// What must come of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// No request of Parse Server's: a 400.
    BadRequest,
    /// A refusal.
    Refused,
    /// The save goes through with these writes.
    Saved {
        writes: Writes,
        /// New identifiers of fields that confirm.
        to_confirm: Vec<String>,
    },
}

struct Refused;

/// A request to the guard.
struct Request<'a> {
    object: Members<'a>,
    original: Option<Members<'a>>,
    user_id: Option<String>,
    full_master_key: bool,
    context: Option<Json<'a>>,
}

/// What must come of `body`, posted to the class' `beforeSave` at `now`.
pub(super) fn expected(class: &Class, account: &Account, body: &[u8], now: u64) -> Expected {
    let Some(request) = read(body) else {
        return Expected::BadRequest;
    };
    let guard = Guard {
        class,
        account,
        request: &request,
        now,
    };
    guard.decide().unwrap_or(Expected::Refused)
}

/// `None` for a 400.
fn read(body: &[u8]) -> Option<Request<'_>> {
    const OURS: [&str; 10] = [
        "object",
        "original",
        "user",
        "master",
        "isReadOnly",
        "context",
        "params",
        "triggerName",
        "functionName",
        "className",
    ];
    let members = Json::parse(body)?.members()?;
    if OURS.iter().any(|name| all(&members, name).len() > 1) {
        return None;
    }
    let get = |name| all(&members, name).first().copied();
    let object_or_null = |name| match get(name) {
        None | Some(Json("null")) => Some(None),
        Some(value) => value.members().map(Some),
    };
    let says = |value: Option<Json<'_>>, expected: &str| {
        value.is_none_or(|value| value.text().as_deref() == Some(expected))
    };
    let object = get("object")?.members()?;
    let original = object_or_null("original")?;
    object_or_null("params")?;
    let named = says(get("triggerName"), "beforeSave")
        && says(get("className"), "Photo")
        && get("functionName").is_none()
        && all(&object, "className")
            .into_iter()
            .all(|name| says(Some(name), "Photo"));
    if !named {
        return None;
    }
    Some(Request {
        object,
        original,
        user_id: get("user").and_then(user_id),
        full_master_key: get("master") == Some(Json("true"))
            && get("isReadOnly").is_none_or(|flag| flag == Json("false")),
        context: get("context"),
    })
}

fn user_id(user: Json<'_>) -> Option<String> {
    let members = user.members()?;
    let odd = ["objectId", "username", "sessionToken"]
        .iter()
        .any(|name| all(&members, name).len() > 1);
    let id = all(&members, "objectId").first()?.text()?;
    (!odd && !id.is_empty()).then_some(id)
}

/// What a guarded field's value becomes.
enum Becomes {
    AsSent,
    This(String),
}

/// How a save's new strings are judged.
struct Guard<'g, 'a> {
    class: &'g Class,
    account: &'g Account,
    request: &'g Request<'a>,
    now: u64,
}

/// Signatures of the context: for a field, and for many also an identifier.
type Signatures = Vec<(&'static str, Option<String>, String)>;

impl Guard<'_, '_> {
    fn decide(&self) -> Result<Expected, Refused> {
        let signatures = self.signatures()?;
        let mut instead = Vec::new();
        let mut to_confirm = Vec::new();
        for field in self.class.fields {
            let value = sole(&self.request.object, field.name)?;
            let stored = match &self.request.original {
                Some(original) => sole(original, field.name)?,
                None => None,
            };
            if let Some(mark) = self.own_mark(field.name) {
                if self.is_own_write(&mark, field.name, stored, value) {
                    continue;
                }
                return Err(Refused);
            }
            let mut judge = Judge {
                guard: self,
                field,
                stored,
                signatures: &signatures,
                to_confirm: Vec::new(),
            };
            if let Becomes::This(text) = judge.judge(value)? {
                instead.push((field.name, text));
            }
            to_confirm.append(&mut judge.to_confirm);
        }
        let mut writes = client_writes(&self.request.object, self.request.original.as_ref());
        for (name, text) in instead {
            writes.insert(name.as_bytes().to_vec(), text);
        }
        Ok(Expected::Saved { writes, to_confirm })
    }

    fn trusted(&self) -> bool {
        self.class.trust_master_key && self.request.full_master_key
    }

    fn signatures(&self) -> Result<Signatures, Refused> {
        let mut signatures = Vec::new();
        let Some(context) = self.request.context.filter(|context| context.0 != "null") else {
            return Ok(signatures);
        };
        let context = context.members().ok_or(Refused)?;
        let by_field = match all(&context, "cloudinary")[..] {
            [] => return Ok(signatures),
            [by_field] => by_field.members().ok_or(Refused)?,
            _ => return Err(Refused),
        };
        if repeats(&by_field) {
            return Err(Refused);
        }
        for field in self.class.fields {
            for value in all(&by_field, field.name) {
                if !field.many {
                    signatures.push((field.name, None, value.text().ok_or(Refused)?));
                    continue;
                }
                let by_identifier = value.members().ok_or(Refused)?;
                if repeats(&by_identifier) {
                    return Err(Refused);
                }
                for (identifier, signature) in by_identifier {
                    let identifier = String::from_utf8(identifier).map_err(|_| Refused)?;
                    let signature = signature.text().ok_or(Refused)?;
                    signatures.push((field.name, Some(identifier), signature));
                }
            }
        }
        Ok(signatures)
    }

    fn own_mark(&self, field: &str) -> Option<Mark> {
        let context = self
            .request
            .context
            .filter(|_| self.request.full_master_key)?;
        let mark = Mark::read(Some(JsonText::parse(context.0).expect("it was read once")))?;
        (mark.field == field).then_some(mark)
    }

    fn is_own_write(
        &self,
        mark: &Mark,
        field: &str,
        stored: Option<Json<'_>>,
        value: Option<Json<'_>>,
    ) -> bool {
        let object_id = all(&self.request.object, "objectId");
        let object_id = object_id
            .last()
            .and_then(|id| id.text())
            .unwrap_or_default();
        let Some(to) = written_by_us(value) else {
            return false;
        };
        let before = stored.map(strings).unwrap_or_default();
        before.iter().any(|from| {
            let write = OwnWrite {
                class: "Photo",
                object_id: &object_id,
                field,
                from,
                to: &to,
            };
            mark.covers(&write, &self.account.secrets, self.now)
        })
    }
}

/// The identifier that a write of the service's own leaves; empty for none.
fn written_by_us(value: Option<Json<'_>>) -> Option<String> {
    let Some(value) = value else {
        return Some(String::new());
    };
    let Some(operation) = value.members() else {
        return match value.0 {
            "null" => Some(String::new()),
            _ => value.text(),
        };
    };
    let op = all(&operation, "__op").first()?.text()?;
    match op.as_str() {
        "Delete" | "Remove" => Some(String::new()),
        "AddUnique" => {
            let mut added = strings(*all(&operation, "objects").first()?);
            (added.len() == 1).then(|| added.remove(0))
        }
        _ => None,
    }
}

/// The strings of an array, or of a string.
fn strings(value: Json<'_>) -> Vec<String> {
    match value.elements() {
        Some(elements) => elements.into_iter().filter_map(Json::text).collect(),
        None => value.text().into_iter().collect(),
    }
}

struct Judge<'j, 'a> {
    guard: &'j Guard<'j, 'a>,
    field: &'static Field,
    stored: Option<Json<'a>>,
    signatures: &'j Signatures,
    to_confirm: Vec<String>,
}

impl Judge<'_, '_> {
    fn judge(&mut self, value: Option<Json<'_>>) -> Result<Becomes, Refused> {
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
            let list = self.list(&elements)?;
            return Ok(list.map_or(Becomes::AsSent, Becomes::This));
        }
        if self.guard.trusted() {
            return Ok(Becomes::AsSent);
        }
        Err(Refused)
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
        for stored in self.stored_texts() {
            if text == stored || text == without_signature(&stored) {
                return Ok(text.to_owned());
            }
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
        if !super::is_signed(&signature, &read.public_id, &read.version) || !self.accepts(&read) {
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
                Some(text) if !stored.contains(element) => {
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

fn operation(op: &str, list: Option<String>) -> Becomes {
    list.map_or(Becomes::AsSent, |list| {
        Becomes::This(format!("{{\"__op\":\"{op}\",\"objects\":{list}}}"))
    })
}

pub(super) fn without_signature(text: &str) -> &str {
    text.split('#').next().unwrap_or_default()
}

fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a string")
}

fn sole<'a>(members: &Members<'a>, name: &str) -> Result<Option<Json<'a>>, Refused> {
    match all(members, name)[..] {
        [] => Ok(None),
        [value] => Ok(Some(value)),
        _ => Err(Refused),
    }
}

/// What Parse Server writes for `{}`: each key that the client changed, as it sent it. Of a name that is repeated `JSON.parse` keeps
/// the last value.
pub(super) fn client_writes(object: &Members<'_>, original: Option<&Members<'_>>) -> Writes {
    let last = |members: &Members<'_>| -> Writes {
        let pairs = members.iter();
        pairs
            .map(|(name, value)| (name.clone(), value.0.to_owned()))
            .collect()
    };
    let mut writes = last(object);
    for name in ["className", "createdAt", "updatedAt"] {
        writes.remove(name.as_bytes());
    }
    if let Some(original) = original {
        writes.remove(&b"objectId"[..]);
        for (name, text) in last(original) {
            if writes.get(&name) == Some(&text) {
                writes.remove(&name);
            }
        }
    }
    writes
}
