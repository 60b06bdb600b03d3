//! Assets as the Admin API shows them.
//!
//! What it does not know comes as `null`, as −1, or as −1 without its sign: an odd value is an
//! unknown one, and neither the asset nor the page with it is lost.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::cloudinary::notification_event::Moderation;

/// What Cloudinary knows about an asset.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Asset {
    /// Without the format (with the extension for `raw`).
    pub public_id: String,
    /// What it was uploaded as; `raw` assets have none.
    #[serde(default, deserialize_with = "readable")]
    pub format: Option<String>,
    /// Size of the original.
    #[serde(default, deserialize_with = "number")]
    pub bytes: Option<u64>,
    /// In pixels; sound and `raw` assets have none.
    #[serde(default, deserialize_with = "number")]
    pub width: Option<u64>,
    /// In pixels.
    #[serde(default, deserialize_with = "number")]
    pub height: Option<u64>,
    #[serde(default, deserialize_with = "version")]
    version: Version,
    #[serde(default, deserialize_with = "readable")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "readable")]
    placeholder: Option<bool>,
    #[serde(default, deserialize_with = "readable")]
    moderation_status: Option<String>,
    #[serde(default, deserialize_with = "readable")]
    moderation: Option<Vec<ModerationState>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ModerationState {
    #[serde(default)]
    status: Option<String>,
}

/// The version in an asset's URLs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Version {
    /// Cloudinary names none.
    #[default]
    Absent,
    /// None that can be.
    Odd,
    At(u64),
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AssetPage {
    /// The assets.
    #[serde(rename = "resources", deserialize_with = "readable_ones")]
    pub assets: Vec<Asset>,
    /// Where the next page begins.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

impl Asset {
    /// What all its moderations come to; `None` if it has none.
    pub fn moderation(&self) -> Option<Moderation> {
        let each = self.moderation.iter().flatten();
        let each = each.map(|one| one.status.as_deref());
        let words = each.chain([self.moderation_status.as_deref()]).flatten();
        Moderation::of_all(words.filter_map(Moderation::from_name))
    }

    /// What a rejected asset leaves, or one that was deleted and is restorable from a backup.
    pub fn is_placeholder(&self) -> bool {
        self.placeholder == Some(true)
    }

    /// The version in its URLs: the time of its newest upload, in seconds since 1970.
    pub fn version(&self) -> Option<u64> {
        match self.version {
            Version::At(version) => Some(version),
            Version::Absent | Version::Odd => None,
        }
    }

    /// When the newest original under this public ID was uploaded, in seconds since 1970. `None` if
    /// Cloudinary does not say.
    pub fn uploaded_at(&self) -> Option<u64> {
        let created = self.created_at.as_deref()?.parse::<Timestamp>().ok()?;
        let created = u64::try_from(created.as_second()).ok()?;
        match self.version {
            Version::At(version) => Some(version.max(created)),
            Version::Absent => Some(created),
            // It may be that of a later upload.
            Version::Odd => None,
        }
    }
}

/// −1 in 32 and in 64 bits.
const UNKNOWN: [u64; 2] = [u32::MAX as u64, u64::MAX];

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number: Option<u64> = readable(deserializer)?;
    Ok(number.filter(|number| !UNKNOWN.contains(number)))
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
    Ok(number(deserializer)?.map_or(Version::Odd, Version::At))
}

/// A value of this type, or none.
fn readable<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// Those of a list that can be read.
fn readable_ones<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Asset>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?.into_iter();
    let assets = values.map(serde_json::from_value);
    Ok(assets.filter_map(Result::ok).collect())
}
