//! The name of an asset as a fixed number of bytes, and the keys of what a row refers to.

use sha2::{Digest as _, Sha256};

use crate::assets::Kind;
use crate::assets::place::Place;
use crate::assets::reference::each_asset;
use crate::parse::client::Row;

/// A digest of an asset's resource type, type and public ID. A collision would only hide an orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AssetKey(pub(super) [u8; 16]);

impl AssetKey {
    /// The key of an asset.
    pub(super) fn of((resource_type, delivery_type): Kind, public_id: &str) -> Self {
        let mut hasher = Sha256::new();
        for part in [
            resource_type.name(),
            "/",
            delivery_type.name(),
            "/",
            public_id,
        ] {
            hasher.update(part);
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finalize()[..16]);
        Self(key)
    }

    /// Which of `parts` of all keys this one belongs to.
    pub(super) fn part(self, parts: u64) -> u64 {
        let part = u128::from_be_bytes(self.0) % u128::from(parts);
        u64::try_from(part).unwrap_or(0)
    }
}

/// Calls `found` with the key of each asset that a stored text may refer to.
fn references(text: &str, mut found: impl FnMut(AssetKey)) {
    each_asset(text, |kind, public_id| found(AssetKey::of(kind, public_id)));
}

/// The keys of all assets that a row may refer to, in these places.
pub(super) fn keys_of(places: &[Place], row: &Row) -> Vec<AssetKey> {
    let mut keys = Vec::new();
    for place in places {
        place.each_text(row, |text| references(text, |key| keys.push(key)));
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudinary::identifier::{DeliveryType, ResourceType};

    const IMAGE: Kind = (ResourceType::Image, DeliveryType::Upload);

    fn refers(text: &str, kind: Kind, public_id: &str) -> bool {
        let mut refers = false;
        references(text, |key| refers |= key == AssetKey::of(kind, public_id));
        refers
    }

    #[test]
    fn an_identifier_refers_to_one_asset_whatever_its_version_format_and_signature() {
        for text in [
            "image/upload/v1/a/cat.jpg",
            "image/upload/v1700000000/a/cat",
            "image/upload/v2/a/cat.png#0000",
            "image/upload/v2/a/cat.png#",
        ] {
            assert!(refers(text, IMAGE, "a/cat"), "{text}");
            assert!(!refers(text, IMAGE, "cat"), "{text}");
            assert!(!refers(
                text,
                (ResourceType::Video, DeliveryType::Upload),
                "a/cat"
            ));
            assert!(!refers(
                text,
                (ResourceType::Image, DeliveryType::Private),
                "a/cat"
            ));
        }
    }

    #[test]
    fn a_malformed_text_refers_to_all_that_it_could_mean() {
        for text in [
            "a/cat",
            "a/cat.jpg",
            "upload/a/cat.jpg",
            "image/upload/a/cat.jpg#x",
            "https://res.cloudinary.com/demo/image/upload/v1/a/cat.jpg",
            "image/fetch/v1/a/cat.jpg",
        ] {
            assert!(refers(text, IMAGE, "a/cat"), "{text}");
        }
        let long = format!("https://h/{}/a/cat.jpg", "x".repeat(5000));
        assert!(refers(&long, IMAGE, "a/cat"));
        assert!(!refers("a/cat.jpg", IMAGE, "a/dog"));
        assert!(!refers("", IMAGE, "a/cat"));
    }
}
