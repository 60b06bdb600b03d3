//! Reading a request's body within its limits.

use std::cell::Cell;
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt as _;

use super::reply::Failure;

/// When a connection was accepted: head and body of its first request share one deadline.
pub(super) struct ConnectionStart {
    accepted: Instant,
    used: Cell<bool>,
}

impl ConnectionStart {
    pub(super) fn now() -> Self {
        ConnectionStart {
            accepted: Instant::now(),
            used: Cell::new(false),
        }
    }
}

/// Refuses what no JSON request of Parse Server's has: another content type, a content coding.
pub(super) fn check_headers(headers: &HeaderMap) -> Result<(), Failure> {
    let mut types = headers.get_all(CONTENT_TYPE);
    let json = types
        .next()
        .and_then(|value| value.to_str().ok())
        .is_some_and(is_json);
    let encoded = headers.get_all(CONTENT_ENCODING);
    if !json || types.next().is_some() || encoded.into_iter().any(|e| e.as_bytes() != b"identity") {
        return Err(Failure::BadRequest);
    }
    Ok(())
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let json = |media: &str| media.eq_ignore_ascii_case("application/json");
    let utf8 = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    parts.next().is_some_and(json) && parts.all(utf8)
}

/// Reads the whole body.
///
/// # Errors
/// [`Failure::TooLarge`] over `limit` bytes, [`Failure::Deadline`] if it has not arrived in `timeout` (for the first request of a
/// connection counted from its start), [`Failure::BadRequest`] if it breaks off.
pub(super) async fn read(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
    timeout: Duration,
) -> Result<Bytes, Failure> {
    let declared = request
        .headers()
        .get(actix_web::http::header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(Failure::TooLarge);
    }
    let start = request.conn_data::<ConnectionStart>();
    let first = start.filter(|start| !start.used.replace(true));
    let spent = first.map_or(Duration::ZERO, |start| start.accepted.elapsed());
    let remaining = timeout.saturating_sub(spent);
    match tokio::time::timeout(remaining, collect(payload, limit)).await {
        Ok(body) => body,
        Err(_) => Err(Failure::Deadline),
    }
}

async fn collect(payload: Payload, limit: usize) -> Result<Bytes, Failure> {
    let mut payload = payload.into_inner();
    let Some(body) = next(&mut payload, limit).await? else {
        return Ok(Bytes::new());
    };
    // Most bodies arrive in one piece, which needs no copy.
    let Some(second) = next(&mut payload, limit - body.len()).await? else {
        return Ok(body);
    };
    let mut whole = BytesMut::with_capacity(2 * (body.len() + second.len()));
    whole.extend_from_slice(&body);
    whole.extend_from_slice(&second);
    while let Some(chunk) = next(&mut payload, limit - whole.len()).await? {
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

async fn next(
    payload: &mut actix_web::dev::Payload,
    room: usize,
) -> Result<Option<Bytes>, Failure> {
    match payload.next().await {
        None => Ok(None),
        Some(Ok(chunk)) if chunk.len() > room => Err(Failure::TooLarge),
        Some(Ok(chunk)) => Ok(Some(chunk)),
        Some(Err(PayloadError::Overflow)) => Err(Failure::TooLarge),
        Some(Err(_)) => Err(Failure::BadRequest),
    }
}
