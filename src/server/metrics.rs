//! Prometheus metrics, and what the console shows beside them: the last hour and the last refusals.

mod decision_counts;
mod history;
mod hook;
mod labels;
mod latency;
mod refusals;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

use crate::queue::Health;

use super::request_error::{RequestError, UNDECIDED};
use decision_counts::DecisionCounts;
use hook::FieldRefusals;
use labels::{DecisionLabels, HookLabels, NotificationLabels, ReasonLabels, SecretLabels};

pub(super) use decision_counts::Totals;
pub(super) use history::{History, Minute};
pub(super) use hook::HookMetrics;
pub(super) use latency::Latency;
pub(super) use refusals::{RecentRefusals, Refused};

/// Every metric of the process.
pub(super) struct Metrics {
    registry: Registry,
    decisions: Family<DecisionLabels, Counter>,
    latency: Family<HookLabels, Histogram, fn() -> Histogram>,
    failures: Family<ReasonLabels, Counter>,
    previous_webhook_key: Counter,
    previous_cloudinary_secret: Counter,
    previous_notification: Counter,
    in_flight: Gauge<i64, AtomicI64>,
    bodies: Histogram,
    unconfirmed: Counter,
    evicted_connections: Counter,
    notifications: Family<NotificationLabels, Counter>,
    /// Calls without a decision, in the order of [`UNDECIDED`].
    undecided: [AtomicU64; UNDECIDED.len()],
    /// Of every hook that was ever served, so that sums never shrink.
    counts_by_hook: Mutex<BTreeMap<String, Arc<DecisionCounts>>>,
}

/// Counts a request as in flight while it lives.
pub(super) struct InFlight<'a>(&'a Gauge<i64, AtomicI64>);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn latency_histogram() -> Histogram {
    Histogram::new([
        0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 2.0, 10.0,
    ])
}

/// From 1 KiB to 16 MiB.
fn size_histogram() -> Histogram {
    Histogram::new((10..=24).step_by(2).map(|power| f64::from(1 << power)))
}

fn registered<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("cloudinary_parse");
        let latency = Family::new_with_constructor(latency_histogram as fn() -> Histogram);
        registry.register_with_unit(
            "answer",
            "Time from a request's head to its answer",
            Unit::Seconds,
            latency.clone(),
        );
        let bodies = size_histogram();
        registry.register_with_unit(
            "request_body",
            "Size of request bodies",
            Unit::Bytes,
            bodies.clone(),
        );
        let previous_secrets = registered(
            &mut registry,
            "previous_key_uses",
            "Uses of a key or secret that is being rotated out, by kind",
            Family::<SecretLabels, Counter>::default(),
        );
        let previous = |kind| previous_secrets.get_or_create_owned(&SecretLabels { kind });
        Metrics {
            previous_webhook_key: previous("webhook_key"),
            previous_cloudinary_secret: previous("cloudinary_secret"),
            previous_notification: previous("notification"),
            decisions: registered(
                &mut registry,
                "decisions",
                "Decisions by hook, field, outcome and reason",
                Family::default(),
            ),
            failures: registered(
                &mut registry,
                "failed_requests",
                "Requests that no hook decided on, by reason",
                Family::default(),
            ),
            in_flight: registered(
                &mut registry,
                "in_flight",
                "Requests being answered",
                Gauge::default(),
            ),
            unconfirmed: registered(
                &mut registry,
                "unconfirmed_saves",
                "Saves accepted by on_unreachable = \"accept\" while Cloudinary could not be asked",
                Counter::default(),
            ),
            evicted_connections: registered(
                &mut registry,
                "crowded_out_connections",
                "Idle connections closed to stay below CLOUDINARY_PARSE_MAX_CONNECTIONS",
                Counter::default(),
            ),
            notifications: registered(
                &mut registry,
                "notifications",
                "Notifications from Cloudinary, by type and whether a manifest acts on them",
                Family::default(),
            ),
            registry,
            latency,
            bodies,
            undecided: Default::default(),
            counts_by_hook: Mutex::default(),
        }
    }

    /// The metrics of the hook with this name, which guards these fields.
    pub(super) fn hook<'f>(
        &self,
        name: &str,
        fields: impl Iterator<Item = &'f str>,
    ) -> HookMetrics {
        let hook = name.to_owned();
        let decision = |outcome| {
            self.decisions.get_or_create_owned(&DecisionLabels {
                hook: hook.clone(),
                field: String::new(),
                outcome,
                reason: "",
            })
        };
        let mut counts_by_hook = self.counts_by_hook.lock();
        let counts = counts_by_hook.entry(hook.clone()).or_insert_with(|| {
            let (as_sent, answered) = (decision("as_sent"), decision("answered"));
            Arc::new(DecisionCounts::new(as_sent, answered))
        });
        HookMetrics {
            counts: counts.clone(),
            latency: self
                .latency
                .get_or_create_owned(&HookLabels { hook: hook.clone() }),
            decisions: self.decisions.clone(),
            refusals: [None]
                .into_iter()
                .chain(fields.map(Some))
                .map(FieldRefusals::new)
                .collect(),
            name: hook,
        }
    }

    pub(super) fn in_flight(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight(&self.in_flight)
    }

    pub(super) fn failed(&self, error: RequestError) {
        let reason = error.as_str();
        self.failures.get_or_create(&ReasonLabels { reason }).inc();
        if let Some(kind) = error.undecided() {
            self.undecided[kind].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a call of `doctor`'s, which is answered but not held against anybody.
    pub(super) fn probed(&self) {
        let reason = RequestError::Probe.as_str();
        self.failures.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// All decisions since the start.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals {
            failed: std::array::from_fn(|kind| self.undecided[kind].load(Ordering::Relaxed)),
            ..Totals::default()
        };
        for counts in self.counts_by_hook.lock().values() {
            counts.add_to(&mut totals);
        }
        totals
    }

    #[allow(clippy::cast_precision_loss, reason = "no body has 2^53 bytes")]
    pub(super) fn body(&self, bytes: usize) {
        self.bodies.observe(bytes as f64);
    }

    pub(super) fn previous_webhook_key(&self) {
        self.previous_webhook_key.inc();
    }

    pub(super) fn previous_cloudinary_secret(&self) {
        self.previous_cloudinary_secret.inc();
    }

    /// A notification that the previous secret signed: Cloudinary goes on with the oldest key for
    /// as long as that is active, which says nothing about the app's uploads.
    pub(super) fn previous_notification(&self) {
        self.previous_notification.inc();
    }

    /// Counts a notification. Unknown types share one label.
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

    pub(super) fn evicted_connections(&self, connections: usize) {
        self.evicted_connections.inc_by(connections as u64);
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
