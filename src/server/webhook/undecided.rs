//! Log lines for calls that no hook decides on. Parse Server refuses the saves behind them, and
//! nobody but the operator can tell why. One line of each kind every ten seconds, since anybody who
//! reaches the listener can cause them.

use std::sync::LazyLock;
use std::time::Instant;

use log::warn;

use crate::server::request_error::RequestError;

use super::log_throttle::LogThrottle;

/// Longest path that is logged, in bytes. Paths of a URL are ASCII.
const PATH_LENGTH: usize = 200;

/// Logs what a call that ended in `error` was about, and what to do.
pub(super) fn log(error: RequestError, path: &str) {
    let path = &path[..path.len().min(PATH_LENGTH)];
    match error {
        // Logged where it was found, with what is wrong.
        RequestError::Malformed => {}
        RequestError::Unauthorized => log_once_in_a_while(
            error.as_str(),
            "wrong or missing webhook key: PARSE_SERVER_WEBHOOK_KEY of this service and webhookKey of the Parse Server that calls must be the same",
        ),
        RequestError::NotFound => log_once_in_a_while(
            error.as_str(),
            &format!(
                "{path} is not served: Parse Server has a hook registered that no manifest names. `cloudinary-parse register --dry-run` shows it"
            ),
        ),
        RequestError::TooLarge => log_once_in_a_while(
            error.as_str(),
            &format!("the body for {path} is over CLOUDINARY_PARSE_MAX_BODY"),
        ),
        RequestError::Deadline => log_once_in_a_while(
            error.as_str(),
            &format!(
                "{path} took longer than CLOUDINARY_PARSE_READ_TIMEOUT or CLOUDINARY_PARSE_ANSWER_TIMEOUT"
            ),
        ),
        _ => log_once_in_a_while(error.as_str(), path),
    }
}

/// Logs what is wrong with a request that Parse Server does not send.
pub(super) fn log_malformed(text: &str) {
    log_once_in_a_while(RequestError::Malformed.as_str(), text);
}

fn log_once_in_a_while(kind: &'static str, text: &str) {
    static THROTTLE: LazyLock<LogThrottle> = LazyLock::new(LogThrottle::default);
    let admitted = THROTTLE.admit(kind, Instant::now());
    let kind = kind.replace('_', " ");
    match admitted {
        Some(0) => warn!("request not decided: {kind}: {text}"),
        Some(suppressed) => {
            warn!(
                "request not decided: {kind}: {text} ({suppressed} more since the last such line)"
            );
        }
        None => {}
    }
}
