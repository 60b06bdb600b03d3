//! A `delivery_url` function.

use serde_json::{Map, Value};

use crate::cloudinary::delivery_url::check_url_options;
use crate::cloudinary::transformation::is_composite;

use super::ManifestFinding;
use super::accept::Accepted;
use super::document::{ManifestEntry, ManifestReport, Section};
use super::names;
use super::option_kind::OptionKind;

/// Keys of the file besides those of every function.
pub(super) const KEYS: &[&str] = &["class", "field", "url", "accept"];

/// A `delivery_url` function.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryUrl {
    /// Class and field to read; without them the caller names an identifier.
    pub source: Option<(String, String)>,
    /// URL options in force unless the caller may override them.
    pub url: Map<String, Value>,
    /// What the caller may set or override in `params.options`.
    pub accept: Vec<(String, Accepted)>,
}

impl DeliveryUrl {
    /// Reads the keys of a `delivery_url` function. `unsigned_only` takes what is a mistake if the
    /// account signs every URL.
    pub(super) fn read(
        file: &mut Section<'_>,
        report: &mut ManifestReport<'_>,
        unsigned_only: &mut Vec<ManifestFinding>,
    ) -> Self {
        let source = read_source(file.take("class"), file.take("field"), report);
        let url = file
            .take("url")
            .map_or_else(Map::new, |entry| read_url(entry, report));
        let accept_entries = file.take("accept").and_then(|entry| entry.section(report));
        let accept_entries = accept_entries.map_or_else(Vec::new, Section::entries);
        let accept: Vec<_> = accept_entries
            .iter()
            .filter_map(|entry| {
                let accepted = Accepted::read(*entry, OptionKind::Url, report)?;
                Some((entry.key.to_owned(), accepted))
            })
            .collect();
        let may_be_signed = source.is_some()
            || url
                .get("sign_url")
                .is_some_and(|value| value != &Value::Bool(false))
            || accept.iter().any(|(name, _)| name == "sign_url");
        for entry in accept_entries
            .iter()
            .filter(|entry| is_composite(entry.key))
        {
            let message = format!(
                "`{}`: layers, code and raw or named transformations cannot be accepted where the URL may be signed",
                entry.key
            );
            if may_be_signed {
                report.error(entry.at, message);
            } else {
                unsigned_only.push(report.finding(entry.at, message));
            }
        }
        Self {
            source,
            url,
            accept,
        }
    }
}

fn read_source(
    class: Option<ManifestEntry<'_>>,
    field: Option<ManifestEntry<'_>>,
    report: &mut ManifestReport<'_>,
) -> Option<(String, String)> {
    let (class, field) = match (class, field) {
        (Some(class), Some(field)) => (class, field),
        (None, None) => return None,
        (Some(class), None) => return class.refuse("expected `field` beside it", report),
        (None, Some(field)) => return field.refuse("expected `class` beside it", report),
    };
    let (class_name, field_name) = (class.text(report)?, field.text(report)?);
    if let Err(reason) = names::check_readable_class(class_name) {
        report.error(class.at, reason);
    } else if let Err(reason) = names::check_field(class_name, field_name) {
        report.error(field.at, reason);
    }
    Some((class_name.to_owned(), field_name.to_owned()))
}

fn read_url(entry: ManifestEntry<'_>, report: &mut ManifestReport<'_>) -> Map<String, Value> {
    let section = entry.section(report);
    let options = section.map_or_else(Vec::new, Section::entries);
    let url: Map<_, _> = options
        .iter()
        .filter_map(|option| {
            let value = option.fixed_json(report)?;
            let checked = OptionKind::Url.check_name(option.key);
            match checked.and_then(|()| OptionKind::Url.check(option.key, &value)) {
                Ok(()) => Some((option.key.to_owned(), value)),
                Err(reason) => {
                    report.error(option.at, reason);
                    None
                }
            }
        })
        .collect();
    // Each fits by itself; together they may not.
    if url.len() == options.len()
        && let Err(error) = check_url_options(&url)
    {
        report.error(entry.at, error.to_string());
    }
    url
}
