//! The master key in a client's headers, as Parse Server passes them on. Nothing of them is kept or
//! logged.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::json::{JsonKind, JsonText};

const MASTER_KEY: &str = "x-parse-master-key";
const AUTHORIZATION: &str = "authorization";

/// Node.js, which decodes it for Parse Server, does not care about padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether `headers` show a master key that is not `key`, in constant time; or something that Parse
/// Server never writes, of which it cannot be told what it shows: no object, a name in another
/// spelling or twice, a value that is not text.
pub(super) fn show_other_key(headers: JsonText<'_>, key: &SecretString) -> bool {
    if headers.kind() == JsonKind::Null {
        return false;
    }
    let Some(members) = headers.members() else {
        return true;
    };
    let mut seen = [false; 2];
    members.iter().any(|member| {
        let name = member.key.decoded();
        let is = |header: &str| name.eq_ignore_ascii_case(header.as_bytes());
        let (index, header) = match (is(MASTER_KEY), is(AUTHORIZATION)) {
            (true, _) => (0, MASTER_KEY),
            (_, true) => (1, AUTHORIZATION),
            (false, false) => return false,
        };
        let is_repeated = std::mem::replace(&mut seen[index], true);
        let Some(value) = member.value.as_str() else {
            return true;
        };
        is_repeated
            || member.key.as_raw() != header
            || match index {
                0 => !is_key(value.as_bytes(), key),
                _ => shows_other_password(&value, key),
            }
    })
}

/// Whether an `authorization` is a Basic one with another password. Parse Server reads what is
/// between the first two colons, unless it is the key of a JavaScript client.
fn shows_other_password(authorization: &str, key: &SecretString) -> bool {
    const BASIC: &str = "basic ";
    let credentials = match authorization.split_at_checked(BASIC.len()) {
        Some((scheme, credentials)) if scheme.eq_ignore_ascii_case(BASIC) => credentials,
        _ => return false,
    };
    let Ok(credentials) = BASE64.decode(credentials) else {
        return true;
    };
    match credentials.split(|&byte| byte == b':').nth(1) {
        None => false,
        Some(password) => !password.starts_with(b"javascript-key=") && !is_key(password, key),
    }
}

fn is_key(shown: &[u8], key: &SecretString) -> bool {
    shown.ct_eq(key.expose_secret().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use serde_json::{Value, json};

    use super::*;

    fn shows_another(headers: &str) -> bool {
        show_other_key(JsonText::parse(headers).unwrap(), &"full-key".into())
    }

    fn basic(credentials: &str) -> Value {
        format!("Basic {}", STANDARD.encode(credentials)).into()
    }

    #[test]
    fn takes_headers_that_show_the_key_or_none() {
        for headers in [
            json!(null),
            json!({}),
            json!({"x-parse-master-key": "full-key"}),
            json!({"x-parse-application-id": "app", "host": "h", "x-parse-session-token": 5}),
            json!({"authorization": basic("app:full-key")}),
            json!({"authorization": basic("app:full-key:more")}),
            json!({"authorization": format!("bASIC {}", STANDARD_NO_PAD.encode("app:full-key"))}),
            json!({"authorization": basic("app:full-key"), "x-parse-master-key": "full-key"}),
            json!({"authorization": basic("app:javascript-key=other")}),
            json!({"authorization": basic("app")}),
            json!({"authorization": "Bearer read-only-key"}),
            json!({"authorization": "Basi"}),
        ] {
            assert!(!shows_another(&headers.to_string()), "{headers}");
        }
    }

    #[test]
    fn refuses_another_key() {
        for headers in [
            json!({"x-parse-master-key": "read-only-key"}),
            json!({"x-parse-master-key": ""}),
            json!({"x-parse-master-key": "full-key "}),
            json!({"x-parse-master-key": "full-key, read-only-key"}),
            json!({"authorization": basic("app:read-only-key")}),
            json!({"authorization": basic("app:")}),
            json!({"authorization": basic(":read-only-key:full-key")}),
            json!({"authorization": basic("app:read-only-key"), "x-parse-master-key": "full-key"}),
            json!({"authorization": basic("app:full-key"), "x-parse-master-key": "read-only-key"}),
            json!({"authorization": "Basic ***"}),
            json!({"authorization": "Basic é"}),
        ] {
            assert!(shows_another(&headers.to_string()), "{headers}");
        }
    }

    #[test]
    fn refuses_what_parse_server_never_writes() {
        for headers in [
            r#""x-parse-master-key""#,
            "[]",
            "5",
            r#"{"x-parse-master-key":null}"#,
            r#"{"x-parse-master-key":["full-key"]}"#,
            r#"{"x-parse-master-key":"full-key\ud800"}"#,
            r#"{"X-Parse-Master-Key":"full-key"}"#,
            r#"{"\u0078-parse-master-key":"full-key"}"#,
            r#"{"x-parse-master-key":"full-key","x-parse-master-key":"full-key"}"#,
            r#"{"x-parse-master-key":"full-key","X-PARSE-master-key":"full-key"}"#,
            r#"{"authorization":{"a":1}}"#,
            r#"{"Authorization":"Bearer x"}"#,
            r#"{"authorization":"Bearer x","authorization":"Bearer x"}"#,
        ] {
            assert!(shows_another(headers), "{headers}");
        }
    }
}
