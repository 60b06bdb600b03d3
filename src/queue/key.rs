//! By what a repeated notification is known.

use std::fmt;
use std::str::FromStr;

use crate::cloudinary::notice::Notice;

/// How long Cloudinary goes on sending a notification that was not answered with 200: after 3, 6
/// and 9 minutes, with 20 seconds for each answer.
const RETRIES: u64 = 20 * 60;

/// The key of what one notification says about one asset, in the queue's database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationKey {
    event: String,
    /// When it was sent, for a body that has no time of its own: what happens twice may have the
    /// same body twice.
    sent: Option<u64>,
}

impl NotificationKey {
    /// Of the body with this digest, the part number `index`.
    pub fn new(digest: &str, index: usize, sent: Option<u64>) -> Self {
        Self {
            event: format!("{digest}-{index}"),
            sent,
        }
    }

    /// Whether only what was told before can say if it is a repetition.
    pub(super) fn needs_a_look(&self) -> bool {
        self.sent.is_some()
    }

    /// Whether it repeats one of `earlier`, which are keys with what was told under them. Only
    /// bodies without a time need to be asked about: a repetition of another has the very same key.
    /// The same body within the time of Cloudinary's own retries is a repetition, unless something
    /// else was told about the asset in between.
    pub(super) fn repeats(&self, notice: &Notice, earlier: &[(Self, Notice)]) -> bool {
        let Some(sent) = self.sent else {
            return false;
        };
        let subject = notice.subject();
        let same = earlier
            .iter()
            .filter(|(_, notice)| notice.subject() == subject);
        let last = same.max_by_key(|(key, _)| key.sent);
        last.is_some_and(|(last, _)| {
            let lately = |then: u64| sent.abs_diff(then) <= RETRIES;
            last.event == self.event && last.sent.is_some_and(lately)
        })
    }
}

impl fmt::Display for NotificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sent {
            Some(sent) => write!(f, "{}@{sent}", self.event),
            None => f.write_str(&self.event),
        }
    }
}

impl FromStr for NotificationKey {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (event, sent) = match text.split_once('@') {
            Some((event, sent)) => (event, Some(sent.parse()?)),
            None => (text, None),
        };
        Ok(Self {
            event: event.to_owned(),
            sent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(public_id: &str) -> Notice {
        Notice::Deleted {
            asset: format!("image/upload/{public_id}").parse().unwrap(),
        }
    }

    fn key(digest: &str, sent: u64) -> NotificationKey {
        NotificationKey::new(digest, 0, Some(sent))
    }

    #[test]
    fn the_same_body_is_a_repetition_while_cloudinary_tries_again_and_nothing_else_was_told() {
        let earlier = [
            (key("a", 1_000), told("cat")),
            (key("b", 1_100), told("dog")),
        ];
        assert!(key("a", 1_000).repeats(&told("cat"), &earlier));
        assert!(key("a", 1_000 + 1_200).repeats(&told("cat"), &earlier));
        for (key, public_id) in [
            (key("a", 1_000 + 1_201), "cat"),
            (key("c", 1_000), "cat"),
            (key("a", 1_000), "dog"),
            (key("a", 1_000), "bird"),
        ] {
            assert!(
                !key.repeats(&told(public_id), &earlier),
                "{key} {public_id}"
            );
        }
        let between = [
            (key("a", 1_000), told("cat")),
            (key("b", 1_100), told("cat")),
        ];
        assert!(!key("a", 1_200).repeats(&told("cat"), &between));
        let dated = NotificationKey::new("a", 0, None);
        assert!(!dated.repeats(&told("cat"), &[(dated.clone(), told("cat"))]));
    }

    #[test]
    fn is_written_and_read_back() {
        for (key, text) in [
            (NotificationKey::new("ab", 2, None), "ab-2"),
            (NotificationKey::new("ab", 0, Some(17)), "ab-0@17"),
        ] {
            assert_eq!(key.to_string(), text);
            assert_eq!(text.parse(), Ok(key));
        }
    }
}
