//! Notifications: nothing is taken for Cloudinary's but the bytes that it signed, in their time.

use cloudinary_parse::cloudinary::notice::notices;
use cloudinary_parse::cloudinary::notification::Notification;

use super::{SECRET, account, sha1};

const NOW: u64 = 1_789_000_000;

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
    never_accepted_altered(body, timestamp, &good);
    // What the server goes on to do with a body, whoever sent it.
    if let Ok(said) = serde_json::from_slice(body) {
        notices(&said, NOW);
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
    notification.verify(&account(), NOW).is_ok()
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
    let signed = signature == sign(body, timestamp) || signature == sha1::hex(&previous);
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
