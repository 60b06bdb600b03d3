//! The last refusals: who was refused what and why, without anything that could be replayed.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;

/// How many are kept.
const CAPACITY: usize = 200;
/// Longest user id that is kept, in characters. An application may choose ids of any length.
const USER_LENGTH: usize = 64;

/// A refusal, as in the log: no identifier, no signature, no session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::server) struct Refused {
    /// Seconds since 1970.
    pub(in crate::server) at: u64,
    pub(in crate::server) hook: Arc<str>,
    pub(in crate::server) field: Option<String>,
    pub(in crate::server) reason: &'static str,
    /// The user's `objectId`.
    pub(in crate::server) user: Option<String>,
}

/// The newest refusals. Only refused requests take its lock.
#[derive(Debug, Default)]
pub(in crate::server) struct RecentRefusals(Mutex<VecDeque<Refused>>);

impl RecentRefusals {
    pub(in crate::server) fn add(&self, mut refused: Refused) {
        if let Some(user) = &mut refused.user
            && let Some((end, _)) = user.char_indices().nth(USER_LENGTH)
        {
            user.truncate(end);
            user.push('…');
        }
        let mut kept = self.0.lock();
        kept.truncate(CAPACITY - 1);
        kept.push_front(refused);
    }

    /// All of them, newest first.
    pub(in crate::server) fn newest(&self) -> Vec<Refused> {
        self.0.lock().iter().cloned().collect()
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
        assert_eq!((kept[0].at, kept[CAPACITY - 1].at), (999, 800));
    }

    #[test]
    fn cuts_long_user_ids() {
        let refusals = RecentRefusals::default();
        refusals.add(refused(1, &"ü".repeat(65)));
        refusals.add(refused(2, &"ü".repeat(64)));
        let users: Vec<_> = refusals
            .newest()
            .into_iter()
            .filter_map(|r| r.user)
            .collect();
        assert_eq!(users, ["ü".repeat(64), "ü".repeat(64) + "…"]);
    }
}
