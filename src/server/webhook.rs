//! The webhook listener: which request gets to which hook, and what everything else is answered.

pub(super) mod body;
mod certificate;
pub(super) mod connections;
pub(super) mod key;
mod notifications;
pub(super) mod request_headers;
pub(super) mod request_id;

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse};
use log::{info, warn};

use crate::clock::unix_time;
use crate::hooks::{self, Confirmed, Decided, Lost, Means, Refusal};
use crate::manifest::ClassManifest;
use crate::parse::envelope::{Envelope, EnvelopeError, Object};
use crate::parse::json::JsonText;
use crate::queue::{Destroy, Job, Scheduled};

use super::catch_panic;
use super::metrics::Refused;
use super::request_error::{self as reply, Failure};
use super::served_hooks::{Hook, Route, Routes};
use super::state::State;

pub use certificate::{Certificate, CertificateError, PemError};
pub use key::WebhookKeys;

use connections::{Slot, close_if_said};
use key::KeyInUse;
use request_headers::Head;

/// How long a save waits for Cloudinary: users wait with it.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);

/// Answers every request of the listener.
pub(super) async fn answer(request: ServiceRequest, state: Arc<State>) -> ServiceResponse {
    let _in_flight = state.metrics.in_flight();
    let (request, payload) = request.into_parts();
    let response = request_id::scope(&request, respond(&request, payload, &state)).await;
    close_if_said(&request, &response);
    ServiceResponse::new(request, response)
}

async fn respond(request: &HttpRequest, payload: Payload, state: &State) -> HttpResponse {
    let result = catch_panic::catch(dispatch(request, payload, state)).await;
    result.unwrap_or_else(|failure| {
        state.metrics.failed(failure);
        if failure == Failure::Panic || failure == Failure::Deadline {
            warn!("request not answered: {}", failure.as_str());
        }
        failure.response()
    })
}

async fn dispatch(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
) -> Result<HttpResponse, Failure> {
    let path = request.path();
    let path = path
        .strip_prefix(&state.public_path)
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(path);
    if path == "/health" {
        return health(request);
    }
    if path == notifications::PATH {
        return Box::pin(notifications::answer(request, payload, state)).await;
    }
    let routes = state.routes.load();
    let route = routes.find(path);
    let is_hooks_path = || shape(path, "/triggers/", 2) || shape(path, "/functions/", 1);
    if route.is_none() && !is_hooks_path() {
        return Err(Failure::NotFound);
    }
    if request.method() != Method::POST {
        return Err(Failure::MethodNotAllowed("POST"));
    }
    let head = Head::of(request.headers());
    check_key(&head, state)?;
    let _busy = request.conn_data::<Slot>().map(Slot::busy);
    let route = route.ok_or(Failure::NotFound)?;
    let started = Instant::now();
    head.check()?;
    let body = body::read(request, payload, state.max_body, state.read_timeout).await?;
    state.metrics.body(body.len());
    let response = decide(route, &routes, &body, state).await?;
    route.metrics.answered(started.elapsed());
    Ok(response)
}

