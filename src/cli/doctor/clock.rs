//! How far apart two clocks are.

use super::report::{Check, Report};
use crate::clock::unix_time;

/// More than NTP ever leaves. Cloudinary accepts a signed upload for an hour, and a guard accepts
/// identifiers up to 5 minutes ahead.
const TOLERATED_SECONDS: i64 = 60;

/// When a question was asked and answered, by this machine's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    asked: i64,
    answered: i64,
}

impl Span {
    /// Waits for an answer.
    pub(super) async fn of<T>(question: impl Future<Output = T>) -> (Self, T) {
        let asked = now();
        let answer = question.await;
        let answered = now();
        (Self { asked, answered }, answer)
    }

    /// How many seconds the clock that answered `date` is ahead of this one, negative if behind:
    /// the least that fits, because a date has no fractions and may be of any moment in between.
    fn ahead(self, date: u64) -> i64 {
        let date = i64::try_from(date).unwrap_or(i64::MAX);
        let (least, most) = (
            date.saturating_sub(self.answered + 1),
            date.saturating_sub(self.asked) + 1,
        );
        if least > 0 { least } else { most.min(0) }
    }
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    i64::try_from(unix_time()).unwrap_or(i64::MAX)
}

/// Compares this machine's clock with `whose`.
pub(super) fn compare(
    check: Check,
    whose: &str,
    span: Span,
    date: Option<u64>,
    report: &mut Report,
) {
    let Some(date) = date else {
        return report.skipped(check, format_args!("{whose} does not send the time"));
    };
    let ahead = span.ahead(date);
    if ahead.abs() <= TOLERATED_SECONDS {
        return report.good(check, format_args!("within {TOLERATED_SECONDS} s"));
    }
    let direction = if ahead > 0 { "behind" } else { "ahead of" };
    report.bad(
        check,
        format_args!(
            "this machine's clock is {} s {direction} {whose}'s",
            ahead.abs()
        ),
        "synchronise the clocks (chrony, systemd-timesyncd): otherwise new pictures look too old or from the future, and Cloudinary refuses signed uploads",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_least_difference_that_fits() {
        let span = Span {
            asked: 1000,
            answered: 1002,
        };
        for (date, expected) in [
            (1000, 0),
            (1001, 0),
            (1003, 0),
            (999, 0),
            (998, -1),
            (1004, 1),
            (1603, 600),
            (0, -999),
        ] {
            assert_eq!(span.ahead(date), expected, "{date}");
        }
    }
}
