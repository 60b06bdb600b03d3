//! The webhook listener: which hook decides on a request, and the answer to everything else.

pub(super) mod body;
mod certificate;
pub(super) mod connections;
pub(super) mod key;
mod log_throttle;
mod notifications;
mod refused_identifier;
mod reply;
pub(super) mod request_headers;
pub(super) mod request_id;
mod undecided;

use std::borrow::Cow;
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, Method};
use actix_web::{HttpRequest, HttpResponse};
use log::info;

use crate::clock::unix_time;
use crate::hooks::{self, Confirmed, DelayedDestroy, FunctionContext, Outcome, Refusal};
use crate::manifest::{ClassManifest, HookAction};
use crate::parse::envelope::{Envelope, EnvelopeError};
use crate::parse::hook_name::{AFTER_DELETE, AFTER_SAVE, BEFORE_SAVE, is_probe, is_probe_query};
use crate::queue::Queue;

use super::catch_panic::catch_panic;
use super::metrics::Refused;
use super::request_error::RequestError;
use super::served_hooks::{Route, Routes};
use super::state::State;

pub use certificate::{Certificate, CertificateError, PemError};
pub use key::WebhookKeys;

use connections::{ConnectionGuard, close_if_requested};
use key::KeyInUse;
use refused_identifier::refused_identifier;
use request_headers::{check_json, webhook_key};

/// How long a save waits for Cloudinary, and its user with it.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);

/// Answers every request of the listener.
pub(super) async fn answer(request: ServiceRequest, state: Arc<State>) -> ServiceResponse {
    let _in_flight = state.metrics.in_flight();
    let (request, payload) = request.into_parts();
    let response = request_id::scope(&request, respond(&request, payload, &state)).await;
    close_if_requested(&request, &response);
    ServiceResponse::new(request, response)
}

async fn respond(request: &HttpRequest, payload: Payload, state: &State) -> HttpResponse {
    let result = catch_panic(dispatch(request, payload, state)).await;
    result.unwrap_or_else(|error| {
        let path = path(request, state);
        let has_probe_query = || request.uri().query().is_some_and(is_probe_query);
        if error == RequestError::Probe || is_probe(path) || has_probe_query() {
            state.metrics.probed();
            return error.response();
        }
        state.metrics.failed(error);
        // The notifications' own lines say more.
        if error != RequestError::Unauthorized || path != notifications::PATH {
            undecided::log(error, path);
        }
        error.response()
    })
}

async fn dispatch(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
) -> Result<HttpResponse, RequestError> {
    let path = path(request, state);
    if path == "/health" {
        return health(request);
    }
    if path == notifications::PATH {
        return Box::pin(notifications::answer(request, payload, state)).await;
    }
    let routes = state.routes.load();
    let route = routes.find(path);
    let is_hooks_path = || has_names(path, "/triggers/", 2) || has_names(path, "/functions/", 1);
    if route.is_none() && !is_hooks_path() {
        return Err(RequestError::NotFound);
    }
    if request.method() != Method::POST {
        return Err(RequestError::MethodNotAllowed("POST"));
    }
    check_key(request, state)?;
    let connection = request.conn_data::<ConnectionGuard>();
    let _in_use = connection.map(ConnectionGuard::in_use);
    let route = route.ok_or(RequestError::NotFound)?;
    let started = Instant::now();
    check_json(request.headers())
        .inspect_err(|_| {
            undecided::log_malformed(
                "expected Content-Type: application/json in UTF-8, without compression",
            );
        })
        .map_err(|_| RequestError::Malformed)?;
    let body = body::read(request, payload, state.max_body, state.read_timeout).await?;
    state.metrics.body(body.len());
    let response = decide(route, &routes, &body, state).await?;
    route.metrics.answered(started.elapsed());
    Ok(response)
}

/// The path below that of the public URL.
fn path<'a>(request: &'a HttpRequest, state: &State) -> &'a str {
    let path = request.path();
    path.strip_prefix(&state.public_path)
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(path)
}

