//! What a job says.

use serde::{Deserialize, Serialize};

pub use crate::assets::destroy::Destroy;
use crate::cloudinary::notification_event::NotificationEvent;
use crate::hooks::DelayedDestroy;

/// Something to be done later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// An asset that lost a reference.
    Destroy(Destroy),
    /// What Cloudinary has notified of.
    Follow(NotificationEvent),
}

/// A job and when to do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// What.
    pub job: Job,
    /// From when on, in seconds since 1970.
    pub run_at: u64,
    /// Of jobs with one key only the first is kept, for a day after it is done.
    pub key: Option<String>,
}

impl From<DelayedDestroy> for Scheduled {
    fn from(delayed: DelayedDestroy) -> Self {
        Self {
            job: Job::Destroy(delayed.destroy),
            run_at: delayed.run_at,
            key: None,
        }
    }
}

impl Job {
    /// The text in the database.
    pub(super) fn to_json(&self) -> Vec<u8> {
        // Strings in structs: serialising them cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What it is about, in a line.
    pub fn summary(&self) -> String {
        match self {
            Self::Destroy(job) => {
                let object = job.object.as_deref().unwrap_or("-");
                format!(
                    "destroy {} (lost by {}.{} of {object})",
                    job.asset, job.class, job.field
                )
            }
            Self::Follow(NotificationEvent::Moderated { asset, status, .. }) => {
                format!("follow {asset} ({})", status.name())
            }
            Self::Follow(NotificationEvent::Renamed { from, to }) => {
                format!("follow {from} to {to}")
            }
            Self::Follow(NotificationEvent::Deleted { asset }) => {
                format!("follow {asset} (deleted)")
            }
            Self::Follow(NotificationEvent::Derived { asset, .. }) => {
                format!("follow {asset} (derived)")
            }
            Self::Follow(NotificationEvent::Overwritten { asset, version, .. }) => {
                format!("follow {asset} (version {version})")
            }
        }
    }
}
