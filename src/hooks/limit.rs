//! `[limit]`: how often a function may be called by one user and from one address.
//!
//! Each has a bucket of as many calls as the rate names, which refills evenly over its period:
//! `30/m` takes 30 calls at once, then one every two seconds. The buckets are this process's own.

use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::manifest::{CallLimit, Rate};
use crate::parse::envelope::{Envelope, User};

use super::refusal::Refusal;

/// Callers with a bucket of their own. 2 MB; a full bucket is none.
const MOST: usize = 1 << 16;
/// Buckets that the others share: with that many callers at once it is a flood, which must take
/// neither memory nor effect.
const SHARED: u64 = 1 << 10;
/// Calls between two searches for buckets that are full again.
const SWEEP_EVERY: u64 = 1 << 14;

/// The buckets of one function.
#[derive(Debug)]
pub struct Limits {
    limit: CallLimit,
    by_user: Option<Buckets>,
    by_address: Option<Buckets>,
}

struct Buckets<C: Clock = DefaultClock> {
    limiter: RateLimiter<u64, HashMapStateStore<u64>, C, NoOpMiddleware<C::Instant>>,
    hasher: RandomState,
    calls: AtomicU64,
}

/// Where a call comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Network {
    V4(Ipv4Addr),
    /// A /64: what one customer has at least, who may change the rest of an address at will.
    V6([u16; 4]),
    /// Parse Server named no address; all such calls count together.
    Unknown,
}

impl Limits {
    /// Full buckets.
    pub fn new(limit: CallLimit) -> Self {
        Limits {
            limit,
            by_user: limit.per_user.map(Buckets::new),
            by_address: limit.per_address.map(Buckets::new),
        }
    }

    /// What the manifest says; where it is unchanged, buckets may be kept.
    pub fn limit(&self) -> CallLimit {
        self.limit
    }

    /// Takes a call of `function` from its caller's buckets. A caller without a session has an
    /// address only.
    ///
    /// # Errors
    /// A [`Refusal`] that says when to try again, if a bucket is empty.
    pub(super) fn take(&self, function: &str, envelope: &Envelope<'_>) -> Result<(), Refusal> {
        let limited = |wait| Refusal::limited(function, wait);
        if let Some(buckets) = &self.by_address {
            let ip = envelope.ip();
            let network = ip.as_deref().map_or(Network::Unknown, Network::of);
            buckets.take(&network).map_err(limited)?;
        }
        if let Some(buckets) = &self.by_user
            && let Some(user) = envelope.user.as_ref().and_then(User::object_id)
        {
            buckets.take(&user).map_err(limited)?;
        }
        Ok(())
    }
}

impl Buckets {
    fn new(rate: Rate) -> Self {
        Buckets::with_clock(rate, DefaultClock::default())
    }
}

impl<C: Clock> Buckets<C> {
    fn with_clock(rate: Rate, clock: C) -> Self {
        let between = rate.period / rate.calls.get();
        // More than a call a nanosecond is no limit to speak of.
        let quota = Quota::with_period(between.max(Duration::from_nanos(1)));
        let quota = quota.unwrap_or(Quota::per_second(rate.calls));
        Buckets {
            limiter: RateLimiter::hashmap_with_clock(quota.allow_burst(rate.calls), clock),
            hasher: RandomState::new(),
            calls: AtomicU64::new(0),
        }
    }

    /// Takes one call; `Err` is the time until there is another.
    fn take(&self, caller: &impl Hash) -> Result<(), Duration> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        let mut key = self.hasher.hash_one(caller);
        if self.limiter.len() >= MOST {
            key %= SHARED;
        }
        let taken = self.limiter.check_key(&key);
        taken.map_err(|until| until.wait_time_from(self.limiter.clock().now()))
    }
}

impl<C: Clock> fmt::Debug for Buckets<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} buckets", self.limiter.len())
    }
}

