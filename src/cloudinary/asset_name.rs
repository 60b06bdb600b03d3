//! What an asset is called: the parts of an identifier that a new version or another format leaves as they are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::identifier::{DeliveryType, Identifier, ResourceType, check_public_id};

/// Resource type, type and public ID. Written `image/upload/users/u1/cat`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AssetName {
    /// What kind of asset it is.
    pub resource_type: ResourceType,
    /// How it is delivered.
    pub delivery_type: DeliveryType,
    /// Without the format (with the extension for `raw`).
    pub public_id: String,
}

/// The text names no asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected resource_type/type/public_id")]
pub struct NotAnAsset;

impl AssetName {
    /// The asset that a stored text names, whatever follows its `#`. `None` for what is no identifier.
    pub fn stored(text: &str) -> Option<Self> {
        let identifier = Identifier::parse(without_signature(text)).ok()?;
        Some(Self {
            resource_type: identifier.resource_type,
            delivery_type: identifier.delivery_type,
            public_id: identifier.public_id.to_owned(),
        })
    }

    /// Whether a stored text refers to this asset. A text that is no identifier (a row from before the guard, a URL) does if it could
    /// mean it: better an asset that stays than a picture that goes.
    pub fn is_referred_to_by(&self, text: &str) -> bool {
        let bare = without_signature(text);
        if let Some(other) = Self::stored(bare) {
            return *self == other;
        }
        let name_at = bare.rfind('/').map_or(0, |slash| slash + 1);
        let dot = bare[name_at..].rfind('.').map(|dot| name_at + dot);
        let readings = [Some(bare), dot.map(|dot| &bare[..dot])];
        readings.into_iter().flatten().any(|reading| {
            let before = reading.strip_suffix(self.public_id.as_str());
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        })
    }
}

fn without_signature(text: &str) -> &str {
    text.split_once('#').map_or(text, |(bare, _)| bare)
}

impl fmt::Display for AssetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (resource_type, delivery_type) = (self.resource_type.name(), self.delivery_type.name());
        write!(f, "{resource_type}/{delivery_type}/{}", self.public_id)
    }
}

impl FromStr for AssetName {
    type Err = NotAnAsset;

    fn from_str(text: &str) -> Result<Self, NotAnAsset> {
        let mut parts = text.splitn(3, '/');
        let resource_type = parts.next().and_then(ResourceType::from_name);
        let delivery_type = parts.next().and_then(DeliveryType::from_name);
        let public_id = parts.next().filter(|id| check_public_id(id).is_ok());
        match (resource_type, delivery_type, public_id) {
            (Some(resource_type), Some(delivery_type), Some(public_id)) => Ok(Self {
                resource_type,
                delivery_type,
                public_id: public_id.to_owned(),
            }),
            _ => Err(NotAnAsset),
        }
    }
}

impl TryFrom<String> for AssetName {
    type Error = NotAnAsset;

    fn try_from(text: String) -> Result<Self, NotAnAsset> {
        text.parse()
    }
}

impl From<AssetName> for String {
    fn from(name: AssetName) -> String {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_formats_and_signatures_do_not_change_the_name() {
        for text in [
            "image/upload/v1/a/cat.jpg",
            "image/upload/v1700000000/a/cat",
            "image/upload/v2/a/cat.png#0000",
            "image/upload/v2/a/cat.png#",
        ] {
            let name = AssetName::stored(text).unwrap();
            assert_eq!(name.to_string(), "image/upload/a/cat", "{text}");
            assert!(
                name.is_referred_to_by("image/upload/v9/a/cat.gif"),
                "{text}"
            );
        }
    }

    #[test]
    fn other_types_and_public_ids_are_other_assets() {
        let name: AssetName = "image/upload/a/cat".parse().unwrap();
        for text in [
            "image/private/v1/a/cat.jpg",
            "video/upload/v1/a/cat.mp4",
            "raw/upload/v1/a/cat",
            "image/upload/v1/b/a/cat.jpg",
            "image/upload/v1/a/cat/x.jpg",
            "image/upload/v1/a/Cat.jpg",
            "image/upload/v1/a/cat.jpg.png",
            "a/catalogue.jpg",
            "a/bobcat.jpg",
            "",
        ] {
            assert!(!name.is_referred_to_by(text), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_identifier_counts_for_what_it_could_mean() {
        let name: AssetName = "image/upload/a/cat".parse().unwrap();
        for text in [
            "a/cat",
            "a/cat.jpg",
            "v1/a/cat.jpg#0000",
            "https://res.cloudinary.com/demo/image/upload/w_10/v1/a/cat.jpg",
        ] {
            assert!(name.is_referred_to_by(text), "{text}");
        }
    }

    #[test]
    fn refuses_what_names_no_asset() {
        for text in [
            "",
            "image",
            "image/upload",
            "image/upload/",
            "audio/upload/x",
            "image/fetch/x",
            "image/upload/../x",
            "image/upload/a&b",
        ] {
            assert_eq!(text.parse::<AssetName>(), Err(NotAnAsset), "{text}");
        }
    }
}
