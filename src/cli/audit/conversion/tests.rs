use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const RULES: &str = "resource_types = [\"image\", \"raw\"]\ntypes = [\"upload\", \"private\"]\nformats = [\"jpg\", \"pdf\"]\nfolder = \"users/{user.objectId}\"\n";

fn field(rules: &str) -> GuardedField {
    let text = format!("class = \"Photo\"\n[fields.picture]\n{rules}");
    let manifests = crate::manifest::parse(&[("m.toml", &text)]).unwrap();
    manifests.classes[0].fields[0].clone()
}

fn account() -> Account {
    Account::from_url("cloudinary://key:secret@demo").unwrap()
}

/// What a field makes of the URL with this path, by what Cloudinary has: names and assets.
fn converted(rules: &str, path: &str, has: &[(&str, Value)]) -> Result<String, String> {
    let assets: Vec<(AssetName, Asset)> = has
        .iter()
        .map(|(name, asset)| {
            let name: AssetName = name.parse().unwrap();
            let mut asset = asset.clone();
            asset["public_id"] = json!(name.public_id);
            (name, serde_json::from_value(asset).unwrap())
        })
        .collect();
    let find = |name: &AssetName| {
        let mut assets = assets.iter();
        assets
            .find(|(known, _)| known == name)
            .map(|(_, asset)| asset)
    };
    let url = format!("https://res.cloudinary.com/demo/{path}");
    let name = asset_of(&account(), &url);
    let identifier = name.and_then(|name| identifier(&field(rules), &name, find(&name)));
    identifier.map_err(|kept| kept.to_string())
}

fn jpg() -> Value {
    json!({"format": "jpg", "version": 1_700_000_000})
}

#[test]
fn takes_version_and_format_from_cloudinary() {
    for (path, name, asset, expected) in [
        (
            "image/upload/c_fill,w_150/v1/users/u1/cat.webp",
            "image/upload/users/u1/cat",
            jpg(),
            "image/upload/v1700000000/users/u1/cat.jpg",
        ),
        (
            "image/upload/users/u1/my%20cat",
            "image/upload/users/u1/my cat",
            jpg(),
            "image/upload/v1700000000/users/u1/my cat.jpg",
        ),
        (
            "image/private/s--4xbqTlIV--/v1/users/u1/cat.v2.jpg",
            "image/private/users/u1/cat.v2",
            jpg(),
            "image/private/v1700000000/users/u1/cat.v2.jpg",
        ),
        (
            "raw/upload/v1/users/u1/a.pdf",
            "raw/upload/users/u1/a.pdf",
            json!({"version": 2}),
            "raw/upload/v2/users/u1/a.pdf",
        ),
    ] {
        let found = converted(RULES, path, &[(name, asset)]);
        assert_eq!(found, Ok(expected.to_owned()), "{path}");
    }
}

#[test]
fn a_url_stays_if_its_asset_is_not_certain() {
    let cat = "image/upload/v1/users/u1/cat.jpg";
    let name = "image/upload/users/u1/cat";
    for (has, reason) in [
        (
            vec![],
            "its asset does not exist: image/upload/users/u1/cat",
        ),
        (
            vec![
                ("image/private/users/u1/cat", jpg()),
                ("video/upload/users/u1/cat", jpg()),
            ],
            "its asset does not exist: image/upload/users/u1/cat",
        ),
        (
            vec![(
                name,
                json!({"format": "jpg", "version": 1, "placeholder": true}),
            )],
            "its asset is rejected or deleted: image/upload/users/u1/cat",
        ),
        (
            vec![(name, json!({"format": "jpg"}))],
            "Cloudinary tells no version of image/upload/users/u1/cat",
        ),
        (
            vec![(name, json!({"format": "jpg", "version": -1}))],
            "Cloudinary tells no version of image/upload/users/u1/cat",
        ),
        (
            vec![(name, json!({"format": "j pg", "version": 1}))],
            "no identifier can name image/upload/users/u1/cat in this format",
        ),
        (
            vec![(
                name,
                json!({"format": "jpg", "version": 1_000_000_000_000_u64}),
            )],
            "no identifier can name image/upload/users/u1/cat in this format",
        ),
    ] {
        assert_eq!(converted("", cat, &has), Err(reason.to_owned()));
    }
    let dotted = [("image/upload/cat.v2", json!({"version": 1}))];
    assert_eq!(
        converted("", "image/upload/v1/cat.v2.jpg", &dotted),
        Err("no identifier can name image/upload/cat.v2 in this format".to_owned())
    );
}

#[test]
fn a_public_id_longer_than_any_is_not_asked_for() {
    let path = |length| format!("image/upload/v1/{}.jpg", "ä".repeat(length));
    let name = format!("image/upload/{}", "ä".repeat(255));
    let found = converted("", &path(255), &[(&name, jpg())]);
    assert!(found.is_ok(), "{found:?}");
    let name = format!("image/upload/{}", "ä".repeat(256));
    let found = converted("", &path(256), &[(&name, jpg())]);
    let expected = "public_id: expected at most 255 characters";
    assert_eq!(found, Err(expected.to_owned()));
}

