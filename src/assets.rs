//! May this asset go? The rules that clean-up, notifications and `audit` share.
//!
//! | module | question |
//! |---|---|
//! | [`texts`] | which texts does a value hold, at any depth? |
//! | [`mod@reference`] | which assets may a text mean? |
//! | [`place`] | where may rows refer to assets? |
//! | [`destroy`] | what is remembered of an asset to destroy? |
//! | [`fate`] | does an asset go, or why does it stay? |
//!
//! Pure: rows, manifests and what Cloudinary says are arguments. An error on the safe side is an
//! asset that stays.

pub mod destroy;
pub mod fate;
pub mod place;
pub mod reference;
pub mod texts;

use crate::cloudinary::identifier::{DeliveryType, ResourceType};

/// Which kind of asset: an account may hold the same public ID once in each.
pub type Kind = (ResourceType, DeliveryType);

const RESOURCE_TYPES: [ResourceType; 3] =
    [ResourceType::Image, ResourceType::Video, ResourceType::Raw];
const DELIVERY_TYPES: [DeliveryType; 3] = [
    DeliveryType::Upload,
    DeliveryType::Private,
    DeliveryType::Authenticated,
];

/// Every kind.
pub fn kinds() -> impl Iterator<Item = Kind> {
    RESOURCE_TYPES
        .into_iter()
        .flat_map(|resource| DELIVERY_TYPES.map(|delivery| (resource, delivery)))
}

#[cfg(test)]
mod tests;
