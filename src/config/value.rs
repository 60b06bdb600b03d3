//! Values as people write them.

use std::net::{SocketAddr, ToSocketAddrs as _};

use reqwest::Url;

pub(super) use crate::manifest::parse_duration;

/// `16MiB`, `4mb`, `512k`, `1000000`: binary with an `i`, and, as Parse Server reads `maxUploadSize`, without one too.
pub(super) fn parse_size(text: &str) -> Option<usize> {
    let text = text.to_ascii_lowercase();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(unit_at);
    let factor = match unit.trim_start() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    let count: usize = count.parse().ok().filter(|count| *count > 0)?;
    count.checked_mul(factor)
}

/// An address and a port; a host name is looked up.
pub(super) fn parse_address(text: &str) -> Option<SocketAddr> {
    text.to_socket_addrs().ok()?.next()
}

pub(super) fn parse_url(text: &str) -> Option<Url> {
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
