//! `docs/openapi.yaml` names the routes that there are. `scripts/check-openapi.sh` holds the
//! answers to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

use crate::app::{App, send};

const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PUT", "DELETE"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The methods of each path, and whether it is the admin listener's.
fn documented() -> BTreeMap<String, (BTreeSet<String>, bool)> {
    let text = fs::read_to_string(root().join("docs/openapi.yaml")).unwrap();
    let (_, paths) = text.split_once("\npaths:\n").unwrap();
    let (paths, _) = paths.split_once("\ncomponents:\n").unwrap();
    let mut found = BTreeMap::new();
    let mut path = String::new();
    for line in paths.lines() {
        if let Some(name) = line.strip_prefix("  /") {
            path = format!("/{}", name.trim_end_matches(':'));
            found.insert(path.clone(), (BTreeSet::new(), false));
        } else if let Some(key) = line
            .strip_prefix("    ")
            .filter(|key| !key.starts_with(' '))
        {
            let (methods, admin) = found.get_mut(&path).unwrap();
            *admin |= key.starts_with("servers:");
            let method = key.trim_end_matches(':').to_uppercase();
            if METHODS.contains(&&*method) {
                methods.insert(method);
            }
        }
    }
    found
}

#[test]
fn the_document_has_the_paths_and_methods_that_are_answered() {
    let app = App::with(&[
        "class = \"Photo\"\n[fields.picture]\n",
        "function = \"url\"\naction = \"delivery_url\"\n",
    ]);
    let documented = documented();
    assert!(documented.len() > 20, "{documented:?}");
    for (path, (methods, is_admin)) in documented {
        let filled = path
            .replace("{className}", "Photo")
            .replace("{triggerName}", "beforeSave")
            .replace("{functionName}", "url");
        let address = if is_admin {
            app.admin.unwrap()
        } else {
            app.address
        };
        for method in METHODS {
            let answer = send(address, method, &filled, "", b"");
            assert_ne!(answer.status, 404, "{method} {path}");
            let expected = methods.contains(method);
            assert_eq!(
                answer.status != 405,
                expected,
                "{method} {path}: {}",
                answer.status
            );
        }
    }
}

/// A route that is added has to be documented.
#[test]
fn every_path_in_the_sources_is_documented() {
    let documented = documented();
    let path = Regex::new(r#""(/[a-z./]*)""#).unwrap();
    for (file, fewest) in [
        ("admin/routes.rs", 11),
        ("webhook/notifications.rs", 1),
        ("webhook.rs", 3),
        ("admin/console/page.rs", 8),
    ] {
        let source = fs::read_to_string(root().join("src/server").join(file)).unwrap();
        let (source, _) = source.split_once("#[cfg(test)]").unwrap_or((&source, ""));
        let found: BTreeSet<_> = path
            .captures_iter(source)
            .map(|path| path[1].to_owned())
            .collect();
        assert!(found.len() >= fewest, "{file}: {found:?}");
        for path in found {
            // A prefix of those with names.
            let is_known = documented.contains_key(&path)
                || path.len() > 1
                    && path.ends_with('/')
                    && documented.keys().any(|known| known.starts_with(&path));
            assert!(is_known, "{file}: {path}");
        }
    }
}
