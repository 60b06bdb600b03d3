//! Worlds of rows, assets and losses: what is in use never goes, what nothing refers to does, and
//! clean-up and audit agree.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::fate::{Fate, KeepReason, Upload, fate, lets_go};
use super::place::{columns, places, places_of};
use super::reference::{AssetSet, each_asset};
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::client::Asset;
use crate::manifest::{ClassManifest, Manifests};
use crate::parse::client::Row;

const MANIFEST: &str = r#"
class = "Photo"
references = ["cover", "slides.items.image"]
[fields.picture]
on_replace = "destroy"
destroy_within = "app/"
[fields.pictures]
many = true
resource_types = ["image", "raw"]
types = ["upload", "private"]
"#;

fn manifests() -> Manifests {
    crate::manifest::parse(&[("Photo.toml", MANIFEST)]).unwrap()
}

/// Public IDs of which some are tails or beginnings of others.
const IDS: [&str; 9] = [
    "app/a",
    "app/b",
    "a",
    "app/a/b",
    "app/a b",
    "app/ü 猫",
    "other/a",
    "app/a.b",
    "app/b/app/a",
];
const KINDS: [&str; 4] = [
    "image/upload",
    "raw/upload",
    "image/private",
    "video/upload",
];

/// A text and whether it is an identifier, which means one asset and no other.
fn text(asset: &AssetName, form: u8) -> (String, bool) {
    let kind = format!(
        "{}/{}",
        asset.resource_type.name(),
        asset.delivery_type.name()
    );
    let id = &asset.public_id;
    let encoded = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    let format = if kind.starts_with("raw") { "" } else { ".jpg" };
    match form {
        0 => (format!("{kind}/v7/{id}{format}"), true),
        1 => (format!("{kind}/v7/{id}{format}#00"), true),
        2 => (
            format!("https://res.cloudinary.com/demo/{kind}/w_10/v7/{encoded}{format}"),
            false,
        ),
        3 => (format!("https://pictures.example.com/{kind}/{id}"), false),
        _ => (id.clone(), false),
    }
}

/// A value of a column that holds a text at some depth.
fn value(text: &str, shape: u8) -> Value {
    match shape {
        0 => json!(text),
        1 => json!([text]),
        2 => json!([[5, [text]]]),
        3 => json!([{"pic": text}, null]),
        _ => json!({"a": {"b": [text]}}),
    }
}

/// Where a value is put, and whether that is a place where references count.
fn cell(value: Value, place: u8) -> (&'static str, Value, bool) {
    match place {
        0 => ("picture", value, true),
        1 => ("pictures", value, true),
        2 => ("cover", value, true),
        3 => ("slides", json!({"items": [{"image": value}]}), true),
        4 => ("slides", json!({"items": [{"caption": value}]}), false),
        5 => ("pictures", json!({ "x": 5, value.to_string(): 1 }), false),
        _ => ("title", value, false),
    }
}

fn asset() -> impl Strategy<Value = AssetName> {
    let names = KINDS
        .into_iter()
        .flat_map(|kind| IDS.map(|id| format!("{kind}/{id}")));
    select(names.collect::<Vec<_>>()).prop_map(|name| name.parse().unwrap())
}

#[derive(Debug, Clone)]
struct Held {
    asset: AssetName,
    form: u8,
    shape: u8,
    place: u8,
}

prop_compose! {
    fn held()(asset in asset(), form in 0u8..5, shape in 0u8..5, place in 0u8..7) -> Held {
        Held { asset, form, shape, place }
    }
}

fn referred(class: &ClassManifest, rows: &[Row], asset: &AssetName) -> bool {
    let mut set = AssetSet::from_iter([asset.clone()]);
    let mut hashed = false;
    for row in rows {
        for place in places_of(class) {
            place.each_text(row, |text| {
                set.take_referred(text);
                each_asset(text, |kind, id| hashed |= *asset == AssetName::of(kind, id));
            });
        }
    }
    assert_eq!(
        set.is_empty(),
        hashed,
        "clean-up and audit say the same of {asset}"
    );
    hashed
}

