//! What monitoring asks for: `/ready` and `/metrics`.

use std::sync::atomic::Ordering;

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::{Map, json};

use crate::queue::Queue;
use crate::server::request_error::RequestError;

use super::state::AdminState;

/// Whether the service can do its work, and what keeps it from that.
pub(super) async fn ready(state: Data<AdminState>) -> HttpResponse {
    let server = &state.server;
    if server.is_stopping.load(Ordering::Relaxed) {
        let body = json!({"status": "not ready", "checks": {"listener": "stopping"}});
        return HttpResponse::ServiceUnavailable().json(body);
    }
    let mut checks = Map::new();
    checks.insert("listener".to_owned(), "ok".into());
    let mut is_ready = true;
    if let Some(queue) = &server.routes.load().queue {
        for (check, trouble) in queue.health().checks() {
            is_ready &= trouble.is_none();
            let state = trouble.unwrap_or_else(|| "ok".to_owned());
            checks.insert(check.name().to_owned(), state.into());
        }
    }
    if is_ready {
        HttpResponse::Ok().json(json!({"status": "ready", "checks": checks}))
    } else {
        HttpResponse::ServiceUnavailable().json(json!({"status": "not ready", "checks": checks}))
    }
}

/// The text that Prometheus scrapes.
pub(super) async fn metrics(state: Data<AdminState>) -> Result<HttpResponse, RequestError> {
    let routes = state.server.routes.load();
    let queue = routes.queue.as_ref().map(Queue::health);
    let text = state.server.metrics.text(queue);
    let text = text.map_err(|_| RequestError::Panic)?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(HttpResponse::Ok().content_type(content_type).body(text))
}
