//! Why a request got no decision from a hook, and the answer to it. Parse Server takes each of these
//! answers for a refusal and passes its text to the app's users.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use std::fmt;

use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue};

/// Why no hook decided on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum RequestError {
    BadRequest,
    /// [`BadRequest`](Self::BadRequest) of which a log line says what is wrong.
    Malformed,
    /// A call of `doctor`'s, which is refused as a bad request and held against nobody.
    Probe,
    Unauthorized,
    NotFound,
    MethodNotAllowed(&'static str),
    TooLarge,
    Deadline,
    Panic,
    /// On the admin listener: a browser sent it for another web site.
    CrossSite,
    /// On the admin listener: too many wrong tokens from this address.
    WrongTokens,
    /// On the admin listener: its `Host` is not this machine.
    ForeignHost,
}

/// The labels of those that the webhook listener counts against its callers.
pub(super) const UNDECIDED: [&str; 7] = [
    "bad_request",
    "unauthorized",
    "not_found",
    "method_not_allowed",
    "too_large",
    "deadline",
    "panic",
];

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ResponseError for RequestError {
    fn status_code(&self) -> StatusCode {
        self.parts().0
    }

    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}

impl RequestError {
    /// The label of metrics and logs.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            RequestError::BadRequest | RequestError::Malformed => "bad_request",
            RequestError::Probe => "doctor",
            RequestError::Unauthorized => "unauthorized",
            RequestError::NotFound => "not_found",
            RequestError::MethodNotAllowed(_) => "method_not_allowed",
            RequestError::TooLarge => "too_large",
            RequestError::Deadline => "deadline",
            RequestError::Panic => "panic",
            RequestError::CrossSite => "cross_site",
            RequestError::WrongTokens => "wrong_tokens",
            RequestError::ForeignHost => "foreign_host",
        }
    }

    /// Its place in [`UNDECIDED`].
    pub(super) fn undecided(self) -> Option<usize> {
        let label = self.as_str();
        UNDECIDED.iter().position(|known| *known == label)
    }

    fn parts(self) -> (StatusCode, &'static str) {
        match self {
            RequestError::BadRequest | RequestError::Malformed | RequestError::Probe => {
                (StatusCode::BAD_REQUEST, r#"{"error":"bad request"}"#)
            }
            RequestError::Unauthorized => (StatusCode::UNAUTHORIZED, r#"{"error":"unauthorized"}"#),
            RequestError::NotFound => (StatusCode::NOT_FOUND, r#"{"error":"not found"}"#),
            RequestError::MethodNotAllowed(_) => (
                StatusCode::METHOD_NOT_ALLOWED,
                r#"{"error":"method not allowed"}"#,
            ),
            RequestError::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                r#"{"error":"request too large"}"#,
            ),
            RequestError::Deadline => (
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"error":"timed out, try again"}"#,
            ),
            RequestError::Panic => (
                StatusCode::INTERNAL_SERVER_ERROR,
                r#"{"error":"internal error"}"#,
            ),
            RequestError::CrossSite => (
                StatusCode::FORBIDDEN,
                r#"{"error":"requests of other web sites are not answered"}"#,
            ),
            RequestError::WrongTokens => (
                StatusCode::TOO_MANY_REQUESTS,
                r#"{"error":"too many wrong tokens, try again later"}"#,
            ),
            RequestError::ForeignHost => (
                StatusCode::FORBIDDEN,
                r#"{"error":"expected the host localhost or 127.0.0.1; for another one set CLOUDINARY_PARSE_ADMIN_TOKEN"}"#,
            ),
        }
    }

    /// The answer, which closes the connection: such clients may not hold one.
    pub(super) fn response(self) -> HttpResponse {
        let (status, body) = self.parts();
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, JSON)).force_close();
        if let RequestError::MethodNotAllowed(allowed) = self {
            response.insert_header((ALLOW, HeaderValue::from_static(allowed)));
        }
        response.body(body)
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_keeps_parse_server_from_a_decision_and_nothing_else() {
        use RequestError::{
            BadRequest, CrossSite, Deadline, ForeignHost, Malformed, MethodNotAllowed, NotFound,
            Panic, Probe, TooLarge, Unauthorized, WrongTokens,
        };
        let counted = [
            BadRequest,
            Unauthorized,
            NotFound,
            MethodNotAllowed("POST"),
            TooLarge,
            Deadline,
            Panic,
        ];
        let places = counted.map(RequestError::undecided);
        assert_eq!(places, [0, 1, 2, 3, 4, 5, 6].map(Some));
        assert_eq!(Malformed.undecided(), Some(0));
        for other in [Probe, CrossSite, WrongTokens, ForeignHost] {
            assert_eq!(other.undecided(), None, "{other}");
        }
    }
}
