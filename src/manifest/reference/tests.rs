use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::super::{
    accept, class, clean_up, confirm, delivery_url, follow, function, sign_params, sign_upload,
};
use super::*;

fn names(table: &Table) -> BTreeSet<&'static str> {
    table.keys.iter().map(|key| key.name).collect()
}

#[test]
fn lists_the_keys_that_the_parser_knows() {
    let field = [
        class::FIELD_KEYS,
        confirm::KEYS,
        clean_up::KEYS,
        follow::KEYS,
    ]
    .concat();
    for (table, known) in [
        (CLASS, class::KEYS),
        (FIELD, &field[..]),
        (FUNCTION, function::KEYS),
        (LIMIT, function::LIMIT_KEYS),
        (ROLE, function::ROLE_KEYS),
        (SIGN_UPLOAD, sign_upload::KEYS),
        (SIGN_PARAMS, sign_params::KEYS),
        (DELIVERY_URL, delivery_url::KEYS),
        (ACCEPT, accept::KEYS),
    ] {
        assert_eq!(
            names(&table),
            known.iter().copied().collect(),
            "{}",
            table.title
        );
    }
}

/// A key that is taken but in no list of known keys would be in force without being documented.
#[test]
fn no_other_key_is_taken_from_a_manifest() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manifest");
    let taken = regex::Regex::new(r#"\b(?:take|at_of|flag|column|rate)\("(\w+)"\)"#).unwrap();
    let documented: BTreeSet<_> = TABLES.iter().flat_map(names).collect();
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).unwrap();
            found.extend(taken.captures_iter(&text).map(|key| key[1].to_owned()));
        }
    }
    let unknown: Vec<_> = found
        .iter()
        .filter(|key| !documented.contains(key.as_str()))
        .collect();
    assert!(found.len() > 20 && unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_example_is_taken() {
    for table in TABLES {
        for key in table.keys {
            let lines = format!("{}\n{}", key.beside, key.example);
            let text = table.place.replace('…', &lines);
            let read = super::super::parse(&[("manifest.toml", &text)]);
            assert!(read.is_ok(), "{}: {:?}\n{text}", key.name, read.err());
        }
    }
}
