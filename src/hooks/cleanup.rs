//! `afterSave` and `afterDelete`: which assets an object no longer refers to.
//!
//! Whether anything else does is counted later, when the grace period is over: what is found here is only worth asking about.

use crate::cloudinary::asset_name::AssetName;
use crate::manifest::{ClassManifest, GuardedField};
use crate::parse::envelope::Object;
use crate::parse::json::JsonText;

/// An asset that a field has lost.
#[derive(Debug, PartialEq, Eq)]
pub struct Lost<'m> {
    /// The field's name.
    pub field: &'m str,
    /// The asset.
    pub asset: AssetName,
    /// Seconds that it is kept.
    pub grace: u64,
}

/// What a save replaced, cleared or took from an array. Another version or format of an asset is no other asset.
pub fn replaced<'m>(
    class: &'m ClassManifest,
    object: &Object<'_>,
    original: Option<&Object<'_>>,
) -> Vec<Lost<'m>> {
    let Some(original) = original else {
        return Vec::new();
    };
    let fields = class.fields.iter().filter(|f| f.clean_up.on_replace);
    let lost = fields.flat_map(|field| {
        let now = object.get(&field.name).map(JsonText::texts).unwrap_or_default();
        let before = assets(field, original);
        let gone = move |asset: &AssetName| !now.iter().any(|text| asset.is_referred_to_by(text));
        before.into_iter().filter(gone).map(move |asset| Lost::of(field, asset))
    });
    lost.collect()
}

/// What a deleted object referred to.
pub fn deleted<'m>(class: &'m ClassManifest, object: &Object<'_>) -> Vec<Lost<'m>> {
    let fields = class.fields.iter().filter(|f| f.clean_up.on_delete);
    let lost = fields.flat_map(|field| {
        let assets = assets(field, object).into_iter();
        assets.map(move |asset| Lost::of(field, asset))
    });
    lost.collect()
}

impl<'m> Lost<'m> {
    fn of(field: &'m GuardedField, asset: AssetName) -> Self {
        Self {
            field: &field.name,
            asset,
            grace: field.clean_up.grace.as_secs(),
        }
    }
}

/// The assets that a field holds and that may ever be destroyed, each once.
fn assets(field: &GuardedField, object: &Object<'_>) -> Vec<AssetName> {
    let within = |asset: &AssetName| {
        let prefix = field.destroy_within.as_deref();
        prefix.is_some_and(|prefix| asset.public_id.starts_with(prefix))
    };
    let mut assets: Vec<AssetName> = Vec::new();
    for text in object.get(&field.name).map(JsonText::texts).unwrap_or_default() {
        if let Some(asset) = AssetName::stored(&text)
            && within(&asset)
            && !assets.contains(&asset)
        {
            assets.push(asset);
        }
    }
    assets
}
