//! What a job asks for.

use serde::{Deserialize, Serialize};

use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::notice::Notice;

/// Something to do later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// An asset that lost a reference.
    Destroy(Destroy),
    /// What Cloudinary has notified about.
    Follow(Notice),
}

/// A job and when to do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// What to do.
    pub job: Job,
    /// Not before, in seconds since 1970.
    pub run_at: u64,
    /// Of jobs with the same key only the first is kept, until a day after it is done.
    pub key: Option<String>,
}

/// An asset that lost a reference, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destroy {
    /// The asset.
    pub asset: AssetName,
    /// The newest version of it that was lost. Jobs written by earlier versions of this program
    /// lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Its account: a queue that is used with another account destroys nothing there.
    pub cloud: String,
    /// The class of the object that lost it.
    pub class: String,
    /// The field.
    pub field: String,
    /// The object, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
}

impl Job {
    /// How it is stored in the database.
    pub(super) fn to_json(&self) -> Vec<u8> {
        // Serialising structs of strings cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// One line for logs and `cleanup list`.
    pub fn summary(&self) -> String {
        match self {
            Self::Destroy(job) => {
                let object = job.object.as_deref().unwrap_or("-");
                format!(
                    "destroy {} (lost by {}.{} of {object})",
                    job.asset, job.class, job.field
                )
            }
            Self::Follow(Notice::Moderated { asset, status, .. }) => {
                format!("follow {asset} ({})", status.name())
            }
            Self::Follow(Notice::Renamed { from, to }) => format!("follow {from} to {to}"),
            Self::Follow(Notice::Deleted { asset }) => format!("follow {asset} (deleted)"),
            Self::Follow(Notice::Derived { asset, .. }) => format!("follow {asset} (derived)"),
            Self::Follow(Notice::Overwritten { asset, version, .. }) => {
                format!("follow {asset} (version {version})")
            }
        }
    }
}
