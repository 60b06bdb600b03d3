//! `[accept]` as it is written.

use serde_json::{Map, Value};

use super::{Accepted, Choice, Pattern};
use crate::cloudinary::url_options::OptionKey;
use crate::manifest::document::{ManifestEntry, ManifestReport, Section, every};
use crate::manifest::option_kind::OptionKind;

/// Keys of an entry that is a table.
pub(in crate::manifest) const KEYS: &[&str] = &["min", "max", "pattern", "named", "default"];

impl Accepted {
    /// Reads one entry of `[accept]`.
    pub(in crate::manifest) fn read(
        entry: ManifestEntry<'_>,
        kind: OptionKind,
        report: &mut ManifestReport<'_>,
    ) -> Option<Self> {
        if let Err(reason) = kind.check_name(entry.key) {
            report.error(entry.at, reason);
            return None;
        }
        let choice = if entry.is_table() {
            return Self::read_table(entry, kind, report);
        } else if entry.is_list() {
            Choice::OneOf(read_values(entry, kind, report)?)
        } else if entry.json(report)? == Value::Bool(true) {
            Choice::Any
        } else {
            return entry.refuse(
                "expected true, a list of values or a table; leave it out to accept nothing",
                report,
            );
        };
        Some(Self {
            kind,
            key: OptionKey::from_name(entry.key),
            choice,
            default: None,
        })
    }

    fn read_table(
        entry: ManifestEntry<'_>,
        kind: OptionKind,
        report: &mut ManifestReport<'_>,
    ) -> Option<Self> {
        let mut keys = entry.section(report)?;
        if keys.is_empty() {
            return entry.refuse(&format!("empty, expected {}", KEYS.join(", ")), report);
        }
        let default = keys.take("default");
        let choice = read_choice(entry, &mut keys, kind, report);
        keys.finish(KEYS, report);
        let mut accepted = Self {
            kind,
            key: OptionKey::from_name(entry.key),
            choice: choice?,
            default: None,
        };
        if let Some(default) = default {
            let value = default.fixed_json(report)?;
            let chosen = accepted.choose(entry.key, &value);
            let chosen = chosen.map_err(|error| error.to_string());
            match chosen.and_then(|chosen| kind.check(entry.key, chosen).map(|()| chosen)) {
                Ok(chosen) => accepted.default = Some(chosen.clone()),
                Err(error) => {
                    return default.refuse(&format!("not accepted itself: {error}"), report);
                }
            }
        }
        Some(accepted)
    }
}

/// What a table accepts: the keys of one form.
fn read_choice(
    entry: ManifestEntry<'_>,
    keys: &mut Section<'_>,
    kind: OptionKind,
    report: &mut ManifestReport<'_>,
) -> Option<Choice> {
    let range = [keys.take("min"), keys.take("max")];
    let pattern = keys.take("pattern");
    let named = keys.take("named");
    let forms = [
        range.iter().any(Option::is_some),
        pattern.is_some(),
        named.is_some(),
    ];
    if forms.iter().filter(|&&given| given).count() > 1 {
        return entry.refuse(
            "expected one of a range (min, max), a pattern or named choices",
            report,
        );
    }
    if let Some(pattern) = pattern {
        return match Pattern::new(pattern.text(report)?) {
            Ok(pattern) => Some(Choice::Pattern(pattern)),
            Err(error) => pattern.refuse(&last_line(&error), report),
        };
    }
    if let Some(named) = named {
        return read_named(entry, named, kind, report).map(Choice::Named);
    }
    match range {
        [None, None] => Some(Choice::Any),
        [min, max] => {
            let mistakes = report.errors.len();
            let mut bound = |entry: Option<ManifestEntry<'_>>| read_number(entry?, report);
            let (min, max) = (bound(min), bound(max));
            if report.errors.len() > mistakes {
                return None;
            }
            if min.zip(max).is_some_and(|(min, max)| min > max) {
                return entry.refuse("min is greater than max", report);
            }
            Some(Choice::Range { min, max })
        }
    }
}

fn read_number(entry: ManifestEntry<'_>, report: &mut ManifestReport<'_>) -> Option<f64> {
    let number = entry.json(report)?.as_f64();
    number.or_else(|| entry.mistyped("a number", report))
}

fn read_values(
    entry: ManifestEntry<'_>,
    kind: OptionKind,
    report: &mut ManifestReport<'_>,
) -> Option<Vec<Value>> {
    let items = entry.items(report)?;
    if items.is_empty() {
        return entry.refuse("an empty list accepts nothing, leave it out", report);
    }
    let items = items.into_iter();
    every(items.map(|item| read_value(entry.key, item, kind, report)))
}

fn read_named(
    entry: ManifestEntry<'_>,
    named: ManifestEntry<'_>,
    kind: OptionKind,
    report: &mut ManifestReport<'_>,
) -> Option<Map<String, Value>> {
    let choices = named.section(report)?;
    if choices.is_empty() {
        return named.refuse("an empty table accepts nothing", report);
    }
    every(choices.entries().into_iter().map(|choice| {
        let value = read_value(entry.key, choice, kind, report)?;
        Some((choice.key.to_owned(), value))
    }))
}

fn read_value(
    name: &str,
    entry: ManifestEntry<'_>,
    kind: OptionKind,
    report: &mut ManifestReport<'_>,
) -> Option<Value> {
    let value = entry.fixed_json(report)?;
    match kind.check(name, &value) {
        Ok(()) => Some(value),
        Err(error) => {
            report.error(entry.at, error);
            None
        }
    }
}

/// A regex error shows the pattern over several lines and ends with what is wrong.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
