//! The guard once more, written for being obviously right and nothing else: what a save comes to,
//! by the rules as they are documented. It shares no code with the product but the reading of a
//! manifest's names and of this service's own marks.

use std::collections::BTreeMap;

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::parse::json::JsonText;
use cloudinary_parse::parse::signed_write::{SignedWrite, WriteProof};

use super::identifier;
use super::json::{Json, Members, all, repeats};

mod judge;

pub(super) use judge::without_signature;
use judge::{Becomes, Judge};

/// A guarded class, as the reference and (through [`Class::manifest`]) the product see it.
pub(super) struct Class {
    pub(super) name: &'static str,
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
    pub(super) max_items: Option<usize>,
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
    /// `moderation_field`.
    pub(super) moderation: Option<&'static str>,
    /// `eager_field`.
    pub(super) eager: Option<&'static str>,
}

impl Field {
    /// The columns that are the service's.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        let columns = [self.moderation, self.eager];
        columns.into_iter().flatten().collect()
    }
}

impl Class {
    /// Every key that is guarded in some way.
    pub(super) fn keys(&self) -> Vec<&'static str> {
        let of = |field: &Field| [vec![field.name], field.columns()].concat();
        self.fields.iter().flat_map(of).collect()
    }

    /// Whether a key is a path into one of them.
    pub(super) fn holds_path(&self, key: &[u8]) -> bool {
        let mut keys = self.keys().into_iter();
        keys.any(|ours| key.starts_with(format!("{ours}.").as_bytes()))
    }

    /// The manifest's text.
    pub(super) fn manifest(&self) -> String {
        let mut text = format!(
            "class = {:?}\ntrust_master_key = {}\n",
            self.name, self.trust_master_key
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
            if let Some(items) = field.max_items {
                lines.push(format!("max_items = {items}"));
            }
            if let Some(column) = field.moderation {
                lines.push(format!("moderation_field = {column:?}"));
            }
            if let Some(column) = field.eager {
                lines.push(format!("eager_field = {column:?}"));
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
        /// Whether the answer says what is written, so that nothing that was not shown is.
        write_set: bool,
        /// Columns of the service's that the client meant to write.
        left_out: Vec<String>,
        /// New identifiers of fields that confirm.
        to_confirm: Vec<String>,
    },
}

struct Refused;

/// A request to the guard.
struct Request<'a> {
    object: Members<'a>,
    original: Option<Members<'a>>,
    has_user: bool,
    user_id: Option<String>,
    master_key: bool,
    full_master_key: bool,
    context: Option<Json<'a>>,
}

