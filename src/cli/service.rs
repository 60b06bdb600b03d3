//! Configuration and manifests of `serve`, read together so that every mistake of either is reported in one go.

use std::path::Path;

use crate::config::{Environment, Needs, Serve as Config};
use crate::manifest::{self, Manifests};

/// Reads both.
///
/// # Errors
/// A line for each mistake.
pub(super) fn load(environment: &Environment) -> Result<(Config, Manifests), Vec<String>> {
    let manifests = manifest::load(&environment.webhooks());
    let config = environment.serve(Needs {
        parse_server: manifests.as_ref().is_ok_and(Manifests::need_parse_server),
        master_key: manifests.as_ref().is_ok_and(Manifests::need_queue),
    });
    let mut mistakes = Vec::new();
    if let Err(found) = &config {
        mistakes.extend(found.0.iter().map(ToString::to_string));
    }
    let conflict = match (&config, &manifests) {
        (Ok(config), Ok(manifests)) => manifests.check_account(&config.account).err(),
        _ => None,
    };
    for findings in [manifests.as_ref().err(), conflict.as_ref()] {
        mistakes.extend(findings.into_iter().flatten().map(ToString::to_string));
    }
    match (config, manifests) {
        (Ok(config), Ok(manifests)) if mistakes.is_empty() => Ok((config, manifests)),
        _ => Err(mistakes),
    }
}

/// What is said of a set of manifests that is in order.
pub(super) fn summary(folder: &Path, manifests: &Manifests) -> String {
    let count = |number: usize, one: &str, many: &str| {
        format!("{number} {}", if number == 1 { one } else { many })
    };
    let guarded = manifests.classes.iter().filter(|class| class.is_guarded());
    format!(
        "{}: {} guarded, {} served",
        folder.display(),
        count(guarded.count(), "class", "classes"),
        count(manifests.functions.len(), "function", "functions"),
    )
}
