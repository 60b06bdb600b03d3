//! Whether the queue and its dependencies work, for `/ready` and `/metrics`.

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

use super::store::QueueCounts;

/// A dependency whose failure keeps jobs from being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    /// The queue's own database.
    Queue,
    /// Parse Server, its master key included.
    ParseServer,
    /// Cloudinary's API.
    Cloudinary,
}

const DEPENDENCIES: [Dependency; 3] = [
    Dependency::Queue,
    Dependency::ParseServer,
    Dependency::Cloudinary,
];

/// The states that jobs are counted in; those that are due are among those that wait.
const JOB_STATES: [&str; 3] = ["waiting", "due", "dead"];

/// Shared by those who report and those who show.
#[derive(Debug, Clone)]
pub struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    /// What is wrong with each, in the order of [`DEPENDENCIES`].
    troubles: Mutex<[Option<String>; 3]>,
    pushes: Family<OutcomeLabels, Counter>,
    tries: Family<OutcomeLabels, Counter>,
    jobs: Family<StateLabels, Gauge<i64, AtomicI64>>,
    up: Family<DependencyLabels, Gauge<i64, AtomicI64>>,
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
struct DependencyLabels {
    dependency: &'static str,
}

impl Dependency {
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

    /// Appends its metrics to a text that has no `# EOF` yet.
    ///
    /// # Errors
    /// The text cannot be written to.
    pub fn encode(&self, text: &mut String) -> fmt::Result {
        encode_registry(text, &self.0.registry)
    }

    /// Each dependency and what is wrong with it.
    pub fn checks(&self) -> impl Iterator<Item = (Dependency, Option<String>)> {
        let troubles = self.0.troubles.lock();
        let troubles = troubles.unwrap_or_else(PoisonError::into_inner).clone();
        DEPENDENCIES.into_iter().zip(troubles)
    }

    /// What is wrong with one of them.
    pub fn trouble(&self, dependency: Dependency) -> Option<String> {
        self.checks().find(|(other, _)| *other == dependency)?.1
    }

    /// How many jobs the last count found, by state; empty before the first count.
    pub fn jobs(&self) -> Vec<(&'static str, i64)> {
        let count = |state| {
            let gauge = self.0.jobs.get(&StateLabels { state })?;
            Some((state, gauge.get()))
        };
        JOB_STATES.into_iter().filter_map(count).collect()
    }

    pub(super) fn pushed(&self, error: Option<&dyn fmt::Display>) {
        let outcome = if error.is_some() {
            "failed"
        } else {
            "accepted"
        };
        self.0
            .pushes
            .get_or_create(&OutcomeLabels { outcome })
            .inc();
        self.report(Dependency::Queue, error);
    }

    pub(super) fn tried(&self, outcome: &'static str) {
        self.0.tries.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    pub(super) fn counted(&self, counts: QueueCounts) {
        let counts = [counts.waiting, counts.due, counts.dead];
        for (state, count) in JOB_STATES.into_iter().zip(counts) {
            self.0.jobs.get_or_create(&StateLabels { state }).set(count);
        }
    }

    /// Notes how the last use of a dependency went; a line is logged when that changes.
    pub(super) fn report(&self, dependency: Dependency, trouble: Option<&dyn fmt::Display>) {
        let name = dependency.name();
        self.0
            .up
            .get_or_create(&DependencyLabels { dependency: name })
            .set(i64::from(trouble.is_none()));
        let mut troubles = self
            .0
            .troubles
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let slot = &mut troubles[dependency as usize];
        let now = trouble.map(ToString::to_string);
        if *slot == now {
            return;
        }
        match &now {
            Some(trouble) => warn!("{name}: {trouble}"),
            None => info!("{name}: in order again"),
        }
        *slot = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dependency_keeps_its_own_trouble_until_it_works_again() {
        let health = Health::new();
        let troubles = || DEPENDENCIES.map(|dependency| health.trouble(dependency));
        assert_eq!(troubles(), [None, None, None]);
        health.report(Dependency::ParseServer, Some(&"down"));
        health.report(Dependency::Cloudinary, Some(&"full"));
        let (down, full) = (Some("down".to_owned()), Some("full".to_owned()));
        assert_eq!(troubles(), [None, down, full.clone()]);
        health.report(Dependency::ParseServer, None);
        assert_eq!(troubles(), [None, None, full]);
        health.pushed(Some(&"disk"));
        assert_eq!(health.trouble(Dependency::Queue), Some("disk".to_owned()));
        health.pushed(None);
        assert_eq!(health.trouble(Dependency::Queue), None);
    }

    #[test]
    fn jobs_are_shown_once_they_have_been_counted() {
        let health = Health::new();
        assert_eq!(health.jobs(), []);
        let counts = QueueCounts {
            waiting: 5,
            due: 3,
            dead: 2,
        };
        health.counted(counts);
        let expected = [("waiting", 5), ("due", 3), ("dead", 2)];
        assert_eq!(health.jobs(), expected);
    }

    #[test]
    fn metrics_say_what_was_pushed_and_what_is_up() {
        let health = Health::new();
        health.pushed(None);
        health.pushed(Some(&"disk"));
        health.pushed(Some(&"disk"));
        health.report(Dependency::Cloudinary, Some(&"full"));
        health.report(Dependency::ParseServer, None);
        health.tried("dead");
        let mut text = String::new();
        health.encode(&mut text).unwrap();
        for line in [
            "queue_pushes_total{outcome=\"accepted\"} 1",
            "queue_pushes_total{outcome=\"failed\"} 2",
            "queue_dependency_up{dependency=\"queue\"} 0",
            "queue_dependency_up{dependency=\"cloudinary\"} 0",
            "queue_dependency_up{dependency=\"parse_server\"} 1",
            "queue_tries_total{outcome=\"dead\"} 1",
        ] {
            let line = format!("cloudinary_parse_{line}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
    }
}
