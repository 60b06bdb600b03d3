//! Clean-up and audit agree on every world of rows, assets and losses: what one of them lets go,
//! the other does.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::asset_key::keys_of;
use super::checkpoint::Checkpoint;
use super::finding::Orphan;
use super::scope;
use crate::assets::fate::{Fate, KeepReason, Upload, fate, lets_go};
use crate::assets::place::{places, places_of};
use crate::assets::reference::AssetSet;
use crate::assets::{Kind, kinds};
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::client::Asset;
use crate::manifest::Manifests;
use crate::parse::client::Row;

/// Public IDs, `raw` ones with an extension among them; some begin like others.
const PUBLIC_IDS: [&str; 8] = [
    "app/cat",
    "app/cat.jpg",
    "app/a/cat",
    "cat",
    "app/ü 猫",
    "app/kit ten(1)",
    "other/cat",
    "app/catalogue",
];

const DESTROY_WITHIN: [&str; 3] = ["app/", "app/a", ""];

/// A text that a row holds, and the asset that it was made from.
#[derive(Debug, Clone)]
struct Mention {
    asset: AssetName,
    text: String,
}

#[derive(Debug, Clone)]
struct World {
    within: [&'static str; 2],
    /// Whether it is a Photo, column, and the value that stands there.
    rows: Vec<(bool, &'static str, Value)>,
    /// Those of them that count.
    mentions: Vec<Mention>,
    assets: Vec<AssetName>,
    /// How far the upload that Cloudinary has is after the one that was lost, and whether it is
    /// what a rejected one leaves.
    upload: (i64, bool),
}

fn asset() -> impl Strategy<Value = AssetName> {
    let kinds: Vec<Kind> = kinds().collect();
    let names = (
        prop::sample::select(kinds),
        prop::sample::select(&PUBLIC_IDS[..]),
    );
    names.prop_map(|(kind, public_id)| AssetName::of(kind, public_id))
}

/// What an app may have stored for an asset.
fn mention() -> impl Strategy<Value = Mention> {
    (asset(), 0..9_usize).prop_map(|(asset, form)| {
        let (resource_type, delivery_type) = asset.kind();
        let kind = format!("{}/{}", resource_type.name(), delivery_type.name());
        let id = &asset.public_id;
        // The extension of a raw asset belongs to its public ID.
        let dot_jpg = if resource_type.name() == "raw" {
            ""
        } else {
            ".jpg"
        };
        let encoded: String = id
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'/' | b'.' => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect();
        let host = "https://res.cloudinary.com/demo";
        let text = match form {
            0 => format!("{kind}/v1/{id}{dot_jpg}"),
            1 => format!("{kind}/v1700000000/{id}{dot_jpg}#0000"),
            2 if dot_jpg.is_empty() => format!("{kind}/v12/{id}"),
            2 => format!("{kind}/v12/{id}.png"),
            3 => format!("{host}/{kind}/v1/{encoded}{dot_jpg}"),
            4 => format!("{host}/{kind}/c_fill,w_10/v1/{id}.webp"),
            5 => id.clone(),
            6 => format!("{id}.jpg"),
            7 => format!("see {host}/{kind}/{encoded}, please"),
            _ => format!("http://h/?u={}", encoded.replace('%', "%25")),
        };
        Mention { asset, text }
    })
}

/// A value with a text in it, at any depth.
fn holding(text: &str, shape: u8) -> Value {
    match shape % 6 {
        0 => json!(text),
        1 => json!([text]),
        2 => json!([["x", [text]], 5, null]),
        3 => json!([{"pic": text, "n": 1}]),
        4 => json!({"a": {"b": [{"c": text}]}}),
        _ => json!(["image/upload/v1/nothing", text, text]),
    }
}

fn world() -> impl Strategy<Value = World> {
    let within = prop::sample::select(&DESTROY_WITHIN[..]);
    // Nothing looks at the last one, nor beside the path into the one before.
    let columns = prop::sample::select(&["picture", "list", "cover", "deep", "title"][..]);
    let rows = vec((any::<bool>(), columns, mention(), any::<u8>()), 0..6);
    let upload = (-2..3_i64, any::<bool>());
    ((within.clone(), within), rows, vec(asset(), 1..8), upload).prop_map(
        |((first, second), rows, assets, upload)| World {
            within: [first, second],
            mentions: rows
                .iter()
                .filter(|(_, column, _, shape)| {
                    *column != "title" && (*column != "deep" || shape % 2 == 0)
                })
                .map(|(_, _, mention, _)| mention.clone())
                .collect(),
            rows: rows
                .into_iter()
                .map(|(class, column, mention, shape)| {
                    let mut value = holding(&mention.text, shape / 2);
                    if column == "deep" {
                        let name = if shape % 2 == 0 { "in" } else { "beside" };
                        value = json!({ name: [value] });
                    }
                    (class, column, value)
                })
                .collect(),
            assets,
            upload,
        },
    )
}

fn manifests(world: &World) -> Manifests {
    let [first, second] = world.within;
    let photo = format!(
        "class = \"Photo\"\nreferences = [\"cover\", \"deep.in\"]\n[fields.picture]\nresource_types = [\"image\", \"raw\"]\ndestroy_within = {first:?}\non_replace = \"destroy\"\n[fields.list]\nmany = true\n"
    );
    let album = format!(
        "class = \"Album\"\nreferences = [\"cover\", \"deep.in\"]\n[fields.picture]\n[fields.list]\nmany = true\ntypes = [\"upload\", \"private\"]\nresource_types = [\"image\", \"video\"]\ndestroy_within = {second:?}\non_delete = \"destroy\"\n"
    );
    crate::manifest::parse(&[("Album.toml", &album), ("Photo.toml", &photo)]).unwrap()
}

/// Class and row.
fn rows(world: &World) -> Vec<(&'static str, Row)> {
    let rows = world.rows.iter().map(|(class, column, value)| {
        let class = if *class { "Photo" } else { "Album" };
        let value = RawValue::from_string(value.to_string()).unwrap();
        (class, Row::from([((*column).to_owned(), value)]))
    });
    rows.collect()
}

/// What Cloudinary says of an asset whose lost upload was at 1000.
fn upload(world: &World, asset: &AssetName) -> Asset {
    let (after, placeholder) = world.upload;
    let at = u64::try_from(1000 + after).unwrap();
    let asset = json!({"public_id": asset.public_id, "version": at, "placeholder": placeholder,
        "created_at": "1970-01-01T00:00:00Z"});
    serde_json::from_value(asset).unwrap()
}

/// The assets that clean-up destroys, each lost at 1000 by every field that destroys.
fn cleaned_up(world: &World, manifests: &Manifests) -> BTreeSet<String> {
    let mut unreferenced: AssetSet = world.assets.iter().cloned().collect();
    let mut referred = Vec::new();
    for (class, row) in rows(world) {
        for place in places(&manifests.classes) {
            if place.class == class {
                place.each_text(&row, |text| {
                    unreferenced.each_referred(text, |asset| referred.push(asset.clone()));
                });
            }
        }
    }
    for asset in referred {
        unreferenced.remove(&asset);
    }
    let fields = || manifests.classes.iter().flat_map(|class| &class.fields);
    let goes = world.assets.iter().filter(|asset| {
        let upload = Upload::after_version(Some(&upload(world, asset)), Some(1000));
        fields().any(|field| {
            let referred = !unreferenced.contains(asset);
            fate(lets_go(field, asset), referred, upload) == Fate::Goes
        })
    });
    goes.map(ToString::to_string).collect()
}

/// The assets that audit destroys, of those uploaded until 1000.
fn audited(world: &World, manifests: &Manifests, parts: u64) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoint = Checkpoint::open(folder.path(), "agreement").unwrap();
    for (class, row) in rows(world) {
        let classes = manifests
            .classes
            .iter()
            .filter(|known| known.class == class);
        let places: Vec<_> = classes.flat_map(places_of).collect();
        for key in keys_of(&places, &row) {
            checkpoint.add_key(key).unwrap();
        }
    }
    for asset in &world.assets {
        let orphan = Orphan {
            resource_type: asset.resource_type.name().to_owned(),
            delivery_type: asset.delivery_type.name().to_owned(),
            public_id: asset.public_id.clone(),
            bytes: None,
            uploaded_at: upload(world, asset).uploaded_at(),
        };
        checkpoint.add_asset(&orphan).unwrap();
    }
    checkpoint.save().unwrap();
    let mut destroyed = BTreeSet::new();
    let unreferenced = checkpoint.unreferenced_in(parts, |orphan| {
        let asset = AssetName::of(orphan.kind().unwrap(), &orphan.public_id);
        let upload = Upload::after_time(Some(&upload(world, &asset)), Some(1000));
        let lets_go = scope::may_destroy(manifests, asset.kind(), &asset.public_id);
        let lets_go = lets_go
            .then_some(())
            .ok_or(KeepReason::OutsideDestroyWithin);
        if fate(lets_go, false, upload) == Fate::Goes {
            destroyed.insert(asset.to_string());
        }
        Ok(())
    });
    unreferenced.unwrap();
    destroyed
}

/// Whether a text could have to do with an asset at all: its public ID is in it, however often it
/// is decoded.
fn names(text: &str, asset: &AssetName) -> bool {
    let mut text = text.to_owned();
    (0..4).any(|_| {
        let found = text.contains(&asset.public_id);
        text = percent_encoding::percent_decode_str(&text)
            .decode_utf8_lossy()
            .into_owned();
        found
    })
}

proptest! {
    #[test]
    fn clean_up_and_audit_destroy_the_same_assets(world in world(), parts in 1..4_u64) {
        let manifests = manifests(&world);
        let cleaned_up = cleaned_up(&world, &manifests);
        prop_assert_eq!(&cleaned_up, &audited(&world, &manifests, parts));

        // What was stored for an asset keeps it, and what names it nowhere does not.
        let (after, placeholder) = world.upload;
        for asset in &world.assets {
            let goes = cleaned_up.contains(&asset.to_string());
            if world.mentions.iter().any(|mention| mention.asset == *asset) {
                prop_assert!(!goes, "{asset} is in use");
            }
            let [first, second] = world.within;
            let kind = (asset.resource_type.name(), asset.delivery_type.name());
            let wanted = matches!(kind, ("image" | "raw", "upload")) && asset.public_id.starts_with(first)
                || matches!(kind, ("image" | "video", "upload" | "private")) && asset.public_id.starts_with(second);
            let alone = !world.mentions.iter().any(|mention| names(&mention.text, asset));
            if alone {
                prop_assert_eq!(goes, wanted && (placeholder || after <= 0), "{}", asset);
            } else {
                prop_assert!(!goes || wanted && (placeholder || after <= 0), "{asset}");
            }
        }
    }
}