fn known(version: u64, placeholder: bool) -> Asset {
    serde_json::from_value(
        json!({"public_id": "x", "version": version, "placeholder": placeholder}),
    )
    .unwrap()
}

proptest! {
    #[test]
    fn what_is_in_use_stays_and_what_nothing_refers_to_goes(
        rows in prop::collection::vec(held(), 0..5),
        lost in asset(),
        lost_version in 1u64..4,
        there in prop::option::of((1u64..4, any::<bool>())),
    ) {
        let manifests = manifests();
        let class = &manifests.classes[0];
        // In use for certain, and for certain not.
        let (mut in_use, mut perhaps) = (false, false);
        let stored: Vec<Row> = rows.iter().map(|held| {
            let (text, identifier) = text(&held.asset, held.form);
            let (column, value, counts) = cell(value(&text, held.shape), held.place);
            if counts {
                in_use |= held.asset == lost;
                perhaps |= !identifier;
            }
            let raw = RawValue::from_string(value.to_string()).unwrap();
            [(column.to_owned(), raw)].into_iter().collect()
        }).collect();
        let referred = referred(class, &stored, &lost);
        prop_assert!(referred || !in_use, "{lost} is in use: {stored:?}");
        prop_assert!(!referred || in_use || perhaps, "nothing means {lost}: {stored:?}");

        let picture = &class.fields[0];
        let found = there.map(|(version, placeholder)| known(version, placeholder));
        let upload = Upload::after_version(found.as_ref(), Some(lost_version));
        let decided = fate(lets_go(picture, &lost), referred, upload);
        let taken = lost.to_string().starts_with("image/upload/app/");
        let anew = there.is_some_and(|(version, placeholder)| !placeholder && version > lost_version);
        let expected = if !taken || referred || anew {
            matches!(decided, Fate::Stays(_))
        } else if there.is_none() {
            decided == Fate::Gone
        } else {
            decided == Fate::Goes
        };
        prop_assert!(expected, "{lost} {decided:?} {upload:?}");
    }
}

#[test]
fn an_asset_whose_upload_is_unknown_stays() {
    let asset: Asset = serde_json::from_value(json!({"public_id": "x"})).unwrap();
    for (asset, lost) in [(Some(&asset), Some(5)), (Some(&known(5, false)), None)] {
        let upload = Upload::after_version(asset, lost);
        assert_eq!(
            fate(Ok(()), false, upload),
            Fate::Stays(KeepReason::UnknownUpload)
        );
    }
    assert_eq!(
        fate(Ok(()), false, Upload::after_version(None, None)),
        Fate::Gone
    );
}

#[test]
fn a_field_lets_go_only_its_own_kinds_within_its_prefix() {
    let manifests = manifests();
    let [picture, pictures] = &manifests.classes[0].fields[..] else {
        panic!("two fields");
    };
    for (name, expected) in [
        ("image/upload/app/a", Ok(())),
        (
            "image/upload/application/a",
            Err(KeepReason::OutsideDestroyWithin),
        ),
        ("image/upload/app", Err(KeepReason::OutsideDestroyWithin)),
        (
            "raw/authenticated/app/backups/db.zip",
            Err(KeepReason::OtherKind),
        ),
        ("image/private/app/a", Err(KeepReason::OtherKind)),
    ] {
        assert_eq!(lets_go(picture, &name.parse().unwrap()), expected, "{name}");
    }
    let asset = "image/upload/app/a".parse().unwrap();
    assert_eq!(
        lets_go(pictures, &asset),
        Err(KeepReason::OutsideDestroyWithin)
    );
    assert_eq!(places(&manifests.classes).len(), 4);
}

#[test]
fn the_columns_of_a_class_are_named_once_each() {
    let classes = manifests().classes;
    assert_eq!(
        columns(&classes[0]),
        ["cover", "picture", "pictures", "slides"]
    );
}