impl Network {
    fn of(ip: &str) -> Network {
        let (address, _zone) = ip.split_once('%').unwrap_or((ip, ""));
        match address.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
            Ok(IpAddr::V4(v4)) => Network::V4(v4),
            Ok(IpAddr::V6(v6)) => {
                let [a, b, c, d, ..] = v6.segments();
                Network::V6([a, b, c, d])
            }
            Err(_) => Network::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn buckets(calls: u32, seconds: u64) -> (Buckets<FakeRelativeClock>, FakeRelativeClock) {
        let rate = Rate {
            calls: NonZeroU32::new(calls).unwrap(),
            period: Duration::from_secs(seconds),
        };
        let clock = FakeRelativeClock::default();
        (Buckets::with_clock(rate, clock.clone()), clock)
    }

    fn taken(buckets: &Buckets<FakeRelativeClock>, caller: &str, times: usize) -> usize {
        (0..times).filter(|_| buckets.take(&caller).is_ok()).count()
    }

    #[test]
    fn takes_a_burst_and_refills_evenly() {
        let (buckets, clock) = buckets(30, 60);
        assert_eq!(taken(&buckets, "u1", 100), 30);
        assert_eq!(buckets.take(&"u1"), Err(Duration::from_secs(2)));
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(buckets.take(&"u1"), Err(Duration::from_millis(500)));
        clock.advance(Duration::from_millis(500));
        assert_eq!(taken(&buckets, "u1", 100), 1);
        clock.advance(Duration::from_mins(1));
        assert_eq!(taken(&buckets, "u1", 100), 30);
    }

    #[test]
    fn counts_each_caller_alone() {
        let (buckets, _) = buckets(2, 60);
        for caller in ["u1", "u2", ""] {
            assert_eq!(taken(&buckets, caller, 5), 2, "{caller:?}");
        }
    }

    #[test]
    fn keeps_to_the_extremes_of_rates() {
        let (once_a_day, clock) = buckets(1, 86_400);
        assert_eq!(taken(&once_a_day, "u1", 3), 1);
        clock.advance(Duration::from_secs(86_399));
        assert_eq!(once_a_day.take(&"u1"), Err(Duration::from_secs(1)));
        let (unlimited, _) = buckets(u32::MAX, 1);
        assert_eq!(taken(&unlimited, "u1", 1_000), 1_000);
    }

    #[test]
    fn forgets_full_buckets() {
        let (buckets, clock) = buckets(1, 1);
        for caller in 0..SWEEP_EVERY - 1 {
            assert!(buckets.take(&caller).is_ok());
        }
        clock.advance(Duration::from_secs(2));
        assert!(buckets.take(&"the last").is_ok());
        assert_eq!(buckets.limiter.len(), 1);
    }

    #[test]
    fn a_flood_of_callers_takes_neither_memory_nor_effect() {
        let (buckets, _) = buckets(1, 86_400);
        let callers = u64::try_from(MOST).unwrap() * 2;
        let through = (0..callers).filter(|c| buckets.take(c).is_ok()).count();
        let most = MOST + usize::try_from(SHARED).unwrap();
        assert!(through <= most, "{through}");
        assert!(buckets.limiter.len() <= most, "{}", buckets.limiter.len());
    }

    #[test]
    fn counts_an_address_as_what_its_owner_cannot_change() {
        let v4 = Network::V4(Ipv4Addr::new(192, 0, 2, 1));
        let v6 = Network::V6([0x2001, 0xdb8, 1, 2]);
        for (ip, expected) in [
            ("192.0.2.1", v4),
            ("::ffff:192.0.2.1", v4),
            ("2001:db8:1:2::1", v6),
            ("2001:db8:1:2:ffff:ffff:ffff:ffff", v6),
            ("2001:db8:1:3::1", Network::V6([0x2001, 0xdb8, 1, 3])),
            ("fe80::1%eth0", Network::V6([0xfe80, 0, 0, 0])),
            ("::1", Network::V6([0; 4])),
            ("", Network::Unknown),
            ("unknown", Network::Unknown),
            ("192.0.2.1:443", Network::Unknown),
            ("192.0.2.256", Network::Unknown),
        ] {
            assert_eq!(Network::of(ip), expected, "{ip}");
        }
    }
}
