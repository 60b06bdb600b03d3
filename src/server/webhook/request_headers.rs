//! The headers of a request that decide about it, read in one pass.

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::server::request_error::Failure;

/// In lower case, as every name is kept.
const WEBHOOK_KEY: &str = "x-parse-webhook-key";

/// A header that must not occur twice.
#[derive(Debug, Default, Clone, Copy)]
struct Sole<'a> {
    value: Option<&'a HeaderValue>,
    repeated: bool,
}

/// What is looked at of a request's headers.
#[derive(Debug, Default)]
pub(in crate::server) struct Head<'a> {
    webhook_key: Sole<'a>,
    content_type: Sole<'a>,
    is_encoded: bool,
}

impl<'a> Sole<'a> {
    fn add(&mut self, value: &'a HeaderValue) {
        self.repeated |= self.value.replace(value).is_some();
    }

    fn get(self) -> Option<&'a HeaderValue> {
        self.value.filter(|_| !self.repeated)
    }
}

impl<'a> Head<'a> {
    pub(in crate::server) fn of(headers: &'a HeaderMap) -> Self {
        let mut head = Head::default();
        for (name, value) in headers {
            if name == CONTENT_TYPE {
                head.content_type.add(value);
            } else if name == CONTENT_ENCODING {
                head.is_encoded |= value.as_bytes() != b"identity";
            } else if name.as_str() == WEBHOOK_KEY {
                head.webhook_key.add(value);
            }
        }
        head
    }

    /// The webhook key, if the request shows exactly one.
    pub(in crate::server) fn webhook_key(&self) -> Option<&'a [u8]> {
        self.webhook_key.get().map(HeaderValue::as_bytes)
    }

    /// Refuses what no JSON request of Parse Server's has: another content type, a content coding.
    pub(in crate::server) fn check(&self) -> Result<(), Failure> {
        let is_json = self
            .content_type
            .get()
            .is_some_and(|value| value == "application/json" || value.to_str().is_ok_and(is_json));
        if is_json && !self.is_encoded {
            Ok(())
        } else {
            Err(Failure::BadRequest)
        }
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
