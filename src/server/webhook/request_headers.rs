//! The headers of a request that decide whether it is taken.

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::server::request_error::RequestError;

static WEBHOOK_KEY: HeaderName = HeaderName::from_static("x-parse-webhook-key");

/// The value of a header that occurs exactly once: of two, a proxy and this service might each
/// believe another one.
pub(in crate::server) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name);
    let value = values.next();
    value.filter(|_| values.next().is_none())
}

/// The webhook key, if the request has exactly one.
pub(in crate::server) fn webhook_key(headers: &HeaderMap) -> Option<&[u8]> {
    single(headers, &WEBHOOK_KEY).map(HeaderValue::as_bytes)
}

/// Refuses any content type but JSON in UTF-8, and any content coding.
pub(in crate::server) fn check_json(headers: &HeaderMap) -> Result<(), RequestError> {
    let is_encoded = headers
        .get_all(CONTENT_ENCODING)
        .any(|coding| coding != "identity");
    let content_type = single(headers, &CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type.is_some_and(is_json) && !is_encoded {
        Ok(())
    } else {
        Err(RequestError::BadRequest)
    }
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let json = |media: &str| media.eq_ignore_ascii_case("application/json");
    let utf8 = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    parts.next().is_some_and(json) && parts.all(utf8)
}
