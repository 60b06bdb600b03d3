//! How long most answers of a hook take, from its histogram.

use std::fmt;

use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The answers of a hook since the start.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::server) struct Latency {
    /// The upper end of each bucket in seconds, and how many answers were not slower; the last one
    /// has no end.
    buckets: Vec<(f64, u64)>,
}

impl Latency {
    /// The crate shows what a histogram holds in the text for Prometheus and nowhere else.
    pub(super) fn of(histogram: &Histogram) -> Result<Self, fmt::Error> {
        let mut registry = Registry::default();
        registry.register("latency", "", histogram.clone());
        let mut text = String::new();
        encode_registry(&mut text, &registry)?;
        let buckets = text.lines().filter_map(bucket).collect();
        Ok(Latency { buckets })
    }

    /// How many answers there were.
    pub(in crate::server) fn count(&self) -> u64 {
        self.buckets.last().map_or(0, |(_, count)| *count)
    }

    /// Seconds within which `share` of the answers were given: the end of the bucket that holds the
    /// slowest of them. `None` where that is slower than every bucket, or there are no answers.
    #[allow(clippy::cast_precision_loss, reason = "no service counts 2^53 answers")]
    pub(in crate::server) fn within(&self, share: f64) -> Option<f64> {
        let wanted = (self.count() as f64 * share).max(1.0);
        let (end, _) = self.buckets.iter().find(|(_, c)| *c as f64 >= wanted)?;
        end.is_finite().then_some(*end)
    }
}

/// `latency_bucket{le="0.001"} 12`
fn bucket(line: &str) -> Option<(f64, u64)> {
    let rest = line.strip_prefix("latency_bucket{le=\"")?;
    let (end, count) = rest.split_once("\"} ")?;
    let end = if end == "+Inf" {
        f64::INFINITY
    } else {
        end.parse().ok()?
    };
    Some((end, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency(seconds: &[f64]) -> Latency {
        let histogram = Histogram::new([0.000_025, 0.001, 0.1]);
        for &seconds in seconds {
            histogram.observe(seconds);
        }
        Latency::of(&histogram).unwrap()
    }

    #[test]
    fn reads_every_bucket() {
        let buckets = [(0.000_025, 1), (0.001, 1), (0.1, 2), (f64::INFINITY, 3)];
        let latency = latency(&[0.000_01, 0.05, 7.0]);
        assert_eq!(latency.buckets, buckets);
        assert_eq!(latency.count(), 3);
    }

    #[test]
    fn is_the_end_of_the_bucket_that_holds_the_slowest() {
        let mut seconds = vec![0.000_01; 95];
        seconds.extend([0.05; 5]);
        let most = latency(&seconds);
        assert_eq!(most.within(0.5), Some(0.000_025));
        assert_eq!(most.within(0.95), Some(0.000_025));
        assert_eq!(most.within(0.96), Some(0.1));
        assert_eq!(latency(&[0.05]).within(0.5), Some(0.1));
    }

    #[test]
    fn is_unknown_beyond_the_last_bucket_and_without_answers() {
        assert_eq!(latency(&[7.0]).within(0.5), None);
        assert_eq!(latency(&[]).within(0.5), None);
        assert_eq!(latency(&[]).count(), 0);
    }
}
