//! `POST /cloudinary/notifications`: Cloudinary says what happened. Anybody who knows the URL can
//! post to it; the signature decides.

mod lines;
mod places;

use std::sync::LazyLock;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse};
use log::{info, warn};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::clock::unix_time;
use crate::cloudinary::notice::{is_dated, notices};
use crate::cloudinary::notification::{Headers, Notification, NotificationError, claimed_key};
use crate::cloudinary::signature::SecretInUse;
use crate::queue::{Job, NotificationKey, Scheduled};

use super::body;
use crate::server::request_error::{self as reply, Failure};
use crate::server::state::State;
use lines::Lines;
use places::Places;

/// Below the webhook listener.
pub(super) const PATH: &str = "/cloudinary/notifications";

/// Largest notification, in bytes: those of Cloudinary's have a few thousand.
const MAX_BODY: usize = 1 << 20;

/// Bodies that are read at a time.
static READING: Places = Places::new(256);

/// Verifies, queues, answers. Cloudinary tries again after anything but a 200.
pub(super) async fn answer(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
) -> Result<HttpResponse, Failure> {
    if request.method() != Method::POST {
        return Err(Failure::MethodNotAllowed("POST"));
    }
    let headers = headers(request)?;
    let now = unix_time();
    let sent = headers.check(now).map_err(|error| refused(error, b""))?;
    let limit = state.max_body.min(MAX_BODY);
    let reading = body::read(request, payload, limit, state.read_timeout);
    let body = READING.take().during(reading).await;
    let body = body.ok_or(Failure::Deadline)??;
    verify(headers, &body, state, now)?;
    let said: Value = serde_json::from_slice(&body).map_err(|_| Failure::BadRequest)?;
    if !said.is_object() {
        return Err(Failure::BadRequest);
    }
    queue(&said, &body, sent, state, now).await
}

fn headers(request: &HttpRequest) -> Result<Headers<'_>, Failure> {
    if request.headers().contains_key("x-cld-signature_v2")
        && !request.headers().contains_key("x-cld-signature")
    {
        say(
            "v2",
            "it shows only X-Cld-Signature_v2: set the trigger's auth_scheme to `default` or `legacy_hmac`",
        );
        return Err(Failure::Unauthorized);
    }
    let timestamp = sole(request, "x-cld-timestamp");
    let signature = sole(request, "x-cld-signature");
    let (timestamp, signature) = timestamp.zip(signature).ok_or(Failure::Unauthorized)?;
    Ok(Headers {
        timestamp,
        signature,
    })
}

fn verify(headers: Headers<'_>, body: &[u8], state: &State, now: u64) -> Result<(), Failure> {
    let notification = Notification {
        body,
        timestamp: headers.timestamp,
        signature: headers.signature,
    };
    match notification.verify(&state.routes.load().account, now) {
        Ok(SecretInUse::Current) => {}
        Ok(SecretInUse::Previous) => state.metrics.previous_cloudinary_secret(),
        Err(error) => return Err(refused(error, body)),
    }
    Ok(())
}

fn refused(error: NotificationError, body: &[u8]) -> Failure {
    let text = error.to_string();
    match error {
        NotificationError::Timestamp => say("timestamp", &text),
        NotificationError::TooOld => say("too old", &text),
        NotificationError::InTheFuture => say("in the future", &text),
        NotificationError::Shape => say("shape", &text),
        NotificationError::Signature(_) => match claimed_key(body) {
            Some(key) => say(
                "another key",
                &format!(
                    "{text}; its signature_key is {key}: set CLOUDINARY_NOTIFICATION_SECRET to the secret of that key"
                ),
            ),
            None => say("signature", &text),
        },
    }
    Failure::Unauthorized
}

/// Logs why a notification was refused, unless a line of this kind was there a moment ago.
fn say(kind: &'static str, text: &str) {
    static LINES: LazyLock<Lines> = LazyLock::new(Lines::default);
    match LINES.due(kind, Instant::now()) {
        Some(0) => warn!("notification refused: {text}"),
        Some(kept_back) => {
            warn!("notification refused: {text} ({kept_back} more since the last such line)");
        }
        None => {}
    }
}

/// Queues what the body says, signed at `sent`.
async fn queue(
    said: &Value,
    body: &[u8],
    sent: u64,
    state: &State,
    now: u64,
) -> Result<HttpResponse, Failure> {
    let routes = state.routes.load_full();
    let kind = said
        .get("notification_type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let wanted = notices(said, sent)
        .into_iter()
        .filter(|notice| routes.follows(notice));
    let digest = hex::encode(Sha256::digest(body));
    // A body with a time of its own is one event, whatever time it is delivered at.
    let sent = (!is_dated(said)).then_some(sent);
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
        return Ok(reply::decision("{}"));
    }
    let Some(queue) = &routes.queue else {
        return Err(Failure::Deadline);
    };
    for job in jobs {
        // One by one: a repeated one must not keep the next from the queue.
        queue.push_once(job).await.map_err(|_| Failure::Deadline)?;
    }
    info!("notification taken: {kind}");
    Ok(reply::decision("{}"))
}

/// A header that occurs once.
fn sole<'r>(request: &'r HttpRequest, name: &'static str) -> Option<&'r str> {
    let mut values = request.headers().get_all(name);
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
