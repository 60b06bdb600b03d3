//! Scheme, host and cloud name.

use super::build::Flags;
use super::{UrlError, text_option};
use crate::cloudinary::account::Account;
use crate::cloudinary::url_options::{Key, UrlOptions};

const SHARED: &str = "res.cloudinary.com";
/// The shared host until 2014, still in old configurations.
const OLD_SHARED: &str = "cloudinary-a.akamaihd.net";

/// Appends what the URL begins with. Where the host has a shard that depends on the source, a digit stands in for it, and its position is
/// returned.
pub(super) fn push_prefix(
    out: &mut String,
    account: &Account,
    options: &UrlOptions<'_>,
) -> Result<Option<usize>, UrlError> {
    let cloud_name = text_option(options, Key::CloudName)?.unwrap_or(&account.cloud_name);
    if cloud_name.is_empty() {
        return Err(UrlError::MissingCloudName);
    }
    if cloud_name.starts_with('/') {
        out.push_str("/res");
        out.push_str(cloud_name);
        return Ok(None);
    }
    let config = &account.url;
    let flags = Flags(options);
    let is_private = flags.is(Key::PrivateCdn, config.private_cdn);
    let cdn_subdomain = flags.is(Key::CdnSubdomain, config.cdn_subdomain);
    let mut is_shared = !is_private;
    let mut shard = None;
    if flags.is(Key::Secure, config.secure) {
        let distribution = text_option(options, Key::SecureDistribution)?
            .or(config.secure_distribution.as_deref())
            .filter(|host| !host.is_empty() && *host != OLD_SHARED);
        is_shared |= distribution == Some(SHARED);
        let has_shards = flags
            .given(Key::SecureCdnSubdomain)
            .or(config.secure_cdn_subdomain)
            .unwrap_or(is_shared && cdn_subdomain);
        out.push_str("https://");
        let start = out.len();
        match distribution {
            Some(distribution) => out.push_str(distribution),
            None => {
                if is_private {
                    out.push_str(cloud_name);
                    out.push('-');
                }
                out.push_str(SHARED);
            }
        }
        if has_shards && let Some(at) = out[start..].find(SHARED) {
            let at = start + at + "res".len();
            out.insert_str(at, "-0");
            shard = Some(at + 1);
        }
    } else {
        out.push_str("http://");
        let cname = text_option(options, Key::Cname)?.or(config.cname.as_deref());
        match cname.filter(|cname| !cname.is_empty()) {
            Some(cname) => {
                if cdn_subdomain {
                    shard = Some(out.len() + 1);
                    out.push_str("a0.");
                }
                out.push_str(cname);
            }
            None => {
                if is_private {
                    out.push_str(cloud_name);
                    out.push('-');
                }
                out.push_str("res");
                if cdn_subdomain {
                    shard = Some(out.len() + 1);
                    out.push_str("-0");
                }
                out.push_str(".cloudinary.com");
            }
        }
    }
    if is_shared {
        out.push('/');
        out.push_str(cloud_name);
    }
    Ok(shard)
}

/// Puts the shard of the source, which begins at `source_at`, in place of the digit at `at`.
pub(super) fn set_shard(out: &mut String, at: usize, source_at: usize) {
    let source = &out.as_bytes()[source_at..];
    let shard = ["1", "2", "3", "4", "5"][crc32fast::hash(source) as usize % 5];
    out.replace_range(at..=at, shard);
}
