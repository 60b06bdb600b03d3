//! Whether a stored delivery URL becomes an identifier, and which. Pure.

use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::client::Asset;
use crate::cloudinary::delivery_url::ReadError;
use crate::cloudinary::identifier::Identifier;
use crate::hooks::broken_by_any;
use crate::manifest::GuardedField;

#[cfg(test)]
mod tests;

/// Why a URL stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Kept {
    /// It names nothing of the account's.
    #[error(transparent)]
    Unread(#[from] ReadError),
    /// Cloudinary has none of the assets that it may name.
    #[error("its asset does not exist: {0}")]
    Missing(AssetName),
    /// Cloudinary has several of them.
    #[error("without a version it may name {0} or {1}, and both exist")]
    Ambiguous(AssetName, AssetName),
    /// Only the name of a rejected or deleted asset is left.
    #[error("its asset is rejected or deleted: {0}")]
    Placeholder(AssetName),
    /// Without a version there is no identifier.
    #[error("Cloudinary tells no version of {0}")]
    NoVersion(AssetName),
    /// The guard would read another asset's name.
    #[error("no identifier can name {0} in this format")]
    Unwritable(AssetName),
    /// A rule of the field.
    #[error("the field does not take {identifier}: {expected}")]
    Refused {
        identifier: String,
        expected: String,
    },
}

/// The identifier of what a URL delivers, by the assets that it may name and what Cloudinary has.
///
/// # Errors
/// Why the URL stays.
pub(super) fn identifier<'a>(
    field: &GuardedField,
    readings: &[AssetName],
    find: impl Fn(&AssetName) -> Option<&'a Asset>,
) -> Result<String, Kept> {
    let mut existing = readings.iter().filter_map(|name| Some((name, find(name)?)));
    let Some((name, asset)) = existing.next() else {
        let name = readings.first().ok_or(ReadError::NoPublicId)?;
        return Err(Kept::Missing(name.clone()));
    };
    if let Some((other, _)) = existing.next() {
        return Err(Kept::Ambiguous(name.clone(), other.clone()));
    }
    if asset.is_placeholder() {
        return Err(Kept::Placeholder(name.clone()));
    }
    let version = asset.version();
    let version = version.ok_or_else(|| Kept::NoVersion(name.clone()))?;
    let text = name.identifier(&version.to_string(), asset.format.as_deref());
    let text = text.ok_or_else(|| Kept::Unwritable(name.clone()))?;
    let Ok(identifier) = Identifier::parse(&text) else {
        return Err(Kept::Unwritable(name.clone()));
    };
    match broken_by_any(field, &identifier) {
        Some(broken) => Err(Kept::Refused {
            expected: broken.expected,
            identifier: text,
        }),
        None => Ok(text),
    }
}
