//! A key of a manifest and its value.

use serde_json::Value;
use toml::de::{DeFloat, DeInteger, DeValue};

use super::{ManifestReport, Section, every, unknown};
use crate::manifest::template::Template;
use crate::manifest::value_context;

/// A key and its value, or an element of a list with the list's key.
#[derive(Debug, Clone, Copy)]
pub(in crate::manifest) struct ManifestEntry<'t> {
    pub(in crate::manifest) key: &'t str,
    /// Byte at which the mistake is shown.
    pub(in crate::manifest) at: usize,
    pub(super) value: &'t DeValue<'t>,
}

impl<'t> ManifestEntry<'t> {
    pub(in crate::manifest) fn text(&self, report: &mut ManifestReport<'_>) -> Option<&'t str> {
        match self.value {
            DeValue::String(text) => Some(text),
            _ => self.mistyped("a string", report),
        }
    }

    /// A string with placeholders.
    pub(in crate::manifest) fn template(
        &self,
        report: &mut ManifestReport<'_>,
    ) -> Option<Template> {
        match Template::parse(self.text(report)?) {
            Ok(template) => Some(template),
            Err(error) => self.refuse(&error.to_string(), report),
        }
    }

    /// A template for a folder or `public_id`, which Cloudinary must keep as it is written.
    pub(in crate::manifest) fn path_template(
        &self,
        report: &mut ManifestReport<'_>,
    ) -> Option<Template> {
        let template = self.template(report)?;
        match value_context::check_path(&template.with_every_value("x")) {
            Ok(()) => Some(template),
            Err(reason) => self.refuse(&reason, report),
        }
    }

    pub(in crate::manifest) fn flag(&self, report: &mut ManifestReport<'_>) -> Option<bool> {
        match self.value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.mistyped("true or false", report),
        }
    }

    pub(in crate::manifest) fn section(
        &self,
        report: &mut ManifestReport<'_>,
    ) -> Option<Section<'t>> {
        match self.value {
            DeValue::Table(table) => Some(Section::new(self.at, table)),
            _ => self.mistyped("a table", report),
        }
    }

    pub(in crate::manifest) fn items(
        &self,
        report: &mut ManifestReport<'_>,
    ) -> Option<Vec<ManifestEntry<'t>>> {
        let DeValue::Array(items) = self.value else {
            return self.mistyped("a list", report);
        };
        let items = items.iter().map(|item| ManifestEntry {
            key: self.key,
            at: item.span().start,
            value: item.get_ref(),
        });
        Some(items.collect())
    }

    /// One of a fixed set of names.
    pub(in crate::manifest) fn one_of<T: Clone>(
        &self,
        choices: &[(&str, T)],
        report: &mut ManifestReport<'_>,
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
    pub(in crate::manifest) fn some_of<T: Clone>(
        &self,
        choices: &[(&str, T)],
        report: &mut ManifestReport<'_>,
    ) -> Option<Vec<T>> {
        let items = self.items(report)?;
        if items.is_empty() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            return self.refuse(
                &format!("empty, expected some of {}", names.join(", ")),
                report,
            );
        }
        every(items.iter().map(|item| item.one_of(choices, report)))
    }

    pub(in crate::manifest) fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    pub(in crate::manifest) fn is_list(&self) -> bool {
        matches!(self.value, DeValue::Array(_))
    }

    pub(in crate::manifest) fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    /// The value as JSON. What JSON has no form for is a mistake.
    pub(in crate::manifest) fn json(&self, report: &mut ManifestReport<'_>) -> Option<Value> {
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
            DeValue::Array(_) => {
                let items = self.items(report)?.into_iter();
                Value::Array(every(items.map(|item| item.json(report)))?)
            }
            DeValue::Table(_) => {
                let entries = self.section(report)?.entries().into_iter();
                Value::Object(every(
                    entries.map(|entry| Some((entry.key.to_owned(), entry.json(report)?))),
                )?)
            }
        };
        Some(value)
    }

    /// The value as JSON where no placeholders are filled in.
    pub(in crate::manifest) fn fixed_json(&self, report: &mut ManifestReport<'_>) -> Option<Value> {
        let value = self.json(report)?;
        if holds_placeholder(&value) {
            return self.refuse("templates are not filled in here", report);
        }
        Some(value)
    }

    /// Notes what is wrong with the value.
    pub(in crate::manifest) fn refuse<T>(
        &self,
        reason: &str,
        report: &mut ManifestReport<'_>,
    ) -> Option<T> {
        report.error(self.at, format!("`{}`: {reason}", self.key));
        None
    }

    /// Notes what is doubtful about the value.
    pub(in crate::manifest) fn warn(&self, reason: &str, report: &mut ManifestReport<'_>) {
        report.warn(self.at, format!("`{}`: {reason}", self.key));
    }

    /// Notes what was expected instead of what stands there.
    pub(in crate::manifest) fn mistyped<T>(
        &self,
        expected: &str,
        report: &mut ManifestReport<'_>,
    ) -> Option<T> {
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