fn health(request: &HttpRequest) -> Result<HttpResponse, RequestError> {
    match *request.method() {
        Method::GET | Method::HEAD => {
            let mut response = reply::json(r#"{"status":"ok"}"#);
            // A probe that kept its connection would take one from Parse Server.
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
            Ok(response)
        }
        _ => Err(RequestError::MethodNotAllowed("GET, HEAD")),
    }
}

/// Whether a path is `prefix` and so many non-empty names. Nothing is normalised, because Parse Server
/// takes a redirect for "allowed".
fn has_names(path: &str, prefix: &str, names: usize) -> bool {
    let rest = path.strip_prefix(prefix);
    rest.is_some_and(|rest| {
        let parts = rest.split('/');
        parts.clone().count() == names && parts.into_iter().all(|name| !name.is_empty())
    })
}

fn check_key(request: &HttpRequest, state: &State) -> Result<(), RequestError> {
    match webhook_key(request.headers()).and_then(|key| state.keys.check(key)) {
        Some(KeyInUse::Current) => Ok(()),
        Some(KeyInUse::Previous) => {
            state.metrics.previous_webhook_key();
            Ok(())
        }
        None => Err(RequestError::Unauthorized),
    }
}

async fn decide(
    route: &Route,
    routes: &Routes,
    body: &[u8],
    state: &State,
) -> Result<HttpResponse, RequestError> {
    let envelope = Envelope::parse(body).map_err(bad_request)?;
    if envelope.is_probe() {
        return Err(RequestError::Probe);
    }
    let now = unix_time();
    let outcome = match &route.hook.action {
        HookAction::AfterSave(class) => {
            let object = envelope.expect_trigger(&class.class, AFTER_SAVE);
            let object = object.map_err(bad_request)?;
            Ok(hooks::after_save(
                class,
                &routes.account,
                &envelope,
                object,
                now,
            ))
        }
        HookAction::AfterDelete(class) => {
            let object = envelope.expect_trigger(&class.class, AFTER_DELETE);
            let object = object.map_err(bad_request)?;
            Ok(hooks::after_delete(class, &routes.account, object, now))
        }
        HookAction::BeforeSave(class) => {
            let object = envelope.expect_trigger(&class.class, BEFORE_SAVE);
            let object = object.map_err(bad_request)?;
            let outcome = hooks::before_save(class, &routes.account, &envelope, object, now);
            match outcome {
                Ok(outcome) if !outcome.to_confirm.is_empty() => {
                    Box::pin(confirmed(class, outcome, routes, state)).await
                }
                outcome => outcome,
            }
        }
        HookAction::Function(function) => {
            envelope
                .expect_function(&function.name)
                .map_err(bad_request)?;
            let context = FunctionContext {
                account: &routes.account,
                parse_server: routes.parse_server.as_ref(),
                roles: &state.roles,
                limits: &route.limits,
                master_key: routes.master_key.as_ref(),
                fixed: &route.fixed,
            };
            let mut work = pin!(hooks::call(function, context, &envelope, now));
            match futures_util::poll!(&mut work) {
                Poll::Ready(outcome) => outcome,
                // Only a hook that waits needs a limit. Most do not.
                Poll::Pending => {
                    let work = tokio::time::timeout(state.answer_timeout, work).await;
                    work.map_err(|_| RequestError::Deadline)?
                }
            }
        }
    };
    Ok(match outcome {
        Ok(mut outcome) => {
            if !outcome.jobs.is_empty() {
                Box::pin(push(routes.queue.as_ref(), mem::take(&mut outcome.jobs))).await;
            }
            accepted(route, state, &envelope, outcome)
        }
        Err(refusal) => refused(route, state, &envelope, &refusal),
    })
}

/// Queues the jobs of a hook. The write has already happened, so the answer stays the same whatever
/// becomes of them.
async fn push(queue: Option<&Queue>, jobs: Vec<DelayedDestroy>) {
    if let Some(queue) = queue {
        // The queue logs and counts its errors.
        let _ = queue.push(jobs.into_iter().map(Into::into).collect()).await;
    }
}

/// The decision, once Cloudinary has confirmed the new assets. Its limit leaves time to answer
/// ourselves when Cloudinary does not.
async fn confirmed(
    class: &ClassManifest,
    outcome: Outcome,
    routes: &Routes,
    state: &State,
) -> Result<Outcome, Refusal> {
    let limit = CONFIRM_TIMEOUT.min(state.answer_timeout / 5 * 4);
    let cloudinary = routes.cloudinary.as_ref();
    let confirmed = hooks::confirm(class, cloudinary, &outcome.to_confirm, limit).await?;
    if confirmed == Confirmed::Unasked {
        state.metrics.unconfirmed();
    }
    Ok(outcome)
}

fn accepted(
    route: &Route,
    state: &State,
    envelope: &Envelope<'_>,
    outcome: Outcome,
) -> HttpResponse {
    route.metrics.accepted(outcome.answer.is_some());
    if !outcome.left_out.is_empty() {
        let user = envelope.user.and_then(|user| user.object_id());
        info!(
            hook = &*route.name,
            field = &*outcome.left_out.join(","),
            user = user.as_deref().unwrap_or("-");
            "left out: only this service and the master key write it"
        );
    }
    if outcome.previous_secret {
        state.metrics.previous_cloudinary_secret();
    }
    match outcome.answer {
        Some(text) => reply::json(text),
        None => reply::json(hooks::EMPTY),
    }
}

/// Logs one line for each refusal: who was refused what and why, and nothing that could be replayed.
/// A trial of `doctor`'s is held against nobody.
fn refused(
    route: &Route,
    state: &State,
    envelope: &Envelope<'_>,
    refusal: &Refusal,
) -> HttpResponse {
    if envelope.is_trial() {
        route.metrics.tried();
        return reply::json(hooks::error_answer(&refusal.to_string()));
    }
    route.metrics.refused(refusal);
    let user = envelope.user.and_then(|user| user.object_id());
    info!(
        hook = &*route.name,
        field = refusal.field.as_deref().unwrap_or("-"),
        reason = refusal.reason.as_str(),
        user = user.as_deref().unwrap_or("-");
        "refused"
    );
    let message = refusal.to_string();
    state.refusals.add(Refused {
        at: unix_time(),
        hook: route.name.clone(),
        field: refusal.field.clone(),
        reason: refusal.reason.as_str(),
        user: user.map(Cow::into_owned),
        message: message.clone(),
        request: request_id::current(),
        identifier: refused_identifier(envelope, refusal.field.as_deref()),
    });
    reply::json(hooks::error_answer(&message))
}

/// Only the operator learns what exactly was wrong with a body.
fn bad_request(error: EnvelopeError) -> RequestError {
    undecided::log_malformed(&error.to_string());
    RequestError::Malformed
}

#[cfg(test)]
mod tests {
    use super::has_names;

    #[test]
    fn a_trigger_has_a_class_and_a_name_and_nothing_else() {
        assert!(has_names("/triggers/Photo/beforeSave", "/triggers/", 2));
        for other in [
            "/triggers/Photo",
            "/triggers/Photo/",
            "/triggers//beforeSave",
            "/triggers/Photo/beforeSave/",
            "/triggers/Photo/beforeSave/x",
            "/Triggers/Photo/beforeSave",
            "//triggers/Photo/beforeSave",
        ] {
            assert!(!has_names(other, "/triggers/", 2), "{other}");
        }
    }
}
