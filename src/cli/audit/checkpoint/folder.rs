//! The folder of an audit's checkpoint: an audit touches only files in it that an audit wrote.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// The files of an audit. The lock marks them as such, so it is created first and removed last.
pub(super) const POSITION: &str = "position.json";
pub(super) const NEW_POSITION: &str = "position.json.new";
pub(super) const KEYS: &str = "keys";
pub(super) const ASSETS: &str = "assets";
pub(super) const ORPHANS: &str = "orphans";
const LOCK: &str = "lock";
const FILES: [&str; 6] = [POSITION, NEW_POSITION, KEYS, ASSETS, ORPHANS, LOCK];

/// The lock's text in a folder that existed before, and in one that an audit created.
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
    /// Opens a folder, created if there is none. Nothing in it is touched if anything in it is not
    /// an audit's.
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
                "--state: {} holds files that are not an audit's: {}; name an empty folder, or the one of an audit that was interrupted",
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

    /// Removes an audit's own files, and the folder if an audit created it. Returns what else is in
    /// it, which stays.
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

/// Names for an error, a few of them.
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

/// Those that an audit did not write: other names, links and folders, and all if no lock says that
/// there was an audit.
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
mod tests;
