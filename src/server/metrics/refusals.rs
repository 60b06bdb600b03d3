//! The last refusals, for operators: who was refused what and why, nothing that could be replayed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// How many are kept.
const KEPT: usize = 200;
/// Longest user id that is kept, in characters: ids that applications choose may be of any length.
const USER_LENGTH: usize = 64;

/// A refusal as the log has it: no identifier, no signature, no session.
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

/// The newest refusals. Only refused requests wait for its lock.
#[derive(Debug, Default)]
pub(in crate::server) struct Refusals(Mutex<VecDeque<Refused>>);

impl Refusals {
    pub(in crate::server) fn add(&self, mut refused: Refused) {
        if let Some(user) = &mut refused.user
            && let Some((end, _)) = user.char_indices().nth(USER_LENGTH)
        {
            user.truncate(end);
            user.push('…');
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT - 1);
        kept.push_front(refused);
    }

    /// All that are kept, newest first.
    pub(in crate::server) fn newest(&self) -> Vec<Refused> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().cloned().collect()
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
        let refusals = Refusals::default();
        for at in 0..1_000 {
            refusals.add(refused(at, "u1"));
        }
        let kept = refusals.newest();
        assert_eq!(kept.len(), KEPT);
        assert_eq!((kept[0].at, kept[KEPT - 1].at), (999, 800));
    }

    #[test]
    fn cuts_long_user_ids() {
        let refusals = Refusals::default();
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
