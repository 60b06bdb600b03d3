//! The answers of the webhook listener that are not errors.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::Bytes;

/// Status 200 with this JSON. A hook's decision is one, whether it accepts or refuses.
pub(super) fn json(text: impl Into<Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .body(text.into())
}
