//! Cloudinary: credentials and clock.

use super::TIMEOUT;
use super::clock::{self, Span};
use super::report::{Check, Report};
use crate::cloudinary::account::Account;
use crate::cloudinary::client::{ApiClient, ApiError};

/// Whether key and secret are good.
pub(super) enum Ping {
    /// Not asked: `--offline`.
    Offline,
    /// Not asked: no account.
    NoAccount,
    /// They are not, or Cloudinary does not answer.
    Failed(ApiError),
    /// They are.
    Answered {
        api: String,
        span: Span,
        date: Option<u64>,
    },
}

impl Ping {
    /// Asks Cloudinary, unless `offline`.
    pub(super) async fn send(account: Option<&Account>, offline: bool) -> Self {
        let client = match account {
            _ if offline => return Self::Offline,
            None => return Self::NoAccount,
            Some(account) => ApiClient::new(account, TIMEOUT),
        };
        let client = match client {
            Ok(client) => client,
            Err(error) => return Self::Failed(error),
        };
        let (span, date) = Span::of(client.ping()).await;
        match date {
            Ok(date) => Self::Answered {
                api: client.api(),
                span,
                date,
            },
            Err(error) => Self::Failed(error),
        }
    }

    fn why_not(&self) -> Option<&'static str> {
        match self {
            Self::Offline => Some("not asked: --offline"),
            Self::NoAccount => Some("not asked: see \"configuration\""),
            Self::Failed(_) => Some("not told: see \"Cloudinary\""),
            Self::Answered { .. } => None,
        }
    }

    /// Reports how far Cloudinary's clock is from this machine's.
    pub(super) fn tell_clock(&self, report: &mut Report) {
        match self {
            Self::Answered { span, date, .. } => {
                clock::compare(Check::CloudinaryClock, "Cloudinary", *span, *date, report);
            }
            _ => report.skipped(Check::CloudinaryClock, self.why_not().unwrap_or_default()),
        }
    }

    /// Reports whether key and secret are good.
    pub(super) fn tell(&self, report: &mut Report) {
        match self {
            Self::Answered { api, .. } => {
                report.good(
                    Check::Cloudinary,
                    format_args!("{api} takes key and secret"),
                );
            }
            Self::Failed(error) => report.bad(Check::Cloudinary, error, remedy(error)),
            _ => report.skipped(Check::Cloudinary, self.why_not().unwrap_or_default()),
        }
    }
}

/// What to do about `error`, where its own words do not say it.
fn remedy(error: &ApiError) -> &'static str {
    match error {
        ApiError::Unreachable { .. } | ApiError::Timeout { .. } | ApiError::Client { .. } => {
            "let this machine through to Cloudinary (HTTPS_PROXY names a proxy), correct upload_prefix in CLOUDINARY_URL, or leave this check out with --offline"
        }
        ApiError::RateLimited { .. } => "run this again when the rate limit starts anew",
        ApiError::Refused { .. } => {
            "check the cloud name and upload_prefix in CLOUDINARY_URL, and that the key may use the Admin API"
        }
        ApiError::Unauthorized { .. } => {
            "copy CLOUDINARY_URL from the Cloudinary console, under API Keys"
        }
        ApiError::Credentials | ApiError::Prefix | ApiError::NotCloudinary { .. } => "",
    }
}
