//! Where values come from: the process, then `.env`, each perhaps by way of a file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::mistake::{Mistake, Mistakes};
use super::variables;

/// The variables of the process and of `.env`.
#[derive(Default)]
pub struct Environment {
    process: HashMap<String, String>,
    dotenv: HashMap<String, String>,
    has_dotenv: bool,
    /// Where relative file names start.
    pub(super) folder: PathBuf,
    /// What is wrong with `.env` itself.
    pub(super) mistakes: Vec<Mistake>,
}

/// One place's word on a variable that may come from a file.
pub(super) enum Found<'a> {
    Value(&'a str),
    File(&'a str),
    Both,
}

impl Environment {
    /// Reads the process's environment and `.env` in the working directory, which need not exist.
    pub fn load() -> Self {
        let mut mistakes = Vec::new();
        let mut process = HashMap::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => {
                    process.insert(name, value);
                }
                Err(_) if is_ours(&name) => mistakes.push(Mistake::new(&name, "is not UTF-8")),
                Err(_) => {}
            }
        }
        let mut environment = Self::from_variables(process, Path::new("."));
        environment.mistakes.append(&mut mistakes);
        environment
    }

    /// The given variables, and `.env` in `folder`.
    pub fn from_variables(process: HashMap<String, String>, folder: &Path) -> Self {
        let mut environment = Environment {
            process,
            folder: folder.to_owned(),
            ..Environment::default()
        };
        match std::fs::read_to_string(folder.join(".env")) {
            Ok(text) => {
                environment.has_dotenv = true;
                environment.read_dotenv(&text);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let message = format!("cannot be read: {error}");
                environment.mistakes.push(Mistake::new(".env", message));
            }
        }
        // Logging starts before a command reads its part, so a mistake here is kept for that
        // report.
        if let Err(Mistakes(mistakes)) = environment.logging() {
            environment.mistakes = mistakes;
        }
        environment
    }

    fn read_dotenv(&mut self, text: &str) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for variable in dotenv::from_read_iter(text.as_bytes()) {
            match variable {
                Ok((name, value)) => {
                    self.dotenv.insert(name, value);
                }
                Err(error) => self.mistakes.push(broken(text, &error)),
            }
        }
    }

    /// What is said of a variable that is set nowhere: that, and where `.env` was looked for.
    pub(super) fn missing(&self) -> String {
        // Fails only where the working directory is gone.
        let folder = std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
        if self.has_dotenv {
            format!("is missing, also in {}", folder.join(".env").display())
        } else {
            format!("is missing, and there is no .env in {}", folder.display())
        }
    }

    /// How a variable is set, as a line of `.env` sets it: by its own name, or by `<name>_FILE`.
    pub(crate) fn setting(&self, name: &str) -> Option<(String, &str)> {
        if !variables::is_secret(name) {
            return Some((name.to_owned(), self.get(name)?));
        }
        match self.get_or_file(name)? {
            Found::Value(value) => Some((name.to_owned(), value)),
            Found::File(path) => Some((format!("{name}_FILE"), path)),
            // A mistake that `check` reports.
            Found::Both => Some((name.to_owned(), self.get(name)?)),
        }
    }

    /// The non-empty value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        debug_assert!(variables::is_listed(name), "{name} is not in VARIABLES");
        let places = [&self.process, &self.dotenv];
        let mut values = places.into_iter().filter_map(|place| place.get(name));
        values.find(|value| !value.is_empty()).map(String::as_str)
    }

    /// A variable, or if it is a secret its `_FILE`, from the first place that has either.
    pub(super) fn get_or_file(&self, name: &str) -> Option<Found<'_>> {
        if !variables::is_secret(name) {
            return self.get(name).map(Found::Value);
        }
        let file = format!("{name}_FILE");
        let non_empty = |place: &HashMap<String, String>, name: &str| {
            place.get(name).is_some_and(|value| !value.is_empty())
        };
        let mut places = [&self.process, &self.dotenv].into_iter();
        let place = places.find(|p| non_empty(p, name) || non_empty(p, &file))?;
        match (non_empty(place, name), non_empty(place, &file)) {
            (true, true) => Some(Found::Both),
            (true, false) => place.get(name).map(|value| Found::Value(value)),
            (false, _) => place.get(&file).map(|path| Found::File(path)),
        }
    }
}

fn is_ours(name: &str) -> bool {
    ["CLOUDINARY_", "PARSE_SERVER_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// The line's number, not the line: it may hold a secret. The error holds the line or its value; an
/// open quote makes one line of all that follow, of which the first is named.
fn broken(text: &str, error: &dotenv::Error) -> Mistake {
    let first = match error {
        dotenv::Error::LineParse(lines, _) => lines.trim().lines().next(),
        _ => None,
    };
    let number = first.and_then(|first| {
        let first = first.trim_end();
        let is_line = |line: &str| line.trim() == first;
        let holds_value = |line: &str| line.contains(first);
        let mut lines = text.lines();
        lines
            .clone()
            .position(is_line)
            .or_else(|| lines.position(holds_value))
    });
    let place = number.map_or("a line".to_owned(), |index| format!("line {}", index + 1));
    let message = format!("{place}: expected NAME=value or NAME='value'");
    Mistake::new(".env", message)
}
