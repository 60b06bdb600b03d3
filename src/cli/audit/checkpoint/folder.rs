//! The folder of an audit's state: which files in it are an audit's own, and that no other is
//! touched.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// What an audit writes there. The lock says whose they are, so it is made first and removed last.
pub(super) const POSITION: &str = "position.json";
pub(super) const NEW_POSITION: &str = "position.json.new";
pub(super) const KEYS: &str = "keys";
pub(super) const ASSETS: &str = "assets";
pub(super) const ORPHANS: &str = "orphans";
const LOCK: &str = "lock";
const FILES: [&str; 6] = [POSITION, NEW_POSITION, KEYS, ASSETS, ORPHANS, LOCK];

/// The lock's text in a folder that was there before, and in one that an audit has made.
const FOUND: &str = "cloudinary-parse audit\n";
const MADE: &str = "cloudinary-parse audit, folder included\n";

/// Most names that an error repeats.
const SHOWN: usize = 5;

/// A folder that holds an audit's own files and nothing else, locked against a second audit.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    is_made: bool,
    _lock: File,
}

impl Folder {
    /// Opens a folder, made if there is none. Nothing in it is touched if something there is not an
    /// audit's.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let what = || {
            format!(
                "cannot keep the audit's state in {} (--state)",
                path.display()
            )
        };
        let is_new = match fs::create_dir_all(path.parent().unwrap_or(path))
            .and_then(|()| fs::create_dir(path))
        {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error).with_context(what),
        };
        let names = names(path).with_context(what)?;
        let known = own_lock(path)?;
        let foreign = foreign(path, names, known.is_some());
        if !foreign.is_empty() {
            bail!(
                "--state: {} holds what is not an audit's: {}; name an empty folder, or the one of an audit that was broken off",
                path.display(),
                list(&foreign)
            );
        }
        let (lock, is_made) = match known {
            Some((lock, text)) => (lock, text == MADE),
            None => (new_lock(path, is_new).with_context(what)?, is_new),
        };
        Ok(Self {
            path: path.to_owned(),
            is_made,
            _lock: lock,
        })
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn append(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).append(true).open(self.file(name))
    }

    /// Removes an audit's own files, and the folder if an audit has made it. Returns what else lies
    /// in it and keeps it there.
    pub(super) fn remove(self) -> io::Result<Vec<OsString>> {
        for name in FILES {
            match fs::remove_file(self.file(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let left = names(&self.path)?;
        if self.is_made && left.is_empty() {
            fs::remove_dir(&self.path)?;
        }
        Ok(left)
    }
}

/// Names for people.
pub(in crate::cli::audit) fn list(names: &[OsString]) -> String {
    let mut shown: Vec<_> = names
        .iter()
        .take(SHOWN)
        .map(|name| name.to_string_lossy().replace(char::is_control, "\u{fffd}"))
        .collect();
    if names.len() > SHOWN {
        shown.push(format!("and {} more", names.len() - SHOWN));
    }
    shown.join(", ")
}

fn names(path: &Path) -> io::Result<Vec<OsString>> {
    let mut names = fs::read_dir(path)?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names)
}

/// Those that an audit has not written: of any other name, links and folders, and all if no lock
/// says that an audit was here.
fn foreign(path: &Path, names: Vec<OsString>, is_known: bool) -> Vec<OsString> {
    let is_own = |name: &OsStr| {
        let is_file = fs::symlink_metadata(path.join(name)).is_ok_and(|found| found.is_file());
        is_known && is_file && FILES.iter().any(|own| name == *own)
    };
    names.into_iter().filter(|name| !is_own(name)).collect()
}

/// The lock that an audit left, and its text.
fn own_lock(folder: &Path) -> anyhow::Result<Option<(File, String)>> {
    let path = folder.join(LOCK);
    let is_small_file = fs::symlink_metadata(&path)
        .is_ok_and(|found| found.is_file() && found.len() <= MADE.len() as u64);
    let Some(lock) = File::open(&path).ok().filter(|_| is_small_file) else {
        return Ok(None);
    };
    take(&lock, folder)?;
    let text = fs::read_to_string(&path).unwrap_or_default();
    Ok((text == FOUND || text == MADE).then_some((lock, text)))
}

fn new_lock(path: &Path, is_new: bool) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    let mut lock = options.write(true).create_new(true).open(path.join(LOCK))?;
    take(&lock, path)?;
    lock.write_all(if is_new { MADE } else { FOUND }.as_bytes())?;
    Ok(lock)
}

fn take(lock: &File, path: &Path) -> anyhow::Result<()> {
    match lock.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => bail!(
            "another audit is running with its state in {}",
            path.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock the audit's state"),
    }
}

#[cfg(test)]
mod tests {
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

    const ADVICE: &str = "; name an empty folder, or the one of an audit that was broken off";

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
            let expected = format!("--state: DIR holds what is not an audit's: {shown}{ADVICE}");
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
            let expected = format!("--state: DIR holds what is not an audit's: {name}{ADVICE}");
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
                // Whoever takes a broken-off audit up does as that one would have done.
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
        let expected = format!("--state: DIR holds what is not an audit's: precious{ADVICE}");
        assert_eq!(refusal(&link), expected);
        fs::remove_dir_all(&folder).unwrap();
        let nowhere = "cannot keep the audit's state in DIR (--state): No such file or directory (os error 2)";
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
        let expected =
            "cannot keep the audit's state in DIR (--state): Not a directory (os error 20)";
        assert_eq!(refusal(file.path()), expected);
    }

    #[test]
    fn lets_one_audit_at_a_time_in() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Folder::open(folder.path()).unwrap();
        let expected = "another audit is running with its state in DIR";
        assert_eq!(refusal(folder.path()), expected);
    }
}
