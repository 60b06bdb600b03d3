//! Limits log lines that anybody who knows the URL can cause: one of each kind every ten seconds.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

const INTERVAL: Duration = Duration::from_secs(10);

/// When each kind was last logged, and how many lines were suppressed since.
#[derive(Debug, Default)]
pub(super) struct LogThrottle(Mutex<HashMap<&'static str, (Instant, u64)>>);

impl LogThrottle {
    /// How many lines of this kind were suppressed since the last one; `None` suppresses this one
    /// too.
    pub(super) fn admit(&self, kind: &'static str, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock();
        if let Some((logged, suppressed)) = kinds.get_mut(kind)
            && now.duration_since(*logged) < INTERVAL
        {
            *suppressed += 1;
            return None;
        }
        let last = kinds.insert(kind, (now, 0));
        Some(last.map_or(0, |(_, suppressed)| suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_one_of_a_kind_and_then_says_how_many_were_suppressed() {
        let (throttle, start) = (LogThrottle::default(), Instant::now());
        assert_eq!(throttle.admit("a", start), Some(0));
        assert_eq!(throttle.admit("b", start), Some(0));
        for _ in 0..3 {
            assert_eq!(throttle.admit("a", start + INTERVAL / 2), None);
        }
        assert_eq!(throttle.admit("a", start + INTERVAL), Some(3));
        assert_eq!(throttle.admit("a", start + 2 * INTERVAL), Some(0));
    }
}
