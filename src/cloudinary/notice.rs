//! What a notification says, as far as anybody here acts on it.
//!
//! The shapes are those of Cloudinary's documentation of webhook notifications (`upload`, `eager`, `moderation`, `rename`, `delete`).
//! An `eager` notification names neither resource type nor type; its URLs do.

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
            "rejected" => Some(Self::Rejected),
            _ => None,
        }
    }
}

/// What the body of a notification says; nothing for types that nobody here acts on.
pub fn notices(body: &Value) -> Vec<Notice> {
    let kind = body.get("notification_type").and_then(Value::as_str);
    match kind.unwrap_or_default() {
        "moderation" => moderated(body).into_iter().collect(),
        "upload" => moderated(body).into_iter().chain(derived(body)).collect(),
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

fn moderated(body: &Value) -> Option<Notice> {
    let status = match text(body, "moderation_status").and_then(Moderation::from_name) {
        Some(status) => status,
        None => overall(body.get("moderation")?.as_array()?)?,
    };
    let asset = asset(body)?;
    Some(Notice::Moderated { asset, status })
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
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Vec<String> {
        let shown = |notice: Notice| match notice {
            Notice::Moderated { asset, status } => format!("{asset} {}", status.name()),
            Notice::Renamed { from, to } => format!("{from} -> {to}"),
            Notice::Deleted { asset } => format!("{asset} deleted"),
            Notice::Derived { asset, urls } => format!("{asset} {}", urls.join(" ")),
        };
        notices(body).into_iter().map(shown).collect()
    }

    #[test]
    fn reads_the_documented_notifications() {
        let url = "https://res.cloudinary.com/demo/video/authenticated/s--x--/c_fill/v1/a/b.mp4";
        for (body, expected) in [
            (
                json!({"notification_type": "moderation", "moderation_status": "rejected", "moderation_kind": "manual",
                    "public_id": "a/b", "version": 1, "resource_type": "image", "type": "private"}),
                &["image/private/a/b rejected"][..],
            ),
            (
                json!({"notification_type": "moderation", "moderation_status": "approved", "public_id": "hot-tub",
                    "secure_url": "https://res.cloudinary.com/demo/video/upload/v1589581905/hot-tub.mp4"}),
                &["video/upload/hot-tub approved"],
            ),
            (
                json!({"notification_type": "upload", "public_id": "a", "resource_type": "image", "type": "upload",
                    "moderation": [{"kind": "manual", "status": "pending"}, {"kind": "aws_rek", "status": "approved"}],
                    "eager": [{"secure_url": "https://h/1"}, {"status": "failed", "secure_url": "https://h/2"}]}),
                &["image/upload/a pending", "image/upload/a https://h/1"],
            ),
            (
                json!({"notification_type": "eager", "public_id": "a/b", "batch_id": "x", "eager": [{"secure_url": url}]}),
                &[
                    "video/authenticated/a/b https://res.cloudinary.com/demo/video/authenticated/s--x--/c_fill/v1/a/b.mp4",
                ],
            ),
            (
                json!({"notification_type": "rename", "resource_type": "raw", "type": "upload", "from_public_id": "a.txt", "to_public_id": "b/a.txt"}),
                &["raw/upload/a.txt -> raw/upload/b/a.txt"],
            ),
            (
                json!({"notification_type": "delete", "resources": [
                    {"resource_type": "image", "type": "upload", "public_id": "a", "version": 1},
                    {"resource_type": "video", "type": "upload", "public_id": "b"}]}),
                &["image/upload/a deleted", "video/upload/b deleted"],
            ),
        ] {
            assert_eq!(read(&body), expected, "{body}");
        }
    }

    #[test]
    fn reads_nothing_from_other_or_odd_ones() {
        for body in [
            json!({}),
            json!({"notification_type": 5}),
            json!({"notification_type": "create_folder", "folder_path": "a"}),
            json!({"notification_type": "moderation", "public_id": "a"}),
            json!({"notification_type": "moderation", "public_id": "a", "moderation_status": "odd"}),
            json!({"notification_type": "moderation", "moderation_status": "approved"}),
            json!({"notification_type": "moderation", "moderation_status": "approved", "public_id": "../a"}),
            json!({"notification_type": "upload", "public_id": "a"}),
            json!({"notification_type": "eager", "public_id": "a", "eager": []}),
            json!({"notification_type": "rename", "from_public_id": "a", "to_public_id": "a"}),
            json!({"notification_type": "rename", "from_public_id": "a"}),
            json!({"notification_type": "delete", "resources": {"a": 1}}),
            json!({"notification_type": "delete", "resources": [{"resource_type": "audio", "type": "upload", "public_id": "a"}]}),
        ] {
            assert_eq!(read(&body), [""; 0], "{body}");
        }
    }
}
