//! A manifest while it is read: tables whose keys are taken one by one, every mistake noted with its line.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use crate::cloudinary::suggestion::closest;

use super::Finding;
use super::place;
use super::template::Template;

/// Mistakes and warnings of one manifest.
#[derive(Debug)]
pub(super) struct Report<'t> {
    file: &'t Path,
    text: &'t str,
    pub(super) errors: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

impl<'t> Report<'t> {
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
    pub(super) fn finding(&self, at: usize, message: String) -> Finding {
        let before = self.text.as_bytes().iter().take(at);
        Finding {
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
    entries: Vec<Entry<'t>>,
}

/// A key and its value, or an element of a list with the list's key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'t> {
    pub(super) key: &'t str,
    /// Byte at which the mistake is shown.
    pub(super) at: usize,
    value: &'t DeValue<'t>,
}

impl<'t> Section<'t> {
    pub(super) fn new(at: usize, table: &'t DeTable<'t>) -> Self {
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| Entry {
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

    pub(super) fn take(&mut self, key: &str) -> Option<Entry<'t>> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(index))
    }

    /// The entries left, in the manifest's order.
    pub(super) fn entries(self) -> Vec<Entry<'t>> {
        self.entries
    }

    /// Reports each key that is left and not known.
    pub(super) fn finish_unread(mut self, known: &[&str], report: &mut Report<'_>) {
        self.entries.retain(|entry| !known.contains(&entry.key));
        self.finish(known, report);
    }

    /// Reports each key that was not taken. `known` are all keys of this table.
    pub(super) fn finish(self, known: &[&str], report: &mut Report<'_>) {
        for entry in self.entries {
            report.error(entry.at, unknown("key", entry.key, known));
        }
    }
}

impl<'t> Entry<'t> {
    pub(super) fn text(&self, report: &mut Report<'_>) -> Option<&'t str> {
        match self.value {
            DeValue::String(text) => Some(text),
            _ => self.mistyped("a string", report),
        }
    }

    /// A string with placeholders.
    pub(super) fn template(&self, report: &mut Report<'_>) -> Option<Template> {
        match Template::parse(self.text(report)?) {
            Ok(template) => Some(template),
            Err(error) => self.refuse(&error.to_string(), report),
        }
    }

    /// A template for a folder or `public_id`, which Cloudinary must keep as it is written.
    pub(super) fn path_template(&self, report: &mut Report<'_>) -> Option<Template> {
        let template = self.template(report)?;
        match place::check_path(&template.with_every_value("x")) {
            Ok(()) => Some(template),
            Err(reason) => self.refuse(&reason, report),
        }
    }

    pub(super) fn flag(&self, report: &mut Report<'_>) -> Option<bool> {
        match self.value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.mistyped("true or false", report),
        }
    }

    pub(super) fn section(&self, report: &mut Report<'_>) -> Option<Section<'t>> {
        match self.value {
            DeValue::Table(table) => Some(Section::new(self.at, table)),
            _ => self.mistyped("a table", report),
        }
    }

    pub(super) fn items(&self, report: &mut Report<'_>) -> Option<Vec<Entry<'t>>> {
        let DeValue::Array(items) = self.value else {
            return self.mistyped("a list", report);
        };
        let items = items.iter().map(|item| Entry {
            key: self.key,
            at: item.span().start,
            value: item.get_ref(),
        });
        Some(items.collect())
    }

    /// One of a fixed set of names.
    pub(super) fn one_of<T: Clone>(
        &self,
        choices: &[(&str, T)],
        report: &mut Report<'_>,
    ) -> Option<T> {
        let text = self.text(report)?;
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.refuse::<()>(&unknown("value", text, &names), report);
        }
        found.map(|(_, value)| value.clone())
    }

    /// A list of names of a fixed set.
    pub(super) fn some_of<T: Clone>(
        &self,
        choices: &[(&str, T)],
        report: &mut Report<'_>,
    ) -> Option<Vec<T>> {
        let items = self.items(report)?;
        if items.is_empty() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.refuse::<()>(
                &format!("empty, expected some of {}", names.join(", ")),
                report,
            );
        }
        let values: Vec<_> = items
            .iter()
            .filter_map(|item| item.one_of(choices, report))
            .collect();
        (values.len() == items.len() && !items.is_empty()).then_some(values)
    }

    pub(super) fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.value, DeValue::Array(_))
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    /// The value as JSON. What JSON has no form for is a mistake.
    pub(super) fn json(&self, report: &mut Report<'_>) -> Option<Value> {
        let value = match self.value {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(flag) => Value::from(*flag),
            DeValue::Integer(integer) => match whole_number(integer) {
                Some(number) => Value::from(number),
                None => return self.mistyped("a number of at most 64 bits", report),
            },
            DeValue::Float(float) => match finite_number(float) {
                Some(number) => Value::from(number),
                None => return self.mistyped("a finite number", report),
            },
            DeValue::Datetime(_) => {
                return self.mistyped("a string (dates go in quotes)", report);
            }
            DeValue::Array(_) => self
                .items(report)?
                .iter()
                .map(|item| item.json(report))
                .collect::<Option<Vec<_>>>()?
                .into(),
            DeValue::Table(_) => self
                .section(report)?
                .entries()
                .iter()
                .map(|entry| Some((entry.key.to_owned(), entry.json(report)?)))
                .collect::<Option<Map<_, _>>>()?
                .into(),
        };
        Some(value)
    }

    /// The value as JSON where no placeholders are filled in.
    pub(super) fn fixed_json(&self, report: &mut Report<'_>) -> Option<Value> {
        let value = self.json(report)?;
        if holds_placeholder(&value) {
            return self.refuse("templates are not filled in here", report);
        }
        Some(value)
    }

    /// Notes what is wrong with the value.
    pub(super) fn refuse<T>(&self, reason: &str, report: &mut Report<'_>) -> Option<T> {
        report.error(self.at, format!("`{}`: {reason}", self.key));
        None
    }

    /// Notes what is doubtful about the value.
    pub(super) fn warn(&self, reason: &str, report: &mut Report<'_>) {
        report.warn(self.at, format!("`{}`: {reason}", self.key));
    }

    /// Notes what was expected instead of what stands there.
    pub(super) fn mistyped<T>(&self, expected: &str, report: &mut Report<'_>) -> Option<T> {
        let found = self.value.type_str();
        self.refuse(&format!("expected {expected}, found {found}"), report)
    }
}

fn whole_number(integer: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn finite_number(float: &DeFloat<'_>) -> Option<f64> {
    float
        .as_str()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

fn holds_placeholder(value: &Value) -> bool {
    match value {
        Value::String(text) => ["{user.", "{params."]
            .iter()
            .any(|start| text.contains(start)),
        Value::Array(items) => items.iter().any(holds_placeholder),
        Value::Object(entries) => entries.values().any(holds_placeholder),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Parses the text of a manifest; syntax errors go into the report.
pub(super) fn parse<'t>(text: &'t str, report: &mut Report<'_>) -> Option<Spanned<DeTable<'t>>> {
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
