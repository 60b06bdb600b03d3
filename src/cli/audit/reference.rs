//! Which asset a stored text refers to, as a fixed number of bytes.

use sha2::{Digest as _, Sha256};

use super::plan::{Kind, kinds};
use crate::cloudinary::identifier::Identifier;

/// An asset's resource type, type and public ID, digested: two assets that share one would only hide an orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AssetKey(pub(super) [u8; 16]);

/// No public ID is longer, in bytes: Cloudinary takes 255 characters. It bounds what one odd text costs.
const LONGEST: usize = 1024;

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

/// Calls `found` with each asset that a stored text may refer to. Of an identifier it is one, whatever its version and format. A text
/// that is none (a row from before the guard, a URL) counts as a reference to everything it could mean: better an orphan that stays
/// than a picture that goes.
pub(super) fn references(text: &str, mut found: impl FnMut(AssetKey)) {
    let bare = text.split_once('#').map_or(text, |(bare, _)| bare);
    if let Ok(identifier) = Identifier::parse(bare) {
        let kind = (identifier.resource_type, identifier.delivery_type);
        found(AssetKey::of(kind, identifier.public_id));
        return;
    }
    let starts = std::iter::once(0).chain(bare.match_indices('/').map(|(slash, _)| slash + 1));
    let tails = starts.map(|start| &bare[start..]);
    for tail in tails.filter(|tail| tail.len() <= LONGEST) {
        let name_at = tail.rfind('/').map_or(0, |slash| slash + 1);
        let dot = tail[name_at..].rfind('.').map(|dot| name_at + dot);
        for public_id in [Some(tail), dot.map(|dot| &tail[..dot])]
            .into_iter()
            .flatten()
        {
            for kind in kinds() {
                found(AssetKey::of(kind, public_id));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudinary::asset_name::AssetName;
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

    #[test]
    fn means_what_clean_up_means_by_a_reference() {
        let names = ["a/cat", "cat", "cat.jpg", "a/cat.jpg", "v1/a/cat"];
        let texts = [
            "image/upload/v1/a/cat.jpg",
            "a/cat.jpg#x",
            "cat",
            "/cat",
            "b/a/cat",
            "raw/upload/v1/a/cat.jpg",
            "a/cat.",
            "#",
        ];
        for (kind, public_id) in kinds().flat_map(|kind| names.map(|name| (kind, name))) {
            let name = AssetName {
                resource_type: kind.0,
                delivery_type: kind.1,
                public_id: public_id.to_owned(),
            };
            for text in texts {
                assert_eq!(
                    refers(text, kind, public_id),
                    name.is_referred_to_by(text),
                    "{name} {text}"
                );
            }
        }
    }
}
