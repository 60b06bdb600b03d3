//! A histogram whose observations take no lock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::family::MetricConstructor;
use prometheus_client::metrics::{MetricType, TypedMetric};

/// Upper bounds of the latency buckets, in nanoseconds.
const NANOSECONDS: [u64; 12] = [
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    5_000_000,
    25_000_000,
    100_000_000,
    500_000_000,
    2_000_000_000,
    10_000_000_000,
];
/// Upper bounds of the body size buckets, in bytes.
const BYTES: [u64; 8] = [
    1 << 10,
    1 << 12,
    1 << 14,
    1 << 16,
    1 << 18,
    1 << 20,
    1 << 22,
    1 << 24,
];

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
    bounds: &'static [u64],
    counts: Vec<AtomicU64>,
    sum: AtomicU64,
    /// How many of what is counted make one of what is shown.
    per_unit: f64,
}

impl Histogram {
    pub(super) fn seconds() -> Self {
        Histogram::new(&NANOSECONDS, 1e9)
    }

    pub(super) fn bytes() -> Self {
        Histogram::new(&BYTES, 1.0)
    }

    fn new(bounds: &'static [u64], per_unit: f64) -> Self {
        Histogram(Arc::new(Buckets {
            bounds,
            counts: bounds
                .iter()
                .map(|_| AtomicU64::new(0))
                .chain([AtomicU64::new(0)])
                .collect(),
            sum: AtomicU64::new(0),
            per_unit,
        }))
    }

    /// Counts `value`, in nanoseconds or bytes.
    pub(super) fn observe(&self, value: u64) {
        let buckets = &*self.0;
        let index = buckets.bounds.partition_point(|bound| *bound < value);
        buckets.counts[index].fetch_add(1, Ordering::Relaxed);
        buckets.sum.fetch_add(value, Ordering::Relaxed);
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
        let bounds = buckets.bounds.iter();
        let bounds = bounds.map(|bound| *bound as f64 / buckets.per_unit);
        let bounds = bounds.chain([f64::INFINITY]);
        let pairs: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let count = pairs.iter().map(|(_, count)| count).sum();
        let sum = buckets.sum.load(Ordering::Relaxed) as f64 / buckets.per_unit;
        encoder.encode_histogram::<[(&str, &str); 0]>(sum, count, &pairs, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}
