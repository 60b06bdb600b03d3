//! The sessions of browsers that have presented the token. They are in this process's memory only,
//! so signing out ends one for good.

use std::collections::HashMap;

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use crate::random;

/// How long a session lasts, in seconds.
pub(super) const LIFETIME: u32 = 12 * 3_600;

/// Most sessions at once. One more ends the oldest.
const MAX_SESSIONS: usize = 256;

/// When each session ends. The keys are digests, so that the time of a lookup says nothing about a
/// session.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<[u8; 32], u64>>);

impl Sessions {
    /// A new session at `now`, in seconds. `None` if the system has no random numbers.
    pub(super) fn begin(&self, now: u64) -> Option<String> {
        let session = random::hex_256()?;
        let mut ends = self.0.lock();
        ends.retain(|_, end| now < *end);
        if ends.len() >= MAX_SESSIONS
            && let Some(first) = ends.iter().min_by_key(|(_, end)| **end)
        {
            let first = *first.0;
            ends.remove(&first);
        }
        ends.insert(digest(&session), now + u64::from(LIFETIME));
        Some(session)
    }

    /// Whether `session` is valid at `now`.
    pub(super) fn contains(&self, session: &str, now: u64) -> bool {
        let ends = self.0.lock();
        ends.get(&digest(session)).is_some_and(|end| now < *end)
    }

    /// Ends `session`.
    pub(super) fn end(&self, session: &str) {
        self.0.lock().remove(&digest(session));
    }
}

fn digest(session: &str) -> [u8; 32] {
    Sha256::digest(session).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lasts_until_it_is_ended_or_its_time_is_over() {
        let sessions = Sessions::default();
        let (one, other) = (
            sessions.begin(1_000).unwrap(),
            sessions.begin(1_000).unwrap(),
        );
        assert_ne!(one, other);
        assert!(sessions.contains(&one, 1_000 + u64::from(LIFETIME) - 1));
        assert!(!sessions.contains(&one, 1_000 + u64::from(LIFETIME)));
        sessions.end(&one);
        assert!(!sessions.contains(&one, 1_000));
        assert!(sessions.contains(&other, 1_000));
        for made_up in ["", "x", &one, &other[1..], &other.to_uppercase()] {
            assert!(!sessions.contains(made_up, 1_000), "{made_up}");
        }
    }

    #[test]
    fn there_are_never_more_than_a_few() {
        let sessions = Sessions::default();
        let first = sessions.begin(0).unwrap();
        let rest: Vec<_> = (1..=MAX_SESSIONS as u64)
            .map(|now| sessions.begin(now))
            .collect();
        assert!(!sessions.contains(&first, 1));
        let last = rest.last().unwrap().as_ref().unwrap();
        assert!(sessions.contains(last, 1));
        assert_eq!(sessions.0.lock().len(), MAX_SESSIONS);
    }
}
