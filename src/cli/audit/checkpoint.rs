//! What an audit keeps on disk: where it is, the keys of all references, the assets that it has
//! listed. So memory does not grow with their number, and an interrupted run is resumed where it
//! was.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::asset_key::AssetKey;
use super::finding::{Counts, Orphan};
use folder::{ASSETS, Folder, KEYS, NEW_POSITION, ORPHANS, POSITION};

mod folder;

pub(super) use folder::list;

/// Keys held in memory at a time: 8 MB.
const KEYS_AT_ONCE: u64 = 1 << 19;

/// A checkpoint older than this tells too little about today's rows.
const MAX_AGE: Duration = Duration::from_hours(24);

const KEY_LEN: u64 = 16;

/// Where an audit is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// What the audit is about: another account or other manifests begin anew.
    pub(super) about: String,
    /// Classes whose rows have all been read.
    pub(super) classes: usize,
    /// The last row read of the next class.
    pub(super) after: Option<String>,
    /// Places whose assets have all been listed.
    pub(super) prefixes: usize,
    /// Cloudinary's cursor in the next place.
    pub(super) cursor: Option<String>,
    pub(super) counts: Counts,
    keys_len: u64,
    assets_len: u64,
    /// Where the assets of the next place begin, and how many there are before.
    prefix_at: (u64, u64),
}

/// The folder of an audit's checkpoint, locked against a second audit.
pub(super) struct Checkpoint {
    folder: Folder,
    keys: BufWriter<File>,
    assets: BufWriter<File>,
    pub(super) position: Position,
    keys_len: u64,
    assets_len: u64,
}

impl Checkpoint {
    /// Opens the state in `folder`, made if there is none. What an audit of something else left
    /// there is dropped.
    pub(super) fn open(folder: &Path, about: &str) -> anyhow::Result<Self> {
        let what = || {
            format!(
                "cannot keep the audit's state in {} (--state)",
                folder.display()
            )
        };
        let opened = Folder::open(folder)?;
        let is_whole = |position: &Position| {
            [(KEYS, position.keys_len), (ASSETS, position.assets_len)]
                .iter()
                .all(|(name, len)| fs::metadata(opened.file(name)).is_ok_and(|f| f.len() >= *len))
        };
        let position = recent(&opened.file(POSITION));
        let position = position
            .and_then(|text| serde_json::from_slice(&text).ok())
            .filter(|position: &Position| position.about == about && is_whole(position))
            .unwrap_or_else(|| Position {
                about: about.to_owned(),
                ..Position::default()
            });
        // What was written after the position was is written again.
        let [keys, assets] =
            [(KEYS, position.keys_len), (ASSETS, position.assets_len)].map(|(name, len)| {
                let file = opened.append(name)?;
                file.set_len(len)?;
                io::Result::Ok(BufWriter::new(file))
            });
        Ok(Self {
            folder: opened,
            keys: keys.with_context(what)?,
            assets: assets.with_context(what)?,
            keys_len: position.keys_len,
            assets_len: position.assets_len,
            position,
        })
    }

    /// Whether an earlier run has done a part.
    pub(super) fn is_resumed(&self) -> bool {
        self.position.classes > 0 || self.position.after.is_some()
    }

    pub(super) fn add_key(&mut self, key: AssetKey) -> io::Result<()> {
        self.keys_len += KEY_LEN;
        self.keys.write_all(&key.0)
    }

    pub(super) fn add_asset(&mut self, asset: &Orphan) -> io::Result<()> {
        let mut line = serde_json::to_vec(asset)?;
        line.push(b'\n');
        self.assets_len += line.len() as u64;
        self.assets.write_all(&line)
    }

    /// Writes down where the audit is, after what it has found.
    pub(super) fn save(&mut self) -> io::Result<()> {
        self.keys.flush()?;
        self.assets.flush()?;
        self.position.keys_len = self.keys_len;
        self.position.assets_len = self.assets_len;
        let new = self.folder.file(NEW_POSITION);
        fs::write(&new, serde_json::to_vec(&self.position)?)?;
        fs::rename(new, self.folder.file(POSITION))
    }

    /// Writes down that all assets of a place are listed.
    pub(super) fn end_prefix(&mut self) -> io::Result<()> {
        self.position.prefixes += 1;
        self.position.prefix_at = (self.assets_len, self.position.counts.assets);
        self.save()
    }

    /// Forgets the assets of the place that is being listed.
    pub(super) fn restart_prefix(&mut self) -> io::Result<()> {
        self.assets.flush()?;
        (self.assets_len, self.position.counts.assets) = self.position.prefix_at;
        self.assets.get_ref().set_len(self.assets_len)?;
        self.position.cursor = None;
        self.save()
    }

    /// Calls `orphan` with each listed asset that no key is of. The keys are read in parts that fit
    /// into memory.
    pub(super) fn unreferenced(
        &self,
        orphan: impl FnMut(&Orphan) -> io::Result<()>,
    ) -> io::Result<()> {
        let parts = (self.keys_len / KEY_LEN).div_ceil(KEYS_AT_ONCE).max(1);
        self.unreferenced_in(parts, orphan)
    }

    /// The same, with the keys read in so many parts.
    pub(super) fn unreferenced_in(
        &self,
        parts: u64,
        mut orphan: impl FnMut(&Orphan) -> io::Result<()>,
    ) -> io::Result<()> {
        for part in 0..parts {
            let keys = self.keys_of(part, parts)?;
            for asset in self.read(ASSETS)? {
                let asset = asset?;
                let Some(kind) = asset.kind() else { continue };
                let key = AssetKey::of(kind, &asset.public_id);
                if key.part(parts) == part && keys.binary_search(&key).is_err() {
                    orphan(&asset)?;
                }
            }
        }
        Ok(())
    }

    fn keys_of(&self, part: u64, parts: u64) -> io::Result<Vec<AssetKey>> {
        let share = usize::try_from(self.keys_len / KEY_LEN / parts).unwrap_or(0);
        let mut keys = Vec::with_capacity(share + share / 16);
        let mut file = BufReader::new(File::open(self.folder.file(KEYS))?);
        let mut key = AssetKey([0; 16]);
        for _ in 0..self.keys_len / KEY_LEN {
            file.read_exact(&mut key.0)?;
            if key.part(parts) == part {
                keys.push(key);
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// A file for the orphans, one JSON object a line, emptied.
    pub(super) fn new_orphans(&self) -> io::Result<BufWriter<File>> {
        File::create(self.folder.file(ORPHANS)).map(BufWriter::new)
    }

    /// The orphans in that file.
    pub(super) fn orphans(&self) -> io::Result<impl Iterator<Item = io::Result<Orphan>> + use<>> {
        self.read(ORPHANS)
    }

    fn read(&self, name: &str) -> io::Result<impl Iterator<Item = io::Result<Orphan>> + use<>> {
        let lines = BufReader::new(File::open(self.folder.file(name))?).lines();
        Ok(lines.map(|line| Ok(serde_json::from_str(&line?)?)))
    }

    /// Forgets everything: the audit is done. Returns what is not an audit's and was put there
    /// meanwhile.
    pub(super) fn remove(self) -> io::Result<Vec<OsString>> {
        self.folder.remove()
    }
}

/// The text of a file that was written lately.
fn recent(path: &Path) -> Option<Vec<u8>> {
    let written = fs::metadata(path).ok()?.modified().ok()?;
    let is_old = written.elapsed().is_ok_and(|age| age > MAX_AGE);
    if is_old { None } else { fs::read(path).ok() }
}

#[cfg(test)]
mod tests;
