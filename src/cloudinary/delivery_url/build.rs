//! The parts of a URL, put together.

use std::ops::Range;

use percent_encoding::AsciiSet;
use serde_json::Value;

use super::error::UrlError;
use super::flags::Flags;
use super::host::{push_prefix, set_shard};
use super::options::{scalar, scalar_option, text_option};
use super::signature::Signing;
use super::source::{UrlSource, collapse_slashes, is_remote, stored_parts};
use crate::cloudinary::account::Account;
use crate::cloudinary::auth_token::TokenOptions;
use crate::cloudinary::identifier::{Identifier, ResourceType};
use crate::cloudinary::number::Scalar;
use crate::cloudinary::percent;
use crate::cloudinary::transformation::push_transformation;
use crate::cloudinary::url_options::{OptionKey, UrlOptions};

/// What a URL delivers.
pub(super) struct DeliveredAsset<'a> {
    resource_type: &'a str,
    delivery_type: Option<&'a str>,
    version: Option<Scalar<'a>>,
    public_id: &'a str,
    format: Option<Scalar<'a>>,
    /// Read off a stored identifier.
    is_stored: bool,
}

impl<'a> DeliveredAsset<'a> {
    /// Takes the parts from the options, or from a `public_id` that has them itself.
    pub(super) fn from_options(
        account: &Account,
        public_id: &'a str,
        options: &mut UrlOptions<'a>,
    ) -> Result<Self, UrlError> {
        let delivery_type = text_option(options, OptionKey::Type)?;
        let use_fetch_format =
            Flags(options).is(OptionKey::UseFetchFormat, account.url.use_fetch_format);
        if (delivery_type == Some("fetch") || use_fetch_format)
            && options.get(OptionKey::FetchFormat).is_none()
            && let Some(format) = options.take(OptionKey::Format)
        {
            options.set(OptionKey::FetchFormat, format);
        }
        let format = scalar_option(options, OptionKey::Format)?;
        if let Some((resource_type, delivery_type, version, public_id)) = stored_parts(public_id) {
            return Ok(Self {
                resource_type,
                delivery_type: Some(delivery_type),
                version: Some(Scalar::Text(version)),
                public_id,
                format,
                is_stored: false,
            });
        }
        Ok(Self {
            resource_type: text_option(options, OptionKey::ResourceType)?.unwrap_or("image"),
            delivery_type,
            version: scalar_option(options, OptionKey::Version)?
                .filter(|version| !version.is_empty()),
            public_id,
            format,
            is_stored: false,
        })
    }

    pub(super) fn from_identifier(
        identifier: &Identifier<'a>,
        format: Option<&'a Value>,
    ) -> Result<Self, UrlError> {
        let format = match format {
            Some(format) if identifier.resource_type != ResourceType::Raw => {
                Some(scalar(OptionKey::Format, format)?)
            }
            _ => identifier.format.map(Scalar::Text),
        };
        Ok(Self {
            resource_type: identifier.resource_type.name(),
            delivery_type: Some(identifier.delivery_type.name()),
            version: Some(Scalar::Text(identifier.version)),
            public_id: identifier.public_id,
            format,
            is_stored: true,
        })
    }

    fn source(&self) -> Result<UrlSource<'a>, UrlError> {
        if self.is_stored {
            Ok(UrlSource::stored(self.public_id))
        } else {
            UrlSource::written(self.public_id, is_remote(self.public_id))
        }
    }

    /// Whether `given`, what the caller called the public ID, is a remote URL that Cloudinary does
    /// not deliver: one of type `upload`.
    pub(super) fn is_elsewhere(&self, given: &str) -> bool {
        let is_upload = match self.delivery_type {
            None => true,
            Some(delivery_type) => delivery_type == "upload" && given.starts_with("http"),
        };
        is_upload && is_remote(given)
    }

    /// Resource type and type as the path says them.
    fn path(&self, flags: &Flags<'_, '_>, account: &Account) -> Result<[&'a str; 2], UrlError> {
        let given = (self.resource_type, self.delivery_type.unwrap_or("upload"));
        let has_suffix = flags.0.get(OptionKey::UrlSuffix).is_some();
        let path = match given {
            _ if !has_suffix => given.into(),
            ("image", "upload") => ["images", ""],
            ("image", "private") => ["private_images", ""],
            ("image", "authenticated") => ["authenticated_images", ""],
            ("raw", "upload") => ["files", ""],
            ("video", "upload") => ["videos", ""],
            _ => return Err(UrlError::SuffixUnsupported),
        };
        if flags.is(OptionKey::UseRootPath, account.url.use_root_path) {
            return match path {
                ["image", "upload"] | ["images", ""] => Ok(["", ""]),
                _ => Err(UrlError::RootPathUnsupported),
            };
        }
        if path == ["image", "upload"] && flags.is(OptionKey::Shorten, account.url.shorten) {
            return Ok(["iu", ""]);
        }
        Ok(path)
    }
}

