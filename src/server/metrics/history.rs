//! The decisions of the last hour, minute by minute.
//!
//! Once a minute the totals are read and their growth is kept, so a decision costs nothing extra.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::unix_time;

use super::decision_counts::Totals;

/// How many minutes are kept, including the current one.
const MINUTES: usize = 60;

/// The decisions of one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) struct Minute {
    /// When it began, in seconds since 1970.
    pub(in crate::server) start: u64,
    pub(in crate::server) counts: Totals,
}

/// The last hour.
pub(in crate::server) struct History(Mutex<Hour>);

struct Hour {
    /// The minutes that are over, oldest first.
    past: VecDeque<Minute>,
    /// When the current minute began.
    start: u64,
    /// The totals when it began.
    before: Totals,
}

impl History {
    /// Starts at `now`, in seconds since 1970, with totals of zero.
    pub(in crate::server) fn new(now: u64) -> Self {
        History(Mutex::new(Hour {
            past: VecDeque::with_capacity(MINUTES),
            start: start_of_minute(now),
            before: Totals::default(),
        }))
    }

    fn end_minute(&self, now: u64, totals: &Totals) {
        let mut hour = self.0.lock();
        if hour.past.len() == MINUTES - 1 {
            hour.past.pop_front();
        }
        let minute = hour.current(totals);
        hour.past.push_back(minute);
        hour.start = start_of_minute(now);
        hour.before = *totals;
    }

    /// Ends minute after minute, for as long as it is polled.
    pub(in crate::server) async fn keep(&self, totals: impl Fn() -> Totals) {
        loop {
            tokio::time::sleep(Duration::from_secs(60 - unix_time() % 60)).await;
            self.end_minute(unix_time(), &totals());
        }
    }

    /// The minutes of the hour before `now`, oldest first, ending with the current one.
    pub(in crate::server) fn last_hour(&self, now: u64, totals: &Totals) -> Vec<Minute> {
        let hour = self.0.lock();
        let oldest = start_of_minute(now).saturating_sub(60 * (MINUTES as u64 - 1));
        let all = hour.past.iter().copied().chain([hour.current(totals)]);
        all.filter(|minute| minute.start >= oldest).collect()
    }
}

impl Hour {
    fn current(&self, totals: &Totals) -> Minute {
        Minute {
            start: self.start,
            counts: totals.since(&self.before),
        }
    }
}

fn start_of_minute(now: u64) -> u64 {
    now - now % 60
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
