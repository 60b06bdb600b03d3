//! Durations, sizes and rates as people write them.

use std::num::NonZeroU32;
use std::time::Duration;

/// `30/m`: so many calls in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls in a period.
    pub calls: NonZeroU32,
    /// A second, minute, hour or day.
    pub period: Duration,
}

/// Reads `500ms`, `10s`, `2m`, `1h` or `7d`; zero is no duration.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(unit_at);
    let count: u64 = count.parse().ok().filter(|&count| count > 0)?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(count)),
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    count.checked_mul(seconds).map(Duration::from_secs)
}

/// What [`parse_duration`] takes.
pub(crate) const DURATION_FORM: &str = "a duration such as 500ms, 10s, 2m, 1h or 7d";

/// `16MiB`, `4mb`, `512k`, `1000000`: binary with an `i`, and, as Parse Server reads
/// `maxUploadSize`, without one too.
pub(crate) fn parse_size(text: &str) -> Option<usize> {
    let text = text.to_ascii_lowercase();
    let unit_at = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (count, unit) = text.split_at(unit_at);
    let factor = match unit.trim_start() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    let count: usize = count.parse().ok().filter(|count| *count > 0)?;
    count.checked_mul(factor)
}

/// What [`parse_size`] takes.
pub(crate) const SIZE_FORM: &str = "a number of bytes, or a size such as \"5MiB\" or \"500k\"";

/// Reads `30/m`: calls a second, minute, hour or day.
pub(crate) fn parse_rate(text: &str) -> Option<Rate> {
    let (calls, period) = text.split_once('/')?;
    let calls: NonZeroU32 = calls
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| calls.parse().ok())??;
    let period = match period {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    Some(Rate {
        calls,
        period: Duration::from_secs(period),
    })
}

/// What [`parse_rate`] takes.
pub(crate) const RATE_FORM: &str = "a rate such as 30/m (s, m, h or d)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        let cases = [
            ("500ms", 500),
            ("1s", 1000),
            ("010s", 10_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("7d", 604_800_000),
        ];
        for (text, millis) in cases {
            assert_eq!(
                parse_duration(text),
                Some(Duration::from_millis(millis)),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in [
            "",
            "10",
            "s",
            "0s",
            "-1s",
            "+1s",
            "1.5s",
            "1 s",
            "1S",
            "1sec",
            "1h30m",
            " 1s",
            "1s ",
            "1w",
            "1µs",
            "99999999999999999999s",
            "999999999999999999d",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn reads_rates() {
        for (text, calls, seconds) in [
            ("1/s", 1, 1),
            ("30/m", 30, 60),
            ("5/h", 5, 3600),
            ("9/d", 9, 86_400),
        ] {
            let rate = parse_rate(text).unwrap();
            assert_eq!(
                (rate.calls.get(), rate.period.as_secs()),
                (calls, seconds),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_rate() {
        for text in [
            "",
            "30",
            "/m",
            "30/",
            "0/m",
            "-1/m",
            "+1/m",
            "30/min",
            "30 / m",
            "1.5/m",
            "m/30",
            "4294967296/m",
        ] {
            assert_eq!(parse_rate(text), None, "{text}");
        }
    }
}
