//! Log lines that anybody who knows the URL can cause: one of a kind at once, then one in ten
//! seconds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(10);

/// When each kind was last said, and how often it was kept back since.
#[derive(Debug, Default)]
pub(super) struct Lines(Mutex<HashMap<&'static str, (Instant, u64)>>);

impl Lines {
    /// How many lines of this kind were kept back since the last one; `None`: this one is, too.
    pub(super) fn due(&self, kind: &'static str, now: Instant) -> Option<u64> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match lines.get_mut(kind) {
            Some((said, kept_back)) if now.duration_since(*said) < PAUSE => {
                *kept_back += 1;
                None
            }
            _ => Some(
                lines
                    .insert(kind, (now, 0))
                    .map_or(0, |(_, kept_back)| kept_back),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_one_of_a_kind_and_then_how_many_there_were() {
        let (lines, start) = (Lines::default(), Instant::now());
        assert_eq!(lines.due("a", start), Some(0));
        assert_eq!(lines.due("b", start), Some(0));
        for _ in 0..3 {
            assert_eq!(lines.due("a", start + PAUSE / 2), None);
        }
        assert_eq!(lines.due("a", start + PAUSE), Some(3));
        assert_eq!(lines.due("a", start + 2 * PAUSE), Some(0));
    }
}
