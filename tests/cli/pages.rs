//! The pages in `docs/` and the files that they name.

use std::fs;
use std::path::Path;

use regex::Regex;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The paths in backticks that begin with a folder of this repository.
fn named_paths(text: &str) -> Vec<String> {
    let path = r"`((?:src|tests|docs|deploy|scripts|fuzz|npm|webhooks|examples|benches)/[\w./-]*)`";
    let found = Regex::new(path).unwrap();
    let found = found.captures_iter(text);
    found.map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_path_that_the_architecture_names_exists() {
    let named = named_paths(&read("docs/architecture.md"));
    assert!(named.len() > 60, "{} paths are named", named.len());
    let missing: Vec<_> = named
        .iter()
        .filter(|path| !root().join(path).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_architecture_names_every_folder_of_the_source() {
    let page = read("docs/architecture.md");
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        let name = format!("`src/{}/`", entry.file_name().display());
        assert!(!entry.path().is_dir() || page.contains(&name), "{name}");
    }
}

#[test]
fn every_file_that_a_page_links_to_exists() {
    let link = Regex::new(r"\]\(([^)#\s]+)").unwrap();
    let pages = fs::read_dir(root().join("docs")).unwrap();
    let pages = pages.map(|page| format!("docs/{}", page.unwrap().file_name().display()));
    let pages = pages.filter(|page| Path::new(page).extension().is_some_and(|e| e == "md"));
    let others = [
        "README.md",
        "SECURITY.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ];
    for page in pages.chain(others.map(str::to_owned)) {
        let text = read(&page);
        let folder = root().join(&page);
        let folder = folder.parent().unwrap();
        for target in link.captures_iter(&text) {
            let target = &target[1];
            let is_web = target.contains("://") || target.starts_with("mailto:");
            assert!(is_web || folder.join(target).exists(), "{page}: {target}");
        }
    }
}
