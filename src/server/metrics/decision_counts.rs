//! How often a hook decided what. The console reads these; `/metrics` has the same numbers by field
//! and reason.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::metrics::counter::Counter;

use crate::hooks::Reason;
use crate::server::request_error::UNDECIDED;

/// The decisions of one hook since the start.
pub(super) struct DecisionCounts {
    as_sent: Counter,
    answered: Counter,
    /// In the order of [`Reason::ALL`].
    refused: [AtomicU64; Reason::ALL.len()],
}

/// Decisions since the start, or of one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::server) struct Totals {
    pub(in crate::server) accepted: u64,
    /// By reason, in the order of [`Reason::ALL`].
    pub(in crate::server) refused: [u64; Reason::ALL.len()],
    /// Requests that no hook decided on, in the order of [`UNDECIDED`].
    pub(in crate::server) failed: [u64; UNDECIDED.len()],
}

impl DecisionCounts {
    /// Counts accepted requests in two counters of `/metrics`.
    pub(super) fn new(as_sent: Counter, answered: Counter) -> Self {
        DecisionCounts {
            as_sent,
            answered,
            refused: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    pub(super) fn accepted(&self, answered: bool) {
        let counter = if answered {
            &self.answered
        } else {
            &self.as_sent
        };
        counter.inc();
    }

    pub(super) fn refused(&self, reason: Reason) {
        self.refused[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_to(&self, totals: &mut Totals) {
        totals.accepted += self.as_sent.get() + self.answered.get();
        for (total, count) in totals.refused.iter_mut().zip(&self.refused) {
            *total += count.load(Ordering::Relaxed);
        }
    }
}

impl Totals {
    pub(in crate::server) fn all_refused(&self) -> u64 {
        self.refused.iter().sum()
    }

    pub(in crate::server) fn all_failed(&self) -> u64 {
        self.failed.iter().sum()
    }

    /// What was added since the totals were `before`.
    pub(super) fn since(&self, before: &Totals) -> Totals {
        Totals {
            accepted: self.accepted.saturating_sub(before.accepted),
            refused: growth(self.refused, before.refused),
            failed: growth(self.failed, before.failed),
        }
    }
}

fn growth<const N: usize>(counts: [u64; N], before: [u64; N]) -> [u64; N] {
    std::array::from_fn(|index| counts[index].saturating_sub(before[index]))
}
