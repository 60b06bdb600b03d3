//! Which asset a delivery URL names: [`build`](super::build) read backwards.
//!
//! Cloudinary's path is `resource_type/type/signature/transformations/version/public_id.format`,
//! where all but the public ID may be missing. With a version everything before it is a
//! transformation. Without one a folder such as `my_cats` looks like a transformation, so that a
//! URL may have several readings; which of these assets exist is Cloudinary's to say.

use serde_json::{Map, json};

use super::host::{OLD_SHARED, SHARDS, push_prefix};
use crate::cloudinary::account::Account;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::identifier::{
    DeliveryType, Identifier, IdentifierError, ResourceType, check_public_id,
};
use crate::cloudinary::percent;
use crate::cloudinary::upload::MAX_PUBLIC_ID_LEN;
use crate::cloudinary::url_options::UrlOptions;

#[cfg(test)]
mod tests;

/// Most readings of one URL. More steps than that without a version are no URL of an SDK's.
const MOST_READINGS: usize = 8;

/// Why a URL names no asset of the account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Another host, or another cloud name on the shared host.
    #[error("it is not a delivery URL of this account")]
    Foreign,
    /// A remote source, a generated picture, or nothing that Cloudinary knows.
    #[error("type: expected upload, private or authenticated, not {0}")]
    DeliveryType(String),
    /// A `%` that encodes nothing.
    #[error("expected each % to be followed by two hex digits, UTF-8 in all")]
    Encoding,
    /// Nothing after type, transformations and version.
    #[error("public_id: missing")]
    NoPublicId,
    /// Longer than any public ID.
    #[error("public_id: expected at most {MAX_PUBLIC_ID_LEN} characters")]
    TooLong,
    /// What no identifier can name.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// Too many segments that look like transformations before a public ID without a version.
    #[error("expected a version before the public_id, which cannot be told from transformations")]
    Readings,
}

/// Whether a text is meant as an absolute URL.
pub fn is_url(text: &str) -> bool {
    after_scheme(text).is_some()
}

/// Reads the delivery URLs of an account.
#[derive(Debug, Clone)]
pub struct UrlReader {
    prefixes: Vec<Prefix>,
}

/// Host, and cloud name where the path begins with it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Prefix {
    host: String,
    /// Where the host has the digit of a shard.
    shard: Option<usize>,
    path: String,
}

impl UrlReader {
    /// A reader of the URLs that Cloudinary delivers for `account`, on its shared and private hosts
    /// and on those that the configuration names.
    pub fn new(account: &Account) -> Self {
        let own = json!({});
        let [shared, private] = [false, true].map(|private_cdn| {
            json!({"private_cdn": private_cdn, "secure_distribution": "", "cname": "",
                "cdn_subdomain": false, "secure_cdn_subdomain": false})
        });
        let [shared_shards, private_shards] = [&shared, &private].map(|options| {
            let mut options = options.clone();
            options["cdn_subdomain"] = json!(true);
            options["secure_cdn_subdomain"] = json!(true);
            options
        });
        let hosts = [own, shared, private, shared_shards, private_shards];
        let mut prefixes: Vec<Prefix> = Vec::new();
        for mut options in hosts {
            for secure in [true, false] {
                options["secure"] = json!(secure);
                prefixes.extend(options.as_object().and_then(|o| Prefix::of(account, o)));
            }
        }
        prefixes.push(Prefix {
            host: OLD_SHARED.to_owned(),
            shard: None,
            path: format!("/{}", account.cloud_name),
        });
        prefixes.dedup();
        Self { prefixes }
    }

    /// The assets that a delivery URL may name, the likeliest first, never none. All are of one
    /// kind.
    ///
    /// # Errors
    /// It names none of the account's that an identifier could name.
    ///
    /// ```
    /// use cloudinary_parse::cloudinary::account::Account;
    /// use cloudinary_parse::cloudinary::delivery_url::UrlReader;
    ///
    /// let account = Account::from_url("cloudinary://key:secret@demo")?;
    /// let url = "https://res.cloudinary.com/demo/image/upload/c_fill,w_150/v1700000000/users/u1/my%20cat.jpg";
    /// let assets = UrlReader::new(&account).read(url)?;
    /// assert_eq!(assets[0].to_string(), "image/upload/users/u1/my cat");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(&self, url: &str) -> Result<Vec<AssetName>, ReadError> {
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let rest = after_scheme(url).ok_or(ReadError::Foreign)?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let mut prefixes = self.prefixes.iter();
        let path = prefixes
            .find_map(|prefix| prefix.strip(host, path))
            .ok_or(ReadError::Foreign)?;
        let path = percent::decode_component(path).map_err(|_| ReadError::Encoding)?;
        Path::read(&path)?.assets()
    }
}

impl Prefix {
    fn of(account: &Account, options: &Map<String, serde_json::Value>) -> Option<Self> {
        let mut text = String::new();
        let shard = push_prefix(&mut text, account, &UrlOptions::read(options)).ok()?;
        let rest = after_scheme(&text)?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Some(Self {
            host: host.to_owned(),
            shard: shard.and_then(|at| at.checked_sub(text.len() - rest.len())),
            path: path.to_owned(),
        })
    }

    /// The path after the prefix, from behind its slash on; `None` for another host or cloud.
    fn strip<'u>(&self, host: &str, path: &'u str) -> Option<&'u str> {
        let path = path.strip_prefix(&*self.path)?.strip_prefix('/')?;
        let mut host = host.to_ascii_lowercase();
        if let Some(at) = self.shard {
            let digit = host.get(at..=at)?;
            if !SHARDS.contains(&digit) {
                return None;
            }
            host.replace_range(at..=at, "0");
        }
        host.eq_ignore_ascii_case(&self.host).then_some(path)
    }
}

