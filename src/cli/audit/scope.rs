//! What an audit looks at: the rows of guarded classes, and the part of the account that the
//! manifests name.

use crate::assets::fate::{lets_go, takes};
pub(super) use crate::assets::place::columns;
pub(super) use crate::assets::{Kind, kinds};
use crate::cloudinary::asset_name::AssetName;
use crate::manifest::{GuardedField, Manifests};

/// The assets of one kind whose public IDs begin with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AssetPrefix {
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// Where the assets are that guarded fields may refer to: within the folders of the manifests and
/// within `destroy_within`. No prefix is within another.
pub(super) fn prefixes(manifests: &Manifests) -> Vec<AssetPrefix> {
    let mut prefixes: Vec<AssetPrefix> = Vec::new();
    for field in fields(manifests) {
        for text in [folder(field), field.destroy_within.clone()]
            .into_iter()
            .flatten()
        {
            let kinds = kinds().filter(|kind| takes(field, *kind));
            prefixes.extend(kinds.map(|kind| AssetPrefix {
                kind,
                text: text.clone(),
            }));
        }
    }
    prefixes.sort_by_key(|prefix| prefix.text.len());
    let mut outermost: Vec<AssetPrefix> = Vec::new();
    for prefix in prefixes {
        if !outermost
            .iter()
            .any(|outer| outer.holds(prefix.kind, &prefix.text))
        {
            outermost.push(prefix);
        }
    }
    outermost
}

impl AssetPrefix {
    fn holds(&self, kind: Kind, public_id: &str) -> bool {
        self.kind == kind && public_id.starts_with(&self.text)
    }
}

/// Whether a field lets an asset be destroyed.
pub(super) fn may_destroy(manifests: &Manifests, kind: Kind, public_id: &str) -> bool {
    let asset = AssetName::of(kind, public_id);
    fields(manifests).any(|field| lets_go(field, &asset).is_ok())
}

/// The fields whose assets are not looked for, because neither a folder nor `destroy_within` says
/// where they are.
pub(super) fn without_folder(manifests: &Manifests) -> Vec<String> {
    let classes = manifests.classes.iter();
    let names = classes.flat_map(|class| class.fields.iter().map(move |field| (class, field)));
    names
        .filter(|(_, field)| folder(field).is_none() && field.destroy_within.is_none())
        .map(|(class, field)| format!("{}.{}", class.class, field.name))
        .collect()
}

fn fields(manifests: &Manifests) -> impl Iterator<Item = &GuardedField> {
    manifests.classes.iter().flat_map(|class| &class.fields)
}

/// What every public ID in the field's folder begins with, unless that is nothing.
fn folder(field: &GuardedField) -> Option<String> {
    let prefix = field.folder.as_ref()?.fixed_prefix();
    Some(prefix).filter(|prefix| !prefix.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudinary::identifier::{DeliveryType, ResourceType};

    fn manifests(text: &str) -> Manifests {
        crate::manifest::parse(&[("m.toml", text)]).unwrap()
    }

    #[test]
    fn looks_where_folders_and_destroy_within_say_and_nowhere_twice() {
        let manifests = manifests(
            r#"
            class = "Photo"
            [fields.a]
            folder = "users/{user.objectId}/a"
            [fields.b]
            folder = "users/shared"
            [fields.c]
            folder = "covers"
            destroy_within = "cov"
            [fields.d]
            resource_types = ["raw"]
            types = ["private", "upload"]
            destroy_within = "users/"
            [fields.e]
            folder = "{user.objectId}"
            [fields.f]
            "#,
        );
        let found = prefixes(&manifests);
        let names = found.iter().map(|prefix| {
            format!(
                "{}/{}/{}",
                prefix.kind.0.name(),
                prefix.kind.1.name(),
                prefix.text
            )
        });
        assert_eq!(
            names.collect::<Vec<_>>(),
            [
                "image/upload/cov",
                "image/upload/users/",
                "raw/upload/users/",
                "raw/private/users/"
            ]
        );
        assert_eq!(without_folder(&manifests), ["Photo.e", "Photo.f"]);
    }

    #[test]
    fn destroys_only_within_the_field_s_own_kinds_and_prefix() {
        let manifests = manifests(
            "class = \"Photo\"\n[fields.a]\ndestroy_within = \"app/\"\n[fields.b]\nfolder = \"other\"",
        );
        let image = (ResourceType::Image, DeliveryType::Upload);
        for (kind, public_id, expected) in [
            (image, "app/cat", true),
            (image, "app", false),
            (image, "apple/cat", false),
            (image, "other/cat", false),
            (image, "App/cat", false),
            (
                (ResourceType::Image, DeliveryType::Private),
                "app/cat",
                false,
            ),
            (
                (ResourceType::Video, DeliveryType::Upload),
                "app/cat",
                false,
            ),
        ] {
            assert_eq!(
                may_destroy(&manifests, kind, public_id),
                expected,
                "{public_id}"
            );
        }
    }

    #[test]
    fn an_empty_destroy_within_stands_for_every_asset_of_the_field_s_kinds() {
        let manifests = manifests("class = \"Photo\"\n[fields.a]\ndestroy_within = \"\"");
        assert_eq!(prefixes(&manifests)[0].text, "");
        let image = (ResourceType::Image, DeliveryType::Upload);
        assert!(may_destroy(&manifests, image, "anything"));
    }
}
