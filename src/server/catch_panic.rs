//! A panic is a bug of ours; to Parse Server it must be a refusal, not a broken connection.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use super::request_error::Failure;

/// Runs `work`; a panic in it becomes [`Failure::Panic`].
pub(super) fn catch<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> impl Future<Output = Result<T, Failure>> {
    // What a panic leaves half-done lies in this request's future, which is dropped.
    let result = AssertUnwindSafe(work).catch_unwind();
    result.map(|result| result.unwrap_or(Err(Failure::Panic)))
}
