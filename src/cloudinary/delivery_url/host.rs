//! Scheme, host and cloud name.

use super::build::Flags;
use super::{UrlError, text_option};
use crate::cloudinary::account::Account;
use crate::cloudinary::url_options::{Key, UrlOptions};

const SHARED: &str = "res.cloudinary.com";
/// The shared host until 2014, still in old configurations.
const OLD_SHARED: &str = "cloudinary-a.akamaihd.net";

/// What decides about the host, from options and configuration.
struct Host<'a> {
    cloud_name: &'a str,
    is_private: bool,
    has_shards: bool,
}

/// Appends what the URL begins with. Where the host has a shard that depends on the source, a digit stands in for it, and its position is
/// returned.
pub(super) fn push_prefix(
    out: &mut String,
    account: &Account,
    options: &UrlOptions<'_>,
) -> Result<Option<usize>, UrlError> {
    let config = &account.url;
    let cloud_name = text_option(options, Key::CloudName)?.unwrap_or(&account.cloud_name);
    if cloud_name.is_empty() {
        return Err(UrlError::MissingCloudName);
    }
    if cloud_name.starts_with('/') {
        out.push_str("/res");
        out.push_str(cloud_name);
        return Ok(None);
    }
    let flags = Flags(options);
    let mut host = Host {
        cloud_name,
        is_private: flags.is(Key::PrivateCdn, config.private_cdn),
        has_shards: flags.is(Key::CdnSubdomain, config.cdn_subdomain),
    };
    let mut is_shared = !host.is_private;
    let shard = if flags.is(Key::Secure, config.secure) {
        let distribution = text_option(options, Key::SecureDistribution)?
            .or(config.secure_distribution.as_deref())
            .filter(|host| !host.is_empty() && *host != OLD_SHARED);
        is_shared |= distribution == Some(SHARED);
        host.has_shards = flags
            .given(Key::SecureCdnSubdomain)
            .or(config.secure_cdn_subdomain)
            .unwrap_or(is_shared && host.has_shards);
        host.push_secure(out, distribution)
    } else {
        let cname = text_option(options, Key::Cname)?.or(config.cname.as_deref());
        host.push_plain(out, cname.filter(|cname| !cname.is_empty()))
    };
    if is_shared {
        out.push('/');
        out.push_str(cloud_name);
    }
    Ok(shard)
}

impl Host<'_> {
    fn push_secure(&self, out: &mut String, distribution: Option<&str>) -> Option<usize> {
        out.push_str("https://");
        let start = out.len();
        if let Some(distribution) = distribution {
            out.push_str(distribution);
        } else {
            self.push_private_name(out);
            out.push_str(SHARED);
        }
        let at = out[start..].find(SHARED).filter(|_| self.has_shards)?;
        let at = start + at + "res".len();
        out.insert_str(at, "-0");
        Some(at + 1)
    }

    fn push_plain(&self, out: &mut String, cname: Option<&str>) -> Option<usize> {
        out.push_str("http://");
        if cname.is_none() {
            self.push_private_name(out);
            out.push_str("res");
        }
        let shard = self.has_shards.then(|| {
            out.push_str(if cname.is_some() { "a0." } else { "-0" });
            out.len() - if cname.is_some() { 2 } else { 1 }
        });
        out.push_str(cname.unwrap_or(".cloudinary.com"));
        shard
    }

    fn push_private_name(&self, out: &mut String) {
        if self.is_private {
            out.push_str(self.cloud_name);
            out.push('-');
        }
    }
}

/// Puts the shard of the source, which begins at `source_at`, in place of the digit at `at`.
pub(super) fn set_shard(out: &mut String, at: usize, source_at: usize) {
    let source = &out.as_bytes()[source_at..];
    let shard = ["1", "2", "3", "4", "5"][crc32fast::hash(source) as usize % 5];
    out.replace_range(at..=at, shard);
}
