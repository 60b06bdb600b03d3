//! The decision: does an asset go, or why does it stay?

use super::Kind;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::client::Asset;
use crate::manifest::GuardedField;

/// What becomes of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is to be destroyed.
    Goes,
    /// Cloudinary has none.
    Gone,
    /// It stays.
    Stays(KeepReason),
}

/// Why an asset stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeepReason {
    /// The field takes other resource types or types.
    #[error("it is of a kind that the field does not take")]
    OtherKind,
    /// Its public ID begins otherwise, or the field has no `destroy_within`.
    #[error("it lies outside destroy_within")]
    OutsideDestroyWithin,
    /// A row holds it.
    #[error("something refers to it")]
    Referred,
    /// It is not the upload that was lost.
    #[error("it has been uploaded anew")]
    UploadedAnew,
    /// Cloudinary does not say when it was uploaded, or nobody knows which upload was lost.
    #[error("its upload may be a new one")]
    UnknownUpload,
}

/// What Cloudinary has under the asset's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upload {
    /// Nothing.
    Absent,
    /// What a rejected or deleted asset leaves, with a version of its own.
    Placeholder,
    /// The upload that was lost, or one before it.
    Old,
    /// One after it.
    New,
    /// Nobody knows.
    Unknown,
}

impl Upload {
    /// What stands for an asset of which `lost` was the newest version that a row lost.
    pub fn after_version(asset: Option<&Asset>, lost: Option<u64>) -> Self {
        Self::of(asset, Asset::version, lost)
    }

    /// What stands for an asset of which all uploads until `newest` (in seconds since 1970) may go.
    pub fn after_time(asset: Option<&Asset>, newest: Option<u64>) -> Self {
        Self::of(asset, Asset::uploaded_at, newest)
    }

    fn of(asset: Option<&Asset>, at: fn(&Asset) -> Option<u64>, newest: Option<u64>) -> Self {
        let Some(asset) = asset else {
            return Self::Absent;
        };
        if asset.is_placeholder() {
            return Self::Placeholder;
        }
        match at(asset).zip(newest) {
            Some((at, newest)) if at > newest => Self::New,
            Some(_) => Self::Old,
            None => Self::Unknown,
        }
    }
}

/// Whether a field takes assets of this kind.
pub fn takes(field: &GuardedField, (resource_type, delivery_type): Kind) -> bool {
    field.resource_types.contains(&resource_type) && field.types.contains(&delivery_type)
}

/// Whether a field lets the asset be destroyed, if nothing else keeps it.
///
/// # Errors
/// Why it stays.
pub fn lets_go(field: &GuardedField, asset: &AssetName) -> Result<(), KeepReason> {
    if !takes(field, asset.kind()) {
        return Err(KeepReason::OtherKind);
    }
    match &field.destroy_within {
        Some(prefix) if asset.public_id.starts_with(prefix.as_str()) => Ok(()),
        _ => Err(KeepReason::OutsideDestroyWithin),
    }
}

/// What becomes of an asset that a field lets go: whether any row refers to it, and what Cloudinary
/// has.
pub fn fate(lets_go: Result<(), KeepReason>, referred: bool, upload: Upload) -> Fate {
    if let Err(reason) = lets_go {
        return Fate::Stays(reason);
    }
    if referred {
        return Fate::Stays(KeepReason::Referred);
    }
    match upload {
        Upload::Absent => Fate::Gone,
        Upload::Placeholder | Upload::Old => Fate::Goes,
        Upload::New => Fate::Stays(KeepReason::UploadedAnew),
        Upload::Unknown => Fate::Stays(KeepReason::UnknownUpload),
    }
}
