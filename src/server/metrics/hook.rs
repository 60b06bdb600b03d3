//! The metrics of one hook.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use crate::hooks::{Reason, Refusal};

use super::decision_counts::{DecisionCounts, Totals};
use super::labels::DecisionLabels;
use super::latency::Latency;

/// Counts what one hook decides.
pub(in crate::server) struct HookMetrics {
    pub(super) name: String,
    pub(super) counts: Arc<DecisionCounts>,
    pub(super) latency: Histogram,
    pub(super) decisions: Family<DecisionLabels, Counter>,
    pub(super) refusals: Vec<FieldRefusals>,
}

/// The refusals that are about one field, or about none. Each counter is made at its first use,
/// because a lookup in the family takes a lock and allocates its labels.
pub(super) struct FieldRefusals {
    field: Option<String>,
    by_reason: [OnceLock<Counter>; Reason::ALL.len()],
}

impl FieldRefusals {
    pub(super) fn new(field: Option<&str>) -> Self {
        FieldRefusals {
            field: field.map(str::to_owned),
            by_reason: [const { OnceLock::new() }; Reason::ALL.len()],
        }
    }
}

impl HookMetrics {
    /// A request was accepted, as the client sent it or with an answer of ours.
    pub(in crate::server) fn accepted(&self, answered: bool) {
        self.counts.accepted(answered);
    }

    pub(in crate::server) fn refused(&self, refusal: &Refusal) {
        self.counts.refused(refusal.reason);
        let counter = || {
            self.decisions.get_or_create_owned(&DecisionLabels {
                hook: self.name.clone(),
                field: refusal.field.clone().unwrap_or_default(),
                outcome: "refused",
                reason: refusal.reason.as_str(),
            })
        };
        let known = self.refusals.iter().find(|r| r.field == refusal.field);
        match known {
            Some(refusals) => refusals.by_reason[refusal.reason as usize]
                .get_or_init(counter)
                .inc(),
            None => counter().inc(),
        };
    }

    /// A trial of `doctor`'s was refused, which is no refusal of a client's.
    pub(in crate::server) fn tried(&self) {
        let labels = DecisionLabels {
            hook: self.name.clone(),
            field: String::new(),
            outcome: "doctor",
            reason: "",
        };
        self.decisions.get_or_create(&labels).inc();
    }

    pub(in crate::server) fn answered(&self, took: Duration) {
        self.latency.observe(took.as_secs_f64());
    }

    /// How long its answers took since the start.
    pub(in crate::server) fn latency(&self) -> Result<Latency, fmt::Error> {
        Latency::of(&self.latency)
    }

    /// Decisions since the start.
    pub(in crate::server) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.counts.add_to(&mut totals);
        totals
    }
}
