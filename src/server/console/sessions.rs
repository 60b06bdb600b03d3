//! Sessions of browsers that have shown the token: in this process's memory, so that signing out
//! ends one for good.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::random;

/// How long a session lasts, in seconds.
pub(super) const SECONDS: u64 = 12 * 3_600;

/// Most sessions at once; beyond them the oldest ends.
const MOST: usize = 256;

/// The sessions in force. Their digests, so that the time of a look-up says nothing about a
/// session.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<[u8; 32], u64>>);

impl Sessions {
    /// A new session at `now`, in seconds; `None` if the system has no random numbers.
    pub(super) fn begin(&self, now: u64) -> Option<String> {
        let session = random::hex_256()?;
        let mut ends = self.ends();
        ends.retain(|_, end| now < *end);
        if ends.len() >= MOST
            && let Some(first) = ends.iter().min_by_key(|(_, end)| **end)
        {
            let first = *first.0;
            ends.remove(&first);
        }
        ends.insert(digest(&session), now + SECONDS);
        Some(session)
    }

    /// Whether it is in force at `now`.
    pub(super) fn holds(&self, session: &str, now: u64) -> bool {
        let ends = self.ends();
        ends.get(&digest(session)).is_some_and(|end| now < *end)
    }

    /// Ends it.
    pub(super) fn end(&self, session: &str) {
        self.ends().remove(&digest(session));
    }

    fn ends(&self) -> MutexGuard<'_, HashMap<[u8; 32], u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert!(sessions.holds(&one, 1_000 + SECONDS - 1));
        assert!(!sessions.holds(&one, 1_000 + SECONDS));
        sessions.end(&one);
        assert!(!sessions.holds(&one, 1_000));
        assert!(sessions.holds(&other, 1_000));
        for made_up in ["", "x", &one, &other[1..], &other.to_uppercase()] {
            assert!(!sessions.holds(made_up, 1_000), "{made_up}");
        }
    }

    #[test]
    fn there_are_never_more_than_a_few() {
        let sessions = Sessions::default();
        let first = sessions.begin(0).unwrap();
        let rest: Vec<_> = (1..=MOST as u64).map(|now| sessions.begin(now)).collect();
        assert!(!sessions.holds(&first, 1));
        let last = rest.last().unwrap().as_ref().unwrap();
        assert!(sessions.holds(last, 1));
        assert_eq!(sessions.ends().len(), MOST);
    }
}
