use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;
use crate::cloudinary::account::Account;
use crate::cloudinary::delivery_url::{identifier_in, identifier_url};
use crate::cloudinary::identifier::check_public_id;

fn name(text: &str) -> AssetName {
    text.parse().unwrap()
}

fn refers(text: &str, asset: &AssetName) -> bool {
    let set = AssetSet::from_iter([asset.clone()]);
    let mut in_set = false;
    set.each_referred(text, |_| in_set = true);
    let mut called = false;
    each_asset(text, |kind, public_id| {
        called |= *asset == AssetName::of(kind, public_id);
    });
    assert_eq!(
        in_set, called,
        "{text}: both forms of the rule say the same"
    );
    in_set
}

#[test]
fn versions_formats_and_signatures_do_not_change_what_an_identifier_refers_to() {
    for text in [
        "image/upload/v1/a/cat.jpg",
        "image/upload/v1700000000/a/cat",
        "image/upload/v2/a/cat.png#0000",
        "image/upload/v2/a/cat.png#",
    ] {
        assert!(refers(text, &name("image/upload/a/cat")), "{text}");
    }
}

#[test]
fn other_types_and_public_ids_are_other_assets() {
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
        "a/cat/x.jpg",
        "https://res.cloudinary.com/demo/image/upload/v1/a/catalogue.jpg",
        "",
        "/",
        "//",
        "#",
        "%",
    ] {
        assert!(!refers(text, &name("image/upload/a/cat")), "{text}");
    }
}

#[test]
fn a_text_that_is_no_identifier_counts_for_everything_it_could_mean() {
    for text in [
        "a/cat",
        " a/cat\n",
        "a/cat.jpg",
        "v1/a/cat.jpg#0000",
        "upload/a/cat.jpg",
        "image/upload/a/cat.jpg#x",
        "image/fetch/v1/a/cat.jpg",
        "https://res.cloudinary.com/demo/image/upload/w_10/v1/a/cat.jpg",
        "https://res.cloudinary.com/demo/image/upload/v1/a/cat.jpg?_a=B#top",
        "https://res.cloudinary.com/demo/image/upload/v1/a%2Fcat.jpg",
        "//res.cloudinary.com/demo/images/v1/a/cat/for-search-engines.jpg",
        "https://proxy.example/?url=https%3A%2F%2Fres.cloudinary.com%2Fdemo%2Fimage%2Fupload%2Fa%2Fcat.jpg&w=10",
        "https://proxy.example/?url=https%253A%252F%252Fres.cloudinary.com%252Fdemo%252Fimage%252Fupload%252Fa%252Fcat",
        "https://api.cloudinary.com/v1_1/demo/image/download?public_id=a%2Fcat&type=private",
        "<img src=\"https://res.cloudinary.com/demo/image/upload/a/cat\"> and more",
        "see (https://res.cloudinary.com/demo/image/upload/a/cat.jpg), [b](c/d.jpg)",
        r#"{"image":"image/upload/v1/a/cat","other":"x/y"}"#,
    ] {
        assert!(refers(text, &name("image/upload/a/cat")), "{text}");
        assert!(refers(text, &name("raw/private/a/cat")), "{text}");
        assert!(!refers(text, &name("image/upload/a/dog")), "{text}");
    }
    let long = format!("https://h/{}/a/cat.jpg", "x".repeat(5000));
    assert!(refers(&long, &name("image/upload/a/cat")));
}

#[test]
fn a_set_holds_each_asset_once_and_forgets_what_a_text_refers_to() {
    let mut set: AssetSet = [
        "image/upload/a",
        "raw/upload/a",
        "image/upload/a",
        "image/upload/b",
    ]
    .map(name)
    .into_iter()
    .collect();
    assert_eq!((set.len(), set.iter().count()), (3, 3));
    assert_eq!(
        set.take_referred("image/upload/v1/a.jpg"),
        [name("image/upload/a")]
    );
    assert!(!set.contains(&name("image/upload/a")) && set.contains(&name("raw/upload/a")));
    assert!(!set.remove(&name("image/upload/a")));
    assert_eq!(set.take_referred("a"), [name("raw/upload/a")]);
    assert_eq!(set.len(), 1);
    assert!(set.remove(&name("image/upload/b")) && set.is_empty());
}

/// Everything but `/` and what a URL may hold besides letters and digits, as a browser writes it.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.');

fn public_id() -> impl Strategy<Value = String> {
    let segment = r"[ab]{0,2}(\PC|[ab .,;:()'+é猫🙂~-]|u\u{308}|ü){0,5}(\.(jpg|b))?";
    let segments = prop::collection::vec(segment, 1..4);
    segments
        .prop_map(|segments| segments.join("/"))
        .prop_filter("not a public ID", |id| {
            check_public_id(id).is_ok() && id.chars().count() <= 255
        })
}

prop_compose! {
    fn asset()(kind in select(kinds().collect::<Vec<_>>()), public_id in public_id()) -> AssetName {
        AssetName::of(kind, &public_id)
    }
}

