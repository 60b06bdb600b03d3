//! When a job that failed is tried again, and when it is given up.

use std::time::Duration;

use super::failure::{Cause, JobFailure};

/// Longest pause between two tries.
const LONGEST: u64 = 3600;

/// Tries before a job is dead that Parse Server or Cloudinary refuses: one refusal may be an
/// accident on the way, five are not.
const REFUSALS: usize = 5;

/// Tries before a job is dead because Parse Server or Cloudinary cannot be reached: about four
/// days.
const OUTAGES: usize = 100;

/// When a job is tried again whose try number `tries` (from 1) has failed, in seconds since 1970;
/// `None`: it is given up.
pub(super) fn next_try(failure: &JobFailure, tries: usize, now: u64) -> Option<u64> {
    if is_final(failure.cause, tries) {
        return None;
    }
    let pause = back_off(tries, fastrand::u64(..)).as_secs();
    Some((now + pause).max(failure.not_before))
}

fn is_final(cause: Cause, tries: usize) -> bool {
    match cause {
        Cause::Key => false,
        Cause::Outage => tries >= OUTAGES,
        Cause::Refusal => tries >= REFUSALS,
        Cause::Unreadable => true,
    }
}

/// How long to wait after the try number `tries` (from 1): 5, 10, 10, 20, 40 … seconds, at most an
/// hour. Up to half of it is taken away by `chance`, so that jobs that failed together do not come
/// back together.
fn back_off(tries: usize, chance: u64) -> Duration {
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
        let next = |cause, tries| next_try(&JobFailure::new(cause, "x"), tries, 1_000);
        for (cause, last) in [
            (Cause::Outage, 100),
            (Cause::Refusal, 5),
            (Cause::Unreadable, 1),
        ] {
            assert!(last == 1 || next(cause, last - 1).is_some(), "{cause:?}");
            assert_eq!(next(cause, last), None, "{cause:?}");
        }
        assert!(next(Cause::Key, 1_000_000).is_some());
    }

    #[test]
    fn no_job_is_tried_before_the_time_that_its_failure_names() {
        let failure = JobFailure {
            not_before: 50_000,
            ..JobFailure::outage("x")
        };
        assert_eq!(next_try(&failure, 1, 1_000), Some(50_000));
        let next = next_try(&failure, 1, 60_000).unwrap();
        assert!((60_002..=60_005).contains(&next), "{next}");
    }
}
