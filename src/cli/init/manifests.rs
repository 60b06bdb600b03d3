//! The manifests that were asked for, beside those that exist.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use super::{Init, write};
use crate::cli::output::Output;
use crate::manifest::{self, ClassManifest, FunctionAction, FunctionManifest, Manifests};

/// A manifest that was asked for.
struct Planned {
    /// What it is for: `class Photo`.
    what: String,
    file: PathBuf,
    text: String,
    /// The lines that the manifest which exists lacks; `None`: there is none.
    lacks: Option<String>,
}

/// All that were asked for.
pub(super) struct Plan(Vec<Planned>);

/// Which manifests to write into `folder`, and what those that exist lack.
///
/// # Errors
/// The manifests that exist are not in order: what they say is not known then.
pub(super) fn plan(init: &Init, folder: &Path) -> anyhow::Result<Plan> {
    let existing = if folder.exists() {
        manifest::load(folder).map_err(|findings| {
            let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
            anyhow!(
                "the manifests that exist are not in order:\n{}",
                findings.join("\n")
            )
        })?
    } else {
        Manifests::default()
    };
    let mut planned = Vec::new();
    for class in &init.classes {
        let manifest = existing
            .classes
            .iter()
            .find(|manifest| manifest.class == *class);
        planned.push(Planned {
            what: format!("class {class}"),
            file: folder.join(format!("{class}.toml")),
            text: class_text(init, class),
            lacks: manifest.map(|manifest| class_lacks(init, manifest)),
        });
    }
    if let Some(function) = &init.sign_uploads {
        let manifest = existing
            .functions
            .iter()
            .find(|manifest| manifest.name == *function);
        planned.push(Planned {
            what: format!("function {function}"),
            file: folder.join(format!("{function}.toml")),
            text: function_text(init, function),
            lacks: manifest.map(|manifest| function_lacks(init, manifest)),
        });
    }
    for Planned {
        file, what, lacks, ..
    } in &planned
    {
        if lacks.is_none() && file.exists() {
            return Err(anyhow!(
                "{} exists and is not for {what}: rename it",
                file.display()
            ));
        }
    }
    Ok(Plan(planned))
}

impl Plan {
    /// Writes what there is not, and prints what the others lack.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(super) fn write(&self, output: &mut Output) -> anyhow::Result<()> {
        for Planned {
            what,
            file,
            text,
            lacks,
        } in &self.0
        {
            let Some(lacks) = lacks else {
                write::new_file(file, text, write::Readers::Everybody)?;
                output.line(format_args!("wrote {}", file.display()));
                continue;
            };
            if lacks.is_empty() {
                output.line(format_args!(
                    "left the manifest of {what} as it is; it lacks nothing"
                ));
                continue;
            }
            output.line(format_args!(
                "left the manifest of {what} as it is; it lacks:\n"
            ));
            for line in lacks.lines() {
                output.line(format_args!("    {line}"));
            }
            output.line("");
        }
        Ok(())
    }
}

fn class_text(init: &Init, class: &str) -> String {
    let mut text = format!(
        "# Guards {class}.{field}: a save is taken only with an identifier that Cloudinary signed, and stored without the signature.\nclass = \"{class}\"\n\n{table}\n",
        field = init.field,
        table = field_table(init),
    );
    if let Some(folder) = init.folder() {
        let _ = writeln!(
            text,
            "# Only pictures in the user's own folder; saves without a session are refused.\nfolder = \"{folder}\""
        );
    }
    text
}

fn function_text(init: &Init, function: &str) -> String {
    let mut text = format!(
        "# Parse.Cloud.run(\"{function}\"): the signed fields to post to Cloudinary together with the file.\nfunction = \"{function}\"\naction = \"sign_upload\"\n# Needs a session.\naccess = \"user\"\n"
    );
    if let Some(folder) = init.folder() {
        let _ = writeln!(
            text,
            "\n# Always signed, so that the caller cannot choose another.\n[upload]\nfolder = \"{folder}\""
        );
    }
    text
}

fn field_table(init: &Init) -> String {
    format!("[fields.{}]", init.field)
}

fn class_lacks(init: &Init, manifest: &ClassManifest) -> String {
    let field = manifest
        .fields
        .iter()
        .find(|field| field.name == init.field);
    let has_folder = field.is_some_and(|field| field.folder.is_some());
    match (field, init.folder()) {
        (None, None) => field_table(init),
        (Some(_), None) => String::new(),
        (Some(_), Some(_)) if has_folder => String::new(),
        (_, Some(folder)) => format!("{}\nfolder = \"{folder}\"", field_table(init)),
    }
}

fn function_lacks(init: &Init, manifest: &FunctionManifest) -> String {
    match (&manifest.action, init.folder()) {
        (FunctionAction::SignUpload(upload), Some(folder)) => {
            let names = upload.rules.upload.iter().map(|(name, _)| &**name);
            let mut places = names.filter(|name| ["folder", "public_id_prefix"].contains(name));
            match places.next() {
                Some(_) => String::new(),
                None => format!("[upload]\nfolder = \"{folder}\""),
            }
        }
        (FunctionAction::SignUpload(_), None) => String::new(),
        _ => "action = \"sign_upload\"".to_owned(),
    }
}
