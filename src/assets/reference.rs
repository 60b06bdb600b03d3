//! Which assets a text refers to.
//!
//! Of an identifier it is one, whatever its version, format and signature. Every other text (a row
//! from before the guard, a delivery URL, a sentence with a link) counts as a reference to
//! everything that it could mean: better an asset that stays than one that is destroyed while an
//! app shows it. So it is read as it stands and percent-decoded, whole and split where a link may
//! end, each tail with and without its extension.

use std::borrow::Cow;
use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use super::{Kind, kinds};
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::identifier::{Identifier, bare};

#[cfg(test)]
mod tests;

/// No public ID is longer, in bytes: Cloudinary takes 255 characters. It bounds what one odd text
/// costs.
const LONGEST: usize = 1024;

/// How often a public ID may have been encoded: twice in a URL, and once more where that is a
/// parameter of another.
const ENCODINGS: usize = 3;

/// Calls `found` with each asset that a text may refer to.
pub fn each_asset(text: &str, mut found: impl FnMut(Kind, &str)) {
    each_reading(text, |kind, public_id| match kind {
        Some(kind) => found(kind, public_id),
        None => kinds().for_each(|kind| found(kind, public_id)),
    });
}

/// Assets that texts are asked about, found by their public IDs.
#[derive(Debug, Clone, Default)]
pub struct AssetSet {
    by_public_id: HashMap<String, Vec<AssetName>>,
    len: usize,
}

impl AssetSet {
    /// Adds an asset, unless it is there.
    pub fn insert(&mut self, asset: AssetName) {
        let alike = self
            .by_public_id
            .entry(asset.public_id.clone())
            .or_default();
        if !alike.contains(&asset) {
            alike.push(asset);
            self.len += 1;
        }
    }

    /// Takes an asset out; whether it was there.
    pub fn remove(&mut self, asset: &AssetName) -> bool {
        let Some(alike) = self.by_public_id.get_mut(&asset.public_id) else {
            return false;
        };
        let before = alike.len();
        alike.retain(|other| other != asset);
        let removed = before - alike.len();
        if alike.is_empty() {
            self.by_public_id.remove(&asset.public_id);
        }
        self.len -= removed;
        removed > 0
    }

    /// Whether the asset is in it.
    pub fn contains(&self, asset: &AssetName) -> bool {
        let alike = self.by_public_id.get(&asset.public_id);
        alike.is_some_and(|alike| alike.contains(asset))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The assets, in any order.
    pub fn iter(&self) -> impl Iterator<Item = &AssetName> {
        self.by_public_id.values().flatten()
    }

    /// Calls `found` with each asset of the set that a text may refer to, some more than once.
    pub fn each_referred<'s>(&'s self, text: &str, mut found: impl FnMut(&'s AssetName)) {
        if self.is_empty() {
            return;
        }
        each_reading(text, |kind, public_id| {
            let alike = self.by_public_id.get(public_id).into_iter().flatten();
            alike
                .filter(|asset| kind.is_none_or(|kind| asset.kind() == kind))
                .for_each(&mut found);
        });
    }

    /// Takes out what a text may refer to, and hands it back.
    pub fn take_referred(&mut self, text: &str) -> Vec<AssetName> {
        let mut referred = Vec::new();
        self.each_referred(text, |asset| referred.push(asset.clone()));
        // Several readings of a text may mean one asset.
        referred.retain(|asset| self.remove(asset));
        referred
    }
}

impl FromIterator<AssetName> for AssetSet {
    fn from_iter<I: IntoIterator<Item = AssetName>>(assets: I) -> Self {
        let mut set = Self::default();
        assets.into_iter().for_each(|asset| set.insert(asset));
        set
    }
}

/// Calls `found` with each public ID that a text may mean, and of which kind; `None` stands for
/// any.
fn each_reading(text: &str, mut found: impl FnMut(Option<Kind>, &str)) {
    let bare = bare(text);
    if let Ok(identifier) = Identifier::parse(bare) {
        let kind = (identifier.resource_type, identifier.delivery_type);
        found(Some(kind), identifier.public_id);
        return;
    }
    let mut text = Cow::Borrowed(text);
    for decoded in 0..=ENCODINGS {
        for whole in text.split(ends_url) {
            each_public_id(whole, |id| found(None, id));
            if whole.contains(ends_link) {
                let parts = whole.split(ends_link);
                parts.for_each(|part| each_link(part, ENCODINGS - decoded, &mut found));
            }
        }
        if decoded == ENCODINGS || !text.contains('%') {
            return;
        }
        text = Cow::Owned(percent_decode_str(&text).decode_utf8_lossy().into_owned());
    }
}

/// Calls `found` with each public ID that a link in a sentence may mean. Only the link is decoded
/// here: what its escapes stand for, a space for instance, does not end it.
fn each_link(link: &str, encodings: usize, found: &mut impl FnMut(Option<Kind>, &str)) {
    let mut link = Cow::Borrowed(link);
    for decoded in 0..=encodings {
        for part in link.split(ends_url) {
            each_public_id(part, |id| found(None, id));
        }
        if decoded == encodings || !link.contains('%') {
            return;
        }
        link = Cow::Owned(percent_decode_str(&link).decode_utf8_lossy().into_owned());
    }
}

/// What neither a public ID nor the path of a URL holds. `%` is not among them: it begins what is
/// encoded.
fn ends_url(character: char) -> bool {
    matches!(character, '&' | '=' | '?' | '#' | '<' | '>' | '\\') || character.is_control()
}

/// What a public ID may hold, but also stands around a link in a sentence, in HTML, Markdown or
/// JSON.
fn ends_link(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '"' | '\'' | '`' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '|'
        )
}

/// Calls `found` with each tail of a path that begins a segment: as it is, without its extension,
/// and of a URL without its last segment, which may be a name for search engines.
fn each_public_id(path: &str, mut found: impl FnMut(&str)) {
    let path = path.trim();
    let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
    let extension = path[name_at..].rfind('.').map(|dot| name_at + dot);
    let suffix = Some(name_at.saturating_sub(1)).filter(|_| path.contains("//"));
    for end in [Some(path.len()), extension, suffix].into_iter().flatten() {
        let path = &path[..end];
        let first = path.len().saturating_sub(LONGEST);
        // A tail that begins at a segment begins after a slash, or at the start.
        let slashes = memchr::memrchr_iter(b'/', &path.as_bytes()[first.saturating_sub(1)..]);
        let starts = slashes.map(|slash| first.saturating_sub(1) + slash + 1);
        let whole = (first == 0).then_some(0);
        starts
            .chain(whole)
            .map(|start| &path[start..])
            .filter(|tail| !tail.is_empty())
            .for_each(&mut found);
    }
}
