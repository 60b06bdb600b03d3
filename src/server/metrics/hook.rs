//! What is counted of one hook.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use crate::hooks::{Reason, Refusal};

use super::decision_counts::{Tally, Totals};
use super::histogram::Histogram;
use super::{DecisionLabels, HookLabels, Metrics};

/// The metrics of one hook.
pub(in crate::server) struct HookMetrics {
    name: String,
    tally: Arc<Tally>,
    latency: Histogram,
    decisions: Family<DecisionLabels, Counter>,
    /// By field and reason, each made at its first use: the family's own lookup takes a lock and
    /// new labels.
    refused: Vec<(Option<String>, [OnceLock<Counter>; Reason::ALL.len()])>,
}

impl HookMetrics {
    /// The metrics of the hook with this name, which guards these fields.
    pub(in crate::server) fn new<'f>(
        metrics: &Metrics,
        name: &str,
        fields: impl Iterator<Item = &'f str>,
    ) -> Self {
        let decision = |outcome| {
            let labels = DecisionLabels {
                hook: name.to_owned(),
                field: String::new(),
                outcome,
                reason: "",
            };
            metrics.decisions.get_or_create_owned(&labels)
        };
        let labels = HookLabels {
            hook: name.to_owned(),
        };
        HookMetrics {
            name: name.to_owned(),
            tally: metrics
                .tallies()
                .entry(name.to_owned())
                .or_insert_with(|| Arc::new(Tally::new(decision("as_sent"), decision("answered"))))
                .clone(),
            latency: metrics.latency.get_or_create_owned(&labels),
            decisions: metrics.decisions.clone(),
            refused: [None]
                .into_iter()
                .chain(fields.map(|field| Some(field.to_owned())))
                .map(|field| (field, [const { OnceLock::new() }; Reason::ALL.len()]))
                .collect(),
        }
    }

    /// A request was let through: as the client sent it, or with an answer of ours.
    pub(in crate::server) fn accepted(&self, answered: bool) {
        self.tally.accepted(answered);
    }

    /// Decisions since the start.
    pub(in crate::server) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.tally.add_to(&mut totals);
        totals
    }

    pub(in crate::server) fn refused(&self, refusal: &Refusal) {
        self.tally.refused(refusal.reason);
        let counter = || {
            self.decisions.get_or_create_owned(&DecisionLabels {
                hook: self.name.clone(),
                field: refusal.field.clone().unwrap_or_default(),
                outcome: "refused",
                reason: refusal.reason.as_str(),
            })
        };
        let known = self.refused.iter().find(|(f, _)| *f == refusal.field);
        match known {
            Some((_, by_reason)) => by_reason[refusal.reason as usize]
                .get_or_init(counter)
                .inc(),
            None => counter().inc(),
        };
    }

    pub(in crate::server) fn answered(&self, took: Duration) {
        let nanoseconds = u64::try_from(took.as_nanos());
        self.latency.observe(nanoseconds.unwrap_or(u64::MAX));
    }
}
