//! Who may use the admin listener, and how a browser proves it.
//!
//! With a token: a caller that presents it in a header, or a session that it was exchanged for.
//! Without one the listener is on loopback and everybody on this machine may use it, but no web page
//! through the operator's browser, under a name that it makes resolve to this machine.

mod attempts;
mod sessions;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieAge;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::clock::unix_time;
use crate::server::request_error::RequestError;

use attempts::Attempts;
use sessions::Sessions;

/// The name of the session's cookie.
const SESSION: &str = "cloudinary-parse-console";
/// Delay before a token is checked once its address has sent too many wrong ones.
const SLOW_CHECK_DELAY: Duration = Duration::from_secs(1);

/// Decides who may use the admin listener.
pub(in crate::server) struct AdminAccess {
    token: Option<SecretString>,
    sessions: Sessions,
    attempts: Attempts,
}

impl AdminAccess {
    /// Without a `token`, the `Host` of a request must be this machine.
    pub(in crate::server) fn new(token: Option<SecretString>) -> Self {
        AdminAccess {
            token,
            sessions: Sessions::default(),
            attempts: Attempts::default(),
        }
    }

    /// Whether an operator has to sign in.
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Admits an operator.
    pub(super) async fn check(&self, request: &HttpRequest) -> Result<(), RequestError> {
        match &self.token {
            Some(token) => self.check_session_or_token(request, token).await,
            None => check_host(request),
        }
    }

    /// Admits a probe. Without a token it may use any name of this machine, because what it reads is
    /// of no use to a web page.
    pub(super) async fn check_probe(&self, request: &HttpRequest) -> Result<(), RequestError> {
        match &self.token {
            Some(token) => self.check_session_or_token(request, token).await,
            None => Ok(()),
        }
    }

    async fn check_session_or_token(
        &self,
        request: &HttpRequest,
        token: &SecretString,
    ) -> Result<(), RequestError> {
        let now = unix_time();
        if sessions_of(request).any(|session| self.sessions.contains(&session, now)) {
            return Ok(());
        }
        let bearer = request.headers().get(AUTHORIZATION);
        let bearer = bearer.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        let presented = bearer.ok_or(RequestError::Unauthorized)?;
        self.check_token(request, token, presented).await
    }

    /// Compares a token, unless its address has sent too many wrong ones.
    async fn check_token(
        &self,
        request: &HttpRequest,
        token: &SecretString,
        presented: &[u8],
    ) -> Result<(), RequestError> {
        let address = request.peer_addr().map(|peer| peer.ip());
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let attempt = self.attempts.begin(address, unix_time());
        let attempt = attempt.ok_or(RequestError::WrongTokens)?;
        if attempt.is_slow {
            tokio::time::sleep(SLOW_CHECK_DELAY).await;
        }
        if token.expose_secret().as_bytes().ct_eq(presented).into() {
            return Ok(());
        }
        attempt.wrong(unix_time());
        Err(if attempt.is_slow {
            RequestError::WrongTokens
        } else {
            RequestError::Unauthorized
        })
    }

    /// Exchanges the token for the cookie of a new session.
    ///
    /// # Errors
    /// [`RequestError::Unauthorized`] for another token, [`RequestError::WrongTokens`] after too many of
    /// them.
    pub(super) async fn sign_in(
        &self,
        request: &HttpRequest,
        presented: &str,
    ) -> Result<Cookie<'static>, RequestError> {
        let token = self.token.as_ref().ok_or(RequestError::Unauthorized)?;
        self.check_token(request, token, presented.as_bytes())
            .await?;
        let session = self
            .sessions
            .begin(unix_time())
            .ok_or(RequestError::Panic)?;
        Ok(cookie(request, session, sessions::LIFETIME))
    }

    /// Ends the session, and returns the cookie that ends it in the browser.
    pub(super) fn sign_out(&self, request: &HttpRequest) -> Cookie<'static> {
        sessions_of(request).for_each(|session| self.sessions.end(&session));
        cookie(request, String::new(), 0)
    }
}

/// Refuses a request that a browser sends for another web site.
pub(super) fn check_same_site(request: &HttpRequest) -> Result<(), RequestError> {
    let site = request.headers().get("sec-fetch-site");
    let site = site.map(HeaderValue::as_bytes);
    match site {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(RequestError::CrossSite),
    }
}

/// Refuses a request under a name that is not this machine's. A web page can make its own name resolve
/// to 127.0.0.1, but the browser then sends that name.
fn check_host(request: &HttpRequest) -> Result<(), RequestError> {
    let host = request
        .headers()
        .get(HOST)
        .map_or("", |host| host.to_str().unwrap_or("?"));
    // Only HTTP/1.0 clients send none, and no browser is one.
    if host.is_empty() || names_this_machine(host) {
        Ok(())
    } else {
        Err(RequestError::ForeignHost)
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

/// The sessions in a request's cookies. There may be several: a browser sends what other paths and
/// names have set, too.
fn sessions_of(request: &HttpRequest) -> impl Iterator<Item = String> {
    let cookies = request.cookies().map(|cookies| cookies.clone());
    let cookies = cookies.unwrap_or_default().into_iter();
    cookies
        .filter(|cookie| cookie.name() == SESSION)
        .map(|cookie| cookie.value().to_owned())
}

fn cookie(request: &HttpRequest, value: String, seconds: u32) -> Cookie<'static> {
    Cookie::build(SESSION, value)
        .path("/")
        .max_age(CookieAge::seconds(seconds.into()))
        .http_only(true)
        .same_site(SameSite::Strict)
        // This listener has no TLS, but a proxy before it may.
        .secure(request.connection_info().scheme() == "https")
        .finish()
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
