//! The table of hooks that `register`, `unregister` and `hooks` print, as text or as JSON.

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::ComparedHook;
use super::public_url::{PublicUrl, shown};
use crate::cli::output::{Output, complain};

/// Collects rows and warnings; text appears at once, JSON as one object at the end.
#[derive(Debug)]
pub(crate) struct Report {
    out: Output,
    json: Option<Map<String, Value>>,
    rows: Vec<Value>,
    warnings: Vec<String>,
    width: usize,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    /// `added`, `stale`, …
    pub(crate) state: &'a str,
    /// The hook.
    pub(crate) hook: &'a ComparedHook,
    /// What else there is to say.
    pub(crate) note: Option<&'a str>,
}

impl Report {
    /// An empty report, in JSON if `json`.
    pub(crate) fn new(json: bool) -> Self {
        Self {
            out: Output::default(),
            json: json.then(Map::new),
            rows: Vec::new(),
            warnings: Vec::new(),
            width: 0,
        }
    }

    /// Says which Parse Server and which public URL the table is about.
    pub(crate) fn head(&mut self, server: &str, version: &str, public: &PublicUrl) {
        if let Some(document) = &mut self.json {
            document.insert("parse_server".into(), json!(server));
            document.insert("parse_server_version".into(), json!(version));
            document.insert("public_url".into(), json!(public.to_string()));
        } else {
            self.out
                .line(format_args!("Parse Server  {server} ({version})"));
            self.out.line(format_args!("public URL    {public}"));
            self.out.line("");
        }
    }

    /// Makes room for the names of all `hooks`.
    pub(crate) fn align(&mut self, hooks: &[ComparedHook]) {
        let names = hooks
            .iter()
            .map(|hook| hook.name.to_string().chars().count());
        self.width = names.max().unwrap_or_default();
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, row: Row<'_>) {
        if self.json.is_some() {
            self.rows.push(json_row(row));
        } else {
            self.preview(row);
        }
    }

    /// Shows a row that another one for the same hook will follow.
    pub(crate) fn preview(&mut self, Row { state, hook, note }: Row<'_>) {
        let url = match &hook.wanted {
            Some(url) => shown(url),
            None => hook.registered_shown(),
        };
        let note = note.map(|note| format!("  ({note})")).unwrap_or_default();
        let width = self.width;
        self.line(&format!("{state:<10}  {:<width$}  {url}{note}", hook.name));
    }

    /// Adds a line that only people need.
    pub(crate) fn line(&mut self, text: &str) {
        if self.json.is_none() {
            self.out.line(text);
        }
    }

    /// Adds a member that only scripts need.
    pub(crate) fn member(&mut self, name: &str, value: Value) {
        if let Some(document) = &mut self.json {
            document.insert(name.to_owned(), value);
        }
    }

    /// Says something on standard error before anything is changed.
    pub(crate) fn warn(&mut self, text: String) {
        complain(format_args!("warning: {text}"));
        self.warnings.push(text);
    }

    /// Ends the report.
    ///
    /// # Errors
    /// Standard output could not be written.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        if let Some(mut document) = self.json {
            document.insert("warnings".into(), json!(self.warnings));
            document.insert("hooks".into(), json!(self.rows));
            self.out.line(format_args!("{:#}", Value::Object(document)));
        }
        self.out.finish().context("cannot write the result")
    }
}

fn json_row(Row { state, hook, note }: Row<'_>) -> Value {
    let mut row = json!(hook.name);
    row["state"] = json!(state);
    row["url"] = json!(hook.wanted.as_deref().map(shown));
    let registered: Vec<_> = hook.registered.iter().map(|url| shown(url)).collect();
    row["registered"] = json!(registered);
    if let Some(note) = note {
        row["note"] = json!(note);
    }
    row
}
