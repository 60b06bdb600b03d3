//! `confirm` and the keys that need it: what an asset really is, as Cloudinary says.

use super::document::{ManifestEntry, ManifestReport, Section};
use crate::units::{SIZE_FORM, parse_size};

/// Keys of a field.
pub(super) const KEYS: &[&str] = &[
    "confirm",
    "max_bytes",
    "max_width",
    "max_height",
    "min_width",
    "min_height",
    "on_unreachable",
];

const ON_UNREACHABLE: &[(&str, OnUnreachable)] = &[
    ("refuse", OnUnreachable::Refuse),
    ("accept", OnUnreachable::Accept),
];

/// What is asked of Cloudinary about a new picture before it is saved: the signature covers public
/// ID and version only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// Largest original, in bytes.
    pub max_bytes: Option<u64>,
    /// In pixels.
    pub width: Pixels,
    /// In pixels.
    pub height: Pixels,
    /// When Cloudinary cannot be asked in time.
    pub on_unreachable: OnUnreachable,
}

/// A range of pixels, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pixels {
    /// Least.
    pub min: Option<u64>,
    /// Most.
    pub max: Option<u64>,
}

/// What becomes of a save while Cloudinary does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnreachable {
    /// It is refused.
    Refuse,
    /// It goes through unconfirmed; its signature is good all the same.
    Accept,
}

impl Pixels {
    /// Whether every number, known or not, will do.
    pub fn is_any(self) -> bool {
        self == Self::default()
    }

    /// Whether `pixels` lies in the range.
    pub fn holds(self, pixels: u64) -> bool {
        self.min.is_none_or(|min| pixels >= min) && self.max.is_none_or(|max| pixels <= max)
    }
}

impl Confirm {
    /// Reads the keys of a field; `None` if it confirms nothing.
    pub(super) fn read(keys: &mut Section<'_>, report: &mut ManifestReport<'_>) -> Option<Self> {
        let confirm = keys.take("confirm").and_then(|entry| entry.flag(report));
        let taken: Vec<_> = KEYS[1..].iter().map(|key| keys.take(key)).collect();
        if confirm != Some(true) {
            for entry in taken.into_iter().flatten() {
                entry.refuse::<()>("only Cloudinary knows: it needs confirm = true", report);
            }
            return None;
        }
        let [
            max_bytes,
            max_width,
            max_height,
            min_width,
            min_height,
            on_unreachable,
        ] = taken[..]
        else {
            return None;
        };
        Some(Self {
            max_bytes: max_bytes.and_then(|entry| size(entry, report)),
            width: range(min_width, max_width, report),
            height: range(min_height, max_height, report),
            on_unreachable: on_unreachable
                .and_then(|entry| entry.one_of(ON_UNREACHABLE, report))
                .unwrap_or(OnUnreachable::Refuse),
        })
    }
}

fn size(entry: ManifestEntry<'_>, report: &mut ManifestReport<'_>) -> Option<u64> {
    let size = if entry.is_text() {
        parse_size(entry.text(report)?).and_then(|size| u64::try_from(size).ok())
    } else {
        entry.json(report)?.as_u64().filter(|&size| size > 0)
    };
    size.or_else(|| entry.refuse(&format!("expected {SIZE_FORM}"), report))
}

fn range(
    min: Option<ManifestEntry<'_>>,
    max: Option<ManifestEntry<'_>>,
    report: &mut ManifestReport<'_>,
) -> Pixels {
    let pixels = |entry: Option<ManifestEntry<'_>>, report: &mut ManifestReport<'_>| {
        let entry = entry?;
        let pixels = entry.json(report)?.as_u64().filter(|&pixels| pixels > 0);
        pixels.or_else(|| entry.refuse("expected a number of pixels", report))
    };
    let range = Pixels {
        min: pixels(min, report),
        max: pixels(max, report),
    };
    if let (Some(least), Some(most), Some(entry)) = (range.min, range.max, min)
        && least > most
    {
        entry.refuse::<()>(&format!("greater than the most, {most}"), report);
    }
    range
}
