//! `docs/reference.md` is made from the lists that the parsers have. `UPDATE_DOCS=1` writes it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cloudinary_parse::config::{ACCOUNT_OPTIONS, VARIABLES, Variable};
use cloudinary_parse::manifest::reference::{Key, TABLES};
use cloudinary_parse::manifest::{upload_parameters, url_options};

const HEAD: &str = "\
# Reference

Every variable and every key of a manifest. This page is made from the program's own lists by `UPDATE_DOCS=1 cargo test --test cli reference`; a test holds it to them.

## Variables

From the environment, then from `.env` in the working directory. An empty variable counts as missing; slashes at the end of URLs do not matter. All mistakes are reported at once: `cloudinary-parse check`. Where *file* says yes, `<name>_FILE` may name a file that holds the value instead; a line end after it is left out. Both in the same place are a mistake.

Besides, `NO_COLOR` (set to anything) turns colours off.
";

const MANIFESTS: &str = "\
## Manifests

Each `*.toml` in the folder `CLOUDINARY_PARSE_WEBHOOKS` guards a class or serves a function. Unknown keys, two files for one hook and values of the wrong kind are mistakes, reported all at once with file and line. All keys are there since version 0.1.0; the last column says which capability they belong to.
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// A cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', "<br>")
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|text| cell(text)).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn head(cells: &[&str]) -> String {
    format!("\n{}{}\n", row(cells), "|---".repeat(cells.len()) + "|")
}

fn variable(variable: &Variable) -> String {
    let default = match (variable.needed, variable.default) {
        (Some(by), _) => format!("needed by {by}"),
        (None, Some(default)) => default.to_owned(),
        (None, None) => "–".to_owned(),
    };
    let file = if variable.is_secret { "yes" } else { "" };
    let example = format!("`{}={}`", variable.name, variable.example);
    row(&[
        &format!("`{}`", variable.name),
        &default,
        file,
        variable.values,
        variable.meaning,
        &example,
    ])
}

fn key(key: &Key) -> String {
    let since = match key.since.document() {
        Some(document) => format!("[{}]({document})", key.since.name()),
        None => key.since.name().to_owned(),
    };
    let example = format!("`{}`", key.example);
    let name = format!("`{}`", key.name);
    row(&[
        &name,
        key.default,
        key.values,
        key.meaning,
        &example,
        &since,
    ])
}

fn names(names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn reference() -> String {
    let mut text = HEAD.to_owned();
    text += &head(&[
        "variable", "default", "file", "values", "meaning", "example",
    ]);
    text.extend(VARIABLES.iter().map(variable));
    text += "\n### Options of `CLOUDINARY_URL`\n\nBehind its `?`, joined by `&`. A folder in the URL (`@cloud/host.example.com`) means `private_cdn` and `secure_distribution`. Others are ignored, as Cloudinary's SDKs do.\n";
    text += &head(&["option", "default", "meaning"]);
    for option in ACCOUNT_OPTIONS {
        let name = format!("`{}`", option.name);
        text += &row(&[&name, option.default, option.meaning]);
    }
    let _ = write!(text, "\n{MANIFESTS}");
    for table in TABLES {
        let _ = write!(text, "\n### {}\n\n{}\n", table.title, table.introduction);
        text += &head(&[
            "key",
            "default",
            "values",
            "meaning",
            "example",
            "capability",
        ]);
        text.extend(table.keys.iter().map(key));
    }
    let _ = write!(
        text,
        "\n### Upload parameters\n\nIn `[upload]` and `[accept]` of a `sign_upload` or `sign_params`: {}. And the options of a transformation, below, up to `size`.\n\n### URL options\n\nIn `[url]` and `[accept]` of a `delivery_url`: {}. Names that begin with `$` are variables.\n",
        names(upload_parameters()),
        names(url_options()),
    );
    text
}

#[test]
fn the_reference_is_what_the_program_reads() {
    let document: PathBuf = root().join("docs/reference.md");
    let expected = reference();
    if std::env::var("UPDATE_DOCS").is_ok_and(|update| update == "1") {
        fs::write(&document, &expected).unwrap();
    }
    assert!(
        fs::read_to_string(&document).is_ok_and(|text| text == expected),
        "docs/reference.md is out of date: UPDATE_DOCS=1 cargo test --test cli reference"
    );
}

#[test]
fn the_example_environment_names_every_variable_and_no_other() {
    let example = read(".env.example");
    let named: Vec<_> = example
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name)
        .filter(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        })
        .collect();
    for variable in VARIABLES {
        assert!(named.contains(&variable.name), "{}", variable.name);
    }
    for name in named {
        assert!(
            VARIABLES.iter().any(|variable| variable.name == name),
            "{name}"
        );
    }
}

#[test]
fn the_readme_names_every_variable() {
    let readme = read("README.md");
    for variable in VARIABLES {
        assert!(readme.contains(variable.name), "{}", variable.name);
    }
}
