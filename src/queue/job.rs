//! What a job asks for.

use serde::{Deserialize, Serialize};

pub use crate::assets::destroy::Destroy;
use crate::cloudinary::notification_event::NotificationEvent;
use crate::hooks::DelayedDestroy;

/// Something to do later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// An asset that lost a reference.
    Destroy(Destroy),
    /// What Cloudinary has notified about.
    Follow(NotificationEvent),
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
