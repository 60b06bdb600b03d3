//! The last refusals: who was refused what and why, without anything that could be replayed.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;

/// How many are kept.
const CAPACITY: usize = 200;
/// Longest user id that is kept, in characters. An application may choose ids of any length.
const USER_LENGTH: usize = 64;
/// Longest message and identifier. Cloudinary's public IDs have at most 255 characters.
const TEXT_LENGTH: usize = 400;

/// A refusal: no signature, no session, nothing else that could be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::server) struct Refused {
    /// Seconds since 1970.
    pub(in crate::server) at: u64,
    pub(in crate::server) hook: Arc<str>,
    pub(in crate::server) field: Option<String>,
    pub(in crate::server) reason: &'static str,
    /// The user's `objectId`.
    pub(in crate::server) user: Option<String>,
    /// What the app was told.
    pub(in crate::server) message: String,
    /// The id of the request in the log.
    pub(in crate::server) request: Option<String>,
    /// What was refused, without its signature.
    pub(in crate::server) identifier: Option<String>,
}

/// A refusal and its number since the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::server) struct NumberedRefusal {
    pub(in crate::server) number: u64,
    #[serde(flatten)]
    pub(in crate::server) refused: Refused,
}

/// The newest refusals. Only refused requests take its lock.
#[derive(Debug, Default)]
pub(in crate::server) struct RecentRefusals(Mutex<VecDeque<NumberedRefusal>>);

impl RecentRefusals {
    pub(in crate::server) fn add(&self, mut refused: Refused) {
        cut(&mut refused.message, TEXT_LENGTH);
        if let Some(user) = &mut refused.user {
            cut(user, USER_LENGTH);
        }
        if let Some(identifier) = &mut refused.identifier {
            cut(identifier, TEXT_LENGTH);
        }
        let mut kept = self.0.lock();
        let number = kept.front().map_or(1, |newest| newest.number + 1);
        kept.truncate(CAPACITY - 1);
        kept.push_front(NumberedRefusal { number, refused });
    }

    /// All of them, newest first.
    pub(in crate::server) fn newest(&self) -> Vec<NumberedRefusal> {
        self.0.lock().iter().cloned().collect()
    }
}

fn cut(text: &mut String, length: usize) {
    if let Some((end, _)) = text.char_indices().nth(length) {
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(at: u64, user: &str) -> Refused {
        Refused {
            at,
            hook: "Photo.beforeSave".into(),
            field: None,
            reason: "required",
            user: Some(user.into()),
            message: "Photo.picture: is required".into(),
            request: None,
            identifier: None,
        }
    }

    #[test]
    fn keeps_the_newest() {
        let refusals = RecentRefusals::default();
        for at in 0..1_000 {
            refusals.add(refused(at, "u1"));
        }
        let kept = refusals.newest();
        assert_eq!(kept.len(), CAPACITY);
        let ends = [&kept[0], &kept[CAPACITY - 1]];
        assert_eq!(ends.map(|kept| kept.refused.at), [999, 800]);
        assert_eq!(ends.map(|kept| kept.number), [1_000, 801]);
    }

    #[test]
    fn cuts_long_user_ids() {
        let refusals = RecentRefusals::default();
        refusals.add(refused(1, &"ü".repeat(65)));
        refusals.add(refused(2, &"ü".repeat(64)));
        let users: Vec<_> = refusals
            .newest()
            .into_iter()
            .filter_map(|r| r.refused.user)
            .collect();
        assert_eq!(users, ["ü".repeat(64), "ü".repeat(64) + "…"]);
    }

    #[test]
    fn cuts_long_messages_and_identifiers() {
        let refusals = RecentRefusals::default();
        refusals.add(Refused {
            message: "ü".repeat(401),
            identifier: Some("é".repeat(5_000)),
            ..refused(1, "u1")
        });
        let kept = &refusals.newest()[0].refused;
        assert_eq!(kept.message, "ü".repeat(400) + "…");
        assert_eq!(kept.identifier, Some("é".repeat(400) + "…"));
    }
}
