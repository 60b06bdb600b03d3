//! Reading a request's body within its limits.

mod unwatched;

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

use crate::server::request_error::Failure;

use unwatched::Entry;

/// When a connection was accepted: head and body of its first request share one deadline.
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
/// [`Failure::TooLarge`] over `limit` bytes, [`Failure::Deadline`] if it has not arrived in
/// `timeout` (for the first request of a connection counted from its start),
/// [`Failure::BadRequest`] if it breaks off.
pub(in crate::server) async fn read(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
    timeout: Duration,
) -> Result<Bytes, Failure> {
    let declared = request.headers().get(CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(Failure::TooLarge);
    }
    let start = request.conn_data::<ConnectionStart>();
    let first = start.filter(|start| !start.used.replace(true));
    let spent = first.map_or(Duration::ZERO, |start| start.accepted.elapsed());
    let mut collecting = pin!(collect(payload, limit, declared));
    if let Some(body) = at_second_look(collecting.as_mut()).await {
        return body;
    }
    match tokio::time::timeout(timeout.saturating_sub(spent), collecting).await {
        Ok(body) => body,
        Err(_) => Err(Failure::Deadline),
    }
}

/// What `work` gives within two polls. A small body lies behind its head and is there when the
/// connection looks again, which it does unasked; see [`unwatched`].
async fn at_second_look<T>(mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    let mut unwatched = None;
    poll_fn(|context| {
        if unwatched.take().is_some() {
            return Poll::Ready(match work.as_mut().poll(context) {
                Poll::Ready(done) => Some(done),
                Poll::Pending => None,
            });
        }
        let mut asleep = Context::from_waker(Waker::noop());
        match work.as_mut().poll(&mut asleep) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => {
                unwatched = Some(Entry::begin(context.waker().clone()));
                Poll::Pending
            }
        }
    })
    .await
}

async fn collect(
    mut payload: Payload,
    limit: usize,
    declared: Option<usize>,
) -> Result<Bytes, Failure> {
    let Some(body) = next(&mut payload, limit).await? else {
        return Ok(Bytes::new());
    };
    // Most bodies arrive in one piece, which needs no copy.
    let Some(second) = next(&mut payload, limit - body.len()).await? else {
        return Ok(body);
    };
    // Room for all of it at once: memory that nothing was written to is not taken yet.
    let read = body.len() + second.len();
    let mut whole = BytesMut::with_capacity(declared.unwrap_or(2 * read).max(read));
    whole.extend_from_slice(&body);
    whole.extend_from_slice(&second);
    while let Some(chunk) = next(&mut payload, limit - whole.len()).await? {
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

async fn next(payload: &mut Payload, room: usize) -> Result<Option<Bytes>, Failure> {
    match payload.next().await {
        None => Ok(None),
        Some(Ok(chunk)) if chunk.len() > room => Err(Failure::TooLarge),
        Some(Ok(chunk)) => Ok(Some(chunk)),
        Some(Err(PayloadError::Overflow)) => Err(Failure::TooLarge),
        Some(Err(_)) => Err(Failure::BadRequest),
    }
}
