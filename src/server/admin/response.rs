//! The headers of the console's answers.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::Value;

/// A page that loads pictures from `picture_hosts` and everything else from this listener.
pub(super) fn html(status: StatusCode, picture_hosts: &[String], html: String) -> HttpResponse {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' {}; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        picture_hosts.join(" ")
    );
    builder(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .body(html)
}

pub(super) fn json(status: StatusCode, json: &Value) -> HttpResponse {
    builder(status)
        .content_type("application/json")
        .body(json.to_string())
}

/// A response that no browser stores, sniffs or hands to another site.
pub(super) fn builder(status: StatusCode) -> HttpResponseBuilder {
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
