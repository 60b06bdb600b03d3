//! Counts wrong tokens by address.
//!
//! A few are free, because people mistype. After that, tokens from the address are checked one at a
//! time, with a delay, until its minute is over; those that arrive meanwhile are refused unchecked.
//! So guessing is slow, and the right token still works from an address that others guess from.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use parking_lot::Mutex;

/// Wrong tokens that an address may send within [`WINDOW`] before it is slowed down.
const FREE_ATTEMPTS: u32 = 10;

/// Seconds after which the count of an address starts again.
const WINDOW: u64 = 60;

/// Most addresses that are counted. One more drops the oldest.
const MAX_ADDRESSES: usize = 1_024;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<IpAddr, Count>>);

#[derive(Debug, Clone, Copy)]
struct Count {
    since: u64,
    wrong: u32,
    /// A token from there is being checked with a delay.
    is_busy: bool,
}

/// A token that may be checked now.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    attempts: &'a Attempts,
    address: IpAddr,
    /// Whether it must be checked with a delay.
    pub(super) is_slow: bool,
}

impl Attempts {
    /// Permission to check a token from `address` at `now`, in seconds. `None` while another one from
    /// there is checked with a delay.
    pub(super) fn begin(&self, address: IpAddr, now: u64) -> Option<Attempt<'_>> {
        let address = network(address);
        let mut counts = self.0.lock();
        let slow = counts
            .get_mut(&address)
            .filter(|count| now < count.since + WINDOW && count.wrong >= FREE_ATTEMPTS);
        let is_slow = slow.is_some();
        if let Some(count) = slow {
            if count.is_busy {
                return None;
            }
            count.is_busy = true;
        }
        Some(Attempt {
            attempts: self,
            address,
            is_slow,
        })
    }
}

impl Attempt<'_> {
    /// The token was wrong.
    pub(super) fn wrong(&self, now: u64) {
        let mut counts = self.attempts.0.lock();
        if counts.len() >= MAX_ADDRESSES && !counts.contains_key(&self.address) {
            let oldest = counts.iter().min_by_key(|(_, count)| count.since);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                counts.remove(&oldest);
            }
        }
        let fresh = Count {
            since: now,
            wrong: 0,
            is_busy: false,
        };
        let count = counts.entry(self.address).or_insert(fresh);
        if now >= count.since + WINDOW {
            count.since = now;
            count.wrong = 0;
        }
        count.wrong = count.wrong.saturating_add(1);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.is_slow
            && let Some(count) = self.attempts.0.lock().get_mut(&self.address)
        {
            count.is_busy = false;
        }
    }
}

/// The addresses that are counted as one: of IPv6 a /64, any address of which one machine may use.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn guess(attempts: &Attempts, from: &str, times: u32, now: u64) {
        for _ in 0..times {
            attempts.begin(address(from), now).unwrap().wrong(now);
        }
    }

    #[test]
    fn the_eleventh_wrong_token_of_a_minute_is_slow_and_alone() {
        let attempts = Attempts::default();
        guess(&attempts, "192.0.2.1", FREE_ATTEMPTS, 100);
        for now in [100, 159] {
            let slow = attempts.begin(address("192.0.2.1"), now).unwrap();
            assert!(slow.is_slow);
            assert!(attempts.begin(address("192.0.2.1"), now).is_none());
            drop(slow);
        }
        let later = attempts.begin(address("192.0.2.1"), 160).unwrap();
        assert!(!later.is_slow);
    }

    #[test]
    fn wrong_tokens_in_a_slow_minute_do_not_make_it_longer() {
        let attempts = Attempts::default();
        guess(&attempts, "192.0.2.1", FREE_ATTEMPTS + 50, 100);
        assert!(!attempts.begin(address("192.0.2.1"), 160).unwrap().is_slow);
    }

    #[test]
    fn other_addresses_are_not_slowed_down() {
        let attempts = Attempts::default();
        guess(&attempts, "192.0.2.1", FREE_ATTEMPTS, 100);
        guess(&attempts, "2001:db8::1", FREE_ATTEMPTS, 100);
        for (from, is_slow) in [
            ("192.0.2.2", false),
            ("::ffff:192.0.2.1", true),
            ("2001:db8::2", true),
            ("2001:db8:0:1::1", false),
        ] {
            let attempt = attempts.begin(address(from), 100).unwrap();
            assert_eq!(attempt.is_slow, is_slow, "{from}");
        }
    }

    #[test]
    fn counts_a_bounded_number_of_addresses() {
        let attempts = Attempts::default();
        for number in 0..5_000_u32 {
            let from = IpAddr::V4(number.into());
            attempts
                .begin(from, 100)
                .unwrap()
                .wrong(100 + u64::from(number));
        }
        assert_eq!(attempts.0.lock().len(), MAX_ADDRESSES);
        assert!(attempts.0.lock().contains_key(&IpAddr::V4(4_999.into())));
    }
}
