//! What a notification writes to a row, from what the row holds. Pure.

use serde_json::{Value, json};

use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::identifier::{Identifier, bare};
use crate::cloudinary::notification_event::{Moderation, NotificationEvent};
use crate::manifest::GuardedField;

use super::proof::Proved;

/// One write to a row.
pub(super) struct Write {
    pub(super) columns: Value,
    /// What the guarded field holds before it.
    pub(super) from: String,
    /// What it holds after it.
    pub(super) to: String,
}

impl Write {
    fn new(columns: Value, from: &str, to: &str) -> Self {
        Self {
            columns,
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }
}

/// What to write, one write after the other.
pub(super) fn writes(
    notice: &NotificationEvent,
    proved: &Proved,
    field: &GuardedField,
    text: &str,
) -> Vec<Write> {
    match notice {
        NotificationEvent::Moderated { .. } => proved
            .status
            .map(|status| moderated(status, field, text))
            .into_iter()
            .collect(),
        NotificationEvent::Derived { urls, .. } => match &field.follow.eager_field {
            Some(column) => vec![Write::new(json!({ column: urls }), text, text)],
            None => Vec::new(),
        },
        NotificationEvent::Deleted { .. } => vec![Write::new(gone(field, text), text, "")],
        NotificationEvent::Renamed { to, .. } => {
            let to = to.completed_by(&proved.asset);
            let new = rewritten(text, &to, None);
            new.map(|new| replaced(field, text, &new, json!({})))
                .unwrap_or_default()
        }
        NotificationEvent::Overwritten {
            asset,
            version,
            format,
            urls,
            ..
        } => {
            let newer =
                |old: Identifier<'_>| old.version.parse::<u64>().is_ok_and(|v| v < *version);
            if !Identifier::parse(bare(text)).is_ok_and(newer) {
                return Vec::new();
            }
            let upload = (version.to_string(), format.as_deref());
            let new = rewritten(text, asset, Some((&upload.0, upload.1)));
            new.map(|new| overwritten(field, text, &new, proved.status, urls))
                .unwrap_or_default()
        }
    }
}

fn moderated(status: Moderation, field: &GuardedField, text: &str) -> Write {
    let clears = field.follow.clear_rejected && status == Moderation::Rejected;
    let mut columns = if clears { gone(field, text) } else { json!({}) };
    if let Some(column) = &field.follow.moderation_field {
        columns[column] = json!(status.name());
    }
    Write::new(columns, text, if clears { "" } else { text })
}

fn gone(field: &GuardedField, text: &str) -> Value {
    let name = &field.name;
    if field.many {
        json!({ name: {"__op": "Remove", "objects": [text]} })
    } else {
        json!({ name: {"__op": "Delete"} })
    }
}

/// Another original: nothing that was said of the one before stays, and what was said of this one
/// comes in a write of its own. In the same one the guard could not tell a status that is set from
/// one that was there.
fn overwritten(
    field: &GuardedField,
    text: &str,
    new: &str,
    status: Option<Moderation>,
    urls: &[String],
) -> Vec<Write> {
    let (mut cleared, mut said) = (json!({}), json!({}));
    if let Some(column) = &field.follow.moderation_field {
        cleared[column] = json!({"__op": "Delete"});
        if let Some(status) = status {
            said[column] = json!(status.name());
        }
    }
    if let Some(column) = &field.follow.eager_field {
        cleared[column] = json!({"__op": "Delete"});
        if !urls.is_empty() {
            said[column] = json!(urls);
        }
    }
    let mut writes = replaced(field, text, new, cleared);
    if said != json!({}) {
        writes.push(Write::new(said, new, new));
    }
    writes
}

/// Another identifier in the place of the old one, `with` other columns.
fn replaced(field: &GuardedField, text: &str, new: &str, with: Value) -> Vec<Write> {
    let name = &field.name;
    if field.many {
        // Two operations on one field cannot be one write; a try that breaks off in between is made
        // up for by the next.
        let added = json!({ name: {"__op": "AddUnique", "objects": [new]} });
        return vec![
            Write::new(added, text, new),
            Write::new(gone(field, text), text, new),
        ];
    }
    let mut columns = with;
    columns[name] = json!(new);
    vec![Write::new(columns, text, new)]
}

/// The identifier of `to`, with version and format of another `upload` or of the same one. `None`
/// for what the guard would read otherwise.
fn rewritten(text: &str, to: &AssetName, upload: Option<(&str, Option<&str>)>) -> Option<String> {
    let old = Identifier::parse(bare(text)).ok()?;
    let (version, format) = upload.unwrap_or((old.version, old.format));
    to.identifier(version, format)
}
