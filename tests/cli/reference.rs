//! `docs/reference.md` describes every variable, option, manifest key and command, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cloudinary_parse::cli;
use cloudinary_parse::config::{ACCOUNT_OPTIONS, VARIABLES};
use cloudinary_parse::manifest::{self, upload_parameters, url_options};
use regex::Regex;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The text between a heading of the reference and the next heading.
#[track_caller]
fn section(heading: &str) -> String {
    let text = read("docs/reference.md");
    let mut lines = text.lines();
    let found = lines.any(|line| line.trim_start_matches('#') == format!(" {heading}"));
    assert!(found, "no heading {heading:?}");
    let section = lines.take_while(|line| !line.starts_with('#'));
    section.collect::<Vec<_>>().join("\n")
}

/// The rows of the tables in `text`, without their heads.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter(|line| line.starts_with('|')).skip(2);
    lines
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

/// The texts in backticks.
fn code(text: &str) -> Vec<String> {
    let code = Regex::new("`([^`]+)`").unwrap();
    let found = code.captures_iter(text);
    found.map(|found| found[1].to_owned()).collect()
}

/// The first cells of a section's table, without backticks.
#[track_caller]
fn described(heading: &str) -> Vec<String> {
    let rows = rows(&section(heading));
    let first = rows.iter().map(|row| row[0].trim_matches('`').to_owned());
    first.collect()
}

#[track_caller]
fn assert_same(described: &[String], known: impl IntoIterator<Item = impl Into<String>>) {
    let known: BTreeSet<String> = known.into_iter().map(Into::into).collect();
    let set: BTreeSet<_> = described.iter().cloned().collect();
    assert_eq!(set.len(), described.len(), "described twice: {described:?}");
    assert_eq!(set, known);
}

#[test]
fn the_reference_describes_every_variable_and_no_other() {
    let known = VARIABLES.iter().map(|variable| variable.name);
    assert_same(&described("Variables"), known);
}

#[test]
fn the_reference_lists_the_variables_that_may_come_from_a_file() {
    let text = section("Variables");
    let list = text.lines().find(|line| line.contains("_FILE`")).unwrap();
    let (_, list) = list.split_once(':').unwrap();
    let secrets = VARIABLES.iter().filter(|variable| variable.is_secret);
    assert_same(&code(list), secrets.map(|variable| variable.name));
}

#[test]
fn the_reference_describes_every_option_of_cloudinary_url_and_no_other() {
    let described = described("Options of `CLOUDINARY_URL`");
    assert_same(&described, ACCOUNT_OPTIONS.iter().copied());
}

#[test]
fn the_reference_describes_every_key_of_a_manifest_and_no_other() {
    for (heading, keys) in manifest::keys() {
        assert_same(&described(heading), keys);
    }
}

#[test]
fn the_reference_lists_every_upload_parameter_and_url_option() {
    for (heading, known) in [
        ("Upload parameters", upload_parameters().collect()),
        ("URL options", url_options().collect::<Vec<_>>()),
    ] {
        let text = section(heading);
        let (_, list) = text.split_once(": ").unwrap();
        let (list, _) = list.split_once(". ").unwrap();
        assert_same(&code(list), known);
    }
}

#[test]
fn every_example_of_the_reference_is_a_valid_manifest_and_shows_every_key() {
    for (heading, keys) in manifest::keys() {
        let text = section(heading);
        let (_, example) = text.split_once("```toml\n").unwrap();
        let (example, _) = example.split_once("```").unwrap();
        for key in keys {
            let shown = Regex::new(&format!(r"\b{key}\b")).unwrap();
            assert!(shown.is_match(example), "{heading}: no example of {key}");
        }
        let read = manifest::parse(&[("example.toml", example)]);
        assert!(read.is_ok(), "{heading}: {:?}", read.err());
    }
}

/// A command of the program with an option or argument, or with neither (`""`).
fn usages(command: &clap::Command, path: &str, found: &mut Vec<(String, String)>) {
    for command in command.get_subcommands().filter(|c| c.get_name() != "help") {
        let path = format!("{path} {}", command.get_name()).trim().to_owned();
        let before = found.len();
        let mut takes_only_options = true;
        for argument in command.get_arguments() {
            let values = argument.get_value_names().unwrap_or_default();
            let value = values
                .first()
                .map_or(String::new(), |name| format!("<{name}>"));
            let text = match argument.get_long() {
                Some("help" | "version") => continue,
                Some(long) if argument.get_action().takes_values() => format!("--{long} {value}"),
                Some(long) => format!("--{long}"),
                None => {
                    takes_only_options = false;
                    value
                }
            };
            found.push((path.clone(), text));
        }
        if takes_only_options && !command.has_subcommands() {
            found.insert(before, (path.clone(), String::new()));
        }
        usages(command, &path, found);
    }
}

#[test]
fn the_reference_describes_every_command_and_option_and_no_other() {
    let mut known = Vec::new();
    let mut command = cli::command();
    command.build();
    usages(&command, "", &mut known);
    let rows = rows(&section("Commands"));
    let described: Vec<_> = rows
        .iter()
        .map(|row| {
            format!("{} {}", row[0], row[1])
                .replace('`', "")
                .trim()
                .to_owned()
        })
        .collect();
    let known = known
        .iter()
        .map(|(path, text)| format!("{path} {text}").trim().to_owned());
    assert_same(&described, known);
}

#[test]
fn the_example_environment_names_every_variable_and_no_other() {
    let example = read(".env.example");
    let named: Vec<_> = example
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name.to_owned())
        .filter(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        })
        .collect();
    assert_same(&named, VARIABLES.iter().map(|variable| variable.name));
}
