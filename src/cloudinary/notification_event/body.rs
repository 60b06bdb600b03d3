//! From a body to what it says.

use serde_json::Value;

use crate::cloudinary::asset_name::AssetName;

use super::{Moderation, NotificationEvent, Subject};

/// Members that differ between two events, however alike they are.
const TIMES: [&str; 4] = [
    "timestamp",
    "request_id",
    "batch_id",
    "moderation_updated_at",
];

/// What the body of a notification says that was sent at `sent` (in seconds since 1970); nothing
/// for types that nothing here acts on.
pub fn events(body: &Value, sent: u64) -> Vec<NotificationEvent> {
    let kind = body.get("notification_type").and_then(Value::as_str);
    match kind.unwrap_or_default() {
        "moderation" | "moderation_summary" => entries(body)
            .filter_map(|(entry, public_id)| moderated(entry, body, public_id, sent))
            .collect(),
        "upload" => [
            overwritten(body),
            moderated(body, body, text(body, "public_id"), sent),
            derived(body),
        ]
        .into_iter()
        .flatten()
        .collect(),
        "eager" => derived(body).into_iter().collect(),
        "rename" => renamed(body).into_iter().collect(),
        "delete" => entries(body)
            .filter_map(|(entry, public_id)| subject(entry, public_id?))
            .map(|asset| NotificationEvent::Deleted { asset })
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether a body says itself which event it is: another event of the same kind has another body.
pub fn is_dated(body: &Value) -> bool {
    let context = body.get("notification_context");
    TIMES.iter().any(|key| text(body, key).is_some())
        || context.is_some_and(|context| text(context, "triggered_at").is_some())
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

/// The assets that a body is about, with their public IDs: itself, or its `resources`, a list or an
/// object keyed by public ID.
fn entries(body: &Value) -> Box<dyn Iterator<Item = (&Value, Option<&str>)> + '_> {
    match body.get("resources") {
        Some(Value::Array(list)) => {
            Box::new(list.iter().map(|entry| (entry, text(entry, "public_id"))))
        }
        Some(Value::Object(keyed)) => {
            Box::new(keyed.iter().map(|(key, entry)| (entry, Some(key.as_str()))))
        }
        _ => Box::new(std::iter::once((body, text(body, "public_id")))),
    }
}

/// The asset of an entry. What it does not name, its URLs may.
fn subject(entry: &Value, public_id: &str) -> Option<Subject> {
    let part = |key| entry.get(key).map_or(Some("*"), Value::as_str);
    let (resource_type, delivery_type) = (part("resource_type")?, part("type")?);
    let told: Subject = format!("{resource_type}/{delivery_type}/{public_id}")
        .parse()
        .ok()?;
    let eager = entry.get("eager").and_then(Value::as_array);
    let values = std::iter::once(entry).chain(eager.into_iter().flatten());
    let urls = values.flat_map(|value| ["secure_url", "url"].map(|key| text(value, key)));
    let shown = urls.flatten().find_map(|url| kind_in_url(url, public_id));
    Some(match shown.filter(|shown| told.may_be(shown)) {
        Some(shown) => shown.into(),
        None => told,
    })
}

/// `image/upload` of `https://res.cloudinary.com/demo/image/upload/…`, as the asset of this public
/// ID.
fn kind_in_url(url: &str, public_id: &str) -> Option<AssetName> {
    let (_, path) = url.split_once("://")?.1.split_once('/')?;
    let segments: Vec<_> = path.splitn(4, '/').collect();
    // A private CDN's URLs do not begin with the cloud's name.
    segments
        .windows(2)
        .take(2)
        .find_map(|pair| format!("{}/{}/{public_id}", pair[0], pair[1]).parse().ok())
}

/// The verdict on an entry of a body; what the entry lacks, the body says.
fn moderated(
    entry: &Value,
    body: &Value,
    public_id: Option<&str>,
    sent: u64,
) -> Option<NotificationEvent> {
    let asset = subject(entry, public_id?)?;
    let (status, whole) = verdict(entry).or_else(|| verdict(body))?;
    // A notification that is sent again has another time of sending.
    let mut given = ["moderation_updated_at", "timestamp"].iter();
    let at = given.find_map(|key| seconds(text(entry, key).or_else(|| text(body, key))?));
    Some(NotificationEvent::Moderated {
        asset,
        status,
        at: at.unwrap_or(sent),
        whole,
    })
}

/// A verdict, and whether it is that of all moderations.
fn verdict(entry: &Value) -> Option<(Moderation, bool)> {
    let told = text(entry, "moderation_status").and_then(Moderation::from_name);
    let all = entry.get("moderation").and_then(Value::as_array);
    let all = all.filter(|all| !all.is_empty()).and_then(|all| {
        let verdicts = all
            .iter()
            .map(|one| Moderation::from_name(text(one, "status")?));
        verdicts.collect::<Option<Vec<_>>>()
    });
    match all {
        Some(all) => Some((Moderation::of_all(all.into_iter().chain(told))?, true)),
        None => Some((told?, false)),
    }
}

fn seconds(iso: &str) -> Option<u64> {
    let time: jiff::Timestamp = iso.parse().ok()?;
    u64::try_from(time.as_second()).ok()
}

fn ready_urls(body: &Value) -> Vec<String> {
    let ready = |entry: &&Value| {
        !matches!(
            text(entry, "status"),
            Some("failed" | "processing" | "pending")
        )
    };
    let eager = body.get("eager").and_then(Value::as_array);
    let ready = eager.into_iter().flatten().filter(ready);
    let urls = ready.filter_map(|entry| text(entry, "secure_url"));
    urls.map(str::to_owned).collect()
}

fn derived(body: &Value) -> Option<NotificationEvent> {
    let asset = subject(body, text(body, "public_id")?)?;
    let urls = ready_urls(body);
    (!urls.is_empty()).then_some(NotificationEvent::Derived { asset, urls })
}

fn overwritten(body: &Value) -> Option<NotificationEvent> {
    if body.get("overwritten") != Some(&Value::Bool(true)) {
        return None;
    }
    Some(NotificationEvent::Overwritten {
        asset: subject(body, text(body, "public_id")?)?.asset()?,
        version: body.get("version")?.as_u64()?,
        format: text(body, "format").map(str::to_owned),
        status: verdict(body).map(|(status, _)| status),
        urls: ready_urls(body),
    })
}

fn renamed(body: &Value) -> Option<NotificationEvent> {
    let from = subject(body, text(body, "from_public_id")?)?;
    let mut to = Subject {
        public_id: text(body, "to_public_id")?.to_owned(),
        ..from.clone()
    };
    if let Some(kind) = text(body, "to_type") {
        let to_type = format!("*/{kind}/{}", to.public_id)
            .parse::<Subject>()
            .ok()?;
        to.delivery_type = to_type.delivery_type;
    }
    let to: Subject = to.to_string().parse().ok()?;
    (from != to).then_some(NotificationEvent::Renamed { from, to })
}
