//! An asset as a notification names it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::identifier::{DeliveryType, ResourceType, check_public_id};

/// What stands for a part that is not known.
const UNKNOWN: &str = "*";

/// A public ID, and what of its kind was told. Written `image/upload/users/u1/cat`, with `*` for
/// what was not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject {
    /// What kind of asset it is.
    pub resource_type: Option<ResourceType>,
    /// How it is delivered.
    pub delivery_type: Option<DeliveryType>,
    /// Without the format (with the extension for `raw`).
    pub public_id: String,
}

/// The text names nothing that can be an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected resource_type/type/public_id, with * for an unknown part")]
pub struct NotASubject;

impl Subject {
    /// The asset, if all of it was told.
    pub fn asset(&self) -> Option<AssetName> {
        Some(AssetName {
            resource_type: self.resource_type?,
            delivery_type: self.delivery_type?,
            public_id: self.public_id.clone(),
        })
    }

    /// Whether it may be this asset.
    pub fn may_be(&self, asset: &AssetName) -> bool {
        self.public_id == asset.public_id
            && self
                .resource_type
                .is_none_or(|told| told == asset.resource_type)
            && self
                .delivery_type
                .is_none_or(|told| told == asset.delivery_type)
    }

    /// The asset of this public ID whose kind is as told, and for the rest as `other`'s.
    pub fn completed_by(&self, other: &AssetName) -> AssetName {
        AssetName {
            resource_type: self.resource_type.unwrap_or(other.resource_type),
            delivery_type: self.delivery_type.unwrap_or(other.delivery_type),
            public_id: self.public_id.clone(),
        }
    }
}

impl From<AssetName> for Subject {
    fn from(asset: AssetName) -> Self {
        Self {
            resource_type: Some(asset.resource_type),
            delivery_type: Some(asset.delivery_type),
            public_id: asset.public_id,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resource_type = self.resource_type.map_or(UNKNOWN, ResourceType::name);
        let delivery_type = self.delivery_type.map_or(UNKNOWN, DeliveryType::name);
        write!(f, "{resource_type}/{delivery_type}/{}", self.public_id)
    }
}

impl FromStr for Subject {
    type Err = NotASubject;

    fn from_str(text: &str) -> Result<Self, NotASubject> {
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().ok_or(NotASubject);
        let (resource_type, delivery_type, public_id) = (part()?, part()?, part()?);
        check_public_id(public_id).map_err(|_| NotASubject)?;
        Ok(Self {
            resource_type: told(resource_type, ResourceType::from_name)?,
            delivery_type: told(delivery_type, DeliveryType::from_name)?,
            public_id: public_id.to_owned(),
        })
    }
}

fn told<T>(name: &str, from_name: impl Fn(&str) -> Option<T>) -> Result<Option<T>, NotASubject> {
    match name {
        UNKNOWN => Ok(None),
        name => from_name(name).map(Some).ok_or(NotASubject),
    }
}

impl TryFrom<String> for Subject {
    type Error = NotASubject;

    fn try_from(text: String) -> Result<Self, NotASubject> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> String {
        subject.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn may_be_each_asset_that_it_does_not_rule_out() {
        for (subject, assets) in [
            ("image/upload/a", &["image/upload/a"][..]),
            ("*/private/a", &["image/private/a", "video/private/a"]),
            ("image/*/a", &["image/upload/a", "image/private/a"]),
            (
                "*/*/a",
                &["image/upload/a", "image/private/a", "video/private/a"],
            ),
            ("*/*/b", &[]),
        ] {
            let parsed: Subject = subject.parse().unwrap();
            assert_eq!(parsed.to_string(), subject);
            for name in ["image/upload/a", "image/private/a", "video/private/a"] {
                let asset = name.parse().unwrap();
                assert_eq!(
                    parsed.may_be(&asset),
                    assets.contains(&name),
                    "{subject} {name}"
                );
            }
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
            "*/*/../x",
            "*/*/a&b",
            "**/*/a",
            "*//a",
        ] {
            assert_eq!(text.parse::<Subject>(), Err(NotASubject), "{text}");
        }
    }
}
