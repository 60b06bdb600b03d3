//! `POST /cloudinary/notifications`: what Cloudinary says has happened. Anybody who knows the URL can
//! post to it, so only the signature counts.

mod permits;

use std::sync::LazyLock;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use log::{info, warn};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::clock::unix_time;
use crate::cloudinary::notification::{Headers, Notification, NotificationError, claimed_key};
use crate::cloudinary::notification_event::{events, is_dated};
use crate::cloudinary::signature::SecretInUse;
use crate::queue::{Job, NotificationKey, Scheduled};
use crate::server::request_error::RequestError;
use crate::server::state::State;

use super::log_throttle::LogThrottle;
use super::request_headers::single;
use super::{body, reply};
use permits::Permits;

/// Its path on the webhook listener.
pub(super) const PATH: &str = "/cloudinary/notifications";

/// Largest notification, in bytes. Genuine ones have a few thousand.
const MAX_BODY: usize = 1 << 20;

/// For the bodies that are read at a time.
static PERMITS: Permits = Permits::new(256);

static TIMESTAMP: HeaderName = HeaderName::from_static("x-cld-timestamp");
static SIGNATURE: HeaderName = HeaderName::from_static("x-cld-signature");
static SIGNATURE_V2: HeaderName = HeaderName::from_static("x-cld-signature_v2");

/// Verifies a notification, queues what it asks for, answers. Cloudinary repeats it after any answer
/// but a 200.
pub(super) async fn answer(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
) -> Result<HttpResponse, RequestError> {
    if request.method() != Method::POST {
        return Err(RequestError::MethodNotAllowed("POST"));
    }
    let headers = headers(request)?;
    let now = unix_time();
    let sent = headers.check(now).map_err(|error| refused(error, b""))?;
    let limit = state.max_body.min(MAX_BODY);
    let reading = body::read(request, payload, limit, state.read_timeout);
    let body = PERMITS.take().while_held(reading).await;
    let body = body.ok_or(RequestError::Deadline)??;
    verify(headers, &body, state, now)?;
    let notification: Value =
        serde_json::from_slice(&body).map_err(|_| RequestError::BadRequest)?;
    if !notification.is_object() {
        return Err(RequestError::BadRequest);
    }
    queue(&notification, &body, sent, state, now).await
}

fn headers(request: &HttpRequest) -> Result<Headers<'_>, RequestError> {
    let all = request.headers();
    if all.contains_key(&SIGNATURE_V2) && !all.contains_key(&SIGNATURE) {
        log_refusal(
            "v2",
            "it shows only X-Cld-Signature_v2: set the trigger's auth_scheme to `default` or `legacy_hmac`",
        );
        return Err(RequestError::Unauthorized);
    }
    let text = |name| single(all, name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(timestamp), Some(signature)) = (text(&TIMESTAMP), text(&SIGNATURE)) else {
        log_refusal("headers", "it lacks X-Cld-Timestamp or X-Cld-Signature");
        return Err(RequestError::Unauthorized);
    };
    Ok(Headers {
        timestamp,
        signature,
    })
}

fn verify(headers: Headers<'_>, body: &[u8], state: &State, now: u64) -> Result<(), RequestError> {
    let notification = Notification {
        body,
        timestamp: headers.timestamp,
        signature: headers.signature,
    };
    match notification.verify(&state.routes.load().account, now) {
        Ok(SecretInUse::Current) => {}
        Ok(SecretInUse::Previous) => state.metrics.previous_notification(),
        Err(error) => return Err(refused(error, body)),
    }
    Ok(())
}

fn refused(error: NotificationError, body: &[u8]) -> RequestError {
    let text = error.to_string();
    match error {
        NotificationError::Timestamp => log_refusal("timestamp", &text),
        NotificationError::TooOld => log_refusal("too old", &text),
        NotificationError::InTheFuture => log_refusal("in the future", &text),
        NotificationError::Shape => log_refusal("shape", &text),
        NotificationError::Signature(_) => match claimed_key(body) {
            Some(key) => log_refusal(
                "another key",
                &format!(
                    "{text}; its signature_key is {key}: set CLOUDINARY_NOTIFICATION_SECRET to the secret of that key"
                ),
            ),
            None => log_refusal("signature", &text),
        },
    }
    RequestError::Unauthorized
}

/// Logs why a notification was refused, unless a line of this kind was logged a moment ago.
fn log_refusal(kind: &'static str, text: &str) {
    static THROTTLE: LazyLock<LogThrottle> = LazyLock::new(LogThrottle::default);
    match THROTTLE.admit(kind, Instant::now()) {
        Some(0) => warn!("notification refused: {text}"),
        Some(suppressed) => {
            warn!("notification refused: {text} ({suppressed} more since the last such line)");
        }
        None => {}
    }
}

/// Queues what a body asks for that was signed at `sent`.
async fn queue(
    notification: &Value,
    body: &[u8],
    sent: u64,
    state: &State,
    now: u64,
) -> Result<HttpResponse, RequestError> {
    let routes = state.routes.load_full();
    let kind = notification
        .get("notification_type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let wanted = events(notification, sent)
        .into_iter()
        .filter(|notice| routes.follows(notice));
    let digest = hex::encode(Sha256::digest(body));
    // A body with a date of its own is one event, however often it is delivered.
    let sent = (!is_dated(notification)).then_some(sent);
    let jobs: Vec<_> = wanted
        .enumerate()
        .map(|(index, notice)| Scheduled {
            job: Job::Follow(notice),
            run_at: now,
            key: Some(NotificationKey::new(&digest, index, sent).to_string()),
        })
        .collect();
    state.metrics.notified(kind, !jobs.is_empty());
    if jobs.is_empty() {
        return Ok(reply::json("{}"));
    }
    let Some(queue) = &routes.queue else {
        return Err(RequestError::Deadline);
    };
    for job in jobs {
        // One by one, so that a repeated job does not keep the next one out.
        queue
            .push_once(job)
            .await
            .map_err(|_| RequestError::Deadline)?;
    }
    info!("notification taken: {kind}");
    Ok(reply::json("{}"))
}
