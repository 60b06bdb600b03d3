//! The answer `{"success": D + own}`, which takes the place of everything that a save would write.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::manifest::ClassManifest;
use crate::parse::envelope::{Envelope, Object};
use crate::parse::json::{JsonText, Member, MemberKey};

/// What is written, or not, whatever the client asked for.
#[derive(Debug, Default)]
pub(super) struct Own<'m> {
    /// Guarded fields, each with the JSON text that it is to hold.
    pub instead: Vec<(&'m str, String)>,
    /// Columns of ours that the client has no say in.
    columns: Vec<Column<'m>>,
}

#[derive(Debug)]
struct Column<'m> {
    name: &'m str,
    left_out: bool,
    cleared: bool,
}

/// What clears a column.
const DELETE: &str = "{\"__op\":\"Delete\"}";

impl<'m> Own<'m> {
    pub(super) fn is_empty(&self) -> bool {
        self.instead.is_empty() && self.columns.is_empty()
    }

    /// The client's value for a column is dropped.
    pub(super) fn leave_out(&mut self, name: &'m str) {
        self.column(name).left_out = true;
    }

    /// A column is cleared.
    pub(super) fn clear(&mut self, name: &'m str) {
        self.column(name).cleared = true;
    }

    /// The names of the columns whose value was dropped.
    pub(super) fn left_out(&self) -> Vec<String> {
        let left_out = self.columns.iter().filter(|column| column.left_out);
        left_out.map(|column| column.name.to_owned()).collect()
    }

    /// The answer to Cloud Code, whose object keeps everything else: a value that is left out gives
    /// way to the stored one.
    pub(super) fn answer(&self, original: Option<&Object<'_>>) -> String {
        let stored = |name| original.and_then(|original| original.get(name));
        let fields = self.instead.iter().map(|(name, text)| (*name, &**text));
        let columns = self.columns.iter().map(|column| {
            let stays = || stored(column.name).map_or("null", JsonText::as_raw);
            (column.name, if column.cleared { DELETE } else { stays() })
        });
        let members: Vec<_> = fields
            .chain(columns)
            .map(|(name, text)| format!("\"{name}\":{text}"))
            .collect();
        format!("{{\"success\":{{{}}}}}", members.join(","))
    }

    /// Two fields may share a column.
    fn column(&mut self, name: &'m str) -> &mut Column<'m> {
        let mut columns = self.columns.iter();
        let place = columns.position(|column| column.name == name);
        let place = place.unwrap_or_else(|| {
            self.columns.push(Column {
                name,
                left_out: false,
                cleared: false,
            });
            self.columns.len() - 1
        });
        &mut self.columns[place]
    }
}

/// D: each top-level key whose JSON text differs from the stored one, verbatim, operations
/// included. `success` replaces the whole write set, so what is left out would be lost, and what is
/// sent without need would undo concurrent updates.
pub(super) struct Changes<'o, 'a> {
    object: &'o Object<'a>,
    stored: &'o [Member<'a>],
    names: Names<'o>,
    stored_names: Names<'o>,
    update: bool,
}

impl<'o, 'a> Changes<'o, 'a> {
    pub(super) fn of(object: &'o Object<'a>, envelope: &'o Envelope<'a>) -> Self {
        let stored = envelope.original.as_ref().map_or(&[][..], |o| &o.members);
        Self {
            object,
            stored,
            names: Names::of(&object.members),
            stored_names: Names::of(stored),
            update: envelope.original.is_some(),
        }
    }

    /// Whether the client changes this key and no other.
    pub(super) fn are_only(&self, name: &str) -> bool {
        let members = self.object.members.iter().enumerate();
        let mut changed = members.filter(|(index, member)| {
            self.is_changed(member) && self.names.is_last(*index, member.key)
        });
        changed
            .next()
            .is_some_and(|(_, member)| member.key.is(name))
            && changed.next().is_none()
    }

    /// The answer with `own` in it.
    pub(super) fn answer(&self, manifest: &ClassManifest, own: &Own<'_>) -> String {
        let mut answer = String::with_capacity(self.object.text_len() + 16);
        answer.push_str("{\"success\":{");
        let mut separator = "";
        for (index, member) in self.object.members.iter().enumerate() {
            let key = member.key;
            let text = match own.instead.iter().find(|(name, _)| key.is(name)) {
                Some((_, text)) => text,
                None if !self.is_changed(member) => continue,
                None if own.columns.iter().any(|column| key.is(column.name)) => continue,
                None if reaches_into_ours(manifest, key) => continue,
                None => member.value.as_raw(),
            };
            if !self.names.is_last(index, key) {
                continue;
            }
            for part in [separator, "\"", key.as_raw(), "\":", text] {
                answer.push_str(part);
            }
            separator = ",";
        }
        for column in own.columns.iter().filter(|column| column.cleared) {
            for part in [separator, "\"", column.name, "\":", DELETE] {
                answer.push_str(part);
            }
            separator = ",";
        }
        answer.push_str("}}");
        answer
    }

    fn is_changed(&self, member: &Member<'_>) -> bool {
        if is_parse_servers(member.key, self.update) {
            return false;
        }
        let place = self.stored_names.last(member.key);
        place.is_none_or(|place| self.stored[place].value != member.value)
    }
}

/// Keys that Parse Server sets itself; on create a chosen `objectId` is the client's.
fn is_parse_servers(key: MemberKey<'_>, update: bool) -> bool {
    key.is("className")
        || key.is("createdAt")
        || key.is("updatedAt")
        || (update && key.is("objectId"))
}

/// A path into a guarded field or a column of ours: Parse Server 5 and 6 show what would be hidden,
/// and store it if it is answered.
fn reaches_into_ours(manifest: &ClassManifest, key: MemberKey<'_>) -> bool {
    manifest.fields.iter().any(|field| {
        let mut columns = field.follow.columns();
        key.reaches_into(&field.name) || columns.any(|column| key.reaches_into(column))
    })
}

/// Where an object's names last occur, which is where `JSON.parse` reads them.
#[allow(
    clippy::large_enum_variant,
    reason = "it lives on the stack of one function"
)]
enum Names<'a> {
    /// A few members are compared faster than hashed: by their marks first.
    Few(&'a [Member<'a>], [u64; FEW]),
    /// A client may send any number of keys: looking each up must not take longer the more there
    /// are.
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
    fn is_last(&self, index: usize, key: MemberKey<'_>) -> bool {
        match self {
            Names::Few(members, marks) => {
                let mut later = members.iter().zip(marks).skip(index);
                let mark = later.next().map(|(_, mark)| mark);
                !later.any(|(other, m)| Some(m) == mark && other.key.same_as(key))
            }
            Names::Many(names) => names.get(&*key.decoded()) == Some(&index),
        }
    }

    fn last(&self, key: MemberKey<'_>) -> Option<usize> {
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
