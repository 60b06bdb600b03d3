//! The folder of manifests, read as a whole.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::class::{self, ClassManifest};
use super::delivery_url;
use super::document::{self, ManifestReport, Section};
use super::function::{self, FunctionManifest};
use super::sign_upload;
use super::{FunctionAction, ManifestFinding, Manifests};

/// Reads every `*.toml` of `folder`; hidden files and subfolders are left alone.
///
/// # Errors
/// All mistakes of all files, in the order of files and lines.
pub fn load(folder: &Path) -> Result<Manifests, Vec<ManifestFinding>> {
    let files = manifest_files(folder).map_err(|error| {
        vec![whole(
            folder,
            format!("cannot read the folder of manifests: {error}"),
        )]
    })?;
    let mut loader = Loader::default();
    if files.is_empty() {
        let warning = whole(
            folder,
            "no manifest (*.toml) in it, so nothing is guarded or served",
        );
        loader.manifests.warnings.push(warning);
    }
    for file in &files {
        match fs::read_to_string(file) {
            Ok(text) => loader.read(file, &text),
            Err(error) => loader
                .errors
                .push(whole(file, format!("cannot be read: {error}"))),
        }
    }
    loader.finish()
}

/// Reads manifests that are at hand, each a file's name and its text.
///
/// # Errors
/// All mistakes of all of them, in the order of names and lines.
pub fn parse(files: &[(&str, &str)]) -> Result<Manifests, Vec<ManifestFinding>> {
    let mut loader = Loader::default();
    for (name, text) in files {
        loader.read(Path::new(name), text);
    }
    loader.finish()
}

fn manifest_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        // In any case of letters: a `Photo.TOML` that is passed over would leave its class
        // unguarded.
        let manifest = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        if manifest && !hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn whole(file: &Path, message: impl Into<String>) -> ManifestFinding {
    ManifestFinding {
        file: file.to_owned(),
        line: 0,
        message: message.into(),
    }
}

#[derive(Debug, Default)]
struct Loader {
    manifests: Manifests,
    errors: Vec<ManifestFinding>,
    /// The file that serves a hook, by the hook's description.
    hooks: HashMap<String, PathBuf>,
    /// Class and field that a `delivery_url` reads, and where it says so.
    reads: Vec<(String, String, ManifestFinding)>,
}

impl Loader {
    fn read(&mut self, file: &Path, text: &str) {
        let mut report = ManifestReport::new(file, text);
        if let Some(table) = document::parse(text, &mut report) {
            self.read_table(file, Section::new(0, table.get_ref()), &mut report);
        }
        self.errors.append(&mut report.errors);
        self.manifests.warnings.append(&mut report.warnings);
    }

    fn read_table(&mut self, file: &Path, table: Section<'_>, report: &mut ManifestReport<'_>) {
        if table.is_empty() {
            report.error(0, "empty: expected `class` or `function`");
            return;
        }
        let (class, function) = (table.at_of("class"), table.at_of("function"));
        match (class, function) {
            (_, Some(at)) => {
                let field_at = table.at_of("field");
                let unsigned_only = &mut self.manifests.unsigned_only;
                if let Some(function) = FunctionManifest::read(table, report, unsigned_only) {
                    self.claim(format!("function `{}`", function.name), file, at, report);
                    self.note_read(&function, field_at.unwrap_or(at), report);
                    self.manifests.functions.push(function);
                }
            }
            (Some(at), None) => {
                let class = ClassManifest::read(table, report);
                self.claim(format!("class `{}`", class.class), file, at, report);
                self.manifests.classes.push(class);
            }
            (None, None) => {
                report.error(
                    0,
                    "neither `class` nor `function`: a file guards a class or serves a function",
                );
                let functions = function::known_keys(&[sign_upload::KEYS, delivery_url::KEYS]);
                let known = [class::KEYS, &functions].concat();
                table.finish_unread(&known, report);
            }
        }
    }

    /// Two files for one hook would leave one of them without effect.
    fn claim(&mut self, hook: String, file: &Path, at: usize, report: &mut ManifestReport<'_>) {
        if let Some(other) = self.hooks.get(&hook) {
            report.error(
                at,
                format!("{hook} has a manifest already: {}", other.display()),
            );
        } else {
            self.hooks.insert(hook, file.to_owned());
        }
    }

    fn note_read(&mut self, function: &FunctionManifest, at: usize, report: &ManifestReport<'_>) {
        if let FunctionAction::DeliveryUrl(url) = &function.action
            && let Some((class, field)) = &url.source
        {
            let message = format!(
                "{class}.{field} is not guarded by any manifest: whoever may write it could have the URL of another user's private asset signed"
            );
            self.reads
                .push((class.clone(), field.clone(), report.finding(at, message)));
        }
    }

    fn finish(mut self) -> Result<Manifests, Vec<ManifestFinding>> {
        if !self.errors.is_empty() {
            self.errors.sort();
            return Err(self.errors);
        }
        let classes = &self.manifests.classes;
        let guarded = |class: &str, field: &str| {
            classes
                .iter()
                .filter(|manifest| manifest.class == class)
                .any(|manifest| manifest.fields.iter().any(|guarded| guarded.name == field))
        };
        let unguarded = self
            .reads
            .into_iter()
            .filter(|(class, field, _)| !guarded(class, field));
        let unguarded: Vec<_> = unguarded.map(|(_, _, finding)| finding).collect();
        self.manifests.warnings.extend(unguarded);
        self.manifests.warnings.sort();
        Ok(self.manifests)
    }
}

#[cfg(test)]
mod tests;
