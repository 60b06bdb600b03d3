//! The base URL under which Parse Server reaches the webhook listener.

use std::net::IpAddr;

use reqwest::Url;

use crate::http::{is_loopback, without_password};
use crate::parse::hook_name::HookName;

/// A base URL that Parse Server can call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl(Url);

/// Why a URL is not one that hooks can be registered under.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PublicUrlError {
    /// Another scheme, no host, a query or a fragment.
    #[error("{0} is not an http:// or https:// base URL")]
    NotHttp(String),
    /// `0.0.0.0` or `[::]`.
    #[error("{0} is a wildcard address, which Parse Server cannot call")]
    Wildcard(String),
    /// The port that is not known before the service runs.
    #[error("{0} has port 0, which Parse Server cannot call")]
    PortZero(String),
}

impl PublicUrl {
    /// Checks `url`; trailing slashes do not matter.
    ///
    /// # Errors
    /// Nobody could call it.
    pub(crate) fn new(url: &Url) -> Result<Self, PublicUrlError> {
        let shown = without_password(url);
        let Some(host) = url.host_str() else {
            return Err(PublicUrlError::NotHttp(shown));
        };
        if !matches!(url.scheme(), "http" | "https")
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(PublicUrlError::NotHttp(shown));
        }
        let address = host.trim_start_matches('[').trim_end_matches(']');
        if address
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_unspecified())
        {
            return Err(PublicUrlError::Wildcard(shown));
        }
        if url.port() == Some(0) {
            return Err(PublicUrlError::PortZero(shown));
        }
        let mut base = url.clone();
        base.set_path(url.path().trim_end_matches('/'));
        Ok(Self(base))
    }

    /// The URL to register for `hook`.
    pub(crate) fn of(&self, hook: &HookName) -> String {
        self.below(&hook.path()).to_string()
    }

    /// Where the service says that it runs.
    pub(crate) fn health(&self) -> Url {
        self.below("/health")
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }

    /// Whether a registered URL lies under this one: same scheme, host and port, and the path
    /// begins with whole segments of this path.
    pub(crate) fn contains(&self, registered: &str) -> bool {
        let Ok(registered) = Url::parse(registered) else {
            return false;
        };
        let base = self.0.path().trim_end_matches('/');
        registered.scheme() == self.0.scheme()
            && registered.host() == self.0.host()
            && registered.port_or_known_default() == self.0.port_or_known_default()
            && registered
                .path()
                .strip_prefix(base)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether it names the machine that uses it.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

impl std::fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&without_password(&self.0))
    }
}

/// A registered URL as it may be shown: without a password, and without control characters that
/// somebody registered.
pub(crate) fn shown(registered: &str) -> String {
    let url = Url::parse(registered)
        .ok()
        .filter(|url| url.password().is_some());
    match url {
        Some(url) => without_password(&url),
        None => registered.replace(char::is_control, "\u{fffd}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(url: &str) -> PublicUrl {
        PublicUrl::new(&url.parse().unwrap()).unwrap()
    }

    #[test]
    fn refuses_addresses_that_nobody_can_call() {
        for (url, expected) in [
            (
                "http://0.0.0.0:8080",
                "http://0.0.0.0:8080 is a wildcard address, which Parse Server cannot call",
            ),
            (
                "http://[::]:8080/x/",
                "http://[::]:8080/x is a wildcard address, which Parse Server cannot call",
            ),
            (
                "http://[::ffff:0.0.0.0]",
                "http://[::ffff:0:0] is a wildcard address, which Parse Server cannot call",
            ),
            (
                "http://0/",
                "http://0.0.0.0 is a wildcard address, which Parse Server cannot call",
            ),
            (
                "http://h:0",
                "http://h:0 has port 0, which Parse Server cannot call",
            ),
            ("ftp://h", "ftp://h is not an http:// or https:// base URL"),
            (
                "mailto:a@b",
                "mailto:a@b is not an http:// or https:// base URL",
            ),
            (
                "http://h/?a=b",
                "http://h/?a=b is not an http:// or https:// base URL",
            ),
            (
                "http://h/#a",
                "http://h/#a is not an http:// or https:// base URL",
            ),
            (
                "http://u:p@0.0.0.0/",
                "http://u:***@0.0.0.0 is a wildcard address, which Parse Server cannot call",
            ),
        ] {
            let error = PublicUrl::new(&url.parse().unwrap()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn is_shown_without_its_password_and_knows_its_own_machine() {
        for (url, shown, is_loopback) in [
            ("http://localhost:8080/", "http://localhost:8080", true),
            ("http://127.0.0.2/cp", "http://127.0.0.2/cp", true),
            ("http://[::1]:8080", "http://[::1]:8080", true),
            ("http://u:p@h/cp/", "http://u:***@h/cp", false),
            ("http://10.0.0.1", "http://10.0.0.1", false),
            (
                "http://localhost.example.com",
                "http://localhost.example.com",
                false,
            ),
        ] {
            assert_eq!(public(url).to_string(), shown);
            assert_eq!(public(url).is_loopback(), is_loopback, "{url}");
        }
    }

    #[test]
    fn builds_hook_urls() {
        let trigger = HookName::trigger("_User", "beforeSave");
        let function = HookName::Function {
            function_name: "é/a b".into(),
        };
        for (base, trigger_url, function_url) in [
            (
                "http://h:8080",
                "http://h:8080/triggers/_User/beforeSave",
                "http://h:8080/functions/%C3%A9%2Fa%20b",
            ),
            (
                "https://h/cp//",
                "https://h/cp/triggers/_User/beforeSave",
                "https://h/cp/functions/%C3%A9%2Fa%20b",
            ),
        ] {
            assert_eq!(public(base).of(&trigger), trigger_url);
            assert_eq!(public(base).of(&function), function_url);
        }
    }

    #[test]
    fn matches_whole_path_segments_of_the_same_origin() {
        for (base, registered, expected) in [
            ("http://h:8080", "http://h:8080/triggers/A/beforeSave", true),
            ("http://h:8080", "http://h:8080", true),
            ("http://h:8080/", "http://H:8080/x?y", true),
            ("http://h", "http://h:80/x", true),
            ("https://h/cp", "https://h:443/cp/functions/f", true),
            ("https://h/cp/", "https://h/cp", true),
            ("http://h:8080", "http://user:word@h:8080/x", true),
            ("http://h:8080", "http://h:80801/x", false),
            ("http://h:8080", "http://h:8081/x", false),
            ("http://h:8080", "http://h:8080.example.com/x", false),
            ("http://h", "http://h.example.com/x", false),
            ("http://h", "https://h/x", false),
            ("http://h/cp", "http://h/cpx/functions/f", false),
            ("http://h/cp", "http://h/cp/../functions/f", false),
            ("http://h/cp", "http://h/", false),
            ("http://h", "not a url", false),
            ("http://h", "5", false),
            ("http://h", "", false),
        ] {
            assert_eq!(
                public(base).contains(registered),
                expected,
                "{base} {registered}"
            );
        }
    }

    #[test]
    fn shows_registered_urls_without_passwords_and_escapes() {
        for (registered, expected) in [
            ("http://h/x/", "http://h/x/"),
            ("http://u:p@h/x", "http://u:***@h/x"),
            ("not a url\u{1b}[2J", "not a url\u{fffd}[2J"),
        ] {
            assert_eq!(shown(registered), expected);
        }
    }
}
