//! Files that did not exist before.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

/// Who may read a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Readers {
    /// The user who runs this.
    Owner,
    /// Everybody whom the user's mask lets.
    Everybody,
}

/// Writes a file, and its folder if that is missing. A file that exists, a link that leads nowhere
/// included, is left alone.
///
/// # Errors
/// It exists, or cannot be written.
pub(super) fn new_file(path: &Path, text: &str, readers: Readers) -> anyhow::Result<()> {
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Everybody => 0o644,
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let written = folder.map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
        let written = file.write_all(text.as_bytes());
        if written.is_err() {
            // Half a file would be taken for one that exists.
            let _ = fs::remove_file(path);
        }
        written
    });
    written.with_context(|| format!("cannot write {}", path.display()))
}
