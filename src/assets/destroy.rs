//! An asset to destroy, once nothing refers to it.

use serde::{Deserialize, Serialize};

use crate::cloudinary::asset_name::AssetName;

/// An asset that lost a reference, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destroy {
    /// The asset.
    pub asset: AssetName,
    /// The newest version of it that was lost. Jobs of earlier versions of this program do not say
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Its account: a queue that is pointed at another one destroys nothing there.
    pub cloud: String,
    /// The class whose object lost it.
    pub class: String,
    /// The field.
    pub field: String,
    /// The object, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
}
