//! Assets as the Admin API shows them.

use jiff::Timestamp;
use serde::Deserialize;

use crate::cloudinary::notice::Moderation;

/// What Cloudinary knows about an asset.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Asset {
    /// Without the format (with the extension for `raw`).
    pub public_id: String,
    /// What it was uploaded as; `raw` assets have none.
    #[serde(default)]
    pub format: Option<String>,
    /// Size of the original.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// In pixels; sound and `raw` assets have none.
    #[serde(default)]
    pub width: Option<u64>,
    /// In pixels.
    #[serde(default)]
    pub height: Option<u64>,
    #[serde(default)]
    version: Option<u64>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    placeholder: bool,
    #[serde(default)]
    moderation_status: Option<String>,
    #[serde(default)]
    moderation: Vec<ModerationState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ModerationState {
    #[serde(default)]
    status: Option<String>,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Page {
    /// The assets.
    #[serde(rename = "resources")]
    pub assets: Vec<Asset>,
    /// Where the next page begins.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

impl Asset {
    /// What all its moderations come to; `None` if it has none.
    pub fn moderation(&self) -> Option<Moderation> {
        let each = self.moderation.iter().map(|one| one.status.as_deref());
        let words = each.chain([self.moderation_status.as_deref()]).flatten();
        Moderation::of_all(words.filter_map(Moderation::from_name))
    }

    /// What a rejected asset leaves, or one that was deleted and is restorable from a backup.
    pub fn is_placeholder(&self) -> bool {
        self.placeholder
    }

    /// The version in its URLs: the time of its newest upload, in seconds since 1970.
    pub fn version(&self) -> Option<u64> {
        self.version
    }

    /// When the newest original under this public ID was uploaded, in seconds since 1970. `None` if Cloudinary does not say.
    pub fn uploaded_at(&self) -> Option<u64> {
        let created = self.created_at.as_deref()?.parse::<Timestamp>().ok()?;
        let created = u64::try_from(created.as_second()).ok()?;
        Some(self.version.map_or(created, |version| version.max(created)))
    }
}