/// What makes a URL valid for its holder.
struct UrlAuthorization<'a> {
    token: Option<TokenOptions<'a>>,
    signing: Option<Signing<'a>>,
}

impl<'a> UrlAuthorization<'a> {
    /// A token takes the place of the signature unless its options say otherwise.
    fn new(account: &'a Account, options: &UrlOptions<'a>) -> Result<Self, UrlError> {
        if !Flags(options).is(OptionKey::SignUrl, account.url.sign_url) {
            return Ok(Self {
                token: None,
                signing: None,
            });
        }
        let token = token(account, options);
        let signing = token
            .is_none_or(|token| token.signs_url())
            .then(|| Signing::new(account, options))
            .transpose()?;
        Ok(Self { token, signing })
    }

    /// Only the Python SDK puts a signature beside a token, so such a URL is encoded as there.
    fn encoding(&self) -> &'static AsciiSet {
        if self.token.is_some() && self.signing.is_some() {
            percent::REMOTE
        } else {
            percent::PUBLIC_ID
        }
    }
}

/// Writes the URL into one buffer, shard and signature last: they depend on what follows them.
pub(super) fn build(
    account: &Account,
    asset: &DeliveredAsset<'_>,
    options: &UrlOptions<'_>,
    now: u64,
) -> Result<String, UrlError> {
    let flags = Flags(options);
    let suffix = suffix(options)?;
    let source = asset.source()?;
    let access = UrlAuthorization::new(account, options)?;

    let mut out = String::with_capacity(192 + asset.public_id.len());
    let shard = push_prefix(&mut out, account, options)?;
    for part in asset.path(&flags, account)? {
        push_part(&mut out, part);
    }
    let signature_at = out.len() + 1;
    if let Some(signing) = &access.signing {
        push_part(&mut out, signing.placeholder());
    }
    let transformation = push_transformation_part(&mut out, options, account)?;
    let is_forced = flags.is(OptionKey::ForceVersion, account.url.force_version);
    if let Some(version) = asset.version {
        out.push_str("/v");
        version.push(&mut out);
    } else if is_forced && source.needs_version(asset.format) {
        out.push_str("/v1");
    }
    out.push('/');
    let source_at = out.len();
    let [id, format] = source.push(&mut out, access.encoding(), suffix, asset.format);
    if let Some(at) = shard {
        set_shard(&mut out, at, source_at);
    }
    if let Some(signing) = &access.signing {
        signing.sign(&mut out, signature_at, [transformation, id, format]);
    }
    if out.len() == source_at {
        out.pop();
    }
    if out.contains(' ') {
        out = out.replace(' ', "%20");
    }
    if let Some(token) = access.token {
        let path = path_and_query(&out);
        out.push('?');
        token.push(&mut out, Some(&path), now)?;
    }
    Ok(out)
}

/// Appends the transformation as a part of the path; says where it is.
fn push_transformation_part(
    out: &mut String,
    options: &UrlOptions<'_>,
    account: &Account,
) -> Result<Range<usize>, UrlError> {
    out.push('/');
    let start = out.len();
    push_transformation(out, options, &account.url)?;
    if out.len() == start {
        out.pop();
        return Ok(0..0);
    }
    if out[start..].contains("//") {
        let collapsed = collapse_slashes(&out[start..]).into_owned();
        out.replace_range(start.., &collapsed);
    }
    Ok(start..out.len())
}

fn push_part(out: &mut String, part: &str) {
    if !part.is_empty() {
        out.push('/');
        out.push_str(part);
    }
}

/// The token's options unless there are none or the call turns tokens off.
fn token<'a>(account: &'a Account, options: &UrlOptions<'a>) -> Option<TokenOptions<'a>> {
    let own = options.get(OptionKey::AuthToken);
    if own == Some(&Value::Bool(false)) {
        return None;
    }
    let token = TokenOptions::new(&account.url, own.and_then(Value::as_object));
    (!token.is_empty()).then_some(token)
}

fn suffix<'a>(options: &UrlOptions<'a>) -> Result<Option<&'a str>, UrlError> {
    let suffix = text_option(options, OptionKey::UrlSuffix)?;
    suffix.map_or(Ok(()), check_suffix)?;
    Ok(suffix)
}

pub(super) fn check_suffix(suffix: &str) -> Result<(), UrlError> {
    if suffix.contains(['.', '/']) {
        return Err(UrlError::SUFFIX);
    }
    Ok(())
}

/// What a client asks the CDN for: the path as the URL standard encodes it, without the fragment.
fn path_and_query(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |start| &rest[start..]),
        None => url,
    };
    let mut encoded = String::with_capacity(path.len());
    percent::push(&mut encoded, path, percent::PATH);
    encoded
}