fn health(request: &HttpRequest) -> Result<HttpResponse, Failure> {
    match *request.method() {
        Method::GET | Method::HEAD => {
            let mut response = HttpResponse::Ok();
            // A probe that holds its connection would take one from Parse Server.
            response.force_close();
            Ok(response
                .insert_header((actix_web::http::header::CONTENT_TYPE, reply::JSON))
                .body(r#"{"status":"ok"}"#))
        }
        _ => Err(Failure::MethodNotAllowed("GET, HEAD")),
    }
}

/// Whether a path is `prefix` and so many non-empty names. Nothing is normalised: a redirect would
/// mean "allowed".
fn shape(path: &str, prefix: &str, names: usize) -> bool {
    let rest = path.strip_prefix(prefix);
    rest.is_some_and(|rest| {
        let parts = rest.split('/');
        parts.clone().count() == names && parts.into_iter().all(|name| !name.is_empty())
    })
}

fn check_key(head: &Head<'_>, state: &State) -> Result<(), Failure> {
    match head.webhook_key().and_then(|key| state.keys.check(key)) {
        Some(KeyInUse::Current) => Ok(()),
        Some(KeyInUse::Previous) => {
            state.metrics.previous_webhook_key();
            Ok(())
        }
        None => Err(Failure::Unauthorized),
    }
}

async fn decide(
    route: &Route,
    routes: &Routes,
    body: &[u8],
    state: &State,
) -> Result<HttpResponse, Failure> {
    let envelope = Envelope::parse(body).map_err(bad_request)?;
    let now = unix_time();
    let decided = match &route.hook {
        Hook::AfterSave(class) => {
            let object = envelope.expect_trigger(&class.class, "afterSave");
            let object = object.map_err(bad_request)?;
            let lost = hooks::replaced(class, &envelope, object, &routes.account, now);
            return Ok(Box::pin(later(route, routes, class, object, lost, now)).await);
        }
        Hook::AfterDelete(class) => {
            let object = envelope.expect_trigger(&class.class, "afterDelete");
            let object = object.map_err(bad_request)?;
            let lost = hooks::deleted(class, object);
            return Ok(Box::pin(later(route, routes, class, object, lost, now)).await);
        }
        Hook::BeforeSave(class) => {
            let object = envelope.expect_trigger(&class.class, "beforeSave");
            let object = object.map_err(bad_request)?;
            let decided = hooks::before_save(class, &routes.account, &envelope, object, now);
            match decided {
                Ok(decided) if !decided.to_confirm.is_empty() => {
                    Box::pin(confirmed(class, decided, routes, state)).await
                }
                decided => decided,
            }
        }
        Hook::Function(function) => {
            envelope
                .expect_function(&function.name)
                .map_err(bad_request)?;
            let means = Means {
                account: &routes.account,
                parse_server: routes.parse_server.as_ref(),
                roles: &state.roles,
                limits: &route.limits,
                master_key: routes.master_key.as_ref(),
                fixed: &route.fixed,
            };
            let mut work = pin!(hooks::call(function, means, &envelope, now));
            match futures_util::poll!(&mut work) {
                Poll::Ready(decided) => decided,
                // It waits for somebody, which most do not: only that needs a limit.
                Poll::Pending => {
                    let work = tokio::time::timeout(state.answer_timeout, work).await;
                    work.map_err(|_| Failure::Deadline)?
                }
            }
        }
    };
    Ok(match decided {
        Ok(decided) => accepted(route, state, &envelope, decided),
        Err(refusal) => refused(route, state, &envelope, &refusal),
    })
}

/// Queues what an object has lost. The deed is done, so the answer is `{}` whatever happens: an
/// error would reach the client.
async fn later(
    route: &Route,
    routes: &Routes,
    class: &ClassManifest,
    object: &Object<'_>,
    lost: Vec<Lost<'_>>,
    now: u64,
) -> HttpResponse {
    if let Some(queue) = routes.queue.as_ref().filter(|_| !lost.is_empty()) {
        let object = object.get("objectId").and_then(JsonText::as_str);
        let jobs = lost.into_iter().map(|lost| Scheduled {
            // `now` may be almost a second ago.
            run_at: now.saturating_add(lost.grace + 1),
            key: None,
            job: Job::Destroy(Destroy {
                asset: lost.asset,
                version: Some(lost.version),
                cloud: routes.account.cloud_name.clone(),
                class: class.class.clone(),
                field: lost.field.to_owned(),
                object: object.as_deref().map(str::to_owned),
            }),
        });
        // Err: it is logged and counted.
        let _ = queue.push(jobs.collect()).await;
    }
    route.metrics.accepted(false);
    reply::decision(hooks::EMPTY)
}

/// The decision, once Cloudinary has confirmed the new pictures. It leaves time for an answer of
/// ours, whatever `on_unreachable` says.
async fn confirmed(
    class: &ClassManifest,
    decided: Decided,
    routes: &Routes,
    state: &State,
) -> Result<Decided, Refusal> {
    let limit = CONFIRM_TIMEOUT.min(state.answer_timeout / 5 * 4);
    let cloudinary = routes.cloudinary.as_ref();
    let confirmed = hooks::confirm(class, cloudinary, &decided.to_confirm, limit).await?;
    if confirmed == Confirmed::Unasked {
        state.metrics.unconfirmed();
    }
    Ok(decided)
}

fn accepted(
    route: &Route,
    state: &State,
    envelope: &Envelope<'_>,
    decided: Decided,
) -> HttpResponse {
    route.metrics.accepted(decided.answer.is_some());
    if !decided.left_out.is_empty() {
        let user = envelope.user.and_then(|user| user.object_id());
        info!(
            hook = &*route.name,
            field = &*decided.left_out.join(","),
            user = user.as_deref().unwrap_or("-");
            "left out: only this service and the master key write it"
        );
    }
    if decided.previous_secret {
        state.metrics.previous_cloudinary_secret();
    }
    match decided.answer {
        Some(text) => reply::decision(text),
        None => reply::decision(hooks::EMPTY),
    }
}

/// One line for each refusal: who was refused what and why, nothing that could be replayed.
fn refused(
    route: &Route,
    state: &State,
    envelope: &Envelope<'_>,
    refusal: &Refusal,
) -> HttpResponse {
    route.metrics.refused(refusal);
    let user = envelope.user.and_then(|user| user.object_id());
    info!(
        hook = &*route.name,
        field = refusal.field.as_deref().unwrap_or("-"),
        reason = refusal.reason.as_str(),
        user = user.as_deref().unwrap_or("-");
        "refused"
    );
    state.refusals.add(Refused {
        at: unix_time(),
        hook: route.name.clone(),
        field: refusal.field.clone(),
        reason: refusal.reason.as_str(),
        user: user.map(std::borrow::Cow::into_owned),
    });
    reply::decision(hooks::error_answer(&refusal.to_string()))
}

/// What exactly was wrong with a body is for the operator only.
fn bad_request(error: EnvelopeError) -> Failure {
    warn!("bad request: {error}");
    Failure::BadRequest
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn a_trigger_has_a_class_and_a_name_and_nothing_else() {
        assert!(shape("/triggers/Photo/beforeSave", "/triggers/", 2));
        for other in [
            "/triggers/Photo",
            "/triggers/Photo/",
            "/triggers//beforeSave",
            "/triggers/Photo/beforeSave/",
            "/triggers/Photo/beforeSave/x",
            "/Triggers/Photo/beforeSave",
            "//triggers/Photo/beforeSave",
        ] {
            assert!(!shape(other, "/triggers/", 2), "{other}");
        }
    }
}
