use std::os::unix::fs::symlink;

use super::*;

fn refusal(path: &Path) -> String {
    let error = format!("{:#}", Folder::open(path).unwrap_err());
    error.replace(&path.display().to_string(), "DIR")
}

fn texts(path: &Path) -> Vec<(String, Option<String>)> {
    let names = names(path).unwrap().into_iter();
    names
        .map(|name| {
            let text = fs::read_to_string(path.join(&name)).ok();
            (name.into_string().unwrap(), text)
        })
        .collect()
}

const ADVICE: &str = "; name an empty folder, or the one of an audit that was interrupted";

#[test]
fn a_folder_with_anything_else_is_refused_and_not_touched() {
    for (names, shown) in [
        (&["webhooks"][..], "webhooks"),
        (
            &["cloudinary-parse.db", ".env"],
            ".env, cloudinary-parse.db",
        ),
        // Names of an audit's files do not make them an audit's.
        (&["keys"], "keys"),
        (
            &["lock", "keys", "assets", "position.json"],
            "assets, keys, lock, position.json",
        ),
        (
            &["1", "2", "3", "4", "5", "6", "7"],
            "1, 2, 3, 4, 5, and 2 more",
        ),
        (&["a\u{1b}[2Jb"], "a\u{fffd}[2Jb"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), "precious").unwrap();
        }
        let before = texts(folder.path());
        let expected = format!("--state: DIR holds files that are not an audit's: {shown}{ADVICE}");
        assert_eq!(refusal(folder.path()), expected);
        assert_eq!(texts(folder.path()), before);
    }
}

#[test]
fn a_folder_of_an_audit_with_anything_else_is_refused_and_not_touched() {
    let other = tempfile::tempdir().unwrap();
    let precious = other.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    for name in ["notes.txt", "orphans", "keys", "position.json"] {
        let folder = tempfile::tempdir().unwrap();
        drop(Folder::open(folder.path()).unwrap());
        let path = folder.path().join(name);
        match name {
            "notes.txt" => fs::write(path, "x").unwrap(),
            "orphans" => fs::create_dir(path).unwrap(),
            "keys" => symlink(&precious, path).unwrap(),
            _ => symlink("nowhere", path).unwrap(),
        }
        let before = texts(folder.path());
        let expected = format!("--state: DIR holds files that are not an audit's: {name}{ADVICE}");
        assert_eq!(refusal(folder.path()), expected);
        assert_eq!(texts(folder.path()), before);
    }
    assert_eq!(fs::read_to_string(precious).unwrap(), "precious");
}

#[test]
fn a_folder_that_was_there_stays_and_one_that_was_not_goes() {
    let root = tempfile::tempdir().unwrap();
    let (empty, missing) = (root.path().join("empty"), root.path().join("a/b"));
    fs::create_dir(&empty).unwrap();
    for (path, stays) in [(&empty, true), (&missing, false)] {
        for _ in 0..2 {
            // A resumed audit does what the interrupted one would have done.
            let folder = Folder::open(path).unwrap();
            folder.append(KEYS).unwrap();
        }
        assert_eq!(Folder::open(path).unwrap().remove().unwrap(), [""; 0]);
        assert_eq!(path.exists(), stays);
    }
    assert_eq!(texts(&empty), []);
}

#[test]
fn a_link_to_a_folder_is_as_good_as_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let (folder, link) = (root.path().join("folder"), root.path().join("link"));
    fs::create_dir(&folder).unwrap();
    symlink(&folder, &link).unwrap();
    let opened = Folder::open(&link).unwrap();
    opened.append(ASSETS).unwrap();
    assert_eq!(opened.remove().unwrap(), [""; 0]);
    assert_eq!(texts(&folder), []);
    assert!(link.is_symlink());
    fs::write(folder.join("precious"), "x").unwrap();
    let expected = format!("--state: DIR holds files that are not an audit's: precious{ADVICE}");
    assert_eq!(refusal(&link), expected);
    fs::remove_dir_all(&folder).unwrap();
    let nowhere =
        "cannot keep the audit's state in DIR (--state): No such file or directory (os error 2)";
    assert_eq!(refusal(&link), nowhere);
}

#[test]
fn what_appears_during_the_audit_stays_and_is_named() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("state");
    let folder = Folder::open(&path).unwrap();
    folder.append(KEYS).unwrap();
    fs::write(path.join("notes.txt"), "precious").unwrap();
    fs::create_dir(path.join("webhooks")).unwrap();
    assert_eq!(folder.remove().unwrap(), ["notes.txt", "webhooks"]);
    let left = [
        ("notes.txt".to_owned(), Some("precious".to_owned())),
        ("webhooks".to_owned(), None),
    ];
    assert_eq!(texts(&path), left);
}

#[test]
fn a_file_is_no_folder() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let expected = "cannot keep the audit's state in DIR (--state): Not a directory (os error 20)";
    assert_eq!(refusal(file.path()), expected);
}

#[test]
fn lets_one_audit_at_a_time_in() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Folder::open(folder.path()).unwrap();
    let expected = "another audit is running with its state in DIR";
    assert_eq!(refusal(folder.path()), expected);
}
