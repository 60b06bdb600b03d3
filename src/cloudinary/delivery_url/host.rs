//! Scheme, host and cloud name.

use serde_json::Map;

use super::error::UrlError;
use super::flags::Flags;
use super::options::text_option;
use crate::cloudinary::account::Account;
use crate::cloudinary::url_options::{OptionKey, UrlOptions};

const SHARED: &str = "res.cloudinary.com";
/// The shared host until 2014, still in old configurations.
const OLD_SHARED: &str = "cloudinary-a.akamaihd.net";
const SHARDS: [&str; 5] = ["1", "2", "3", "4", "5"];

/// What decides about the host, from options and configuration.
struct Host<'a> {
    cloud_name: &'a str,
    is_private: bool,
    has_shards: bool,
}

/// Appends what the URL begins with. Where the host has a shard that depends on the source, a digit
/// stands in for it, and its position is returned.
pub(super) fn push_prefix(
    out: &mut String,
    account: &Account,
    options: &UrlOptions<'_>,
) -> Result<Option<usize>, UrlError> {
    let config = &account.url;
    let cloud_name = text_option(options, OptionKey::CloudName)?.unwrap_or(&account.cloud_name);
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
        is_private: flags.is(OptionKey::PrivateCdn, config.private_cdn),
        has_shards: flags.is(OptionKey::CdnSubdomain, config.cdn_subdomain),
    };
    let mut is_shared = !host.is_private;
    let shard = if flags.is(OptionKey::Secure, config.secure) {
        let distribution = text_option(options, OptionKey::SecureDistribution)?
            .or(config.secure_distribution.as_deref())
            .filter(|host| !host.is_empty() && *host != OLD_SHARED);
        is_shared |= distribution == Some(SHARED);
        host.has_shards = flags
            .given(OptionKey::SecureCdnSubdomain)
            .or(config.secure_cdn_subdomain)
            .unwrap_or(is_shared && host.has_shards);
        host.push_secure(out, distribution)
    } else {
        let cname = text_option(options, OptionKey::Cname)?.or(config.cname.as_deref());
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
        if !self.has_shards {
            return None;
        }
        let at = start + out[start..].find(SHARED)? + "res".len();
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

/// Scheme and host of every URL that the account's own configuration leads to, for a content
/// security policy. None for hosts that would be more than a host there.
pub fn delivery_origins(account: &Account) -> Vec<String> {
    let mut prefix = String::new();
    let Ok(shard) = push_prefix(&mut prefix, account, &UrlOptions::read(&Map::new())) else {
        return Vec::new();
    };
    let Some((scheme, rest)) = prefix.split_once("://") else {
        return Vec::new();
    };
    let host = rest.split('/').next().unwrap_or_default();
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.:_".contains(&byte));
    if !is_host {
        return Vec::new();
    }
    let origin = format!("{scheme}://{host}");
    match shard {
        None => vec![origin],
        Some(at) => SHARDS
            .iter()
            .map(|shard| {
                let mut origin = origin.clone();
                origin.replace_range(at..=at, shard);
                origin
            })
            .collect(),
    }
}

/// Whether assets of the account are delivered from `host`, and if so, whether the cloud name
/// always begins the path there.
pub(super) fn is_delivery_host(account: &Account, host: &str) -> Option<bool> {
    let is = |other: &str| host.eq_ignore_ascii_case(other);
    let is_shard_of = |prefix: &str, rest: &str| {
        let mut shards = SHARDS.iter();
        shards.any(|shard| is(&format!("{prefix}{shard}{rest}")))
    };
    if is(SHARED) || is(OLD_SHARED) || is_shard_of("res-", ".cloudinary.com") {
        return Some(true);
    }
    let cloud_name = &account.cloud_name;
    let is_private = is(&format!("{cloud_name}-{SHARED}"))
        || is_shard_of(&format!("{cloud_name}-res-"), ".cloudinary.com");
    let is_cname = |cname: &String| is(cname) || is_shard_of("a", &format!(".{cname}"));
    let is_own = account.url.cname.as_ref().is_some_and(is_cname)
        || account.url.secure_distribution.as_deref().is_some_and(is);
    (is_private || is_own).then_some(false)
}

/// Puts the shard of the source, which begins at `source_at`, in place of the digit at `at`.
pub(super) fn set_shard(out: &mut String, at: usize, source_at: usize) {
    let source = &out.as_bytes()[source_at..];
    let shard = SHARDS[crc32fast::hash(source) as usize % SHARDS.len()];
    out.replace_range(at..=at, shard);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_hosts_that_pictures_come_from() {
        for (query, expected) in [
            ("", &["https://res.cloudinary.com"][..]),
            ("?private_cdn=true", &["https://demo-res.cloudinary.com"]),
            ("/img.example.com", &["https://img.example.com"]),
            (
                "?secure=false&cname=127.0.0.1:8081",
                &["http://127.0.0.1:8081"],
            ),
            (
                "?secure_cdn_subdomain=true",
                &[
                    "https://res-1.cloudinary.com",
                    "https://res-2.cloudinary.com",
                    "https://res-3.cloudinary.com",
                    "https://res-4.cloudinary.com",
                    "https://res-5.cloudinary.com",
                ],
            ),
            ("?secure_distribution=a%3B%20script-src%20*", &[]),
            ("?secure_distribution=*", &[]),
        ] {
            let account = Account::from_url(&format!("cloudinary://k:s@demo{query}")).unwrap();
            assert_eq!(delivery_origins(&account), expected, "{query}");
        }
    }
}
