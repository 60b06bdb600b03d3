//! A manifest while it is read: tables whose keys are taken one by one, every mistake noted with
//! its line.

use std::fmt::Write as _;
use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use crate::cloudinary::suggestion::closest;

use super::ManifestFinding;

mod entry;

pub(super) use entry::ManifestEntry;

/// Mistakes and warnings of one manifest.
#[derive(Debug)]
pub(super) struct ManifestReport<'t> {
    file: &'t Path,
    text: &'t str,
    pub(super) errors: Vec<ManifestFinding>,
    pub(super) warnings: Vec<ManifestFinding>,
}

impl<'t> ManifestReport<'t> {
    pub(super) fn new(file: &'t Path, text: &'t str) -> Self {
        Self {
            file,
            text,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Notes a mistake at a byte of the text.
    pub(super) fn error(&mut self, at: usize, message: impl Into<String>) {
        let finding = self.finding(at, message.into());
        self.errors.push(finding);
    }

    /// Notes a warning at a byte of the text.
    pub(super) fn warn(&mut self, at: usize, message: impl Into<String>) {
        let finding = self.finding(at, message.into());
        self.warnings.push(finding);
    }

    /// What is at a byte of the text.
    pub(super) fn finding(&self, at: usize, message: String) -> ManifestFinding {
        let before = self.text.as_bytes().iter().take(at);
        ManifestFinding {
            file: self.file.to_owned(),
            line: 1 + before.filter(|&&byte| byte == b'\n').count(),
            message,
        }
    }
}

/// A table of which keys are taken; what is left at the end is unknown.
#[derive(Debug)]
pub(super) struct Section<'t> {
    at: usize,
    entries: Vec<ManifestEntry<'t>>,
}

impl<'t> Section<'t> {
    pub(super) fn new(at: usize, table: &'t DeTable<'t>) -> Self {
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| ManifestEntry {
                key: key.get_ref(),
                at: key.span().start,
                value: value.get_ref(),
            })
            .collect();
        entries.sort_by_key(|entry| entry.at);
        Self { at, entries }
    }

    /// Byte at which the table begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Byte at which a key stands.
    pub(super) fn at_of(&self, key: &str) -> Option<usize> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.key == key).map(|entry| entry.at)
    }

    pub(super) fn take(&mut self, key: &str) -> Option<ManifestEntry<'t>> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(index))
    }

    /// The entries left, in the manifest's order.
    pub(super) fn entries(self) -> Vec<ManifestEntry<'t>> {
        self.entries
    }

    /// Reports each key that is left and not known.
    pub(super) fn finish_unread(mut self, known: &[&str], report: &mut ManifestReport<'_>) {
        self.entries.retain(|entry| !known.contains(&entry.key));
        self.finish(known, report);
    }

    /// Reports each key that was not taken. `known` are all keys of this table.
    pub(super) fn finish(self, known: &[&str], report: &mut ManifestReport<'_>) {
        for entry in self.entries {
            report.error(entry.at, unknown("key", entry.key, known));
        }
    }
}

/// Parses the text of a manifest; syntax errors go into the report.
pub(super) fn parse<'t>(
    text: &'t str,
    report: &mut ManifestReport<'_>,
) -> Option<Spanned<DeTable<'t>>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(text.len(), |span| span.start);
        report.error(at, error.message());
    }
    errors.is_empty().then_some(table)
}

/// `unknown key `requird`, did you mean `required`?`, or the whole list if nothing is near.
pub(super) fn unknown(what: &str, found: &str, known: &[&str]) -> String {
    let mut message = format!("unknown {what} `{found}`");
    match closest(found, known.iter().copied()) {
        Some(near) => _ = write!(message, ", did you mean `{near}`?"),
        None if known.is_empty() => {}
        None => _ = write!(message, ", expected one of {}", known.join(", ")),
    }
    message
}

/// All values, or none if one is missing. Each is read, so that every mistake is reported.
pub(super) fn every<T, C: FromIterator<T>>(values: impl Iterator<Item = Option<T>>) -> Option<C> {
    let values: Vec<_> = values.collect();
    values.into_iter().collect()
}
