//! The keys of every table of a manifest. `docs/reference.md` describes them and a test compares
//! the two.

use super::{
    accept, class, clean_up, confirm, delivery_url, follow, function, sign_params, sign_upload,
};

/// The keys of each table, with the table's heading in `docs/reference.md`.
pub fn keys() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let field: &[&[_]] = &[
        class::FIELD_KEYS,
        confirm::KEYS,
        clean_up::KEYS,
        follow::KEYS,
    ];
    let tables: [(_, &[&[_]]); 9] = [
        ("A class", &[class::KEYS]),
        ("A guarded field", field),
        ("A function", &[function::KEYS]),
        ("A function's limits", &[function::LIMIT_KEYS]),
        ("A function for a role", &[function::ROLE_KEYS]),
        ("A function that signs uploads", &[sign_upload::KEYS]),
        (
            "A function that signs what a client is about to post",
            &[sign_params::KEYS],
        ),
        ("A function that builds URLs", &[delivery_url::KEYS]),
        ("What a caller may choose", &[accept::KEYS]),
    ];
    tables
        .into_iter()
        .map(|(heading, lists)| (heading, lists.concat()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::keys;

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    /// A key that is read but not listed would work without being documented.
    #[test]
    fn every_key_that_a_manifest_is_read_by_is_listed() {
        let read = regex::Regex::new(r#"\b(?:take|at_of|flag|column|rate)\("(\w+)"\)"#).unwrap();
        let listed: BTreeSet<_> = keys().flat_map(|(_, keys)| keys).collect();
        let mut files = Vec::new();
        sources(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manifest"),
            &mut files,
        );
        let texts = files.iter().map(|path| fs::read_to_string(path).unwrap());
        let found: BTreeSet<_> = texts
            .flat_map(|text| {
                let keys = read.captures_iter(&text);
                keys.map(|key| key[1].to_owned()).collect::<Vec<_>>()
            })
            .collect();
        let unknown: Vec<_> = found
            .iter()
            .filter(|key| !listed.contains(key.as_str()))
            .collect();
        assert!(found.len() > 20 && unknown.is_empty(), "{unknown:?}");
    }
}
