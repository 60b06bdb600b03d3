//! A histogram whose observations take no lock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::family::MetricConstructor;
use prometheus_client::metrics::{MetricType, TypedMetric};

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
    pub(super) fn seconds() -> Self {
        Histogram::new(&SECONDS, 1e-9)
    }

    pub(super) fn bytes() -> Self {
        Histogram::new(&BYTES, 1.0)
    }

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
    pub(super) fn observe(&self, value: f64) {
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
        encoder.encode_histogram::<[(&str, &str); 0]>(sum, count, &pairs, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}
