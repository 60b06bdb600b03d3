//! Log lines on standard error: text for people, JSON for collectors.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use env_logger::fmt::Formatter;
use env_logger::{Builder, Target};
use log::kv::{Key, Value, VisitSource};
use log::{LevelFilter, Record};
use serde_json::{Map, json};

use crate::config::{LogFormat, Logging};
use crate::server::current_request;

/// Starts logging. Text is `<time> <level> <message> <key>=<value>…`, JSON one object a line with
/// `time`, `level`, `target`, `message` and the keys of the record; in both, `request` tells which
/// lines belong to one. Later calls change nothing.
pub(super) fn start(logging: &Logging) {
    let mut builder = Builder::new();
    builder
        .filter_level(LevelFilter::Info)
        .target(Target::Stderr)
        .format(match logging.format {
            LogFormat::Text => text,
            LogFormat::Json => json,
        });
    match &logging.filter {
        Some(filter) => builder.parse_filters(filter),
        // Which sockets and workers it starts is said better by `serve` itself; that the queue's
        // tables exist already is no news.
        None => builder
            .filter_module("actix_server", LevelFilter::Warn)
            .filter_module("sqlx::postgres::notice", LevelFilter::Warn),
    };
    // Err: logging has been started already.
    let _ = builder.try_init();
}

fn text(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let pairs = Pairs::of(record);
    let style = out.default_level_style(record.level());
    let time = out.timestamp_millis();
    let level = record.level();
    let message = one_line(&record.args().to_string());
    write!(out, "{time} {style}{level:<5}{style:#} {message}")?;
    for (key, value) in &pairs.0 {
        let value = match value {
            serde_json::Value::String(text) => quoted(text),
            other => other.to_string(),
        };
        write!(out, " {key}={value}")?;
    }
    writeln!(out)
}

fn json(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let pairs = Pairs::of(record);
    let mut line = Map::new();
    line.insert("time".into(), json!(out.timestamp_millis().to_string()));
    line.insert("level".into(), json!(record.level().as_str()));
    line.insert("target".into(), json!(record.target()));
    line.insert("message".into(), json!(record.args().to_string()));
    for (key, value) in pairs.0 {
        line.entry(key).or_insert(value);
    }
    writeln!(out, "{}", serde_json::Value::Object(line))
}

/// Control characters escaped: what a user chose must not begin a line of its own or drive a
/// terminal.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(line, "{}", c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

fn quoted(text: &str) -> String {
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '"' | '=' | '\\');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}

/// The keys and values of a record, numbers and booleans kept as such.
#[derive(Default)]
struct Pairs(Vec<(String, serde_json::Value)>);

impl Pairs {
    /// Those of the record, and the request that it belongs to.
    fn of(record: &Record<'_>) -> Self {
        let mut pairs = Self::default();
        let _ = record.key_values().visit(&mut pairs);
        let request = current_request().map(|id| ("request".to_owned(), json!(id)));
        pairs.0.extend(request);
        pairs
    }
}

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
        let value = value
            .to_bool()
            .map(|flag| json!(flag))
            .or_else(|| value.to_u64().map(|number| json!(number)))
            .or_else(|| value.to_i64().map(|number| json!(number)))
            .or_else(|| value.to_f64().map(|number| json!(number)))
            .unwrap_or_else(|| json!(value.to_string()));
        self.0.push((key.to_string(), value));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_users_choose_on_one_line() {
        for (text, expected) in [
            ("plain é", "plain é"),
            ("a\nERROR forged", "a\\nERROR forged"),
            ("\u{1b}[31m\r\t\0\u{85}", "\\u{1b}[31m\\r\\t\\u{0}\\u{85}"),
        ] {
            assert_eq!(one_line(text), expected);
        }
    }

    #[test]
    fn quotes_values_that_could_be_read_as_more() {
        for (text, expected) in [
            ("Photo.beforeSave", "Photo.beforeSave"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a=b", "\"a=b\""),
            ("a\nb", "\"a\\nb\""),
            ("a\"b", "\"a\\\"b\""),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
