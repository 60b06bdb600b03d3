//! The admin listener: metrics, readiness and the console, for operators only.

mod access;
mod console;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::dev::Server as ActixServer;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::http::{ConnectionType, Method};
use actix_web::{App, HttpRequest, HttpResponse, web};
use serde_json::{Map, json};

use crate::queue::Queue;

use super::catch_panic;
use super::request_error::Failure;
use super::state::State;
use super::webhook::connections::{self, Limits, Listener, Socket, close_if_said};

pub(super) use access::Access;
pub(super) use console::Console;
pub use console::HookList;

/// Operators and their programs: a few.
const CONNECTIONS: usize = 1_000;
const BACKLOG: u32 = 128;
const KEEP_ALIVE: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Starts the listener.
pub(super) fn listen(
    listener: TcpListener,
    state: Arc<State>,
    console: Console,
    shutdown_seconds: u64,
) -> std::io::Result<ActixServer> {
    let console = web::Data::new(console);
    let state = web::Data::from(state);
    let limits = Limits {
        workers: 1,
        connections: CONNECTIONS,
        backlog: BACKLOG,
        keep_alive: KEEP_ALIVE,
        read_timeout: READ_TIMEOUT,
        shutdown_seconds,
    };
    let listener = Listener {
        socket: listener,
        tls: None,
    };
    connections::listen(
        listener,
        limits,
        |_: &dyn Socket, _: &mut _| {},
        move || {
            App::new()
                .app_data(console.clone())
                .app_data(state.clone())
                .default_service(web::to(answer))
        },
    )
}

async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    console: web::Data<Console>,
    state: web::Data<State>,
) -> HttpResponse {
    let work = dispatch(&request, payload, &console, &state);
    let result = catch_panic::catch(work).await;
    let mut response = result.unwrap_or_else(Failure::response);
    // No answer to these needs a body, so nobody has read it.
    let unread = matches!(*request.method(), Method::GET | Method::HEAD)
        && (request.headers().contains_key(CONTENT_LENGTH)
            || request.headers().contains_key(TRANSFER_ENCODING));
    if unread {
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
    close_if_said(&request, &response);
    response
}

async fn dispatch(
    request: &HttpRequest,
    payload: web::Payload,
    console: &Console,
    state: &State,
) -> Result<HttpResponse, Failure> {
    let path = request.path();
    let methods = match path {
        "/ready" | "/metrics" => "GET, HEAD",
        _ => console::methods(path).ok_or(Failure::NotFound)?,
    };
    if !methods
        .split(", ")
        .any(|method| method == request.method().as_str())
    {
        return Err(Failure::MethodNotAllowed(methods));
    }
    match path {
        "/ready" => {
            console.access.check(request).await?;
            Ok(ready(state))
        }
        "/metrics" => {
            console.access.check(request).await?;
            metrics(state)
        }
        _ => console.answer(request, payload, state).await,
    }
}

fn ready(state: &State) -> HttpResponse {
    if state.stopping.load(Ordering::Relaxed) {
        let body = json!({"status": "not ready", "checks": {"listener": "stopping"}});
        return HttpResponse::ServiceUnavailable().json(body);
    }
    let mut checks = Map::new();
    checks.insert("listener".to_owned(), "ok".into());
    let mut ready = true;
    if let Some(queue) = &state.routes.load().queue {
        for (check, trouble) in queue.health().checks() {
            ready &= trouble.is_none();
            let state = trouble.unwrap_or_else(|| "ok".to_owned());
            checks.insert(check.name().to_owned(), state.into());
        }
    }
    if ready {
        HttpResponse::Ok().json(json!({"status": "ready", "checks": checks}))
    } else {
        HttpResponse::ServiceUnavailable().json(json!({"status": "not ready", "checks": checks}))
    }
}

fn metrics(state: &State) -> Result<HttpResponse, Failure> {
    let routes = state.routes.load();
    let queue = routes.queue.as_ref().map(Queue::health);
    let text = state.metrics.text(queue).map_err(|_| Failure::Panic)?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(HttpResponse::Ok().content_type(content_type).body(text))
}