/// What follows the scheme of an absolute URL, or the slashes of one that leaves the scheme out.
fn after_scheme(text: &str) -> Option<&str> {
    ["https://", "http://", "//"]
        .into_iter()
        .find_map(|scheme| {
            let start = text.get(..scheme.len())?;
            start
                .eq_ignore_ascii_case(scheme)
                .then(|| &text[scheme.len()..])
        })
}

/// A path without its first parts.
struct Path<'p> {
    resource_type: ResourceType,
    delivery_type: DeliveryType,
    /// Transformations, version and public ID.
    segments: Vec<&'p str>,
    suffix: Suffix,
}

/// Whether the last segment is a name for search engines, with the format behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Suffix {
    No,
    Yes,
    /// A root path says nothing about it.
    Maybe,
}

impl<'p> Path<'p> {
    fn read(path: &'p str) -> Result<Self, ReadError> {
        use DeliveryType::{Authenticated, Private, Upload};
        use ResourceType::{Image, Raw, Video};

        let mut segments: Vec<&str> = path.split('/').collect();
        let first = segments.first().copied().unwrap_or_default();
        let (resource_type, delivery_type, taken, suffix) = match first {
            "iu" => (Image, Upload, 1, Suffix::No),
            "images" => (Image, Upload, 1, Suffix::Yes),
            "private_images" => (Image, Private, 1, Suffix::Yes),
            "authenticated_images" => (Image, Authenticated, 1, Suffix::Yes),
            "videos" => (Video, Upload, 1, Suffix::Yes),
            "files" => (Raw, Upload, 1, Suffix::Yes),
            _ => match ResourceType::from_name(first) {
                Some(resource_type) => {
                    let name = segments.get(1).copied().unwrap_or_default();
                    let other = || ReadError::DeliveryType(name.to_owned());
                    let delivery_type = DeliveryType::from_name(name).ok_or_else(other)?;
                    (resource_type, delivery_type, 2, Suffix::No)
                }
                None => (Image, Upload, 0, Suffix::Maybe),
            },
        };
        segments.drain(..taken);
        if segments.first().is_some_and(|first| is_signature(first)) {
            segments.remove(0);
        }
        Ok(Self {
            resource_type,
            delivery_type,
            segments,
            suffix,
        })
    }

    fn assets(&self) -> Result<Vec<AssetName>, ReadError> {
        // A public ID has one segment at least, and a suffix is not one of them.
        let last = self.segments.len().checked_sub(1);
        let last = last.and_then(|last| last.checked_sub(usize::from(self.suffix == Suffix::Yes)));
        let last = last.ok_or(ReadError::NoPublicId)?;
        let steps = self.segments[..last].iter();
        let steps = steps.take_while(|s| is_transformation(s)).count();
        let version = self.segments[..last].get(steps);
        let starts = match version.is_some_and(|segment| is_version(segment)) {
            true => steps + 1..=steps + 1,
            false => 0..=steps,
        };
        if starts.clone().count() > MOST_READINGS {
            return Err(ReadError::Readings);
        }
        let (mut assets, mut first_error) = (Vec::new(), None);
        let mut note = |asset| match asset {
            Ok(asset) => assets.push(asset),
            Err(error) => _ = first_error.get_or_insert(error),
        };
        for start in starts.rev() {
            if self.suffix != Suffix::Yes {
                note(self.asset(start));
            }
            if self.suffix != Suffix::No && self.segments.len() > start + 1 {
                note(self.asset_with_suffix(start));
            }
        }
        match first_error {
            Some(error) if assets.is_empty() => Err(error),
            _ => Ok(assets),
        }
    }

    /// An identifier ends as a URL does, and its format is told from its public ID by one rule.
    fn asset(&self, start: usize) -> Result<AssetName, ReadError> {
        let file = self.segments[start..].join("/");
        if file.is_empty() {
            return Err(ReadError::NoPublicId);
        }
        check_public_id(&file)?;
        let (resource_type, delivery_type) = (self.resource_type.name(), self.delivery_type.name());
        let text = format!("{resource_type}/{delivery_type}/v1/{file}");
        checked(AssetName::from(&Identifier::parse(&text)?))
    }

    fn asset_with_suffix(&self, start: usize) -> Result<AssetName, ReadError> {
        let public_id = self.segments[start..self.segments.len() - 1].join("/");
        check_public_id(&public_id)?;
        let kind = (self.resource_type, self.delivery_type);
        checked(AssetName::of(kind, &public_id))
    }
}

fn checked(asset: AssetName) -> Result<AssetName, ReadError> {
    if asset.public_id.chars().count() > MAX_PUBLIC_ID_LEN {
        return Err(ReadError::TooLong);
    }
    Ok(asset)
}

/// `s--XXXXXXXX--`, with 8 or 32 characters.
fn is_signature(segment: &str) -> bool {
    let inner = segment.strip_prefix("s--");
    let inner = inner.and_then(|rest| rest.strip_suffix("--"));
    inner.is_some_and(|inner| {
        matches!(inner.len(), 8 | 32)
            && inner
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix('v').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a segment begins as a transformation does: with a key of one to three letters, or with a
/// variable.
fn is_transformation(segment: &str) -> bool {
    let key = segment.split_once('_').map(|(key, _)| key);
    segment.starts_with('$')
        || key.is_some_and(|key| {
            (1..=3).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_lowercase())
        })
}
