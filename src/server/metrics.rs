//! Prometheus metrics. No value of a user's or a path becomes a label; counting takes no lock on
//! the way of an accepted save.

mod decision_counts;
mod histogram;
mod history;
mod hook;
mod refusals;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::queue::Health;

use super::request_error::Failure;
use decision_counts::Tally;
use histogram::Histogram;

pub(super) use decision_counts::Totals;
pub(super) use history::{History, Minute, keep as keep_history};
pub(super) use hook::HookMetrics;
pub(super) use refusals::{Refusals, Refused};

/// Every metric of the process.
pub(super) struct Metrics {
    registry: Registry,
    decisions: Family<DecisionLabels, Counter>,
    latency: Family<HookLabels, Histogram, fn() -> Histogram>,
    failures: Family<ReasonLabels, Counter>,
    previous_webhook_key: Counter,
    previous_cloudinary_secret: Counter,
    in_flight: Gauge<i64, AtomicI64>,
    bodies: Histogram,
    unconfirmed: Counter,
    crowded_out: Counter,
    notifications: Family<NotificationLabels, Counter>,
    all_failures: AtomicU64,
    /// Of every hook that was ever served, so that sums never shrink.
    tallies: Mutex<BTreeMap<String, Arc<Tally>>>,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DecisionLabels {
    hook: String,
    field: String,
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct HookLabels {
    hook: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct NotificationLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

/// Counts a request as in flight while it lives.
pub(super) struct InFlight<'a>(&'a Gauge<i64, AtomicI64>);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("cloudinary_parse");
        let decisions = Family::default();
        registry.register(
            "decisions",
            "Decisions by hook, field, outcome and reason",
            decisions.clone(),
        );
        let latency = Family::new_with_constructor(Histogram::seconds as fn() -> Histogram);
        registry.register_with_unit(
            "answer",
            "Time from a request's head to its answer",
            Unit::Seconds,
            latency.clone(),
        );
        let failures = Family::default();
        registry.register(
            "failed_requests",
            "Requests that no hook decided on, by reason",
            failures.clone(),
        );
        let previous_keys = Family::<KindLabels, Counter>::default();
        registry.register(
            "previous_key_uses",
            "Uses of a key or secret that is being rotated out, by kind",
            previous_keys.clone(),
        );
        let in_flight = Gauge::default();
        registry.register("in_flight", "Requests being answered", in_flight.clone());
        let bodies = Histogram::bytes();
        registry.register_with_unit(
            "request_body",
            "Size of request bodies",
            Unit::Bytes,
            bodies.clone(),
        );
        let unconfirmed = Counter::default();
        registry.register(
            "unconfirmed_saves",
            "Saves let through by on_unreachable = \"accept\" while Cloudinary could not be asked",
            unconfirmed.clone(),
        );
        let crowded_out = Counter::default();
        registry.register(
            "crowded_out_connections",
            "Idle connections closed because there were nearly as many as there may be",
            crowded_out.clone(),
        );
        let notifications = Family::default();
        registry.register(
            "notifications",
            "Notifications of Cloudinary's, by type and whether a manifest has anything done about them",
            Family::clone(&notifications),
        );
        let previous = |kind| previous_keys.get_or_create_owned(&KindLabels { kind });
        Metrics {
            previous_webhook_key: previous("webhook_key"),
            previous_cloudinary_secret: previous("cloudinary_secret"),
            registry,
            decisions,
            latency,
            failures,
            in_flight,
            bodies,
            unconfirmed,
            crowded_out,
            notifications,
            all_failures: AtomicU64::new(0),
            tallies: Mutex::default(),
        }
    }

    pub(super) fn in_flight(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight(&self.in_flight)
    }

    pub(super) fn failed(&self, failure: Failure) {
        let reason = failure.as_str();
        self.failures.get_or_create(&ReasonLabels { reason }).inc();
        self.all_failures.fetch_add(1, Ordering::Relaxed);
    }

    fn tallies(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Tally>>> {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All decisions since the start.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals {
            failed: self.all_failures.load(Ordering::Relaxed),
            ..Totals::default()
        };
        for tally in self.tallies().values() {
            tally.add_to(&mut totals);
        }
        totals
    }

    pub(super) fn body(&self, bytes: usize) {
        self.bodies.observe(bytes as u64);
    }

    pub(super) fn previous_webhook_key(&self) {
        self.previous_webhook_key.inc();
    }

    pub(super) fn previous_cloudinary_secret(&self) {
        self.previous_cloudinary_secret.inc();
    }

    /// Counts a notification; types that nobody knows share a label.
    pub(super) fn notified(&self, kind: &str, queued: bool) {
        const KINDS: [&str; 6] = [
            "upload",
            "eager",
            "moderation",
            "moderation_summary",
            "rename",
            "delete",
        ];
        let kind = KINDS
            .into_iter()
            .find(|known| *known == kind)
            .unwrap_or("other");
        let outcome = if queued { "queued" } else { "ignored" };
        self.notifications
            .get_or_create(&NotificationLabels { kind, outcome })
            .inc();
    }

    pub(super) fn unconfirmed(&self) {
        self.unconfirmed.inc();
    }

    pub(super) fn crowded_out(&self, connections: usize) {
        self.crowded_out.inc_by(connections as u64);
    }

    /// The text that Prometheus scrapes.
    pub(super) fn text(&self, queue: Option<&Health>) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        if let Some(queue) = queue {
            queue.encode(&mut text)?;
        }
        encode_eof(&mut text)?;
        Ok(text)
    }
}
