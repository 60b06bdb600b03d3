//! `POST /cloudinary/notifications`: Cloudinary says what happened. Whoever knows the URL can post to it; the signature decides.

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse};
use log::{info, warn};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::cloudinary::notice::notices;
use crate::cloudinary::notification::Notification;
use crate::cloudinary::signature::SecretInUse;
use crate::queue::{Job, Scheduled};

use super::clock::unix_time;
use super::reply::{self, Failure};
use super::{State, body};

/// Below the webhook listener.
pub(super) const PATH: &str = "/cloudinary/notifications";

/// Largest notification, in bytes: those of Cloudinary's have a few thousand.
const MAX_BODY: usize = 1 << 20;

/// How many are read at a time. Whoever knows the URL can send bodies, which must be read before the signature can be checked: this bounds
/// what they take of the memory. Cloudinary tries again.
static READING: Semaphore = Semaphore::const_new(256);

/// Verifies, queues, answers. Cloudinary tries again after anything but a 200.
pub(super) async fn answer(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
) -> Result<HttpResponse, Failure> {
    if request.method() != Method::POST {
        return Err(Failure::MethodNotAllowed("POST"));
    }
    let (Some(timestamp), Some(signature)) = (
        sole(request, "x-cld-timestamp"),
        sole(request, "x-cld-signature"),
    ) else {
        return Err(Failure::Unauthorized);
    };
    let _reading = READING.try_acquire().map_err(|_| Failure::Deadline)?;
    let limit = state.max_body.min(MAX_BODY);
    let body = body::read(request, payload, limit, state.read_timeout).await?;
    let routes = state.routes.load_full();
    let notification = Notification {
        body: &body,
        timestamp,
        signature,
    };
    let now = unix_time();
    match notification.verify(&routes.account, now) {
        Ok(SecretInUse::Current) => {}
        Ok(SecretInUse::Previous) => state.metrics.previous_cloudinary_secret(),
        Err(error) => {
            warn!("notification refused: {error}");
            return Err(Failure::Unauthorized);
        }
    }
    let said: Value = serde_json::from_slice(&body).map_err(|_| Failure::BadRequest)?;
    if !said.is_object() {
        return Err(Failure::BadRequest);
    }
    let kind = said
        .get("notification_type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let wanted = notices(&said, timestamp.parse().unwrap_or(now))
        .into_iter()
        .filter(|notice| routes.follows(notice));
    // The body alone: a repetition has another timestamp.
    let digest = hex::encode(Sha256::digest(&body));
    let jobs: Vec<_> = wanted
        .enumerate()
        .map(|(index, notice)| Scheduled {
            job: Job::Follow(notice),
            run_at: now,
            key: Some(format!("{digest}-{index}")),
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
        queue.push(vec![job]).await.map_err(|_| Failure::Deadline)?;
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
