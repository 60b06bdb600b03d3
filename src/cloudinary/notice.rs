//! What a notification says, as far as anybody here acts on it.
//!
//! None of the shapes was seen on a live account by us. They come from:
//!
//! - `eager`: the body that Cloudinary's SDKs test their verification with (`SignatureVerifierTest.php` of
//!   `cloudinary_php`, `test_utils.py` of `pycloudinary`), and a body of May 2026 in a public incident report. It names neither resource type nor type; its URLs do.
//! - `moderation`: a body of 2020 in Cloudinary's training material, without resource type and type too. `moderation_summary`, the last
//!   word on an asset with several moderations: only its use in Cloudinary's sample apps, which read the same keys.
//! - the words of a status: Cloudinary's documentation (Moderate assets, Multiple moderations). `aborted` is one that was not asked
//!   any more, since another has rejected the asset.
//! - `upload`, `delete`: bodies of 2021 in a public repository.
//! - `rename`: a third party's `AsyncAPI` description, and public handlers that read `from_public_id` and `to_public_id`. No body was found.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::asset_name::AssetName;

/// One thing that happened to one asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// Somebody, or something, has looked at it.
    Moderated {
        /// The asset.
        asset: AssetName,
        /// The verdict.
        status: Moderation,
        /// When it was given, in seconds since 1970.
        #[serde(default)]
        at: u64,
    },
    /// It has another public ID.
    Renamed {
        /// What it was.
        from: AssetName,
        /// What it is.
        to: AssetName,
    },
    /// It is gone.
    Deleted {
        /// What it was.
        asset: AssetName,
    },
    /// Transformations of it are ready.
    Derived {
        /// The asset.
        asset: AssetName,
        /// Where they are, https.
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

impl Notice {
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

    fn from_name(name: &str) -> Option<Self> {
        match name {
            "pending" | "queued" => Some(Self::Pending),
            "approved" => Some(Self::Approved),
            "rejected" | "aborted" => Some(Self::Rejected),
            _ => None,
        }
    }
}

/// What the body of a notification says that was sent at `sent` (in seconds since 1970); nothing for types that nobody here acts on.
pub fn notices(body: &Value, sent: u64) -> Vec<Notice> {
    let kind = body.get("notification_type").and_then(Value::as_str);
    match kind.unwrap_or_default() {
        "moderation" | "moderation_summary" => moderated(body, sent).into_iter().collect(),
        "upload" => moderated(body, sent)
            .into_iter()
            .chain(derived(body))
            .collect(),
        "eager" => derived(body).into_iter().collect(),
        "rename" => renamed(body).into_iter().collect(),
        "delete" => {
            let resources = body.get("resources").and_then(Value::as_array);
            let deleted = resources.into_iter().flatten().filter_map(asset);
            deleted.map(|asset| Notice::Deleted { asset }).collect()
        }
        _ => Vec::new(),
    }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

fn asset(value: &Value) -> Option<AssetName> {
    let public_id = text(value, "public_id")?;
    let kinds = match (text(value, "resource_type"), text(value, "type")) {
        (Some(resource_type), Some(delivery_type)) => format!("{resource_type}/{delivery_type}"),
        (resource_type, _) => {
            let urls = value.get("eager").and_then(Value::as_array);
            let mut urls = urls
                .into_iter()
                .flatten()
                .filter_map(|e| text(e, "secure_url"));
            let url = text(value, "secure_url").or_else(|| urls.next());
            match (url.and_then(kinds_of_url), resource_type) {
                (Some(kinds), _) => kinds,
                (None, resource_type) => format!("{}/upload", resource_type.unwrap_or("image")),
            }
        }
    };
    format!("{kinds}/{public_id}").parse().ok()
}

/// `image/upload` of `https://res.cloudinary.com/demo/image/upload/…`.
fn kinds_of_url(url: &str) -> Option<String> {
    let (_, path) = url.split_once("://")?.1.split_once('/')?;
    let segments: Vec<_> = path.split('/').collect();
    let kinds = |pair: &&[&str]| {
        format!("{}/{}/x", pair[0], pair[1])
            .parse::<AssetName>()
            .is_ok()
    };
    // A private CDN's URLs do not begin with the cloud's name.
    let pair = segments.windows(2).take(2).find(kinds)?;
    Some(pair.join("/"))
}

fn moderated(body: &Value, sent: u64) -> Option<Notice> {
    let status = match text(body, "moderation_status").and_then(Moderation::from_name) {
        Some(status) => status,
        None => overall(body.get("moderation")?.as_array()?)?,
    };
    let asset = asset(body)?;
    // A notification that is sent again has another time of sending.
    let mut given = ["moderation_updated_at", "timestamp"].iter();
    let at = given.find_map(|key| seconds(text(body, key)?));
    let at = at.unwrap_or(sent);
    Some(Notice::Moderated { asset, status, at })
}

fn seconds(iso: &str) -> Option<u64> {
    let time: jiff::Timestamp = iso.parse().ok()?;
    u64::try_from(time.as_second()).ok()
}

/// One moderator's rejection is enough; all must have approved.
fn overall(moderations: &[Value]) -> Option<Moderation> {
    let statuses: Option<Vec<_>> = moderations
        .iter()
        .map(|moderation| Moderation::from_name(text(moderation, "status")?))
        .collect();
    let statuses = statuses.filter(|statuses| !statuses.is_empty())?;
    Some(if statuses.contains(&Moderation::Rejected) {
        Moderation::Rejected
    } else if statuses.contains(&Moderation::Pending) {
        Moderation::Pending
    } else {
        Moderation::Approved
    })
}

fn derived(body: &Value) -> Option<Notice> {
    let eager = body.get("eager")?.as_array()?;
    let ready = |entry: &&Value| {
        !matches!(
            text(entry, "status"),
            Some("failed" | "processing" | "pending")
        )
    };
    let urls = eager
        .iter()
        .filter(ready)
        .filter_map(|entry| text(entry, "secure_url"));
    let urls: Vec<_> = urls.map(str::to_owned).collect();
    let asset = asset(body)?;
    (!urls.is_empty()).then_some(Notice::Derived { asset, urls })
}

fn renamed(body: &Value) -> Option<Notice> {
    let resource_type = text(body, "resource_type").unwrap_or("image");
    let kind = |key| {
        text(body, key)
            .or_else(|| text(body, "type"))
            .unwrap_or("upload")
    };
    let name = |delivery_type: &str, key| {
        let public_id = text(body, key)?;
        format!("{resource_type}/{delivery_type}/{public_id}")
            .parse::<AssetName>()
            .ok()
    };
    let from = name(kind("type"), "from_public_id")?;
    let to = name(kind("to_type"), "to_public_id")?;
    (from != to).then_some(Notice::Renamed { from, to })
}

#[cfg(test)]
mod tests;
