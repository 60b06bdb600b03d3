//! `moderation_field`, `on_reject`, `sync`, `eager_field`: how rows follow what happens at
//! Cloudinary.

use super::document::{ManifestEntry, ManifestReport, Section};
use super::names;

/// Keys of a field.
pub(super) const KEYS: &[&str] = &["moderation_field", "on_reject", "sync", "eager_field"];

const ON_REJECT: &[(&str, bool)] = &[("keep", false), ("clear", true)];

/// What is written to the rows that hold an asset when Cloudinary notifies of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Follow {
    /// Gets `pending`, `approved` or `rejected`.
    pub moderation_field: Option<String>,
    /// A rejected picture is taken away.
    pub clear_rejected: bool,
    /// Renames are followed, deleted pictures are taken away.
    pub sync: bool,
    /// Gets the URLs of eager transformations.
    pub eager_field: Option<String>,
}

impl Follow {
    /// The columns that only this service and the master key write.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let columns = [&self.moderation_field, &self.eager_field];
        columns.into_iter().flatten().map(String::as_str)
    }

    /// Whether anything is ever written.
    pub fn writes(&self) -> bool {
        *self != Self::default()
    }

    pub(super) fn read(
        keys: &mut Section<'_>,
        (class, field, many): (&str, &str, bool),
        report: &mut ManifestReport<'_>,
    ) -> Self {
        let mut column = |key: &str| {
            let entry = keys.take(key)?;
            let name = entry.text(report)?;
            column(&entry, name, (class, field, many), report)
        };
        let moderation_field = column("moderation_field");
        let eager_field = column("eager_field");
        let on_reject = keys.take("on_reject");
        let clear_rejected = on_reject.and_then(|entry| entry.one_of(ON_REJECT, report));
        let sync = keys.take("sync").and_then(|entry| entry.flag(report));
        Self {
            moderation_field,
            clear_rejected: clear_rejected.unwrap_or(false),
            sync: sync.unwrap_or(false),
            eager_field,
        }
    }
}

fn column(
    entry: &ManifestEntry<'_>,
    name: &str,
    (class, field, many): (&str, &str, bool),
    report: &mut ManifestReport<'_>,
) -> Option<String> {
    if many {
        return entry.refuse(
            "one column cannot speak of many pictures: leave it out where `many` is true",
            report,
        );
    }
    if name == field {
        return entry.refuse(
            "expected another column than the guarded field itself",
            report,
        );
    }
    if let Err(reason) = names::check_field(class, name) {
        return entry.refuse(&reason, report);
    }
    Some(name.to_owned())
}
