//! `SECURITY.md` names the test behind each claim: they exist.

use std::fs;
use std::path::Path;

use regex::Regex;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_test_that_it_names_is_one() {
    let claims = read("SECURITY.md");
    let named = Regex::new(r"`((?:tests|src)/[^`]+?\.(?:rs|mjs))::([^`]+)`").unwrap();
    let mut count = 0;
    for found in named.captures_iter(&claims) {
        let (file, name) = (&found[1], &found[2]);
        let pattern = if Path::new(file).extension().is_some_and(|e| e == "rs") {
            // An attribute, perhaps more of them, then the function.
            format!(r"#\[(?:\w+::)?test\]\s+(?:#\[[^\n]*\]\s+)*(?:async )?fn {name}\(")
        } else {
            format!(r#"test\("{}""#, regex::escape(name))
        };
        let pattern = Regex::new(&pattern).unwrap();
        assert!(pattern.is_match(&read(file)), "{file} has no test {name:?}");
        count += 1;
    }
    assert!(count > 40, "{count} tests are named");
}

#[test]
fn every_row_of_its_tables_names_a_test() {
    let text = read("SECURITY.md");
    for row in text.lines().filter(|line| line.starts_with('|')) {
        let (_, last) = row.trim_end_matches([' ', '|']).rsplit_once('|').unwrap();
        let is_head = row.starts_with("|---") || last.trim() == "tested by";
        // Nothing limits the holder of the API secret.
        let is_nothing = last.trim() == "–";
        assert!(is_head || is_nothing || last.contains("::"), "{row}");
    }
}
