//! Reading a request's body within its limits.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::sync::Notify;

use crate::server::request_error::RequestError;

/// When a connection was accepted. Its first request's head and body share one deadline.
pub(in crate::server) struct ConnectionStart {
    accepted: Instant,
    used: Cell<bool>,
}

impl ConnectionStart {
    pub(in crate::server) fn now() -> Self {
        ConnectionStart {
            accepted: Instant::now(),
            used: Cell::new(false),
        }
    }
}

/// Reads the whole body.
///
/// # Errors
/// [`RequestError::TooLarge`] over `limit` bytes, [`RequestError::Deadline`] if it has not arrived
/// within `timeout` (for the first request of a connection, counted from its start),
/// [`RequestError::BadRequest`] if it breaks off.
pub(in crate::server) async fn read(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
    timeout: Duration,
) -> Result<Bytes, RequestError> {
    let declared = request.headers().get(CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(RequestError::TooLarge);
    }
    let start = request.conn_data::<ConnectionStart>();
    let first = start.filter(|start| !start.used.replace(true));
    let spent = first.map_or(Duration::ZERO, |start| start.accepted.elapsed());
    let mut collecting = pin!(collect(payload, limit, declared));
    if let Some(body) = within_two_polls(collecting.as_mut()).await {
        return body;
    }
    match tokio::time::timeout(timeout.saturating_sub(spent), collecting).await {
        Ok(body) => body,
        Err(_) => Err(RequestError::Deadline),
    }
}

/// Wakes requests between their two polls that their connection has not polled again.
static REMINDER: Notify = Notify::const_new();

/// Reminds forgotten requests every second, for as long as it is polled.
pub(in crate::server) async fn remind() {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        REMINDER.notify_waiters();
    }
}

/// The output of `work` if two polls are enough. Saves a small request a timer and a wake-up, which
/// cost as much as deciding about it: its body comes in the same packet as its head, and the
/// connection polls its handler again, unasked, once it has read the body.
async fn within_two_polls<T>(mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    let mut unwoken = Context::from_waker(Waker::noop());
    if let Poll::Ready(output) = work.as_mut().poll(&mut unwoken) {
        return Some(output);
    }
    let mut reminder = pin!(REMINDER.notified());
    let mut is_again = false;
    poll_fn(|context| {
        let was_polled = std::mem::replace(&mut is_again, true);
        if was_polled || reminder.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
    match futures_util::poll!(work) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

async fn collect(
    mut payload: Payload,
    limit: usize,
    declared: Option<usize>,
) -> Result<Bytes, RequestError> {
    let Some(body) = next(&mut payload, limit).await? else {
        return Ok(Bytes::new());
    };
    // Most bodies arrive in one piece and need no copy.
    let Some(second) = next(&mut payload, limit - body.len()).await? else {
        return Ok(body);
    };
    // Room for all of it at once. The system hands out memory only when it is written to.
    let read = body.len() + second.len();
    let mut whole = BytesMut::with_capacity(declared.unwrap_or(2 * read).max(read));
    whole.extend_from_slice(&body);
    whole.extend_from_slice(&second);
    while let Some(chunk) = next(&mut payload, limit - whole.len()).await? {
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

async fn next(payload: &mut Payload, room: usize) -> Result<Option<Bytes>, RequestError> {
    match payload.next().await {
        None => Ok(None),
        Some(Ok(chunk)) if chunk.len() > room => Err(RequestError::TooLarge),
        Some(Ok(chunk)) => Ok(Some(chunk)),
        Some(Err(PayloadError::Overflow)) => Err(RequestError::TooLarge),
        Some(Err(_)) => Err(RequestError::BadRequest),
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[actix_web::test]
    async fn a_request_that_its_connection_forgets_is_reminded() {
        let waiting = pin!(pending::<()>());
        let mut forgotten = pin!(within_two_polls(waiting));
        tokio::select! {
            output = &mut forgotten => assert_eq!(output, None),
            () = remind() => {}
        }
    }

    #[test]
    fn what_is_ready_at_the_second_poll_needs_no_waker() {
        let mut polls = 0;
        let work = pin!(poll_fn(move |_| {
            polls += 1;
            if polls == 2 {
                Poll::Ready(polls)
            } else {
                Poll::Pending
            }
        }));
        let mut read = pin!(within_two_polls(work));
        let mut unwoken = Context::from_waker(Waker::noop());
        assert_eq!(read.as_mut().poll(&mut unwoken), Poll::Pending);
        assert_eq!(read.as_mut().poll(&mut unwoken), Poll::Ready(Some(2)));
    }
}
