//! Values as people write them.

use std::net::{SocketAddr, ToSocketAddrs as _};

use reqwest::Url;

pub(super) use crate::units::{parse_duration, parse_size};

/// An address and a port; a host name is looked up.
pub(super) fn parse_address(text: &str) -> Option<SocketAddr> {
    text.to_socket_addrs().ok()?.next()
}

/// An http or https URL without the slashes at its end.
pub(crate) fn parse_url(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim().trim_end_matches('/')).ok()?;
    let usable = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none();
    usable.then_some(url)
}

/// A file's text without the line end that editors and `echo` put there.
pub(super) fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}
