//! Which asset a delivery URL delivers.
//!
//! The reverse of [`super::url`], for URLs that end up where an identifier belongs. A URL is read
//! in one way or not at all. What counts as a reference to an asset is wider: every text that may
//! mean it.

use super::error::NoIdentifier;
use super::host::is_delivery_host;
use crate::cloudinary::account::Account;
use crate::cloudinary::identifier::{
    DeliveryType, Identifier, IdentifierError, MAX_VERSION_DIGITS, ResourceType,
};
use crate::cloudinary::percent;
use crate::cloudinary::url_options::OptionKey;

/// The parts of an identifier that a delivery URL holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlIdentifier {
    /// `image`, `video` or `raw`.
    pub resource_type: ResourceType,
    /// `upload`, `private` or `authenticated`.
    pub delivery_type: DeliveryType,
    /// Without its `v`; not every URL has one.
    pub version: Option<String>,
    /// Decoded, without the format.
    pub public_id: String,
    /// What is delivered, which need not be what was uploaded.
    pub format: Option<String>,
}

impl UrlIdentifier {
    /// The bare identifier; none where the URL has no version.
    pub fn identifier(&self) -> Option<String> {
        self.version.as_deref().map(|version| self.at(version))
    }

    /// The bare identifier of the asset's upload at `version`.
    pub fn at(&self, version: &str) -> String {
        let mut text = format!(
            "{}/{}/v{version}/{}",
            self.resource_type.name(),
            self.delivery_type.name(),
            self.public_id
        );
        if let Some(format) = &self.format {
            text.push('.');
            text.push_str(format);
        }
        text
    }
}

/// Whether a text is meant as a URL: no identifier begins so.
pub fn is_url(text: &str) -> bool {
    path_and_host(text).is_some()
}

/// The identifier in a delivery URL of `account`: on Cloudinary's own hosts or on the account's,
/// signed or not, with or without a transformation, a version, a suffix and a query. It says
/// nothing about whether the asset exists. Under the root path a suffix is taken for the file, as
/// nothing there tells them apart.
///
/// ```
/// use cloudinary_parse::cloudinary::{account::Account, delivery_url::identifier_in};
///
/// let account = Account::from_url("cloudinary://key:secret@demo")?;
/// let url = "https://res.cloudinary.com/demo/image/upload/c_fill,w_150/v1700000000/users/u1/cat.jpg";
/// let found = identifier_in(&account, url)?;
/// assert_eq!(found.identifier().as_deref(), Some("image/upload/v1700000000/users/u1/cat.jpg"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn identifier_in(account: &Account, url: &str) -> Result<UrlIdentifier, NoIdentifier> {
    let path = path(account, url)?;
    let (kind, rest) = PathKind::cut(path)?;
    let rest = cut_if(rest, is_signature).1;
    let (version, file) = version_and_file(rest);
    let file = percent::decode_component(file).map_err(|_| NoIdentifier::Encoding)?;
    let file = if kind.has_suffix {
        without_suffix(&file, kind.resource_type)?
    } else {
        file.into_owned()
    };
    // What an identifier may not hold, and where its format begins, is the identifier's own rule.
    let (resource_type, delivery_type) = (kind.resource_type, kind.delivery_type);
    let text = format!(
        "{}/{}/v{}/{file}",
        resource_type.name(),
        delivery_type.name(),
        version.unwrap_or("1")
    );
    let identifier = match Identifier::parse(&text)? {
        identifier if identifier.signature.is_none() => identifier,
        _ => return Err(IdentifierError::ForbiddenCharacter('#').into()),
    };
    Ok(UrlIdentifier {
        resource_type,
        delivery_type,
        version: version.map(str::to_owned),
        public_id: identifier.public_id.to_owned(),
        format: identifier.format.map(str::to_owned),
    })
}

/// `https://host/path`, with another scheme or none.
fn path_and_host(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.trim().split_once("//")?;
    let is_web = ["", "http:", "https:"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web));
    if !is_web {
        return None;
    }
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (host, path) = rest[..end].split_once('/').unwrap_or((&rest[..end], ""));
    Some((path, host))
}

