//! Calls over HTTP, whoever is called: clients, URLs that are shown, causes of failures.

use std::error::Error as _;
use std::time::Duration;

use reqwest::Url;

/// How long a TCP and TLS connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A builder of HTTP clients that follow no redirects and give up after `timeout`. A proxy of the
/// environment is used, but not for a `target` on this machine.
pub(crate) fn client(target: &Url, timeout: Duration) -> reqwest::ClientBuilder {
    // Err: another part of the process has installed a provider, which does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .timeout(timeout);
    let builder = if is_loopback(target) {
        builder.no_proxy()
    } else {
        builder
    };
    // Without TLS the system's certificates are not read: a minimal container has none, and the
    // client could not be built.
    if target.scheme() == "https" {
        builder
    } else {
        builder.tls_certs_only(std::iter::empty())
    }
}

/// Whether `url` names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// `url` without the password that it may hold.
pub(crate) fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // Err: a URL that cannot have a password has none.
        let _ = url.set_password(Some("***"));
    }
    url.to_string().trim_end_matches('/').to_owned()
}

/// The time of a `Date` header, in seconds since 1970.
pub(crate) fn date(text: &str) -> Option<u64> {
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    u64::try_from(date.timestamp().as_second()).ok()
}

/// The causes below `error`, whose own text only says that a request failed and repeats its URL.
pub(crate) fn causes(error: &reqwest::Error) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Each layer of an I/O error repeats the one below.
        if !text.starts_with("client error") && words.last() != Some(&text) {
            words.push(text);
        }
        source = cause.source();
    }
    if words.is_empty() {
        words.push("unknown cause".to_owned());
    }
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn knows_this_machine() {
        for (url, expected) in [
            ("http://localhost:1", true),
            ("http://127.0.0.1", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:80", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
            ("http://[fe80::1]", false),
            ("mailto:a@b", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
