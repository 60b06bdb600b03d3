//! Reads variables one by one and remembers what was wrong with each.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

use super::environment::{Environment, Found};
use super::mistake::{Mistake, Mistakes};
use super::{value, variables};

pub(super) struct Reader<'e> {
    environment: &'e Environment,
    mistakes: Vec<Mistake>,
}

impl<'e> Reader<'e> {
    pub(super) fn new(environment: &'e Environment) -> Self {
        Reader {
            environment,
            mistakes: environment.mistakes.clone(),
        }
    }

    /// Records a mistake; the value is absent.
    pub(super) fn mistake<T>(&mut self, name: &str, message: impl fmt::Display) -> Option<T> {
        self.mistakes.push(Mistake::new(name, message));
        None
    }

    /// Records that a required variable is missing.
    pub(super) fn missing<T>(&mut self, name: &str) -> Option<T> {
        self.mistake(name, self.environment.missing())
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, Mistakes> {
        if self.mistakes.is_empty() {
            Ok(value)
        } else {
            Err(Mistakes(self.mistakes))
        }
    }

    /// Absence without a mistake cannot be: whoever returned `None` recorded why.
    pub(super) fn finish_some<T>(self, value: Option<T>) -> Result<T, Mistakes> {
        value
            .filter(|_| self.mistakes.is_empty())
            .ok_or(Mistakes(self.mistakes))
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.environment.get_or_file(name).is_some()
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.environment.get(name).map(str::to_owned)
    }

    /// A secret, from the variable or from the file that `<name>_FILE` names.
    pub(super) fn secret(&mut self, name: &str) -> Option<SecretString> {
        debug_assert!(
            variables::is_secret(name),
            "{name} is no secret in VARIABLES"
        );
        let file_variable = format!("{name}_FILE");
        match self.environment.get_or_file(name)? {
            Found::Both => {
                let message = format!("is set together with {file_variable}: keep one");
                self.mistake(name, message)
            }
            Found::Value(text) if text.trim().is_empty() => self.mistake(name, "is blank"),
            Found::Value(text) => Some(SecretString::from(text)),
            Found::File(path) => {
                let read = std::fs::read_to_string(self.environment.folder.join(path));
                match read.as_deref().map(value::without_line_end) {
                    Ok(text) if text.trim().is_empty() => {
                        self.mistake(&file_variable, format!("{path} is empty or blank"))
                    }
                    Ok(text) => Some(SecretString::from(text)),
                    Err(error) => {
                        self.mistake(&file_variable, format!("cannot read {path}: {error}"))
                    }
                }
            }
        }
    }

    pub(super) fn required_secret(&mut self, name: &str) -> Option<SecretString> {
        if self.is_set(name) {
            self.secret(name)
        } else {
            self.missing(name)
        }
    }

    /// An http or https URL without the slashes at its end.
    pub(super) fn url(&mut self, name: &str) -> Option<Url> {
        let text = self.text(name)?;
        match value::parse_url(&text) {
            Some(url) => Some(url),
            None => self.mistake(
                name,
                "expected an http:// or https:// URL, such as http://parse:1337/parse",
            ),
        }
    }

    pub(super) fn address(&mut self, name: &str, default: ([u8; 4], u16)) -> SocketAddr {
        let form = "expected an address and a port, such as 127.0.0.1:8080 or [::]:8080";
        self.parsed(name, value::parse_address, form)
            .unwrap_or_else(|| default.into())
    }

    pub(super) fn duration(&mut self, name: &str, default: Duration) -> Duration {
        let form = "expected a duration such as 500ms, 10s or 2m";
        self.parsed(name, value::parse_duration, form)
            .unwrap_or(default)
    }

    pub(super) fn size(&mut self, name: &str, default: usize) -> usize {
        let form = "expected a size such as 16MiB, 512KiB or 1000000 (bytes)";
        self.parsed(name, value::parse_size, form)
            .unwrap_or(default)
    }

    pub(super) fn count(&mut self, name: &str, default: usize) -> usize {
        let parse = |text: &str| text.parse().ok().filter(|count| *count > 0);
        let form = "expected a whole number above 0";
        self.parsed(name, parse, form).unwrap_or(default)
    }

    pub(super) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let form = format!("expected {}", names.join(" or "));
        let choose = |text: &str| choices.iter().find(|(n, _)| *n == text).map(|(_, c)| *c);
        self.parsed(name, choose, &form)
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        form: &str,
    ) -> Option<T> {
        let text = self.text(name)?;
        match parse(text.trim()) {
            Some(value) => Some(value),
            None => self.mistake(name, form),
        }
    }
}
