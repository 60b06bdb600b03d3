//! `afterSave` and `afterDelete`: which assets an object no longer refers to.
//!
//! Whether anything else does is counted later, when the grace period is over: what is found here
//! is only worth asking about.

use std::collections::HashMap;

use crate::assets::destroy::Destroy;
use crate::assets::fate::lets_go;
use crate::assets::reference::AssetSet;
use crate::assets::texts::each_text;
use crate::cloudinary::account::Account;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::identifier::{Identifier, bare};
use crate::manifest::{ClassManifest, GuardedField};
use crate::parse::envelope::{Envelope, Object};
use crate::parse::json::JsonText;

use super::{Outcome, signed_write};

/// An asset to destroy when its grace period is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelayedDestroy {
    /// What.
    pub destroy: Destroy,
    /// From when on, in seconds since 1970.
    pub run_at: u64,
}

/// An asset that a field has lost.
#[derive(Debug, PartialEq, Eq)]
struct Lost<'m> {
    /// The field's name.
    field: &'m str,
    /// The asset.
    asset: AssetName,
    /// The newest version of it that was lost: a later upload under its name is not this one.
    version: u64,
    /// Seconds that it is kept.
    grace: u64,
}

/// What follows a save of a guarded class. `now` in seconds since 1970.
pub fn after_save(
    class: &ClassManifest,
    account: &Account,
    envelope: &Envelope<'_>,
    object: &Object<'_>,
    now: u64,
) -> Outcome {
    let lost = replaced(class, envelope, object, account, now);
    outcome(class, account, object, lost, now)
}

/// What follows a deletion of a guarded class's object. `now` in seconds since 1970.
pub fn after_delete(
    class: &ClassManifest,
    account: &Account,
    object: &Object<'_>,
    now: u64,
) -> Outcome {
    outcome(class, account, object, deleted(class, object), now)
}

fn outcome(
    class: &ClassManifest,
    account: &Account,
    object: &Object<'_>,
    lost: Vec<Lost<'_>>,
    now: u64,
) -> Outcome {
    if lost.is_empty() {
        return Outcome::default();
    }
    let object = object.get("objectId").and_then(JsonText::as_str);
    let jobs = lost.into_iter().map(|lost| DelayedDestroy {
        // `now` may be almost a second ago.
        run_at: now.saturating_add(lost.grace + 1),
        destroy: Destroy {
            asset: lost.asset,
            version: Some(lost.version),
            cloud: account.cloud_name.clone(),
            class: class.class.clone(),
            field: lost.field.to_owned(),
            object: object.as_deref().map(str::to_owned),
        },
    });
    Outcome {
        jobs: jobs.collect(),
        ..Outcome::default()
    }
}

/// What a save replaced, cleared or took from an array. Another version or format of an asset is no
/// other asset.
fn replaced<'m>(
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
            && !signed_write::renames(class, field, envelope, object, account, now)
    });
    let lost = fields.flat_map(|field| {
        let mut lost = held(field, original);
        let mut gone: AssetSet = lost.iter().map(|lost| lost.asset.clone()).collect();
        if let Some(value) = object.get(&field.name) {
            each_text(value, &[], |text| _ = gone.take_referred(&text));
        }
        lost.retain(|lost| gone.contains(&lost.asset));
        lost
    });
    lost.collect()
}

/// What a deleted object referred to.
fn deleted<'m>(class: &'m ClassManifest, object: &Object<'_>) -> Vec<Lost<'m>> {
    let fields = class.fields.iter().filter(|f| f.clean_up.on_delete);
    fields.flat_map(|field| held(field, object)).collect()
}

