//! How a repeated notification is recognised.

use std::fmt;
use std::str::FromStr;

use crate::cloudinary::notification_event::NotificationEvent;

/// How long Cloudinary repeats a notification that was not answered with 200: after 3, 6 and 9
/// minutes, with 20 seconds for each answer.
const RETRIES: u64 = 20 * 60;

/// Identifies in the queue's database what one notification says about one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationKey {
    event: String,
    /// When it was sent, for a body without a time of its own: an event that happens twice may
    /// have the same body twice.
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

    /// Whether [`Self::repeats`] has to be asked: any other repetition has the very same key.
    pub(super) fn needs_earlier(&self) -> bool {
        self.sent.is_some()
    }

    /// Whether it repeats one of the `earlier` notifications. The same body within the time of
    /// Cloudinary's own retries is a repetition, unless a notification of something else about the
    /// asset came in between.
    pub(super) fn repeats(
        &self,
        notice: &NotificationEvent,
        earlier: &[(Self, NotificationEvent)],
    ) -> bool {
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

    fn told(public_id: &str) -> NotificationEvent {
        NotificationEvent::Deleted {
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
