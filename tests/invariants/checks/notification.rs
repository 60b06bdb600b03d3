//! Notifications: nothing is taken for Cloudinary's but the bytes that it signed, in their time.

use cloudinary_parse::cloudinary::notification::{Headers, Notification, claimed_key};
use cloudinary_parse::cloudinary::notification_event::{Moderation, NotificationEvent, events};
use serde_json::Value;

use super::{SECRET, account, sha1};

const NOW: u64 = 1_789_000_000;

/// Verifies notifications and nothing else.
const NOTIFICATION_SECRET: &str = "notification-secret-of-the-checks";

/// The first line is the timestamp, the second the signature, the rest the body.
pub(crate) fn check(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |&byte| byte == b'\n');
    let mut text = || std::str::from_utf8(parts.next()?).ok();
    let (Some(timestamp), Some(signature)) = (text(), text()) else {
        return;
    };
    let body = parts.next().unwrap_or_default();
    agrees_with_the_reference(body, timestamp, signature);
    let good = sign(body, timestamp);
    agrees_with_the_reference(body, timestamp, &good);
    let other = [body, timestamp.as_bytes(), NOTIFICATION_SECRET.as_bytes()].concat();
    agrees_with_the_reference(body, timestamp, &sha1::hex(&other));
    never_accepted_altered(body, timestamp, &good);
    headers_decide_nothing_else(body, timestamp, signature);
    logs_no_more_than_a_key(body);
    // What the server goes on to do with a body that is signed.
    if let Ok(said) = serde_json::from_slice(body) {
        says_only_what_the_body_does(&said);
    }
}

/// Headers that are turned away belong to no notification that would be taken.
fn headers_decide_nothing_else(body: &[u8], timestamp: &str, signature: &str) {
    let good = sign(body, timestamp);
    for signature in [signature, &good] {
        let headers = Headers {
            timestamp,
            signature,
        };
        let passes = headers.check(NOW).is_ok();
        assert!(
            passes || !verifies(body, timestamp, signature),
            "{headers:?}"
        );
    }
}

fn logs_no_more_than_a_key(body: &[u8]) {
    if let Some(key) = claimed_key(body) {
        assert!((1..=64).contains(&key.len()), "{key:?}");
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
        assert!(key.chars().all(|c| allowed.contains(c)), "{key:?}");
    }
}

/// Every key and text of a value.
fn texts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => {
            for (key, value) in members {
                found.push(key);
                texts(value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// No asset, no kind and no approval is made up.
fn says_only_what_the_body_does(said: &Value) {
    let mut found = Vec::new();
    texts(said, &mut found);
    let is_told = |name: &str| {
        let in_url = format!("/{name}/");
        found
            .iter()
            .any(|text| *text == name || text.contains(&in_url))
    };
    for event in events(said, NOW) {
        let subject = event.subject();
        assert!(found.contains(&subject.public_id.as_str()), "{event:?}");
        assert!(
            subject
                .resource_type
                .is_none_or(|told| is_told(told.name())),
            "{event:?}"
        );
        assert!(
            subject
                .delivery_type
                .is_none_or(|told| is_told(told.name())),
            "{event:?}"
        );
        if let NotificationEvent::Moderated {
            status: Moderation::Approved,
            whole: true,
            ..
        } = event
        {
            assert!(approves_everywhere(said), "{event:?}");
        }
        let written = serde_json::to_string(&event).expect("strings in structs");
        let read: NotificationEvent = serde_json::from_str(&written).expect("what was written");
        assert_eq!(read, event);
    }
}

/// Whether some list of moderations approves with all its members.
fn approves_everywhere(value: &Value) -> bool {
    let here = value.get("moderation").and_then(Value::as_array);
    let all = here
        .is_some_and(|list| !list.is_empty() && list.iter().all(|one| one["status"] == "approved"));
    all || match value {
        Value::Array(items) => items.iter().any(approves_everywhere),
        Value::Object(members) => members.values().any(approves_everywhere),
        _ => false,
    }
}

fn sign(body: &[u8], timestamp: &str) -> String {
    sha1::hex(&[body, timestamp.as_bytes(), SECRET.as_bytes()].concat())
}

fn verifies(body: &[u8], timestamp: &str, signature: &str) -> bool {
    let notification = Notification {
        body,
        timestamp,
        signature,
    };
    let account = account().with_notification_secret(NOTIFICATION_SECRET.into());
    notification.verify(&account, NOW).is_ok()
}

fn agrees_with_the_reference(body: &[u8], timestamp: &str, signature: &str) {
    let digits = timestamp.chars().all(|c| c.is_ascii_digit());
    let padded = timestamp.len() > 1 && timestamp.starts_with('0');
    let seconds = (digits && !padded && (1..=12).contains(&timestamp.len()))
        .then(|| timestamp.parse::<u64>().expect("twelve digits at most"));
    let in_time = seconds.is_some_and(|at| (NOW - 7200..=NOW + 300).contains(&at));
    let previous = [
        body,
        timestamp.as_bytes(),
        super::PREVIOUS_SECRET.as_bytes(),
    ]
    .concat();
    let other = [body, timestamp.as_bytes(), NOTIFICATION_SECRET.as_bytes()].concat();
    let signed = [
        sign(body, timestamp),
        sha1::hex(&previous),
        sha1::hex(&other),
    ];
    let signed = signed.iter().any(|good| good == signature);
    assert_eq!(
        verifies(body, timestamp, signature),
        in_time && signed,
        "{timestamp:?} {signature:?}"
    );
}

fn never_accepted_altered(body: &[u8], timestamp: &str, good: &str) {
    for at in [0, body.len() / 2, body.len().saturating_sub(1)] {
        let mut altered = body.to_vec();
        if let Some(byte) = altered.get_mut(at) {
            *byte ^= 1;
            assert!(!verifies(&altered, timestamp, good), "byte {at} changed");
            altered.remove(at);
            assert!(!verifies(&altered, timestamp, good), "byte {at} left out");
        }
        altered.insert(at.min(altered.len()), b' ');
        if altered != body {
            assert!(!verifies(&altered, timestamp, good), "byte {at} put in");
        }
    }
    // A digit must not pass from one to the other: both give the same signed text.
    if let Some((last, rest)) = body.split_last()
        && last.is_ascii_digit()
    {
        let longer = format!("{}{timestamp}", char::from(*last));
        if verifies(rest, &longer, good) {
            assert!((NOW - 7200..=NOW + 300).contains(&longer.parse().expect("digits")));
            assert!(timestamp.len() < 10, "one signature, two readings in time");
        }
    }
    for wrong in [
        good.to_uppercase(),
        format!("{good} "),
        good[1..].to_owned(),
        String::new(),
    ] {
        assert!(
            wrong == good || !verifies(body, timestamp, &wrong),
            "{wrong:?}"
        );
    }
}
