//! How the queue and those it depends on are, for `/ready` and `/metrics`.

use std::fmt;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError};

use log::{info, warn};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::store::Counts;

/// Somebody whose trouble keeps jobs from being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The queue's own database.
    Queue,
    /// Parse Server, its master key included.
    ParseServer,
    /// Cloudinary's API.
    Cloudinary,
}

const CHECKS: [Check; 3] = [Check::Queue, Check::ParseServer, Check::Cloudinary];

/// What jobs are counted by; those that are due are among those that wait.
const JOB_STATES: [&str; 3] = ["waiting", "due", "dead"];

/// Shared by whoever reports and whoever shows.
#[derive(Debug, Clone)]
pub struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    /// What is wrong with each, in the order of [`CHECKS`].
    troubles: Mutex<[Option<String>; 3]>,
    pushes: Family<OutcomeLabels, Counter>,
    tries: Family<OutcomeLabels, Counter>,
    jobs: Family<StateLabels, Gauge<i64, AtomicI64>>,
    up: Family<CheckLabels, Gauge<i64, AtomicI64>>,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CheckLabels {
    dependency: &'static str,
}

impl Check {
    /// The name in `/ready` and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::ParseServer => "parse_server",
            Self::Cloudinary => "cloudinary",
        }
    }
}

impl Health {
    pub(super) fn new() -> Self {
        let (pushes, tries) = (Family::default(), Family::default());
        let (jobs, up) = (Family::default(), Family::default());
        let mut registry = Registry::with_prefix("cloudinary_parse");
        registry.register(
            "queue_pushes",
            "Jobs handed to the queue, by outcome",
            Family::clone(&pushes),
        );
        registry.register(
            "queue_tries",
            "Tries of jobs, by outcome",
            Family::clone(&tries),
        );
        registry.register(
            "queue_jobs",
            "Jobs in the queue, by state",
            Family::clone(&jobs),
        );
        registry.register(
            "queue_dependency_up",
            "Whether its last use went well",
            Family::clone(&up),
        );
        for outcome in ["accepted", "failed"] {
            let _ = Family::get_or_create(&pushes, &OutcomeLabels { outcome });
        }
        Self(Arc::new(Inner {
            registry,
            troubles: Mutex::default(),
            pushes,
            tries,
            jobs,
            up,
        }))
    }

    /// Adds its metrics to a text that is not ended yet.
    ///
    /// # Errors
    /// The text takes no more.
    pub fn encode(&self, text: &mut String) -> fmt::Result {
        encode_registry(text, &self.0.registry)
    }

    /// Each check and what is wrong with it.
    pub fn checks(&self) -> impl Iterator<Item = (Check, Option<String>)> {
        let troubles = self.0.troubles.lock();
        let troubles = troubles.unwrap_or_else(PoisonError::into_inner).clone();
        CHECKS.into_iter().zip(troubles)
    }

    /// What is wrong with one of them.
    pub fn trouble(&self, check: Check) -> Option<String> {
        self.checks().find(|(other, _)| *other == check)?.1
    }

    /// How many jobs there were when they were last counted, by state; nothing before the first
    /// count.
    pub fn jobs(&self) -> Vec<(&'static str, i64)> {
        let count = |state| {
            let gauge = self.0.jobs.get(&StateLabels { state })?;
            Some((state, gauge.get()))
        };
        JOB_STATES.into_iter().filter_map(count).collect()
    }

    pub(super) fn pushed(&self, error: Option<&super::QueueError>) {
        let outcome = if error.is_some() {
            "failed"
        } else {
            "accepted"
        };
        self.0
            .pushes
            .get_or_create(&OutcomeLabels { outcome })
            .inc();
        self.report(Check::Queue, error.map(|error| error as &dyn fmt::Display));
    }

    pub(super) fn tried(&self, outcome: &'static str) {
        self.0.tries.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    pub(super) fn counted(&self, counts: Counts) {
        let counts = [counts.waiting, counts.due, counts.dead];
        for (state, count) in JOB_STATES.into_iter().zip(counts) {
            self.0.jobs.get_or_create(&StateLabels { state }).set(count);
        }
    }

    /// Notes how the last use went; a line is logged when that changes.
    pub(super) fn report(&self, check: Check, trouble: Option<&dyn fmt::Display>) {
        let dependency = check.name();
        self.0
            .up
            .get_or_create(&CheckLabels { dependency })
            .set(i64::from(trouble.is_none()));
        let mut troubles = self
            .0
            .troubles
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let slot = &mut troubles[check as usize];
        let now = trouble.map(ToString::to_string);
        if *slot == now {
            return;
        }
        match &now {
            Some(trouble) => warn!("{dependency}: {trouble}"),
            None => info!("{dependency}: in order again"),
        }
        *slot = now;
    }
}