/// The assets that a field holds and that it lets be destroyed, each once.
fn held<'m>(field: &'m GuardedField, object: &Object<'_>) -> Vec<Lost<'m>> {
    let mut held: Vec<Lost<'m>> = Vec::new();
    let mut known: HashMap<AssetName, usize> = HashMap::new();
    let Some(value) = object.get(&field.name) else {
        return held;
    };
    each_text(value, &[], |text| {
        let bare = bare(&text);
        let Ok(identifier) = Identifier::parse(bare) else {
            return;
        };
        let (asset, version) = (AssetName::from(&identifier), identifier.uploaded_at());
        if let Some(&index) = known.get(&asset) {
            held[index].version = held[index].version.max(version);
        } else if lets_go(field, &asset).is_ok() {
            known.insert(asset.clone(), held.len());
            held.push(Lost {
                field: &field.name,
                asset,
                version,
                grace: field.clean_up.grace.as_secs(),
            });
        }
    });
    held
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::signed_write::SignedWrite;

    const MANIFEST: &str = "class = \"Photo\"\n[fields.picture]\non_replace = \"destroy\"\ndestroy_within = \"app/\"\ngrace = \"2h\"\n\
        [fields.pictures]\nmany = true\nresource_types = [\"image\", \"video\"]\non_replace = \"destroy\"\non_delete = \"destroy\"\ndestroy_within = \"app/\"\n[fields.kept]\n";

    fn class() -> ClassManifest {
        let manifests = crate::manifest::parse(&[("Photo.toml", MANIFEST)]);
        manifests.unwrap().classes.remove(0)
    }

    fn lost(body: &str) -> Vec<String> {
        let class = class();
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        let object = envelope.object.as_ref().unwrap();
        let account = Account::from_url("cloudinary://key:secret@demo").unwrap();
        let lost = replaced(&class, &envelope, object, &account, 0);
        lost.iter()
            .map(|lost| {
                format!(
                    "{} {}@{} {}",
                    lost.field, lost.asset, lost.version, lost.grace
                )
            })
            .collect()
    }

    #[test]
    fn a_replaced_cleared_or_removed_picture_is_lost() {
        for (object, original, expected) in [
            (
                r#"{"picture":"image/upload/v1/app/b.jpg"}"#,
                r#"{"picture":"image/upload/v1/app/a.jpg"}"#,
                &["picture image/upload/app/a@1 7200"][..],
            ),
            (
                r#"{"picture":null}"#,
                r#"{"picture":"image/upload/v1/app/a.jpg#0000"}"#,
                &["picture image/upload/app/a@1 7200"],
            ),
            (
                "{}",
                r#"{"picture":"image/upload/v3/app/a.jpg"}"#,
                &["picture image/upload/app/a@3 7200"],
            ),
            (
                r#"{"pictures":["image/upload/v1/app/b"]}"#,
                r#"{"pictures":["image/upload/v1/app/a","image/upload/v1/app/b","image/upload/v2/app/a.png","other/c",5]}"#,
                &["pictures image/upload/app/a@2 86400"],
            ),
            (
                r#"{"pictures":[["image/upload/v1/app/a"],{"x":"https://res.cloudinary.com/demo/video/upload/v1/app/b%20c.mp4"}]}"#,
                r#"{"pictures":["image/upload/v1/app/a","video/upload/v7/app/b c",["image/upload/v1/app/d"]]}"#,
                &["pictures image/upload/app/d@1 86400"],
            ),
            (
                r#"{"pictures":[]}"#,
                r#"{"pictures":"image/upload/v1/app/a"}"#,
                &["pictures image/upload/app/a@1 86400"],
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
            r#"{"object":{},"original":{"picture":"raw/authenticated/v1/app/backups/db.zip"}}"#,
            r#"{"object":{},"original":{"picture":"image/private/v1/app/a"}}"#,
            r#"{"object":{},"original":{"pictures":["raw/upload/v1/app/a"]}}"#,
            r#"{"object":{},"original":{"picture":{"__op":"Delete"}}}"#,
        ] {
            assert_eq!(lost(body), [""; 0], "{body}");
        }
    }

    #[test]
    fn a_rename_of_ours_loses_nothing_but_anybody_elses_does() {
        const OLD: &str = "image/upload/v1/app/a";
        const NEW: &str = "image/upload/v1/app/b";
        let proof = |field: &str, to: &str| {
            let write = SignedWrite {
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
        assert_eq!(lost(single, &proof("picture", NEW), true), [""; 0]);
        assert_eq!(lost(many, &proof("pictures", NEW), true), [""; 0]);
        let in_many = ["pictures image/upload/app/a@1 86400"];
        assert_eq!(lost(many, &proof("pictures", NEW), false), in_many);
        assert_eq!(lost(many, &proof("pictures", ""), true), in_many);
        assert_eq!(lost(many, &proof("picture", NEW), true), in_many);
        assert_eq!(lost(many, "{}", true), in_many);
        let emptied = (r#""pictures":[]"#, many_before.as_str());
        assert_eq!(
            lost(emptied, &proof("pictures", NEW), true),
            [
                "pictures image/upload/app/a@1 86400",
                "pictures image/upload/app/b@1 86400"
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