/// What must come of `body`, posted to the class' `beforeSave` at `now`.
pub(super) fn expected(class: &Class, account: &Account, body: &[u8], now: u64) -> Expected {
    let Some(request) = read(class.name, body) else {
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
fn read<'a>(class: &str, body: &'a [u8]) -> Option<Request<'a>> {
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
        && says(get("className"), class)
        && get("functionName").is_none()
        && all(&object, "className")
            .into_iter()
            .all(|name| says(Some(name), class));
    if !named {
        return None;
    }
    Some(Request {
        object,
        original,
        has_user: get("user").is_some_and(Json::is_object),
        user_id: get("user").and_then(user_id),
        master_key: get("master") == Some(Json("true")),
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
        let mut left_out = Vec::new();
        let mut to_confirm = Vec::new();
        for field in self.class.fields {
            let value = sole(&self.request.object, field.name)?;
            let stored = match &self.request.original {
                Some(original) => sole(original, field.name)?,
                None => None,
            };
            if let Some(mark) = self.own_mark(field.name) {
                let (from, to) = self
                    .own_write(&mark, field.name, stored, value)
                    .ok_or(Refused)?;
                let changes = !is_a_name_of(&from, &to);
                self.columns(field, changes, &mut instead, &mut left_out)?;
                continue;
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
            let changes = judge.changes(value);
            self.columns(field, changes, &mut instead, &mut left_out)?;
        }
        let mut writes = client_writes(&self.request.object, self.request.original.as_ref());
        let own = !instead.is_empty() || !left_out.is_empty();
        let write_set = own || (self.may_hide() && !self.is_email_verification(&writes));
        if write_set {
            writes.retain(|name, _| !self.class.holds_path(name));
        }
        for name in &left_out {
            writes.remove(name.as_bytes());
        }
        for (name, text) in instead {
            writes.insert(name.as_bytes().to_vec(), text);
        }
        Ok(Expected::Saved {
            writes,
            write_set,
            left_out,
            to_confirm,
        })
    }

    /// What becomes of the columns that speak of a field's picture.
    fn columns(
        &self,
        field: &Field,
        picture_changes: bool,
        instead: &mut Vec<(&'static str, String)>,
        left_out: &mut Vec<String>,
    ) -> Result<(), Refused> {
        for column in field.columns() {
            let value = all(&self.request.object, column).last().copied();
            let original = self.request.original.as_ref();
            let stored = original.and_then(|original| all(original, column).last().copied());
            let set = value.is_some() && value != stored;
            if self.request.full_master_key && set {
                continue;
            }
            match (set, original) {
                (true, None) if value != Some(Json("null")) => return Err(Refused),
                (true, Some(_)) => left_out.push(column.to_owned()),
                _ => {}
            }
            if picture_changes && stored.is_some() {
                instead.push((column, r#"{"__op":"Delete"}"#.to_owned()));
            }
        }
        Ok(())
    }

    /// Whether something could be written into a guarded key that the request does not show.
    fn may_hide(&self) -> bool {
        let keys = self.class.keys();
        let fields = self.class.fields;
        let lacks = |name: &[u8]| match &self.request.original {
            None => true,
            Some(original) => {
                let stored = original.iter().rfind(|(stored, _)| stored == name);
                stored.is_none_or(|(_, value)| *value == Json("null"))
            }
        };
        let update = self.request.original.is_some();
        (update && fields.iter().any(|f| f.many || f.eager.is_some()))
            || self.request.object.iter().any(|(name, _)| {
                let is_key = keys.iter().any(|key| key.as_bytes() == name);
                self.class.holds_path(name) || (is_key && lacks(name))
            })
    }

    fn is_email_verification(&self, writes: &Writes) -> bool {
        let request = self.request;
        self.class.name == "_User"
            && request.original.is_some()
            && !request.has_user
            && !request.master_key
            && writes.keys().eq([b"emailVerified"])
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

    fn own_mark(&self, field: &str) -> Option<WriteProof> {
        let context = self
            .request
            .context
            .filter(|_| self.request.full_master_key)?;
        let mark = WriteProof::read(Some(JsonText::parse(context.0).expect("it was read once")))?;
        (mark.field == field).then_some(mark)
    }

    /// What a write of the service's own finds in the field and leaves there.
    fn own_write(
        &self,
        mark: &WriteProof,
        field: &str,
        stored: Option<Json<'_>>,
        value: Option<Json<'_>>,
    ) -> Option<(String, String)> {
        let object_id = all(&self.request.object, "objectId");
        let object_id = object_id
            .last()
            .and_then(|id| id.text())
            .unwrap_or_default();
        let before = stored.map(strings).unwrap_or_default();
        for to in written_by_us(value, &before) {
            for from in &before {
                let write = SignedWrite {
                    class: self.class.name,
                    object_id: &object_id,
                    field,
                    from,
                    to: &to,
                };
                if mark.covers(&write, &self.account.secrets, self.now) {
                    return Some((from.clone(), to));
                }
            }
        }
        None
    }
}

/// Whether two texts name the same picture: no two uploads of one account have the same version and
/// another picture.
fn is_a_name_of(from: &str, to: &str) -> bool {
    let version = |text| Some(identifier::read(without_signature(text))?.version);
    from == to || version(from).is_some_and(|from| version(to) == Some(from))
}

/// The identifiers that a write of the service's own may leave; empty for none.
fn written_by_us(value: Option<Json<'_>>, before: &[String]) -> Vec<String> {
    let nothing = || vec![String::new()];
    let Some(value) = value else {
        return nothing();
    };
    let Some(operation) = value.members() else {
        return match value.0 {
            "null" => nothing(),
            _ => value.text().into_iter().collect(),
        };
    };
    let op = all(&operation, "__op").first().and_then(|op| op.text());
    match op.as_deref() {
        Some("Delete") => nothing(),
        // Of a rename: the new name is there already.
        Some("Remove") => [nothing(), before.to_vec()].concat(),
        Some("AddUnique") => {
            let added = all(&operation, "objects").first().copied();
            let added = added.map(strings).unwrap_or_default();
            if added.len() == 1 { added } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

/// The strings of an array, or of a string.
fn strings(value: Json<'_>) -> Vec<String> {
    match value.elements() {
        Some(elements) => elements.into_iter().filter_map(Json::text).collect(),
        None => value.text().into_iter().collect(),
    }
}

fn sole<'a>(members: &Members<'a>, name: &str) -> Result<Option<Json<'a>>, Refused> {
    match all(members, name)[..] {
        [] => Ok(None),
        [value] => Ok(Some(value)),
        _ => Err(Refused),
    }
}

/// What Parse Server writes for `{}`: each key that the client changed, as it sent it. Of a name
/// that is repeated `JSON.parse` keeps the last value.
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
