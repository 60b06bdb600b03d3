//! The admin listener: metrics, readiness and the page of hooks, for operators only.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix_web::dev::Server as ActixServer;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, json};
use subtle::ConstantTimeEq;

use crate::queue::Queue;

use super::reply::Failure;
use super::{State, guarded, page};

struct Token(Option<SecretString>);

/// Starts the listener; `token` is needed with every request, if set.
pub(super) fn listen(
    listener: TcpListener,
    state: Arc<State>,
    token: Option<SecretString>,
    shutdown_seconds: u64,
) -> std::io::Result<ActixServer> {
    let token = web::Data::new(Token(token));
    let state = web::Data::from(state);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(token.clone())
            .app_data(state.clone())
            .default_service(web::to(answer))
    })
    .workers(1)
    .shutdown_timeout(shutdown_seconds)
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
}

async fn answer(
    request: HttpRequest,
    token: web::Data<Token>,
    state: web::Data<State>,
) -> HttpResponse {
    let work = async { dispatch(&request, &token, &state) };
    let result = guarded::catch(work).await;
    result.unwrap_or_else(Failure::response)
}

fn dispatch(request: &HttpRequest, token: &Token, state: &State) -> Result<HttpResponse, Failure> {
    let path = request.path();
    if !["/", "/ready", "/metrics", page::STYLE_PATH].contains(&path) {
        return Err(Failure::NotFound);
    }
    if !token.admits(request) {
        return Err(Failure::Unauthorized);
    }
    if !request.method().is_safe() {
        return Err(Failure::MethodNotAllowed("GET, HEAD"));
    }
    match path {
        "/" => Ok(html(page::render(&state.routes.load().all()))),
        "/ready" => Ok(ready(state)),
        "/metrics" => metrics(state),
        _ => Ok(style()),
    }
}

impl Token {
    fn admits(&self, request: &HttpRequest) -> bool {
        let Some(token) = &self.0 else {
            return true;
        };
        let presented = request.headers().get(header::AUTHORIZATION);
        let presented = presented.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        presented.is_some_and(|p| token.expose_secret().as_bytes().ct_eq(p).into())
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

fn html(body: String) -> HttpResponse {
    let policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        ))
        .insert_header((
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .insert_header((
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ))
        .body(body)
}

fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(page::STYLE)
}
