//! What an asset is called: the parts of an identifier that a new version or another format leaves
//! as they are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::identifier::{DeliveryType, Identifier, ResourceType, bare, check_public_id};

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
    /// The asset that a stored text names, whatever follows its `#`. `None` for what is no
    /// identifier.
    pub fn stored(text: &str) -> Option<Self> {
        let bare = bare(text);
        Identifier::parse(bare).ok().as_ref().map(Self::from)
    }

    /// The asset of this kind with this public ID.
    pub fn of(
        (resource_type, delivery_type): (ResourceType, DeliveryType),
        public_id: &str,
    ) -> Self {
        Self {
            resource_type,
            delivery_type,
            public_id: public_id.to_owned(),
        }
    }

    /// The identifier of an upload of it. `None` if it would be read as another asset's, as where a
    /// dot in the public ID would begin the format.
    pub fn identifier(&self, version: &str, format: Option<&str>) -> Option<String> {
        let (resource_type, delivery_type) = (self.resource_type.name(), self.delivery_type.name());
        let format = match (self.resource_type, format) {
            (ResourceType::Raw, _) | (_, None) => String::new(),
            (_, Some(format)) => format!(".{format}"),
        };
        let public_id = &self.public_id;
        let text = format!("{resource_type}/{delivery_type}/v{version}/{public_id}{format}");
        (Self::stored(&text).as_ref() == Some(self)).then_some(text)
    }

    /// Which kind it is: an account may hold the same public ID once in each.
    pub fn kind(&self) -> (ResourceType, DeliveryType) {
        (self.resource_type, self.delivery_type)
    }
}

impl From<&Identifier<'_>> for AssetName {
    fn from(identifier: &Identifier<'_>) -> Self {
        let kind = (identifier.resource_type, identifier.delivery_type);
        Self::of(kind, identifier.public_id)
    }
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
