//! What a notification says, as far as anything here acts on it.
//!
//! We have not seen any of the shapes on a live account. They come from:
//!
//! - `upload`, `rename`, `delete`: Cloudinary's documentation.
//! - `eager`: the body that Cloudinary's SDKs test their verification with
//!   (`cloudinary/cloudinary_php` `tests/Unit/Utils/SignatureVerifierTest.php`,
//!   `cloudinary/pycloudinary` `test/test_utils.py`). It names neither resource type nor type; its
//!   URLs do.
//! - `moderation`: a body of 2020 in a published course on Cloudinary, which names neither of the
//!   two there either.
//! - `moderation_summary`: no body was found; Cloudinary's sample app
//!   `cloudinary-devs/ugc-profile-posts` (`app/api/moderate/route.ts`) reads it as it reads
//!   `moderation`.
//! - the words of a status: Cloudinary's documentation (`moderate_assets`, Multiple moderations).
//!   `aborted` is a moderation that is not done any more since another one has rejected the asset.
//! - `resources` as an object keyed by public ID: `move` and changes of context or display name
//!   have it so.

mod body;
mod subject;

use serde::{Deserialize, Serialize};

use super::asset_name::AssetName;

pub use body::{events, is_dated};
pub use subject::{NotASubject, Subject};

/// One thing that happened to one asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum NotificationEvent {
    /// A person or a program has looked at it.
    Moderated {
        /// The asset.
        asset: Subject,
        /// The verdict.
        status: Moderation,
        /// When it was given, in seconds since 1970.
        #[serde(default)]
        at: u64,
        /// Whether it is the verdict of all moderations that the asset has. One alone cannot
        /// approve it.
        #[serde(default)]
        whole: bool,
    },
    /// It has another public ID.
    Renamed {
        /// What it was.
        from: Subject,
        /// What it is.
        to: Subject,
    },
    /// It is gone.
    Deleted {
        /// What it was.
        asset: Subject,
    },
    /// Transformations of it are ready.
    Derived {
        /// The asset.
        asset: Subject,
        /// Where they are, https.
        urls: Vec<String>,
    },
    /// Another original was uploaded under its public ID.
    Overwritten {
        /// The asset.
        asset: AssetName,
        /// The new version.
        version: u64,
        /// The new format; `raw` assets have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
        /// How the new original stands, if it is moderated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<Moderation>,
        /// Where transformations of it are, https.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        urls: Vec<String>,
    },
}

/// A moderator's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moderation {
    /// Nobody has looked yet.
    Pending,
    /// It may be shown.
    Approved,
    /// It may not.
    Rejected,
}

impl NotificationEvent {
    /// The asset, as it was called before.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Moderated { asset, .. }
            | Self::Deleted { asset }
            | Self::Derived { asset, .. }
            | Self::Renamed { from: asset, .. } => asset.clone(),
            Self::Overwritten { asset, .. } => asset.clone().into(),
        }
    }

    /// Whether `later` is a later verdict on the same asset.
    pub fn is_overruled_by(&self, later: &Self) -> bool {
        match (self, later) {
            (
                Self::Moderated { asset, at, .. },
                Self::Moderated {
                    asset: same,
                    at: later,
                    ..
                },
            ) => asset == same && at < later,
            _ => false,
        }
    }
}

impl Moderation {
    /// Cloudinary's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// By Cloudinary's words, of which there are more.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "pending" | "queued" => Some(Self::Pending),
            "approved" => Some(Self::Approved),
            "rejected" | "aborted" => Some(Self::Rejected),
            _ => None,
        }
    }

    /// What several verdicts come to: one rejection is enough, all must have approved. `None` for
    /// none.
    pub fn of_all(verdicts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let gravity = |verdict: &Self| match verdict {
            Self::Approved => 0,
            Self::Pending => 1,
            Self::Rejected => 2,
        };
        verdicts.into_iter().max_by_key(gravity)
    }
}

#[cfg(test)]
mod tests;
