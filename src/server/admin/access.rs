//! Who may use the admin listener, and how a browser proves it.
//!
//! With a token: a caller that presents it, in a header or by a session that it was exchanged for.
//! Without one the listener is on loopback, and everybody on this machine may. Then a web page must
//! not reach it through the operator's own browser under another name.

mod attempts;
mod sessions;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::clock::unix_time;
use crate::server::request_error::Failure;

use attempts::Attempts;
use sessions::Sessions;

/// The session's cookie.
const SESSION: &str = "cloudinary-parse-console";
/// How long a token waits to be checked that comes after too many wrong ones.
const PAUSE: Duration = Duration::from_secs(1);

/// The rule.
pub(in crate::server) struct Access {
    token: Option<SecretString>,
    sessions: Sessions,
    attempts: Attempts,
}

impl Access {
    /// Without a `token`, names of this machine are the only ones that requests may use.
    pub(in crate::server) fn new(token: Option<SecretString>) -> Self {
        Access {
            token,
            sessions: Sessions::default(),
            attempts: Attempts::default(),
        }
    }

    /// Whether there is something to sign in with.
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Lets a request in or says why not.
    pub(in crate::server) async fn check(&self, request: &HttpRequest) -> Result<(), Failure> {
        let Some(token) = &self.token else {
            // Probes and Prometheus come under whatever name this machine has; what they read is of
            // no use to a page.
            if matches!(request.path(), "/ready" | "/metrics") {
                return Ok(());
            }
            return check_host(request);
        };
        let now = unix_time();
        if sessions_of(request).any(|session| self.sessions.holds(session, now)) {
            return Ok(());
        }
        let bearer = request.headers().get(AUTHORIZATION);
        let bearer = bearer.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        match bearer {
            Some(presented) => self.check_token(request, token, presented).await,
            None => Err(Failure::Unauthorized),
        }
    }

    /// Compares a token, as often as the address may have that done.
    async fn check_token(
        &self,
        request: &HttpRequest,
        token: &SecretString,
        presented: &[u8],
    ) -> Result<(), Failure> {
        let address = request.peer_addr().map(|peer| peer.ip());
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let attempt = self.attempts.begin(address, unix_time());
        let attempt = attempt.ok_or(Failure::WrongTokens)?;
        if attempt.is_slow {
            tokio::time::sleep(PAUSE).await;
        }
        if token.expose_secret().as_bytes().ct_eq(presented).into() {
            return Ok(());
        }
        attempt.wrong(unix_time());
        Err(if attempt.is_slow {
            Failure::WrongTokens
        } else {
            Failure::Unauthorized
        })
    }

    /// A session's cookie in exchange for the token.
    ///
    /// # Errors
    /// [`Failure::Unauthorized`] for another token, [`Failure::WrongTokens`] after too many of
    /// them.
    pub(super) async fn sign_in(
        &self,
        request: &HttpRequest,
        presented: &str,
    ) -> Result<String, Failure> {
        let token = self.token.as_ref().ok_or(Failure::Unauthorized)?;
        self.check_token(request, token, presented.as_bytes())
            .await?;
        let session = self.sessions.begin(unix_time()).ok_or(Failure::Panic)?;
        Ok(cookie(request, &session, sessions::SECONDS))
    }

    /// Ends the session, here and, by the cookie that it returns, in the browser.
    pub(super) fn sign_out(&self, request: &HttpRequest) -> String {
        sessions_of(request).for_each(|session| self.sessions.end(session));
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

/// A page of somebody else's may have its own name resolve to 127.0.0.1, but it cannot make the
/// browser say another name than that.
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

fn sessions_of(request: &HttpRequest) -> impl Iterator<Item = &str> {
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
}
