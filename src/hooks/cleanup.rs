//! `afterSave` and `afterDelete`: which assets an object no longer refers to.
//!
//! Whether anything else does is counted later, when the grace period is over: what is found here is only worth asking about.

use crate::cloudinary::account::Account;
use crate::cloudinary::asset_name::AssetName;
use crate::manifest::{ClassManifest, GuardedField};
use crate::parse::envelope::{Envelope, Object};
use crate::parse::json::JsonText;

use super::own_write;

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
    envelope: &Envelope<'_>,
    object: &Object<'_>,
    account: &Account,
    now: u64,
) -> Vec<Lost<'m>> {
    let Some(original) = &envelope.original else {
        return Vec::new();
    };
    let fields = class.fields.iter().filter(|field| {
        field.clean_up.on_replace
            && !own_write::renames(class, field, envelope, object, account, now)
    });
    let lost = fields.flat_map(|field| {
        let now = object
            .get(&field.name)
            .map(JsonText::texts)
            .unwrap_or_default();
        let before = assets(field, original);
        let gone = move |asset: &AssetName| !now.iter().any(|text| asset.is_referred_to_by(text));
        before
            .into_iter()
            .filter(gone)
            .map(move |asset| Lost::of(field, asset))
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
    for text in object
        .get(&field.name)
        .map(JsonText::texts)
        .unwrap_or_default()
    {
        if let Some(asset) = AssetName::stored(&text)
            && within(&asset)
            && !assets.contains(&asset)
        {
            assets.push(asset);
        }
    }
    assets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::own_write::OwnWrite;

    const MANIFEST: &str = "class = \"Photo\"\n[fields.picture]\non_replace = \"destroy\"\ndestroy_within = \"app/\"\ngrace = \"2h\"\n\
        [fields.pictures]\nmany = true\non_replace = \"destroy\"\non_delete = \"destroy\"\ndestroy_within = \"app/\"\n[fields.kept]\n";

    fn class() -> ClassManifest {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Photo.toml"), MANIFEST).unwrap();
        crate::manifest::load(folder.path())
            .unwrap()
            .classes
            .remove(0)
    }

    fn lost(body: &str) -> Vec<String> {
        let class = class();
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        let object = envelope.object.as_ref().unwrap();
        let account = Account::from_url("cloudinary://key:secret@demo").unwrap();
        let lost = replaced(&class, &envelope, object, &account, 0);
        lost.iter()
            .map(|lost| format!("{} {} {}", lost.field, lost.asset, lost.grace))
            .collect()
    }

    #[test]
    fn a_replaced_cleared_or_removed_picture_is_lost() {
        for (object, original, expected) in [
            (
                r#"{"picture":"image/upload/v1/app/b.jpg"}"#,
                r#"{"picture":"image/upload/v1/app/a.jpg"}"#,
                &["picture image/upload/app/a 7200"][..],
            ),
            (
                r#"{"picture":null}"#,
                r#"{"picture":"image/upload/v1/app/a.jpg#0000"}"#,
                &["picture image/upload/app/a 7200"],
            ),
            (
                "{}",
                r#"{"picture":"raw/private/v1/app/a.jpg"}"#,
                &["picture raw/private/app/a.jpg 7200"],
            ),
            (
                r#"{"pictures":["image/upload/v1/app/b"]}"#,
                r#"{"pictures":["image/upload/v1/app/a","image/upload/v1/app/b","image/upload/v2/app/a.png","other/c",5]}"#,
                &["pictures image/upload/app/a 86400"],
            ),
            (
                r#"{"pictures":[]}"#,
                r#"{"pictures":"image/upload/v1/app/a"}"#,
                &["pictures image/upload/app/a 86400"],
            ),
        ] {
            let body = format!(r#"{{"object":{object},"original":{original}}}"#);
            assert_eq!(lost(&body), expected, "{body}");
        }
    }

    #[test]
    fn nothing_is_lost_by_a_create_another_version_or_a_field_that_keeps() {
        for body in [
            r#"{"object":{"picture":"image/upload/v1/app/a.jpg"}}"#,
            r#"{"object":{"picture":"image/upload/v2/app/a.png"},"original":{"picture":"image/upload/v1/app/a.jpg"}}"#,
            r#"{"object":{"pictures":["image/upload/v2/app/a"]},"original":{"pictures":["image/upload/v1/app/a"]}}"#,
            r#"{"object":{},"original":{"kept":"image/upload/v1/app/a.jpg"}}"#,
            r#"{"object":{},"original":{"picture":"image/upload/v1/application/a.jpg"}}"#,
            r#"{"object":{},"original":{"picture":"app/a.jpg"}}"#,
            r#"{"object":{},"original":{"picture":{"__op":"Delete"}}}"#,
        ] {
            assert_eq!(lost(body), [""; 0], "{body}");
        }
    }

    #[test]
    fn a_rename_of_ours_loses_nothing_but_anybody_elses_does() {
        const OLD: &str = "image/upload/v1/app/a";
        const NEW: &str = "image/upload/v1/app/b";
        let mark = |field: &str, to: &str| {
            let write = OwnWrite {
                class: "Photo",
                object_id: "1",
                field,
                from: OLD,
                to,
            };
            write.context(&"secret".into(), 0)
        };
        let lost = |columns: (&str, &str), context: &str, master: bool| {
            let (after, before) = columns;
            lost(&format!(
                r#"{{"master":{master},"context":{context},"object":{{"objectId":"1",{after}}},"original":{{"objectId":"1",{before}}}}}"#
            ))
        };
        let single = format!(r#""picture":"{NEW}""#);
        let single_before = format!(r#""picture":"{OLD}""#);
        let many = format!(r#""pictures":["{NEW}"]"#);
        let many_before = format!(r#""pictures":["{OLD}","{NEW}"]"#);
        let single = (single.as_str(), single_before.as_str());
        let many = (many.as_str(), many_before.as_str());
        assert_eq!(lost(single, &mark("picture", NEW), true), [""; 0]);
        assert_eq!(lost(many, &mark("pictures", NEW), true), [""; 0]);
        let in_many = ["pictures image/upload/app/a 86400"];
        assert_eq!(lost(many, &mark("pictures", NEW), false), in_many);
        assert_eq!(lost(many, &mark("pictures", ""), true), in_many);
        assert_eq!(lost(many, &mark("picture", NEW), true), in_many);
        assert_eq!(lost(many, "{}", true), in_many);
        let emptied = (r#""pictures":[]"#, many_before.as_str());
        assert_eq!(
            lost(emptied, &mark("pictures", NEW), true),
            [
                "pictures image/upload/app/a 86400",
                "pictures image/upload/app/b 86400"
            ]
        );
    }

    #[test]
    fn a_deleted_object_loses_the_pictures_of_fields_that_say_so() {
        let class = class();
        let body = r#"{"object":{"picture":"image/upload/v1/app/a","pictures":["image/upload/v1/app/b","image/upload/v1/app/b.jpg"]}}"#;
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        let lost = deleted(&class, envelope.object.as_ref().unwrap());
        let assets: Vec<_> = lost.iter().map(|lost| lost.asset.to_string()).collect();
        assert_eq!(assets, ["image/upload/app/b"]);
    }
}
