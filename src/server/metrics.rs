//! Prometheus metrics. No value of a user's or a path becomes a label; counting takes no lock on the way of an accepted save.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::{Registry, Unit};

use crate::hooks::Refusal;
use crate::queue::Health;

use super::reply::Failure;

/// Upper bounds of the latency buckets, in seconds.
const SECONDS: [f64; 12] = [
    0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 2.0, 10.0,
];
/// Upper bounds of the body size buckets, in bytes.
const BYTES: [f64; 8] = [
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
];

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
    notifications: Family<NotificationLabels, Counter>,
}

/// The metrics of one hook.
pub(super) struct HookMetrics {
    name: String,
    as_sent: Counter,
    answered_with: Counter,
    latency: Histogram,
    decisions: Family<DecisionLabels, Counter>,
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
        let latency = Family::new_with_constructor(seconds as fn() -> Histogram);
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
        let bodies = Histogram::new(&BYTES, 1.0);
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
            notifications,
        }
    }

    /// The metrics of the hook with this name.
    pub(super) fn hook(&self, name: &str) -> HookMetrics {
        let decision = |outcome| {
            let labels = DecisionLabels {
                hook: name.to_owned(),
                field: String::new(),
                outcome,
                reason: "",
            };
            self.decisions.get_or_create_owned(&labels)
        };
        let labels = HookLabels {
            hook: name.to_owned(),
        };
        HookMetrics {
            name: name.to_owned(),
            as_sent: decision("as_sent"),
            answered_with: decision("answered"),
            latency: self.latency.get_or_create_owned(&labels),
            decisions: self.decisions.clone(),
        }
    }

    pub(super) fn in_flight(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight(&self.in_flight)
    }

    pub(super) fn failed(&self, failure: Failure) {
        let reason = failure.as_str();
        self.failures.get_or_create(&ReasonLabels { reason }).inc();
    }

    #[allow(clippy::cast_precision_loss, reason = "a body is far below 2^52 bytes")]
    pub(super) fn body(&self, bytes: usize) {
        self.bodies.observe(bytes as f64);
    }

    pub(super) fn previous_webhook_key(&self) {
        self.previous_webhook_key.inc();
    }

    pub(super) fn previous_cloudinary_secret(&self) {
        self.previous_cloudinary_secret.inc();
    }

    /// Counts a notification; types that nobody knows share a label.
    pub(super) fn notified(&self, kind: &str, queued: bool) {
        const KINDS: [&str; 5] = ["upload", "eager", "moderation", "rename", "delete"];
        let kind = KINDS.into_iter().find(|known| *known == kind).unwrap_or("other");
        let outcome = if queued { "queued" } else { "ignored" };
        self.notifications.get_or_create(&NotificationLabels { kind, outcome }).inc();
    }

    pub(super) fn unconfirmed(&self) {
        self.unconfirmed.inc();
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

impl HookMetrics {
    /// A request was let through: as the client sent it, or with an answer of ours.
    pub(super) fn accepted(&self, answered: bool) {
        let counter = if answered {
            &self.answered_with
        } else {
            &self.as_sent
        };
        counter.inc();
    }

    pub(super) fn refused(&self, refusal: &Refusal) {
        let labels = DecisionLabels {
            hook: self.name.clone(),
            field: refusal.field.clone().unwrap_or_default(),
            outcome: "refused",
            reason: refusal.reason.as_str(),
        };
        self.decisions.get_or_create(&labels).inc();
    }

    pub(super) fn answered(&self, took: Duration) {
        self.latency.observe(took.as_secs_f64());
    }
}

fn seconds() -> Histogram {
    Histogram::new(&SECONDS, 1e-9)
}

impl MetricConstructor<Histogram> for Histogram {
    fn new_metric(&self) -> Histogram {
        self.clone()
    }
}

/// A histogram of atomics: `prometheus-client`'s own takes a lock at each observation.
#[derive(Debug, Clone)]
pub(super) struct Histogram(Arc<Buckets>);

#[derive(Debug)]
struct Buckets {
    bounds: &'static [f64],
    counts: Vec<AtomicU64>,
    /// The sum in multiples of `unit`, so that it can be added to atomically.
    sum: AtomicU64,
    unit: f64,
}

impl Histogram {
    fn new(bounds: &'static [f64], unit: f64) -> Self {
        Histogram(Arc::new(Buckets {
            bounds,
            counts: bounds
                .iter()
                .map(|_| AtomicU64::new(0))
                .chain([AtomicU64::new(0)])
                .collect(),
            sum: AtomicU64::new(0),
            unit,
        }))
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "observations are times and sizes: positive and far below 2^64 units"
    )]
    fn observe(&self, value: f64) {
        let buckets = &*self.0;
        let index = buckets.bounds.partition_point(|bound| *bound < value);
        buckets.counts[index].fetch_add(1, Ordering::Relaxed);
        let units = (value / buckets.unit).round() as u64;
        buckets.sum.fetch_add(units, Ordering::Relaxed);
    }
}

impl EncodeMetric for Histogram {
    #[allow(
        clippy::cast_precision_loss,
        reason = "what a double can tell is enough"
    )]
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let buckets = &*self.0;
        let counts = buckets.counts.iter().map(|c| c.load(Ordering::Relaxed));
        let bounds = buckets.bounds.iter().copied().chain([f64::INFINITY]);
        let pairs: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let count = pairs.iter().map(|(_, count)| count).sum();
        let sum = buckets.sum.load(Ordering::Relaxed) as f64 * buckets.unit;
        encoder.encode_histogram::<HookLabels>(sum, count, &pairs, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}
