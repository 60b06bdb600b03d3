//! Manifests: every mistake has a place, and no key that means nothing is taken.

use cloudinary_parse::manifest::{self, ManifestFinding, Manifests};
use toml::{Table, Value};

/// Separates the files of one input.
const BORDER: &str = "\n%%%\n";
/// No key of anything.
const UNKNOWN: &str = "no_such_key_anywhere";

/// `bytes` are one manifest, or several.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let files: Vec<&str> = text.split(BORDER).take(3).collect();
    match load(&files) {
        Ok(manifests) => {
            places(&manifests.warnings, &files);
            places(&manifests.unsigned_only, &files);
            let _ = manifests.check_account(&super::account());
            refuses_unknown_keys(&files);
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            places(&mistakes, &files);
        }
    }
}

fn load(files: &[&str]) -> Result<Manifests, Vec<ManifestFinding>> {
    let names: Vec<_> = (0..files.len()).map(name).collect();
    let files = names.iter().zip(files);
    let files: Vec<_> = files.map(|(name, text)| (&**name, *text)).collect();
    manifest::parse(&files)
}

fn name(index: usize) -> String {
    format!("{index}.toml")
}

fn places(findings: &[ManifestFinding], files: &[&str]) {
    for finding in findings {
        let file = finding.file.file_name().and_then(|name| name.to_str());
        let index = (0..files.len()).find(|&index| file == Some(&*name(index)));
        let index = index.unwrap_or_else(|| panic!("{finding} is in no file"));
        let lines = 1 + files[index].matches('\n').count();
        assert!((1..=lines).contains(&finding.line), "{finding} has no line");
        assert!(!finding.message.is_empty(), "{finding}");
    }
}

/// Puts an unknown key into each table of a set that was taken.
fn refuses_unknown_keys(files: &[&str]) {
    for (index, text) in files.iter().enumerate() {
        let Ok(table) = text.parse::<Table>() else {
            panic!("{text:?} was taken");
        };
        for with_unknown in with_unknown_keys(&table) {
            let Ok(text) = toml::to_string(&with_unknown) else {
                continue;
            };
            let mut files = files.to_vec();
            files[index] = &text;
            let taken = load(&files);
            let mistakes = taken.map(drop).expect_err(&text);
            let named = mistakes.iter().any(|m| m.message.contains(UNKNOWN));
            assert!(named, "{mistakes:?} for {text}");
        }
    }
}

/// The tables whose keys are all ours, each with one more key: not those of contexts and the like,
/// whose keys are the operator's.
fn with_unknown_keys(table: &Table) -> Vec<Table> {
    let mut places: Vec<Vec<String>> = vec![Vec::new()];
    let top = ["limit", "access", "upload", "accept", "url"];
    places.extend(top.map(|name| vec![name.to_owned()]));
    places.push(["upload", "eager"].map(str::to_owned).to_vec());
    if let Some(Value::Table(fields)) = table.get("fields") {
        let of_fields = fields
            .keys()
            .map(|name| vec!["fields".to_owned(), name.clone()]);
        places.extend(of_fields);
    }
    let insert = |place: Vec<String>| {
        let mut table = table.clone();
        let mut inner = &mut table;
        for name in place {
            inner = inner.get_mut(&name)?.as_table_mut()?;
        }
        inner.insert(UNKNOWN.to_owned(), Value::Boolean(true));
        Some(table)
    };
    places.into_iter().filter_map(insert).collect()
}
