//! Answers that are no decision of a hook's. Each is a refusal to Parse Server, which hands the
//! text to the app's end users.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use actix_web::web::Bytes;

/// A request that no hook decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Failure {
    BadRequest,
    Unauthorized,
    NotFound,
    MethodNotAllowed(&'static str),
    TooLarge,
    Deadline,
    Panic,
    /// On the admin listener: another web site made a browser send it.
    CrossSite,
    /// On the admin listener: too many wrong tokens from this address.
    WrongTokens,
    /// On the admin listener: a name that is not this machine's.
    ForeignHost,
}

impl Failure {
    /// The label of metrics and logs.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Failure::BadRequest => "bad_request",
            Failure::Unauthorized => "unauthorized",
            Failure::NotFound => "not_found",
            Failure::MethodNotAllowed(_) => "method_not_allowed",
            Failure::TooLarge => "too_large",
            Failure::Deadline => "deadline",
            Failure::Panic => "panic",
            Failure::CrossSite => "cross_site",
            Failure::WrongTokens => "wrong_tokens",
            Failure::ForeignHost => "foreign_host",
        }
    }

    fn parts(self) -> (StatusCode, &'static str) {
        match self {
            Failure::BadRequest => (StatusCode::BAD_REQUEST, r#"{"error":"bad request"}"#),
            Failure::Unauthorized => (StatusCode::UNAUTHORIZED, r#"{"error":"unauthorized"}"#),
            Failure::NotFound => (StatusCode::NOT_FOUND, r#"{"error":"not found"}"#),
            Failure::MethodNotAllowed(_) => (
                StatusCode::METHOD_NOT_ALLOWED,
                r#"{"error":"method not allowed"}"#,
            ),
            Failure::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                r#"{"error":"request too large"}"#,
            ),
            Failure::Deadline => (
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"error":"timed out, try again"}"#,
            ),
            Failure::Panic => (
                StatusCode::INTERNAL_SERVER_ERROR,
                r#"{"error":"internal error"}"#,
            ),
            Failure::CrossSite => (
                StatusCode::FORBIDDEN,
                r#"{"error":"requests of other web sites are not answered"}"#,
            ),
            Failure::WrongTokens => (
                StatusCode::TOO_MANY_REQUESTS,
                r#"{"error":"too many wrong tokens, try again later"}"#,
            ),
            Failure::ForeignHost => (
                StatusCode::FORBIDDEN,
                r#"{"error":"expected the host localhost or 127.0.0.1; for another one set CLOUDINARY_PARSE_ADMIN_TOKEN"}"#,
            ),
        }
    }

    /// The answer. The connection closes with it: whoever sends such requests may not hold one.
    pub(super) fn response(self) -> HttpResponse {
        let (status, body) = self.parts();
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, JSON)).force_close();
        if let Failure::MethodNotAllowed(allowed) = self {
            response.insert_header((ALLOW, HeaderValue::from_static(allowed)));
        }
        response.body(body)
    }
}

/// What every answer of the webhook listener is.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A decision: status 200, whatever it was.
pub(super) fn decision(text: impl Into<Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, JSON))
        .body(text.into())
}
