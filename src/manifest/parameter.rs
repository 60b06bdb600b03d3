//! A value of `[upload]`: fixed, or with placeholders in it.

use serde_json::{Map, Value};

use crate::cloudinary::signature::SignatureVersion;

use super::document::{ManifestEntry, ManifestReport, every};
use super::option_kind::OptionKind;
use super::template::{Params, RenderError, Template, TemplateUser};
use super::value_context::{self, ValueContext};

/// A value of `[upload]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// A value without placeholders, as the SDKs' `upload` takes it.
    Fixed(Value),
    /// A string with placeholders.
    Template(Template),
    /// An array with placeholders in some element.
    List(Vec<Parameter>),
    /// An object with placeholders in some value.
    Table(Vec<(String, Parameter)>),
}

impl Parameter {
    /// Fills in the placeholders of the upload parameter `name`, to be signed in `version`.
    pub fn render(
        &self,
        name: &str,
        user: Option<TemplateUser<'_>>,
        params: Params<'_, '_>,
        version: SignatureVersion,
    ) -> Result<Value, RenderError> {
        self.render_at(ValueContext::of(name), user, params, version)
    }

    fn render_at(
        &self,
        context: ValueContext,
        user: Option<TemplateUser<'_>>,
        params: Params<'_, '_>,
        version: SignatureVersion,
    ) -> Result<Value, RenderError> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Template(template) => template
                .render_signed(context, user, params, version)
                .map(Value::String),
            Self::List(items) => items
                .iter()
                .map(|item| item.render_at(context, user, params, version))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Self::Table(entries) => entries
                .iter()
                .map(|(key, item)| {
                    let value = item.render_at(context.inside(key), user, params, version)?;
                    Ok((key.clone(), value))
                })
                .collect::<Result<Map<_, _>, _>>()
                .map(Value::Object),
        }
    }

    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Template(template) => vec![template],
            Self::List(items) => items.iter().flat_map(Self::templates).collect(),
            Self::Table(entries) => entries
                .iter()
                .flat_map(|(_, item)| item.templates())
                .collect(),
        }
    }

    /// Reads one entry of `[upload]`.
    pub(super) fn read(entry: ManifestEntry<'_>, report: &mut ManifestReport<'_>) -> Option<Self> {
        let name = entry.key;
        if let Err(reason) = OptionKind::Upload.check_name(name) {
            report.error(entry.at, reason);
            return None;
        }
        let parameter = if !value_context::takes_placeholders(name) {
            Self::Fixed(entry.fixed_json(report)?)
        } else if entry.is_text() && ValueContext::of(name) == ValueContext::Path {
            Self::of_template(entry.path_template(report)?)
        } else {
            Self::read_value(entry, report)?
        };
        // `1` for a placeholder: it fits every parameter that a placeholder can be written for.
        match OptionKind::Upload.check(name, &parameter.with_every_value("1")) {
            Ok(()) => Some(parameter),
            Err(reason) => {
                report.error(entry.at, reason);
                None
            }
        }
    }

    fn read_value(entry: ManifestEntry<'_>, report: &mut ManifestReport<'_>) -> Option<Self> {
        if entry.is_text() {
            entry.template(report).map(Self::of_template)
        } else if entry.is_list() {
            let items = entry.items(report)?;
            let items = items.iter().map(|item| Self::read_value(*item, report));
            Some(Self::List(every(items)?).or_fixed())
        } else if entry.is_table() {
            let entries = entry.section(report)?.entries();
            let entries = entries
                .iter()
                .map(|entry| Some((entry.key.to_owned(), Self::read_value(*entry, report)?)));
            Some(Self::Table(every(entries)?).or_fixed())
        } else {
            entry.json(report).map(Self::Fixed)
        }
    }

    fn of_template(template: Template) -> Self {
        match template.fixed() {
            Some(text) => Self::Fixed(text.into()),
            None => Self::Template(template),
        }
    }

    /// Itself, or the fixed value that it is if no placeholder is in it.
    fn or_fixed(self) -> Self {
        if self.templates().is_empty() {
            Self::Fixed(self.with_every_value(""))
        } else {
            self
        }
    }

    fn with_every_value(&self, stand_in: &str) -> Value {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Template(template) => template.with_every_value(stand_in).into(),
            Self::List(items) => items
                .iter()
                .map(|item| item.with_every_value(stand_in))
                .collect(),
            Self::Table(entries) => entries
                .iter()
                .map(|(key, item)| (key.clone(), item.with_every_value(stand_in)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests;
