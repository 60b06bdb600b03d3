//! Signing in to the console and out of it.

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::server::request_error::RequestError;
use crate::server::webhook::body;

use super::access::check_same_site;
use super::console::page::SignInPage;
use super::response;
use super::state::AdminState;

/// Largest form, in bytes.
const MAX_BODY: usize = 64 << 10;

#[derive(Deserialize)]
struct SignIn {
    token: String,
}

/// Exchanges the token for a session.
pub(super) async fn sign_in(
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, RequestError> {
    check_same_site(&request)?;
    let timeout = state.server.read_timeout;
    let body = body::read(&request, payload.into_inner(), MAX_BODY, timeout).await?;
    let text = str::from_utf8(&body).map_err(|_| RequestError::BadRequest)?;
    let form = Query::<SignIn>::from_query(text).map_err(|_| RequestError::BadRequest)?;
    match state.access.sign_in(&request, &form.token).await {
        Ok(session) => Ok(redirect_to_console(session)),
        Err(RequestError::Unauthorized) => wrong_token(StatusCode::UNAUTHORIZED),
        Err(RequestError::WrongTokens) => wrong_token(StatusCode::TOO_MANY_REQUESTS),
        Err(error) => Err(error),
    }
}

/// Ends the session.
pub(super) async fn sign_out(
    request: HttpRequest,
    state: Data<AdminState>,
) -> Result<HttpResponse, RequestError> {
    check_same_site(&request)?;
    let mut response = redirect_to_console(state.access.sign_out(&request));
    // The body was not read.
    response
        .head_mut()
        .set_connection_type(actix_web::http::ConnectionType::Close);
    Ok(response)
}

fn redirect_to_console(session: Cookie<'_>) -> HttpResponse {
    response::builder(StatusCode::SEE_OTHER)
        .cookie(session)
        .insert_header((LOCATION, HeaderValue::from_static("/")))
        .finish()
}

fn wrong_token(status: StatusCode) -> Result<HttpResponse, RequestError> {
    SignInPage { was_wrong: true }.response(status)
}
