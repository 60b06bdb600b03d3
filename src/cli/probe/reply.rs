//! What Parse Server's answer to a call of a temporary hook tells about the URL that it called.

use serde_json::Value;

use crate::parse::client::Reply;

/// What answered the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProbeReply {
    /// This service: it took the key, has the hook, and refused a body that is not for it.
    Served,
    /// This service: it has nothing at this path.
    NotServed,
    /// This service: it refused the key.
    WrongKey,
    /// Something else, with an answer that Parse Server takes for a refusal.
    OtherServer {
        /// The HTTP status.
        status: u64,
    },
    /// Something else, with an answer that Parse Server takes for consent: a redirect, 204, a page.
    Consent,
    /// Nothing; Parse Server's reason.
    Unreachable(String),
    /// Parse Server has no such function.
    NoHandler,
    /// Anything else that Parse Server says.
    Unknown(String),
}

/// Reads Parse Server's answer.
pub(crate) fn read(reply: &Reply) -> ProbeReply {
    if reply.status.is_success() {
        return ProbeReply::Consent;
    }
    match (reply.body["code"].as_i64(), &reply.body["error"]) {
        (Some(141), Value::Object(answer)) => {
            let text = answer.get("text").and_then(Value::as_str);
            let status = answer.get("status").and_then(Value::as_u64);
            match (status.unwrap_or_default(), text.unwrap_or_default()) {
                (400, r#"{"error":"bad request"}"#) => ProbeReply::Served,
                (401, r#"{"error":"unauthorized"}"#) => ProbeReply::WrongKey,
                (404, r#"{"error":"not found"}"#) => ProbeReply::NotServed,
                (status, _) => ProbeReply::OtherServer { status },
            }
        }
        (Some(141), Value::String(text)) if text.starts_with("Invalid function") => {
            ProbeReply::NoHandler
        }
        (Some(141), Value::String(text)) => ProbeReply::Unreachable(text.clone()),
        (_, Value::String(text)) => ProbeReply::Unknown(text.clone()),
        _ => ProbeReply::Unknown(format!("status {}", reply.status)),
    }
}

/// What to do about a URL that Parse Server cannot reach, by the words of Node.js.
pub(crate) fn remedy(cause: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| cause.contains(word));
    if says(&["ENOTFOUND", "EAI_AGAIN"]) {
        "Parse Server's machine does not know this host name: use one that it knows in CLOUDINARY_PARSE_PUBLIC_URL, then run `cloudinary-parse register`"
    } else if says(&["EPROTO", "wrong version number", "packet length too long"]) {
        "CLOUDINARY_PARSE_PUBLIC_URL says https, but nothing speaks TLS there: write http, or set CLOUDINARY_PARSE_TLS_CERT and CLOUDINARY_PARSE_TLS_KEY; then run `cloudinary-parse register`"
    } else if says(&["expired"]) {
        "renew the certificate"
    } else if says(&["altnames", "Hostname/IP"]) {
        "use a certificate for the host name of CLOUDINARY_PARSE_PUBLIC_URL"
    } else if says(&[
        "certificate",
        "self-signed",
        "self signed",
        "unable to verify",
    ]) {
        "Parse Server's Node.js does not trust the certificate: start it with NODE_EXTRA_CA_CERTS=<file of the issuer>, and give CLOUDINARY_PARSE_TLS_CERT the whole chain"
    } else if says(&["socket hang up", "ECONNRESET", "Parse Error"]) {
        "what answers there closes the connection: if it speaks TLS, CLOUDINARY_PARSE_PUBLIC_URL must begin with https; then run `cloudinary-parse register`"
    } else if says(&["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"]) {
        "let Parse Server's machine through the firewall and network between the two"
    } else {
        "start `cloudinary-parse serve`, or set CLOUDINARY_PARSE_PUBLIC_URL to where Parse Server reaches it and run `cloudinary-parse register`"
    }
}

/// A reason of Node.js without the codes of OpenSSL, which are in the form
/// `write EPROTO 80C8:error:0A00010B:SSL routines:function:wrong version number:file.c:354:`.
pub(crate) fn plain(cause: &str) -> String {
    let Some((before, codes)) = cause.split_once(":error:") else {
        return cause.to_owned();
    };
    let call = before.rsplit_once(' ').map_or("", |(call, _)| call);
    match codes.split(':').nth(3).map(str::trim) {
        Some(reason) if !reason.is_empty() => format!("{call}: {reason}"),
        _ => call.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use serde_json::json;

    use super::*;

    fn of(status: u16, body: Value) -> ProbeReply {
        read(&Reply {
            status: StatusCode::from_u16(status).unwrap(),
            body,
            date: None,
        })
    }

    fn answered(status: u16, text: &str) -> ProbeReply {
        of(
            400,
            json!({"code": 141, "error": {"status": status, "text": text, "headers": {}}}),
        )
    }

    #[test]
    fn knows_the_answers_of_this_service() {
        for (status, text, expected) in [
            (400, r#"{"error":"bad request"}"#, ProbeReply::Served),
            (401, r#"{"error":"unauthorized"}"#, ProbeReply::WrongKey),
            (404, r#"{"error":"not found"}"#, ProbeReply::NotServed),
        ] {
            assert_eq!(answered(status, text), expected);
        }
    }

    #[test]
    fn takes_no_other_server_for_this_one() {
        for (status, text) in [
            (400, "bad request"),
            (401, "<h1>Authorization Required</h1>"),
            (404, "<html>not found</html>"),
            (403, r#"{"error":"unauthorized"}"#),
            (502, ""),
        ] {
            let status_seen = u64::from(status);
            let expected = ProbeReply::OtherServer {
                status: status_seen,
            };
            assert_eq!(answered(status, text), expected);
        }
    }

    #[test]
    fn sees_consent_in_every_success() {
        for body in [json!({}), json!({"result": {}}), Value::Null] {
            assert_eq!(of(200, body), ProbeReply::Consent);
        }
    }

    #[test]
    fn repeats_what_parse_server_says_of_connections() {
        for (status, code, text, expected) in [
            (
                400,
                141,
                "connect ECONNREFUSED 127.0.0.1:9",
                ProbeReply::Unreachable("connect ECONNREFUSED 127.0.0.1:9".into()),
            ),
            (400, 141, "Invalid function: \"f\"", ProbeReply::NoHandler),
            (500, 1, "boom", ProbeReply::Unknown("boom".into())),
        ] {
            assert_eq!(of(status, json!({"code": code, "error": text})), expected);
        }
        assert_eq!(
            of(502, Value::Null),
            ProbeReply::Unknown("status 502 Bad Gateway".into())
        );
    }

    #[test]
    fn has_a_remedy_for_each_kind_of_failure() {
        for (cause, expected) in [
            ("getaddrinfo ENOTFOUND hooks", "host name"),
            ("write EPROTO 80:error:wrong version number", "says https"),
            ("certificate has expired", "renew"),
            (
                "Hostname/IP does not match certificate's altnames",
                "host name",
            ),
            ("self-signed certificate", "NODE_EXTRA_CA_CERTS"),
            (
                "unable to verify the first certificate",
                "NODE_EXTRA_CA_CERTS",
            ),
            ("socket hang up", "https"),
            ("connect ETIMEDOUT 10.0.0.1:80", "firewall"),
            ("connect ECONNREFUSED 127.0.0.1:9", "serve"),
        ] {
            assert!(remedy(cause).contains(expected), "{cause}");
        }
    }

    #[test]
    fn keeps_what_openssl_says_and_leaves_its_codes_out() {
        for (cause, expected) in [
            (
                "write EPROTO 80C8C0E8A87F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/openssl/ssl/record/ssl3_record.c:354:\n",
                "write EPROTO: wrong version number",
            ),
            (
                "write EPROTO 00:error:0A0000C6:SSL routines:tls_get_more_records:packet length too long:../deps/x.c:1:\n",
                "write EPROTO: packet length too long",
            ),
            ("write EPROTO 00:error:0A0000C6", "write EPROTO"),
            (
                "connect ECONNREFUSED 127.0.0.1:9",
                "connect ECONNREFUSED 127.0.0.1:9",
            ),
            ("self-signed certificate", "self-signed certificate"),
            ("", ""),
        ] {
            assert_eq!(plain(cause), expected);
        }
    }
}
