//! When a job that failed is tried again, and when it is given up.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Longest pause between two tries.
const LONGEST: u64 = 3600;

/// Tries before a job that somebody refuses is dead. A refusal may be a mistake in transit once;
/// five times it is not.
const REFUSALS: usize = 5;

/// Tries before a job is dead that Parse Server or Cloudinary cannot be reached for: about four
/// days.
const OUTAGES: usize = 100;

/// Why a job failed, by what may mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// A key is wrong, or its rights: the operator mends it, and until then the job waits.
    Key,
    /// Somebody cannot be reached, or has no time.
    Outage,
    /// Somebody refuses.
    Refusal,
    /// The job is not in this version's words.
    Unreadable,
}

impl Failure {
    /// Whether a job that has failed so `tries` times is given up.
    pub(super) fn is_final(self, tries: usize) -> bool {
        match self {
            Self::Key => false,
            Self::Outage => tries >= OUTAGES,
            Self::Refusal => tries >= REFUSALS,
            Self::Unreadable => true,
        }
    }
}

/// How long to wait after the try number `tries` (from 1), `chance` being evenly spread: 5, 10, 10,
/// 20, 40 … seconds, then an hour, a part of each left to chance so that jobs that failed together
/// do not come back together.
pub(super) fn back_off(tries: usize, chance: u64) -> Duration {
    let longest = match tries {
        0 | 1 => 5,
        2 | 3 => 10,
        _ => u32::try_from(tries - 3)
            .ok()
            .and_then(|doublings| 10_u64.checked_shl(doublings.min(32)))
            .unwrap_or(LONGEST)
            .min(LONGEST),
    };
    let milliseconds = longest * 1000;
    let least = milliseconds / 2;
    Duration::from_millis(least + chance % (milliseconds - least + 1))
}

/// A number that differs between jobs and nodes; nothing secret depends on it.
pub(super) fn chance(seed: &str) -> u64 {
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let mut mixed = u64::from(clock.subsec_nanos()) ^ 0xcbf2_9ce4_8422_2325;
    for byte in seed.bytes() {
        mixed = (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_back_offs_are_at_most_ten_seconds_and_none_is_over_an_hour() {
        for (tries, shortest, longest) in [
            (1, 2500, 5_000),
            (2, 5_000, 10_000),
            (3, 5_000, 10_000),
            (4, 10_000, 20_000),
            (5, 20_000, 40_000),
            (12, 1_800_000, 3_600_000),
            (1000, 1_800_000, 3_600_000),
        ] {
            for chance in [0, 1, 4_999, u64::MAX] {
                let wait = back_off(tries, chance).as_millis();
                assert!((shortest..=longest).contains(&wait), "{tries}: {wait}");
            }
        }
    }

    #[test]
    fn chance_spreads_a_back_off_over_all_of_its_second_half() {
        for (tries, chance, expected) in [
            (1, 0, 2_500),
            (1, 1, 2_501),
            (1, 2_500, 5_000),
            (1, 2_501, 2_500),
            (4, 10_000, 20_000),
            (4, 10_001, 10_000),
        ] {
            let wait = back_off(tries, chance).as_millis();
            assert_eq!(wait, expected, "{tries} {chance}");
        }
    }

    #[test]
    fn a_wrong_key_never_kills_a_job_but_refusals_do() {
        assert!(!Failure::Key.is_final(1_000_000));
        assert!(!Failure::Outage.is_final(99));
        assert!(Failure::Outage.is_final(100));
        assert!(!Failure::Refusal.is_final(4));
        assert!(Failure::Refusal.is_final(5));
        assert!(Failure::Unreadable.is_final(1));
    }
}
