//! The operator's console: one page with its script, the JSON behind it, and a few tools.
//!
//! No request leaves the browser for another host, but for the picture whose URL the operator has
//! built. Answers hold no secret, no session and no signature that a client sent.

mod overview;
mod page;
mod registration;
mod tools;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::unix_time;
use crate::cloudinary::delivery_url::delivery_origins;
use crate::server::request_error::Failure;
use crate::server::state::State;
use crate::server::webhook::body;
use crate::server::webhook::request_headers::Head;

use super::access::{self, Access};

pub use registration::HookList;

/// Largest request of the console's.
const MAX_BODY: usize = 64 << 10;

/// The console of a process.
pub(in crate::server) struct Console {
    pub(in crate::server) access: Access,
    pub(in crate::server) hooks: Option<HookList>,
}

#[derive(Deserialize)]
struct SignIn {
    token: String,
}

/// The methods that the console takes at a path; `None`: it is not the console's.
pub(super) fn methods(path: &str) -> Option<&'static str> {
    match path {
        "/" | "/api/overview" | "/api/registration" | "/api/queue" => Some("GET, HEAD"),
        "/api/identifier" | "/api/url" | "/api/signature" | "/session" | "/session/end" => {
            Some("POST")
        }
        _ => page::FILES
            .iter()
            .any(|file| file.path == path)
            .then_some("GET, HEAD"),
    }
}

impl Console {
    /// Answers a request whose path and method are the console's.
    pub(super) async fn answer(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        state: &State,
    ) -> Result<HttpResponse, Failure> {
        let path = request.path();
        if let Some(file) = page::FILES.iter().find(|file| file.path == path) {
            return Ok(respond(StatusCode::OK)
                .content_type(file.content_type)
                .body(file.text));
        }
        match path {
            "/session" => return self.sign_in(request, payload, state).await,
            "/session/end" => return self.sign_out(request),
            _ => {}
        }
        match self.access.check(request).await {
            Err(Failure::Unauthorized) if path == "/" => {
                return Ok(sign_in_page(StatusCode::UNAUTHORIZED, false));
            }
            result => result?,
        }
        if path == "/" {
            return Ok(self.page(state));
        }
        access::check_same_site(request)?;
        match path {
            "/api/overview" => Ok(answer_json(StatusCode::OK, &overview::json(state))),
            "/api/queue" => {
                let queue = state.routes.load().queue.clone();
                let jobs = overview::jobs(queue.as_ref()).await;
                Ok(answer_json(StatusCode::OK, &jobs))
            }
            "/api/registration" => {
                let routes = state.routes.load_full();
                let wanted = routes
                    .all()
                    .iter()
                    .filter_map(|route| route.hook.registered_as())
                    .collect();
                let state = registration::state(self.hooks.as_ref(), wanted).await;
                Ok(answer_json(StatusCode::OK, &state))
            }
            _ => {
                Head::of(request.headers()).check()?;
                let body =
                    body::read(request, payload.into_inner(), MAX_BODY, state.read_timeout).await?;
                let routes = state.routes.load();
                Ok(match tools::run(path, &body, &routes, unix_time()) {
                    Ok(answer) => answer_json(StatusCode::OK, &answer),
                    Err(error) => answer_json(StatusCode::BAD_REQUEST, &json!({"error": error})),
                })
            }
        }
    }

    fn page(&self, state: &State) -> HttpResponse {
        let routes = state.routes.load();
        let account = &routes.account;
        let html = page::render(&routes.all(), &account.cloud_name, self.access.has_token());
        answer_html(StatusCode::OK, &delivery_origins(account), html)
    }

    async fn sign_in(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        state: &State,
    ) -> Result<HttpResponse, Failure> {
        access::check_same_site(request)?;
        let body = body::read(request, payload.into_inner(), MAX_BODY, state.read_timeout).await?;
        let text = str::from_utf8(&body).map_err(|_| Failure::BadRequest)?;
        let form = web::Query::<SignIn>::from_query(text).map_err(|_| Failure::BadRequest)?;
        match self.access.sign_in(request, &form.token).await {
            Ok(cookie) => to_the_page(&cookie),
            Err(Failure::Unauthorized) => Ok(sign_in_page(StatusCode::UNAUTHORIZED, true)),
            Err(Failure::WrongTokens) => Ok(sign_in_page(StatusCode::TOO_MANY_REQUESTS, true)),
            Err(failure) => Err(failure),
        }
    }

    fn sign_out(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        access::check_same_site(request)?;
        let mut response = to_the_page(&self.access.sign_out(request))?;
        // Its body was not read.
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
        Ok(response)
    }
}

fn to_the_page(cookie: &str) -> Result<HttpResponse, Failure> {
    let cookie = HeaderValue::from_str(cookie).map_err(|_| Failure::Panic)?;
    Ok(respond(StatusCode::SEE_OTHER)
        .insert_header((SET_COOKIE, cookie))
        .insert_header((LOCATION, HeaderValue::from_static("/")))
        .finish())
}

fn sign_in_page(status: StatusCode, was_wrong: bool) -> HttpResponse {
    let mut response = answer_html(status, &[], page::sign_in(was_wrong));
    response
        .head_mut()
        .set_connection_type(ConnectionType::Close);
    response
}

/// `pictures` are the hosts that pictures may come from.
fn answer_html(status: StatusCode, pictures: &[String], html: String) -> HttpResponse {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' {}; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        pictures.join(" ")
    );
    respond(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .body(html)
}

fn answer_json(status: StatusCode, json: &Value) -> HttpResponse {
    respond(status)
        .content_type("application/json")
        .body(json.to_string())
}

fn respond(status: StatusCode) -> HttpResponseBuilder {
    const HEADERS: [(HeaderName, &str); 5] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    let mut response = HttpResponse::build(status);
    for (name, value) in HEADERS {
        response.insert_header((name, HeaderValue::from_static(value)));
    }
    response
}
