//! Whether a stored delivery URL becomes an identifier, and which. Pure.

use crate::cloudinary::account::Account;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::client::Asset;
use crate::cloudinary::delivery_url::{NoIdentifier, identifier_in};
use crate::cloudinary::identifier::Identifier;
use crate::cloudinary::upload::MAX_PUBLIC_ID_LEN;
use crate::hooks::broken_by_any;
use crate::manifest::GuardedField;

#[cfg(test)]
mod tests;

/// Why a URL stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Kept {
    /// It names nothing of the account's.
    #[error(transparent)]
    Unread(#[from] NoIdentifier),
    /// Cloudinary has none so long, and could not be asked for it beside others.
    #[error("public_id: expected at most {MAX_PUBLIC_ID_LEN} characters")]
    TooLong,
    /// Cloudinary has no such asset.
    #[error("its asset does not exist: {0}")]
    Missing(AssetName),
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

/// The asset that a URL delivers.
///
/// # Errors
/// Why the URL stays.
pub(super) fn asset_of(account: &Account, url: &str) -> Result<AssetName, Kept> {
    let found = identifier_in(account, url)?;
    if found.public_id.chars().count() > MAX_PUBLIC_ID_LEN {
        return Err(Kept::TooLong);
    }
    let kind = (found.resource_type, found.delivery_type);
    Ok(AssetName::of(kind, &found.public_id))
}

/// The identifier of an asset that a URL delivers, by what Cloudinary has of it.
///
/// # Errors
/// Why the URL stays.
pub(super) fn identifier(
    field: &GuardedField,
    name: &AssetName,
    asset: Option<&Asset>,
) -> Result<String, Kept> {
    let asset = asset.ok_or_else(|| Kept::Missing(name.clone()))?;
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