/// Every way to write an asset down.
fn ways(asset: &AssetName, version: u64) -> Vec<String> {
    let (resource_type, delivery_type) = (asset.resource_type.name(), asset.delivery_type.name());
    let id = &asset.public_id;
    let start = format!("{resource_type}/{delivery_type}/v{version}/{id}");
    let identifier = if resource_type == "raw" {
        start
    } else {
        format!("{start}.jpg")
    };
    let mut ways = vec![
        id.clone(),
        format!("{id}.jpg"),
        identifier.clone(),
        format!("{identifier}#0"),
    ];
    let once = utf8_percent_encode(id, PATH).to_string();
    let twice = once.replace('%', "%25");
    let whole = utf8_percent_encode(id, NON_ALPHANUMERIC).to_string();
    for id in [id, &once, &twice, &whole] {
        for format in ["", ".jpg"] {
            for host in [
                "res.cloudinary.com/demo",
                "demo-res.cloudinary.com",
                "pictures.example.com",
            ] {
                let kind = format!("{resource_type}/{delivery_type}");
                ways.push(format!("https://{host}/{kind}/v{version}/{id}{format}"));
                ways.push(format!(
                    "https://{host}/{kind}/s--AbCd_-12--/w_10,c_fill/e_sepia/{id}{format}?x=1#y"
                ));
            }
            let url = format!(
                "https://res.cloudinary.com/demo/{resource_type}/{delivery_type}/v{version}/{id}{format}"
            );
            let parameter = utf8_percent_encode(&url, NON_ALPHANUMERIC);
            ways.push(format!("https://proxy.example/resize?w=10&url={parameter}"));
        }
    }
    // What this service itself builds.
    for (query, options) in [
        ("", json!({"width": 10, "crop": "fill"})),
        ("", json!({"sign_url": true})),
        ("?private_cdn=true", json!({"format": "png"})),
        ("?cname=pictures.example.com", json!({})),
        (
            "?secure_distribution=pictures.example.com",
            json!({"url_suffix": "a name"}),
        ),
    ] {
        let account = Account::from_url(&format!("cloudinary://key:secret@demo{query}")).unwrap();
        if let Ok(identifier) = Identifier::parse(&identifier) {
            let url = identifier_url(&account, &identifier, options.as_object().unwrap(), 0);
            ways.extend(url);
        }
    }
    ways
}

proptest! {
    #[test]
    fn an_asset_is_found_however_it_is_written_and_what_a_url_delivers_in_it(asset in asset(), version in 1u64..1_000_000_000_000) {
        let account = Account::from_url("cloudinary://key:secret@demo/pictures.example.com").unwrap();
        for text in ways(&asset, version) {
            prop_assert!(refers(&text, &asset), "{asset} in {text}");
            if let Ok(found) = identifier_in(&account, &text) {
                let kind = (found.resource_type, found.delivery_type);
                prop_assert!(refers(&text, &AssetName::of(kind, &found.public_id)), "{found:?} in {text}");
            }
        }
    }

    #[test]
    fn an_identifier_refers_to_its_own_asset_alone(asset in asset(), other in asset(), version in 1u64..1_000_000_000_000) {
        let text = format!("{}/{}/v{version}/{}", other.resource_type.name(), other.delivery_type.name(), other.public_id);
        // An image whose public ID has a dot is written with its format: the text after the last
        // dot is none of it.
        let other = AssetName::stored(&text);
        prop_assert_eq!(refers(&text, &asset), other.as_ref().map_or_else(|| refers(&text, &asset), |other| *other == asset));
    }
}

#[test]
fn a_link_in_a_sentence_is_decoded_by_itself() {
    let asset = name("image/upload/app/ü 猫");
    let encoded = "https://res.cloudinary.com/demo/image/upload/app/%C3%BC%20%E7%8C%AB";
    let twice = encoded.replace('%', "%25");
    for text in [
        format!("see {encoded}, please"),
        format!("<a href=\"{encoded}.jpg\">here</a>"),
        format!("[here]({twice})"),
        format!("a {twice} b"),
    ] {
        assert!(refers(&text, &asset), "{text}");
    }
    assert!(!refers(
        "see https://h/app/%C3%BC%20%E7%8C%ABs, please",
        &asset
    ));
}

/// The public IDs that a text is read as, in the order in which they are found.
fn readings(text: &str) -> Vec<String> {
    let mut readings = Vec::new();
    let first = kinds().next().unwrap();
    each_asset(text, |kind, public_id| {
        if kind == first {
            readings.push(public_id.to_owned());
        }
    });
    readings
}

#[test]
fn a_text_is_read_once_as_it_stands_and_once_more_for_each_encoding() {
    for (text, expected) in [
        ("", &[][..]),
        ("cat", &["cat"]),
        ("a/cat.jpg", &["cat.jpg", "a/cat.jpg", "cat", "a/cat"]),
        ("see a/cat", &["cat", "see a/cat", "see", "cat", "a/cat"]),
        ("b%2Fcat", &["b%2Fcat", "cat", "b/cat"]),
        (
            "(b%2Fcat)",
            &[
                "(b%2Fcat)",
                "b%2Fcat",
                "cat",
                "b/cat",
                "cat)",
                "(b/cat)",
                "cat",
                "b/cat",
            ],
        ),
    ] {
        assert_eq!(readings(text), expected, "{text}");
    }
}

#[test]
fn what_is_encoded_more_than_three_times_refers_to_nothing() {
    let asset = name("image/upload/app/猫");
    let mut encoded = "https://h/app/%E7%8C%AB".to_owned();
    for encodings in 1..=5 {
        for text in [encoded.clone(), format!("see {encoded}, please")] {
            assert_eq!(refers(&text, &asset), encodings <= 3, "{text}");
        }
        encoded = encoded.replace('%', "%25");
    }
}
