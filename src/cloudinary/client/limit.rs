//! The account's limit of Admin API calls, as every answer announces it.

use reqwest::header::HeaderMap;

use crate::http;

/// Seconds after which a limit that does not say so starts anew.
const UNSAID: u64 = 60;

/// What the latest answer announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AdminCallLimit {
    total: u64,
    remaining: u64,
    /// When it starts anew, in seconds since 1970.
    reset: u64,
}

impl AdminCallLimit {
    /// Reads an answer that was got at `now`, in seconds since 1970.
    pub(super) fn read(headers: &HeaderMap, now: u64) -> Option<Self> {
        let number = |name| headers.get(name)?.to_str().ok()?.trim().parse().ok();
        Some(Self {
            total: number("x-featureratelimit-limit")?,
            remaining: number("x-featureratelimit-remaining")?,
            reset: reset(headers).unwrap_or(now + UNSAID),
        })
    }

    /// When a caller may go on that leaves half of the calls to others; `None` if at once.
    pub(super) fn half_used_until(self, now: u64) -> Option<u64> {
        let leaves_half = self.remaining > self.total / 2;
        (!leaves_half && now < self.reset).then_some(self.reset)
    }
}

/// When the limit starts anew.
pub(super) fn reset(headers: &HeaderMap) -> Option<u64> {
    http::date(headers.get("x-featureratelimit-reset")?.to_str().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(headers: &[(&'static str, &'static str)]) -> Option<AdminCallLimit> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        AdminCallLimit::read(&headers.collect(), 1000)
    }

    #[test]
    fn half_of_the_announced_calls_is_left_until_the_limit_starts_anew() {
        const RESET: &str = "Thu, 01 Jan 1970 01:00:00 GMT";
        for (total, remaining, now, expected) in [
            ("500", "251", 1000, None),
            ("500", "250", 1000, Some(3600)),
            ("500", "0", 3599, Some(3600)),
            ("500", "0", 3600, None),
            ("1", "1", 1000, None),
        ] {
            let limit = limit(&[
                ("x-featureratelimit-limit", total),
                ("x-featureratelimit-remaining", remaining),
                ("x-featureratelimit-reset", RESET),
            ]);
            assert_eq!(
                limit.unwrap().half_used_until(now),
                expected,
                "{remaining} of {total}"
            );
        }
    }

    #[test]
    fn what_is_not_announced_is_no_limit_and_an_unsaid_reset_is_soon() {
        assert_eq!(limit(&[("x-featureratelimit-limit", "500")]), None);
        assert_eq!(
            limit(&[
                ("x-featureratelimit-limit", "-1"),
                ("x-featureratelimit-remaining", "5")
            ]),
            None
        );
        let unsaid = limit(&[
            ("x-featureratelimit-limit", "9"),
            ("x-featureratelimit-remaining", "1"),
        ]);
        assert_eq!(unsaid.unwrap().half_used_until(1000), Some(1060));
    }
}
