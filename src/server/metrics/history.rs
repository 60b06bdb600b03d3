//! The last hour, minute by minute, and how it is cut out of counters that only ever grow.
//!
//! Nobody counts here: once a minute the sums of the counters are read and the difference is kept.
//! So a decision costs nothing more.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::unix_time;
use crate::server::state::State;

use super::decision_counts::Totals;

/// How many minutes are kept, the one under way included.
const MINUTES: usize = 60;

/// The decisions of one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) struct Minute {
    /// Its begin, in seconds since 1970.
    pub(in crate::server) start: u64,
    pub(in crate::server) counts: Totals,
}

/// The minutes that are over, and what the counters were when the last one ended.
pub(in crate::server) struct History(Mutex<Kept>);

struct Kept {
    minutes: VecDeque<Minute>,
    start: u64,
    before: Totals,
}

impl History {
    /// Begins at `now`, in seconds since 1970, with counters at zero.
    pub(in crate::server) fn new(now: u64) -> Self {
        History(Mutex::new(Kept {
            minutes: VecDeque::with_capacity(MINUTES),
            start: begin_of_minute(now),
            before: Totals::default(),
        }))
    }

    fn end_minute(&self, now: u64, totals: &Totals) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.minutes.len() == MINUTES - 1 {
            kept.minutes.pop_front();
        }
        let minute = kept.under_way(totals);
        kept.minutes.push_back(minute);
        kept.start = begin_of_minute(now);
        kept.before = *totals;
    }

    /// The minutes of the hour before `now`, oldest first; the last one is under way.
    pub(in crate::server) fn last_hour(&self, now: u64, totals: &Totals) -> Vec<Minute> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = begin_of_minute(now).saturating_sub(60 * (MINUTES as u64 - 1));
        let all = kept.minutes.iter().copied().chain([kept.under_way(totals)]);
        all.filter(|minute| minute.start >= oldest).collect()
    }
}

impl Kept {
    fn under_way(&self, totals: &Totals) -> Minute {
        Minute {
            start: self.start,
            counts: totals.since(&self.before),
        }
    }
}

fn begin_of_minute(now: u64) -> u64 {
    now - now % 60
}

/// Ends minute after minute for as long as it is polled.
pub(in crate::server) async fn keep(state: &State) {
    loop {
        tokio::time::sleep(Duration::from_secs(60 - unix_time() % 60)).await;
        state
            .history
            .end_minute(unix_time(), &state.metrics.totals());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accepted: u64) -> Totals {
        Totals {
            accepted,
            ..Totals::default()
        }
    }

    fn seen(history: &History, now: u64, total: u64) -> Vec<(u64, u64)> {
        let minutes = history.last_hour(now, &accepted(total));
        let pairs = minutes.iter().map(|m| (m.start, m.counts.accepted));
        pairs.collect()
    }

    #[test]
    fn shows_what_each_minute_added() {
        let history = History::new(6_030);
        assert_eq!(seen(&history, 6_031, 3), [(6_000, 3)]);
        history.end_minute(6_060, &accepted(5));
        assert_eq!(seen(&history, 6_061, 5), [(6_000, 5), (6_060, 0)]);
        history.end_minute(6_120, &accepted(12));
        assert_eq!(
            seen(&history, 6_121, 13),
            [(6_000, 5), (6_060, 7), (6_120, 1)]
        );
    }

    #[test]
    fn keeps_an_hour_and_no_more() {
        let history = History::new(0);
        for minute in 1..=200 {
            history.end_minute(60 * minute, &accepted(minute));
        }
        let minutes = seen(&history, 12_030, 200);
        assert_eq!(minutes.len(), MINUTES);
        assert_eq!(minutes[0], (12_000 - 59 * 60, 1));
        assert_eq!(minutes[MINUTES - 1], (12_000, 0));
    }

    #[test]
    fn forgets_what_is_over_an_hour_old_after_a_pause_of_the_machine() {
        let history = History::new(0);
        history.end_minute(60, &accepted(9));
        history.end_minute(90_000, &accepted(9));
        assert_eq!(seen(&history, 90_010, 10), [(90_000, 1)]);
    }
}
