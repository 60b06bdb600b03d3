//! The paths of the admin listener: the methods of each, who may use it, and what answers.

use std::future::ready;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Error, FromRequest, Handler, Resource, Responder, guard};
use futures_util::FutureExt as _;
use serde::de::DeserializeOwned;

use crate::server::catch_panic::catch_panic;
use crate::server::request_error::RequestError;
use crate::server::webhook::connections::CloseSignal;

use super::access::check_same_site;
use super::console::{overview, page, registration, tools};
use super::state::AdminState;
use super::{probes, session};

/// The methods of a path, as in the header `Allow`.
const READ: &str = "GET, HEAD";
const POST: &str = "POST";

/// Who may use a path.
#[derive(Debug, Clone, Copy)]
enum Allowed {
    /// Anybody, unless the handler itself refuses.
    All,
    /// Probes and Prometheus.
    Probes,
    /// The console's own scripts, on behalf of an operator.
    Scripts,
}

/// Adds all paths.
pub(super) fn add(config: &mut ServiceConfig) {
    use Allowed::{All, Probes, Scripts};
    config
        .service(resource("/ready", READ, Probes, probes::ready))
        .service(resource("/metrics", READ, Probes, probes::metrics))
        .service(resource("/", READ, All, page::page))
        .service(resource("/session", POST, All, session::sign_in))
        .service(resource("/session/end", POST, All, session::sign_out))
        .service(resource("/api/overview", READ, Scripts, overview::overview))
        .service(resource("/api/queue", READ, Scripts, overview::jobs))
        .service(resource(
            "/api/registration",
            READ,
            Scripts,
            registration::registration,
        ))
        .service(tool("/api/identifier", tools::examine))
        .service(tool("/api/url", tools::deliver))
        .service(tool("/api/signature", tools::sign));
    for file in page::FILES {
        let answer = move || ready(file.response());
        config.service(resource(file.path, READ, All, answer));
    }
    config.default_service(web::to(|| ready(RequestError::NotFound.response())));
}

fn tool<I: DeserializeOwned + 'static>(path: &str, run: tools::Tool<I>) -> Resource {
    let answer = move |request, payload, state| tools::run(request, payload, state, run);
    resource(path, POST, Allowed::Scripts, answer)
}

fn resource<F, Args>(path: &str, methods: &'static str, allowed: Allowed, handler: F) -> Resource
where
    F: Handler<Args, Output: Responder>,
    Args: FromRequest + 'static,
{
    let takes = |method: &Method| methods.split(", ").any(|name| name == method.as_str());
    let route = web::route()
        .guard(guard::fn_guard(move |context| {
            takes(&context.head().method)
        }))
        .to(handler)
        .wrap(from_fn(move |state, request, next| {
            admit(allowed, state, request, next)
        }));
    let not_allowed = move || ready(RequestError::MethodNotAllowed(methods).response());
    web::resource(path)
        .route(route)
        .default_service(web::to(not_allowed))
}

/// Lets a request pass to its handler if it may.
async fn admit(
    allowed: Allowed,
    state: Data<AdminState>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    match allowed {
        Allowed::All => {}
        Allowed::Probes => state.access.check_probe(request.request()).await?,
        Allowed::Scripts => {
            state.access.check(request.request()).await?;
            check_same_site(request.request())?;
        }
    }
    next.call(request).await
}

/// Answers every request: turns a panic into an error, and closes connections whose request was
/// refused or not read to its end.
pub(super) async fn finish(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let signal = request.conn_data::<CloseSignal>().cloned();
    // No handler reads the body of these.
    let has_unread_body = matches!(*request.method(), Method::GET | Method::HEAD)
        && (request.headers().contains_key(CONTENT_LENGTH)
            || request.headers().contains_key(TRANSFER_ENCODING));
    let result = catch_panic(next.call(request).map(Ok)).await;
    let mut result = result.unwrap_or_else(|error| Err(error.into()));
    if let Ok(response) = &mut result
        && has_unread_body
    {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    let closes = result.as_ref().map_or(true, |response| {
        response.response().head().connection_type() == ConnectionType::Close
    });
    if let Some(signal) = signal
        && closes
    {
        signal.send();
    }
    result
}