/// What follows host and cloud name.
fn path<'a>(account: &Account, url: &'a str) -> Result<&'a str, NoIdentifier> {
    let (path, host) = path_and_host(url).ok_or(NoIdentifier::NotUrl)?;
    let after_cloud = || path.strip_prefix(&*account.cloud_name)?.strip_prefix('/');
    let path = match is_delivery_host(account, host) {
        None => None,
        Some(has_cloud_name) if has_cloud_name => after_cloud(),
        // Whether the host's URLs have the cloud name is a setting, and settings change.
        Some(_) => Some(after_cloud().unwrap_or(path)),
    };
    path.ok_or(NoIdentifier::OtherAccount)
}

/// What the beginning of the path says.
struct PathKind {
    resource_type: ResourceType,
    delivery_type: DeliveryType,
    /// The last segment is a name for search engines.
    has_suffix: bool,
}

impl PathKind {
    fn cut(path: &str) -> Result<(Self, &str), NoIdentifier> {
        use DeliveryType::{Authenticated, Private, Upload};
        use ResourceType::{Image, Raw, Video};
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let (kind, rest) = match first {
            "iu" => ((Image, Upload, false), rest),
            "images" => ((Image, Upload, true), rest),
            "private_images" => ((Image, Private, true), rest),
            "authenticated_images" => ((Image, Authenticated, true), rest),
            "videos" => ((Video, Upload, true), rest),
            "files" => ((Raw, Upload, true), rest),
            _ => match ResourceType::from_name(first) {
                Some(resource_type) => {
                    let (second, rest) = rest.split_once('/').unwrap_or((rest, ""));
                    let delivery_type =
                        DeliveryType::from_name(second).ok_or(IdentifierError::DeliveryType)?;
                    ((resource_type, delivery_type, false), rest)
                }
                // The root path stands for image/upload.
                None => ((Image, Upload, false), path),
            },
        };
        let (resource_type, delivery_type, has_suffix) = kind;
        let kind = Self {
            resource_type,
            delivery_type,
            has_suffix,
        };
        Ok((kind, rest))
    }
}

/// What stands behind the transformation. A first folder that looks like a version is none where a
/// version stands before it; the SDKs see to that.
fn version_and_file(path: &str) -> (Option<&str>, &str) {
    let mut rest = path;
    while let (Some(_), behind) = cut_if(rest, is_transformation) {
        rest = behind;
    }
    match cut_if(rest, is_version) {
        (Some(version), file) => (Some(&version[1..]), file),
        (None, file) => (None, file),
    }
}

/// Cuts off the first of several segments if it fits.
fn cut_if(path: &str, fits: fn(&str) -> bool) -> (Option<&str>, &str) {
    match path.split_once('/') {
        Some((first, rest)) if fits(first) && !rest.is_empty() => (Some(first), rest),
        _ => (None, path),
    }
}

fn is_signature(segment: &str) -> bool {
    let inner = segment
        .strip_prefix("s--")
        .and_then(|rest| rest.strip_suffix("--"));
    inner.is_some_and(|inner| {
        matches!(inner.len(), 8 | 32)
            && inner
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|digits| {
        (1..=MAX_VERSION_DIGITS).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Whether every parameter of a segment has a name that a transformation's has.
fn is_transformation(segment: &str) -> bool {
    segment.split(',').all(|parameter| {
        parameter.split_once('_').is_some_and(|(name, value)| {
            let is_variable = name.len() > 1 && name.starts_with('$');
            let is_known =
                || !name.is_empty() && OptionKey::all().any(|key| key.short_name() == name);
            !value.is_empty() && (is_variable || is_known())
        })
    })
}

/// `public_id/suffix.format` without the suffix.
fn without_suffix(file: &str, resource_type: ResourceType) -> Result<String, NoIdentifier> {
    let (public_id, suffix) = file.rsplit_once('/').ok_or(NoIdentifier::Suffix)?;
    match (suffix.split_once('.'), resource_type) {
        (None, _) => Ok(public_id.to_owned()),
        // A raw file's extension belongs to its public ID, before the suffix.
        (Some(_), ResourceType::Raw) => Err(NoIdentifier::Suffix),
        (Some((_, format)), _) => Ok(format!("{public_id}.{format}")),
    }
}

#[cfg(test)]
mod tests;
