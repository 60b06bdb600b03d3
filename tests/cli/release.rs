//! What a release is made from: the scripts that prepare one, the names that its files must agree
//! on, and what the workflows rely on. Nothing here is published.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use regex::Regex;
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn run(folder: &Path, command: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut process = Command::new(command[0]);
    process.args(&command[1..]).current_dir(folder);
    // As nobody on GitHub would run it, unless a test says so.
    process.env_remove("GITHUB_REPOSITORY");
    process.envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn git(folder: &Path, arguments: &[&str]) -> String {
    let done = run(folder, &[&["git"], arguments].concat(), &[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    text(&done.stdout)
}

/// A copy of the files that Git has, which a script may change.
struct Copy(TempDir);

impl Copy {
    fn new() -> Self {
        let copy = Self(tempfile::tempdir().unwrap());
        let prefix = format!("--prefix={}/", copy.folder().display());
        git(root(), &["checkout-index", "--all", &prefix]);
        git(copy.folder(), &["init", "--quiet"]);
        git(copy.folder(), &["add", "--all"]);
        copy
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder().join(file)).unwrap()
    }

    #[track_caller]
    fn script(&self, command: &[&str]) {
        let done = run(self.folder(), command, &[]);
        assert!(done.status.success(), "{}", text(&done.stderr));
    }

    /// The lines that differ from the repository's, with the file's name before each.
    fn changed(&self) -> Vec<String> {
        let diff = git(self.folder(), &["diff", "--unified=0", "--no-color"]);
        let mut file = String::new();
        let mut lines = Vec::new();
        for line in diff.lines() {
            if let Some(name) = line.strip_prefix("+++ b/") {
                file = name.to_owned();
            } else if let Some(line) = line.strip_prefix('+') {
                lines.push(format!("{file}: {}", line.trim()));
            }
        }
        lines
    }
}

/// Every match in the files that Git has, except where tests make names up.
fn named(pattern: &str) -> BTreeSet<String> {
    let grep = ["git", "grep", "-hoE", pattern, "--", ":!tests"];
    let found = text(&run(root(), &grep, &[]).stdout);
    found.lines().map(str::to_owned).collect()
}

fn workflows() -> Vec<(PathBuf, String)> {
    let folder = fs::read_dir(root().join(".github/workflows")).unwrap();
    folder
        .map(|file| file.unwrap().path())
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[track_caller]
fn assert_refused(command: &[&str], variables: &[(&str, &str)], code: i32, error: &str) {
    let done = run(root(), command, variables);
    assert_eq!(text(&done.stderr), format!("{error}\n"));
    assert_eq!(text(&done.stdout), "");
    assert_eq!(done.status.code(), Some(code));
}

#[test]
fn one_account_is_named_everywhere() {
    let owner = REPOSITORY
        .strip_prefix("https://github.com/")
        .and_then(|rest| rest.strip_suffix("/cloudinary-parse"))
        .unwrap();
    let expected = BTreeSet::from([
        format!("ghcr.io/{}/cloudinary-parse", owner.to_lowercase()),
        format!("github.com/{owner}/cloudinary-parse"),
    ]);
    let found = named(r"(github\.com|ghcr\.io)/[A-Za-z0-9_-]+/cloudinary-parse");
    assert_eq!(found, expected);
}

#[test]
fn one_version_is_named_everywhere() {
    let images = named(r"ghcr\.io/[A-Za-z0-9_-]+/cloudinary-parse:[0-9][0-9a-z.-]*");
    let versions: BTreeSet<_> = images.iter().filter_map(|i| i.rsplit(':').next()).collect();
    assert_eq!(versions, BTreeSet::from([VERSION]));
    assert_eq!(
        named("newTag: [0-9].*"),
        BTreeSet::from([format!("newTag: {VERSION}")])
    );
}

#[test]
fn the_notes_are_the_versions_part_of_the_changelog() {
    let tag = format!("v{VERSION}");
    let done = run(root(), &["scripts/release-notes.sh", &tag], &[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let notes = text(&done.stdout);
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let heading = format!("## {VERSION}\n");
    let (_, part) = changelog.split_once(&heading).unwrap();
    let part = part.split("\n## ").next().unwrap().trim();
    assert_eq!(notes.lines().count(), part.lines().count());
    assert!(!notes.contains("\n## "), "{notes}");
    // On the page of a release a relative link leads nowhere.
    let relative = Regex::new(r"\]\([^h#][^)]*\)").unwrap();
    let relative = relative.find_iter(&notes).map(|link| link.as_str());
    assert_eq!(relative.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(notes.contains(&format!("]({REPOSITORY}/blob/{tag}/docs/")));
}

#[test]
fn no_notes_for_what_is_not_a_version() {
    for tag in ["", "0.1.0", "v0.1", "v0.1.0-rc.1", "v0.1.0\nv0.1.0", "main"] {
        let usage = "usage: scripts/release-notes.sh vMAJOR.MINOR.PATCH";
        assert_refused(&["scripts/release-notes.sh", tag], &[], 64, usage);
    }
}

#[test]
fn no_notes_for_another_version_than_that_of_the_crate() {
    let error = format!(
        "release-notes.sh: Cargo.toml has version {VERSION}, not 99.0.0: scripts/set-version.sh 99.0.0"
    );
    assert_refused(&["scripts/release-notes.sh", "v99.0.0"], &[], 1, &error);
}

#[test]
fn no_notes_in_a_repository_that_the_crate_does_not_name() {
    let error = format!(
        "release-notes.sh: Cargo.toml has the repository {REPOSITORY}, this is somebody/cloudinary-parse: scripts/set-owner.sh somebody"
    );
    let repository = [("GITHUB_REPOSITORY", "somebody/cloudinary-parse")];
    let tag = format!("v{VERSION}");
    assert_refused(&["scripts/release-notes.sh", &tag], &repository, 1, &error);
}

#[test]
fn no_notes_for_a_version_of_which_the_changelog_says_nothing() {
    let copy = Copy::new();
    for changelog in [
        String::new(),
        format!("## {VERSION}\n\n## 0.0.1\n\n- Much\n"),
        format!("## {VERSION}0\n\n- Much\n"),
    ] {
        fs::write(copy.folder().join("CHANGELOG.md"), changelog).unwrap();
        let tag = format!("v{VERSION}");
        let done = run(copy.folder(), &["scripts/release-notes.sh", &tag], &[]);
        let error = format!("release-notes.sh: CHANGELOG.md has nothing under \"## {VERSION}\"\n");
        assert_eq!(text(&done.stderr), error);
        assert_eq!(text(&done.stdout), "");
    }
}

#[test]
fn set_owner_leaves_no_other_account_behind() {
    let copy = Copy::new();
    copy.script(&["scripts/set-owner.sh", "Some-One"]);
    let pattern = r"(github\.com|ghcr\.io)/[A-Za-z0-9_-]+/cloudinary-parse";
    let found = git(copy.folder(), &["grep", "-hoE", pattern, "--", ":!tests"]);
    let found: BTreeSet<_> = found.lines().collect();
    let expected = [
        "ghcr.io/some-one/cloudinary-parse",
        "github.com/Some-One/cloudinary-parse",
    ];
    assert_eq!(found, BTreeSet::from(expected));
    // And back, which takes every place to be found a second time.
    let before = REPOSITORY.rsplit('/').nth(1).unwrap();
    if !before.contains("--") {
        copy.script(&["scripts/set-owner.sh", before]);
        assert_eq!(copy.changed(), Vec::<String>::new());
    }
}

#[test]
fn set_owner_takes_only_what_github_would_give() {
    let usage =
        "usage: scripts/set-owner.sh ACCOUNT (the name of a GitHub account or organization)";
    let long = "a".repeat(40);
    for account in ["", "a/b", "-a", "a-", "a--b", "a_b", "a|b", "a b", &long] {
        assert_refused(&["scripts/set-owner.sh", account], &[], 64, usage);
    }
    assert_refused(&["scripts/set-owner.sh", "a", "b"], &[], 64, usage);
}

#[test]
fn set_version_changes_versions_of_ours_and_nothing_else() {
    let copy = Copy::new();
    let changelog = format!("# Changelog\n\n## Unreleased\n\n- News\n\n## {VERSION}\n\n- Old\n");
    fs::write(copy.folder().join("CHANGELOG.md"), changelog).unwrap();
    git(copy.folder(), &["add", "--all"]);
    copy.script(&["scripts/set-version.sh", "98.7.6"]);
    let changed = copy.changed();
    for line in &changed {
        assert!(line.contains("98.7.6"), "{line}");
    }
    let image = Regex::new(r"ghcr\.io/\S+/cloudinary-parse:").unwrap();
    let others: Vec<_> = changed
        .iter()
        .filter(|line| !line.starts_with("npm/") && !image.is_match(line))
        .map(String::as_str)
        .collect();
    let expected = [
        "CHANGELOG.md: ## 98.7.6",
        "Cargo.lock: version = \"98.7.6\"",
        "Cargo.toml: version = \"98.7.6\"",
        "deploy/kubernetes/kustomization.yaml: newTag: 98.7.6",
    ];
    assert_eq!(others, expected);
    let package = copy.read("npm/cloudinary-parse/package.json");
    assert!(package.contains("\"version\": \"98.7.6\""), "{package}");
    assert!(!package.contains(VERSION), "{package}");
    let notes = run(copy.folder(), &["scripts/release-notes.sh", "v98.7.6"], &[]);
    assert_eq!(text(&notes.stdout), "- News\n");
}

#[test]
fn set_version_takes_only_versions() {
    let usage = "usage: scripts/set-version.sh MAJOR.MINOR.PATCH";
    for version in ["", "v1.0.0", "1.0", "1.0.0-rc.1", "1.0.0/", "1.0.0\n1.0.0"] {
        assert_refused(&["scripts/set-version.sh", version], &[], 64, usage);
    }
}

/// A tag can be moved, a commit cannot.
#[test]
fn every_action_is_pinned_by_commit() {
    let uses = Regex::new(r"(?m)^\s*(?:- )?uses: (.*)$").unwrap();
    let pinned = Regex::new(r"^[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$").unwrap();
    let mut commits = BTreeSet::new();
    for (file, workflow) in workflows() {
        for used in uses.captures_iter(&workflow) {
            let own = used[1].starts_with("./.github/workflows/");
            let is_pinned = pinned.is_match(&used[1]);
            assert!(own || is_pinned, "{}: {}", file.display(), &used[1]);
            if is_pinned {
                commits.insert(used[1].to_owned());
            }
        }
    }
    let actions: BTreeSet<_> = commits.iter().filter_map(|c| c.split('@').next()).collect();
    assert_eq!(actions.len(), commits.len(), "one action in two versions");
}

#[test]
fn every_script_that_a_workflow_runs_can_be_run() {
    let script = Regex::new(r"(?:scripts|\.ci)/[\w/-]+(?:\.sh)?").unwrap();
    let mut run = BTreeSet::new();
    for (_, workflow) in workflows() {
        let code = workflow.lines().filter(|line| !line.contains("# "));
        let code = code.collect::<Vec<_>>().join("\n");
        run.extend(script.find_iter(&code).map(|name| name.as_str().to_owned()));
    }
    assert!(run.contains(".ci/run"), "{run:?}");
    let missing: Vec<_> = run
        .iter()
        .filter(|name| !root().join(name).is_file())
        .collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn the_workflows_and_the_image_build_with_the_rust_of_the_crate() {
    let named = r#"(?:rust:|RUSTUP_TOOLCHAIN: "|toolchain install |cargo \+)(\d[\d.]*)"#;
    let named = Regex::new(named).unwrap();
    let image = root().join("Dockerfile");
    let image = (image.clone(), fs::read_to_string(image).unwrap());
    for (file, text) in workflows().into_iter().chain([image]) {
        let versions = named.captures_iter(&text).map(|found| found[1].to_owned());
        let versions: BTreeSet<_> = versions.collect();
        let expected = BTreeSet::from([env!("CARGO_PKG_RUST_VERSION").to_owned()]);
        assert_eq!(versions, expected, "{}", file.display());
    }
}
