//! To Parse Server a panic must be a refusal, not a broken connection.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use super::request_error::RequestError;

/// Runs `work`. A panic in it becomes [`RequestError::Panic`].
pub(super) fn catch_panic<T>(
    work: impl Future<Output = Result<T, RequestError>>,
) -> impl Future<Output = Result<T, RequestError>> {
    // Whatever the panic leaves half-done is inside this future, which is dropped.
    let result = AssertUnwindSafe(work).catch_unwind();
    result.map(|result| result.unwrap_or(Err(RequestError::Panic)))
}