#[test]
fn a_field_s_rules_hold_for_what_becomes_of_a_url() {
    let refused = |identifier: &str, expected: &str| {
        Err(format!(
            "the field does not take {identifier}: expected {expected}"
        ))
    };
    for (path, name, asset, expected) in [
        (
            "video/upload/v1/users/u1/cat.jpg",
            "video/upload/users/u1/cat",
            json!({"format": "jpg", "version": 1}),
            refused(
                "video/upload/v1/users/u1/cat.jpg",
                "resource type image or raw",
            ),
        ),
        (
            "image/authenticated/v1/users/u1/cat.jpg",
            "image/authenticated/users/u1/cat",
            json!({"format": "jpg", "version": 1}),
            refused(
                "image/authenticated/v1/users/u1/cat.jpg",
                "type upload or private",
            ),
        ),
        // The URL converts it; what is stored is the original.
        (
            "image/upload/v1/users/u1/cat.jpg",
            "image/upload/users/u1/cat",
            json!({"format": "png", "version": 1}),
            refused("image/upload/v1/users/u1/cat.png", "format jpg or pdf"),
        ),
        (
            "image/upload/v1/users/u1/cat.jpg",
            "image/upload/users/u1/cat",
            json!({"version": 1}),
            refused("image/upload/v1/users/u1/cat", "format jpg or pdf"),
        ),
        (
            "image/upload/v1/user/cat.jpg",
            "image/upload/user/cat",
            jpg(),
            refused(
                "image/upload/v1700000000/user/cat.jpg",
                "a public_id that begins with \"users/\"",
            ),
        ),
    ] {
        assert_eq!(converted(RULES, path, &[(name, asset)]), expected, "{path}");
    }
    for (folder, public_id, holds) in [
        ("users", "users/cat", true),
        ("users", "users2/cat", false),
        ("users", "users", false),
        ("users-{user.objectId}", "users-u1/cat", true),
        ("users-{user.objectId}", "users/cat", false),
        ("users/{user.objectId}", "users/u2/cat", true),
        ("{user.objectId}", "anything", true),
        ("Users", "users/cat", false),
    ] {
        let rules = format!("folder = {folder:?}\n");
        let name = format!("image/upload/{public_id}");
        let path = format!("image/upload/v1/{public_id}.jpg");
        let found = converted(&rules, &path, &[(&name, jpg())]);
        assert_eq!(found.is_ok(), holds, "{folder} {public_id} {found:?}");
    }
}

#[test]
fn an_old_upload_is_taken_whatever_max_age_says() {
    let has = [("image/upload/cat", json!({"format": "jpg", "version": 1}))];
    let found = converted("max_age = \"1h\"\n", "image/upload/v1/cat.jpg", &has);
    assert_eq!(found, Ok("image/upload/v1/cat.jpg".to_owned()));
}

proptest! {
    /// The rule once more, by looking at every identifier that could be meant.
    #[test]
    fn a_url_becomes_the_only_identifier_that_cloudinary_and_the_field_agree_to(
        kind in prop::sample::select(vec!["image/upload", "image/private", "video/upload", "raw/upload"]),
        folders in proptest::collection::vec(prop::sample::select(vec!["users", "w_1", "my_cats"]), 0..3),
        version in prop::option::of(Just("v7")),
        has in proptest::collection::vec(prop::sample::select(vec![
            "users/cat", "cat", "w_1/cat", "my_cats/cat", "users/w_1/cat", "w_1/users/cat", "users/cat.jpg", "cat.jpg",
        ]), 0..4),
        shown in prop::sample::select(vec![
            json!({"format": "jpg", "version": 9}), json!({"format": "png", "version": 9}), json!({"version": 9}),
            json!({"format": "jpg"}), json!({"format": "jpg", "version": 9, "placeholder": true}),
        ]),
        rules in prop::sample::select(vec!["", "folder = \"users\"\n", "formats = [\"jpg\"]\n", "resource_types = [\"raw\"]\n", "types = [\"private\"]\n"]),
    ) {
        let mut segments = folders.clone();
        let at = segments.iter().position(|s| *s == "users").unwrap_or(0);
        if let Some(version) = version {
            segments.insert(at, version);
        }
        segments.push("cat.jpg");
        let path = format!("{kind}/{}", segments.join("/"));
        let is_raw = kind.starts_with("raw");
        let found_assets: Vec<(String, Value)> = has.iter().map(|id| (format!("{kind}/{id}"), shown.clone())).collect();
        let found_assets: Vec<(&str, Value)> = found_assets.iter().map(|(name, asset)| (name.as_str(), asset.clone())).collect();

        // Nothing but a transformation, and a version behind it, stands before the public ID.
        let file = |id: &str| if is_raw { id.to_owned() } else { format!("{id}.jpg") };
        let steps = segments.iter().take_while(|s| **s == "w_1").count();
        let start = steps + usize::from(segments.get(steps) == Some(&"v7"));
        let rest = segments[start..].join("/");
        let mut meant: Vec<&str> = has.iter().copied().filter(|id| file(id) == rest).collect();
        meant.dedup();
        let field = field(rules);
        let format = shown["format"].as_str().filter(|_| !is_raw);
        let whole = shown["version"].is_u64() && shown["placeholder"].is_null();
        let expected = match &meant[..] {
            [id] if whole => {
                let text = format!("{kind}/v9/{id}{}", format.map(|f| format!(".{f}")).unwrap_or_default());
                let extension = if is_raw { id.rsplit_once('.').map(|(_, e)| e) } else { format };
                let takes = field.resource_types.iter().any(|r| kind.starts_with(r.name()))
                    && field.types.iter().any(|t| kind.ends_with(t.name()))
                    && (!rules.contains("formats") || extension == Some("jpg"))
                    && (!rules.contains("folder") || id.starts_with("users/"));
                // Without a format a dot in the public ID would begin one.
                let reads = is_raw || format.is_some() || !id.contains('.');
                (takes && reads).then_some(text)
            }
            _ => None,
        };
        let found = converted(rules, &path, &found_assets);
        prop_assert_eq!(found.clone().ok(), expected, "{} {:?} {:?}", path, has, found);
    }
}
