//! Who may use the admin listener, and how a browser proves it.
//!
//! With a token: whoever presents it, in a header or by a session that it was exchanged for. Without one the listener is on loopback, and
//! everybody on this machine may. Then a web page must not reach it through the operator's own browser under another name.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderValue};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::super::clock::unix_time;
use super::super::reply::Failure;

/// The session's cookie.
const SESSION: &str = "cloudinary-parse-console";
/// How long a session lasts, in seconds.
const SESSION_SECONDS: u64 = 12 * 3_600;

/// The rule.
pub(in crate::server) struct Access {
    token: Option<SecretString>,
}

impl Access {
    /// Without a `token`, names of this machine are the only ones that requests may use.
    pub(in crate::server) fn new(token: Option<SecretString>) -> Self {
        Access { token }
    }

    /// Whether there is something to sign in with.
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Lets a request in or says why not.
    pub(in crate::server) fn check(&self, request: &HttpRequest) -> Result<(), Failure> {
        let Some(token) = &self.token else {
            // Probes and Prometheus come under whatever name this machine has; what they read is of no use to a page.
            if matches!(request.path(), "/ready" | "/metrics") {
                return Ok(());
            }
            return check_host(request);
        };
        let bearer = request.headers().get(AUTHORIZATION);
        let bearer = bearer.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        let now = unix_time();
        let admitted = bearer.is_some_and(|presented| is_token(token, presented))
            || sessions(request).any(|session| is_session(token, session, now));
        if admitted {
            Ok(())
        } else {
            Err(Failure::Unauthorized)
        }
    }

    /// A session's cookie in exchange for the token.
    pub(super) fn sign_in(&self, request: &HttpRequest, presented: &str) -> Option<String> {
        let token = self.token.as_ref()?;
        if !is_token(token, presented.as_bytes()) {
            return None;
        }
        let until = unix_time() + SESSION_SECONDS;
        let value = format!("{until}.{}", proof(token, until)?);
        Some(cookie(request, &value, SESSION_SECONDS))
    }

    /// A cookie that ends the session in this browser.
    pub(super) fn sign_out(request: &HttpRequest) -> String {
        cookie(request, "", 0)
    }
}

/// Refuses what another web site made a browser send.
pub(super) fn check_same_site(request: &HttpRequest) -> Result<(), Failure> {
    let site = request.headers().get("sec-fetch-site");
    let site = site.map(HeaderValue::as_bytes);
    match site {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(Failure::CrossSite),
    }
}

/// A page of somebody else's may have its own name resolve to 127.0.0.1, but it cannot make the browser say another name than that.
fn check_host(request: &HttpRequest) -> Result<(), Failure> {
    let host = request
        .headers()
        .get(HOST)
        .map_or("", |host| host.to_str().unwrap_or("?"));
    // HTTP/1.0 clients send none; no browser is one.
    if host.is_empty() || names_this_machine(host) {
        Ok(())
    } else {
        Err(Failure::ForeignHost)
    }
}

fn names_this_machine(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    port.bytes().all(|byte| byte.is_ascii_digit())
        && (name.eq_ignore_ascii_case("localhost")
            || address
                .parse::<IpAddr>()
                .is_ok_and(|ip| ip.to_canonical().is_loopback()))
}

fn is_token(token: &SecretString, presented: &[u8]) -> bool {
    token.expose_secret().as_bytes().ct_eq(presented).into()
}

fn is_session(token: &SecretString, value: &str, now: u64) -> bool {
    let Some((until, presented)) = value.split_once('.') else {
        return false;
    };
    let Ok(until) = until.parse() else {
        return false;
    };
    now < until
        && proof(token, until)
            .is_some_and(|proof| proof.as_bytes().ct_eq(presented.as_bytes()).into())
}

/// Only who knows the token can make it, and it does not give the token away.
fn proof(token: &SecretString, until: u64) -> Option<String> {
    let key = token.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("console session until {until}").as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
}

fn sessions(request: &HttpRequest) -> impl Iterator<Item = &str> {
    let headers = request.headers().get_all(COOKIE);
    let cookies = headers.filter_map(|header| header.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.filter_map(|pair| pair.trim().strip_prefix(SESSION)?.strip_prefix('='))
}

/// The value of `Set-Cookie`.
fn cookie(request: &HttpRequest, value: &str, seconds: u64) -> String {
    // Behind a proxy with TLS; the listener itself has none.
    let secure = match request.connection_info().scheme() {
        "https" => "; Secure",
        _ => "",
    };
    format!("{SESSION}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_names_of_this_machine() {
        for host in [
            "localhost",
            "LOCALHOST:9090",
            "127.0.0.1:9090",
            "127.1.2.3",
            "[::1]:9090",
            "[::1]",
        ] {
            assert!(names_this_machine(host), "{host}");
        }
        for host in [
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com:9090",
            "10.0.0.1",
            "0.0.0.0:9090",
            "[::]:9090",
            "localhost:9090@example.com",
            "?",
        ] {
            assert!(!names_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_session_is_of_one_token_and_ends() {
        let (token, other) = (SecretString::from("token"), SecretString::from("other"));
        let value = format!("1000.{}", proof(&token, 1_000).unwrap());
        assert!(is_session(&token, &value, 999));
        assert!(!value.contains("token"));
        for (token, value, now) in [
            (&token, value.as_str(), 1_000),
            (&other, &value, 999),
            (&token, &value.replacen("1000", "2000", 1), 999),
            (&token, &value[..value.len() - 1], 999),
            (&token, "token", 999),
            (&token, "1000.", 999),
            (&token, "1000", 999),
            (&token, "", 999),
        ] {
            assert!(!is_session(token, value, now), "{value} {now}");
        }
    }
}
