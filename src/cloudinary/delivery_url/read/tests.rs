use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::cloudinary::delivery_url::{identifier_url, url};

const HOST: &str = "https://res.cloudinary.com/demo";

fn reader(query: &str) -> UrlReader {
    UrlReader::new(&account(query))
}

fn account(query: &str) -> Account {
    Account::from_url(&format!("cloudinary://key:secret@demo{query}")).unwrap()
}

fn read(query: &str, url: &str) -> Result<Vec<String>, String> {
    let assets = reader(query).read(url).map_err(|error| error.to_string())?;
    Ok(assets.iter().map(ToString::to_string).collect())
}

#[test]
fn names_the_asset_whatever_stands_around_its_public_id() {
    for (path, asset) in [
        (
            "image/upload/v1700000000/users/u1/cat.jpg",
            "image/upload/users/u1/cat",
        ),
        ("image/upload/v1/cat", "image/upload/cat"),
        ("image/upload/cat.jpg", "image/upload/cat"),
        ("image/upload/users/u1/cat.jpg", "image/upload/users/u1/cat"),
        ("image/upload/v12/v34/cat.jpg", "image/upload/v34/cat"),
        (
            "image/upload/users/v12/cat.jpg",
            "image/upload/users/v12/cat",
        ),
        ("image/upload/cat.v2.jpg", "image/upload/cat.v2"),
        (
            "image/upload/v1/my_cats/cat.jpg",
            "image/upload/my_cats/cat",
        ),
        (
            "image/upload/v1/k%C3%A4tzchen%20%28%E7%8C%AB%29.jpg",
            "image/upload/kätzchen (猫)",
        ),
        ("image/upload/v1/kätzchen.jpg", "image/upload/kätzchen"),
        ("image/upload/v1/a%2Fb.jpg", "image/upload/a/b"),
        (
            "image/upload/c_fill,g_face,h_100,w_150/v1/cat.jpg",
            "image/upload/cat",
        ),
        ("image/upload/c_fill%2Cw_150/v1/cat.jpg", "image/upload/cat"),
        (
            "image/upload/$w_100/if_w_gt_500/c_scale,w_$w/if_end/t_thumb/v1/a/cat.jpg",
            "image/upload/a/cat",
        ),
        (
            "image/upload/l_text:Arial_20:Hello%252C%20you%253F/fl_layer_apply/v1/cat.jpg",
            "image/upload/cat",
        ),
        (
            "image/upload/l_text:Arial_20:Hello%252C%20you%253F/cat.jpg",
            "image/upload/cat",
        ),
        (
            "image/upload/s--4xbqTlIV--/c_fill,w_150/v1/cat.jpg",
            "image/upload/cat",
        ),
        (
            "image/authenticated/s--abcdefghijklmnopqrstuvwxyz_-0123--/v1/cat.jpg",
            "image/authenticated/cat",
        ),
        (
            "image/private/s--4xbqTlIV--/v1/cat.jpg",
            "image/private/cat",
        ),
        ("video/upload/so_0/v1/clips/a.jpg", "video/upload/clips/a"),
        ("raw/upload/v1/docs/a.b.pdf", "raw/upload/docs/a.b.pdf"),
        ("raw/upload/v1/docs/plain", "raw/upload/docs/plain"),
        (
            "image/upload/v1/cat.jpg?_a=BAMAK+&x=/y#z/w.png",
            "image/upload/cat",
        ),
        ("iu/v1/cat.jpg", "image/upload/cat"),
        (
            "images/v1/users/u1/cat/a-nice-cat.jpg",
            "image/upload/users/u1/cat",
        ),
        ("images/c_fill,w_1/v1/cat.v2/nice", "image/upload/cat.v2"),
        (
            "private_images/s--4xbqTlIV--/v1/cat/nice.jpg",
            "image/private/cat",
        ),
        (
            "authenticated_images/s--4xbqTlIV--/v1/cat/nice.jpg",
            "image/authenticated/cat",
        ),
        ("videos/v1/clip/nice.mp4", "video/upload/clip"),
        ("files/v1/a.pdf/nice", "raw/upload/a.pdf"),
    ] {
        let url = format!("{HOST}/{path}");
        assert_eq!(read("", &url), Ok(vec![asset.to_owned()]), "{path}");
    }
}

#[test]
fn what_looks_like_a_transformation_may_be_a_folder_where_no_version_says_so() {
    for (path, assets) in [
        (
            "image/upload/my_cats/cat.jpg",
            &["image/upload/cat", "image/upload/my_cats/cat"][..],
        ),
        (
            "image/upload/c_fill,w_1/me_2/cat.jpg",
            &[
                "image/upload/cat",
                "image/upload/me_2/cat",
                "image/upload/c_fill,w_1/me_2/cat",
            ],
        ),
        (
            "images/my_cats/cat/nice.jpg",
            &["image/upload/cat", "image/upload/my_cats/cat"],
        ),
        // A root path does not say whether it has a suffix.
        (
            "v1/users/cat.jpg",
            &["image/upload/users/cat", "image/upload/users"],
        ),
        // Not a folder: no public ID holds `=`.
        ("image/upload/l_text:a:1=2/cat.jpg", &["image/upload/cat"]),
        // The last one is the public ID's own.
        ("image/upload/my_cat.jpg", &["image/upload/my_cat"]),
        (
            "image/upload/cats/my_cat.jpg",
            &["image/upload/cats/my_cat"],
        ),
        ("image/upload/Ab_c/cat.jpg", &["image/upload/Ab_c/cat"]),
        ("image/upload/abcd_e/cat.jpg", &["image/upload/abcd_e/cat"]),
    ] {
        let assets = assets.iter().map(|asset| (*asset).to_owned()).collect();
        assert_eq!(read("", &format!("{HOST}/{path}")), Ok(assets), "{path}");
    }
    let steps = |n| format!("{HOST}/image/upload/{}cat.jpg", "w_1/".repeat(n));
    assert_eq!(read("", &steps(7)).map(|assets| assets.len()), Ok(8));
    let expected =
        "expected a version before the public_id, which cannot be told from transformations";
    assert_eq!(read("", &steps(8)), Err(expected.to_owned()));
}

#[test]
fn refuses_what_names_no_asset_that_an_identifier_can_name() {
    let other = |name: &str| format!("type: expected upload, private or authenticated, not {name}");
    let segment = "public_id: empty, \".\" and \"..\" segments are not allowed";
    let escapes = "expected each % to be followed by two hex digits, UTF-8 in all";
    for (path, error) in [
        ("image/fetch/https://example.com/cat.jpg", other("fetch")),
        ("image/facebook/v1/65646572251.jpg", other("facebook")),
        ("image/multi/v1/tag.gif", other("multi")),
        ("image/sprite/v1/tag.png", other("sprite")),
        ("image/v1/cat.jpg", other("v1")),
        ("video/youtube/v1/abc.jpg", other("youtube")),
        ("image/upload", "public_id: missing".into()),
        ("image/upload/", "public_id: missing".into()),
        ("image/upload/v1/", "public_id: missing".into()),
        ("images/nice.jpg", "public_id: missing".into()),
        ("", "public_id: missing".into()),
        ("image/upload/v1//cat.jpg", segment.into()),
        ("image/upload/v1/../cat.jpg", segment.into()),
        ("image/upload/v1/a%2F..%2Fcat.jpg", segment.into()),
        (
            "image/upload/v1/a%23b.jpg",
            "public_id: '#' is not allowed".into(),
        ),
        (
            "image/upload/v1/a%3Fb.jpg",
            "public_id: '?' is not allowed".into(),
        ),
        (
            "image/upload/v1/a%2526b.jpg",
            "public_id: '%' is not allowed".into(),
        ),
        (
            "image/upload/v1/a&version=2.jpg",
            "public_id: '&' is not allowed".into(),
        ),
        (
            "image/upload/v1/a%00.jpg",
            "public_id: '\\0' is not allowed".into(),
        ),
        ("image/upload/v1/%E9.jpg", escapes.into()),
        ("image/upload/v1/100%.jpg", escapes.into()),
        (
            "image/upload/v1/%20cat.jpg",
            "public_id: white space at its ends is not allowed".into(),
        ),
        (
            "image/upload/v1/cat.jpg ",
            "public_id: white space at its ends is not allowed".into(),
        ),
        (
            "image/upload/v1/cat.",
            "format: expected 1 to 16 ASCII letters and digits after the last dot".into(),
        ),
    ] {
        assert_eq!(read("", &format!("{HOST}/{path}")), Err(error), "{path}");
    }
    let long = |n| read("", &format!("{HOST}/image/upload/v1/{}.jpg", "ä".repeat(n)));
    assert_eq!(long(255).map(|assets| assets.len()), Ok(1));
    let expected = "public_id: expected at most 255 characters";
    assert_eq!(long(256), Err(expected.to_owned()));
}

#[test]
fn knows_the_hosts_of_the_account_and_of_its_configuration() {
    for (query, host) in [
        ("", "https://res.cloudinary.com/demo"),
        ("", "http://res.cloudinary.com/demo"),
        ("", "HTTPS://Res.Cloudinary.COM/demo"),
        ("", "//res.cloudinary.com/demo"),
        ("", "https://res-3.cloudinary.com/demo"),
        ("", "http://res-5.cloudinary.com/demo"),
        ("", "https://demo-res.cloudinary.com"),
        ("", "http://demo-res-2.cloudinary.com"),
        ("", "https://cloudinary-a.akamaihd.net/demo"),
        ("?private_cdn=true", "https://demo-res.cloudinary.com"),
        ("?private_cdn=true", "https://res.cloudinary.com/demo"),
        ("/img.example.com", "https://img.example.com"),
        ("/img.example.com", "http://img.example.com"),
        (
            "?secure_distribution=img.example.com",
            "https://img.example.com/demo",
        ),
        ("?cname=img.example.com", "http://img.example.com/demo"),
        (
            "?cname=img.example.com&private_cdn=true",
            "http://img.example.com",
        ),
        (
            "?cname=img.example.com&cdn_subdomain=true",
            "http://a4.img.example.com/demo",
        ),
        (
            "?cname=127.0.0.1:8081&secure=false",
            "http://127.0.0.1:8081/demo",
        ),
    ] {
        let url = format!("{host}/image/upload/v1/cat.jpg");
        assert_eq!(
            read(query, &url),
            Ok(vec!["image/upload/cat".to_owned()]),
            "{query} {url}"
        );
    }
}

#[test]
fn a_url_of_another_account_is_none_of_this_one_s() {
    for (query, url) in [
        (
            "",
            "https://res.cloudinary.com/other/image/upload/v1/cat.jpg",
        ),
        (
            "",
            "https://res.cloudinary.com/Demo/image/upload/v1/cat.jpg",
        ),
        (
            "",
            "https://res.cloudinary.com/demonstration/image/upload/v1/cat.jpg",
        ),
        ("", "https://res.cloudinary.com/demo"),
        ("", "https://res.cloudinary.com"),
        ("", "https://res.cloudinary.com/image/upload/v1/cat.jpg"),
        (
            "",
            "https://res-0.cloudinary.com/demo/image/upload/v1/cat.jpg",
        ),
        (
            "",
            "https://res-6.cloudinary.com/demo/image/upload/v1/cat.jpg",
        ),
        (
            "",
            "https://other-res.cloudinary.com/image/upload/v1/cat.jpg",
        ),
        (
            "",
            "https://demo-res.cloudinary.com.evil.com/image/upload/v1/cat.jpg",
        ),
        (
            "",
            "https://evil.com/res.cloudinary.com/demo/image/upload/v1/cat.jpg",
        ),
        (
            "",
            "https://res.cloudinary.com@evil.com/demo/image/upload/v1/cat.jpg",
        ),
        (
            "",
            "https://evil@res.cloudinary.com/demo/image/upload/v1/cat.jpg",
        ),
        (
            "",
            "https://res.cloudinary.com:8443/demo/image/upload/v1/cat.jpg",
        ),
        ("", "https://img.example.com/demo/image/upload/v1/cat.jpg"),
        ("", "https://ä/demo/image/upload/v1/cat.jpg"),
        (
            "/img.example.com",
            "https://img.example.org/image/upload/v1/cat.jpg",
        ),
        (
            "?secure_distribution=img.example.com",
            "https://img.example.com/other/image/upload/v1/cat.jpg",
        ),
        (
            "?cname=img.example.com&cdn_subdomain=true",
            "http://a6.img.example.com/demo/image/upload/v1/cat.jpg",
        ),
        ("", "ftp://res.cloudinary.com/demo/image/upload/v1/cat.jpg"),
        ("", "res.cloudinary.com/demo/image/upload/v1/cat.jpg"),
        ("", ""),
    ] {
        let expected = "it is not a delivery URL of this account".to_owned();
        assert_eq!(read(query, url), Err(expected), "{query} {url}");
    }
}

#[test]
fn tells_a_url_by_how_it_begins() {
    for (text, expected) in [
        ("https://h/a", true),
        ("http://", true),
        ("HTTP://h", true),
        ("//h/a", true),
        ("image/upload/v1/a", false),
        ("https:/h", false),
        (" https://h", false),
        ("see https://h", false),
        ("ftp://h", false),
        ("/", false),
        ("ä//", false),
        ("", false),
    ] {
        assert_eq!(is_url(text), expected, "{text:?}");
    }
}

fn public_id() -> impl Strategy<Value = String> {
    let segment = "[a-zA-Z0-9äß猫 _.,~()!*'@:;+$-]{1,9}";
    let segments = proptest::collection::vec(segment, 1..4);
    let path = segments.prop_map(|segments| segments.join("/"));
    path.prop_filter("no public ID", |id| check_public_id(id).is_ok())
}

fn options() -> impl Strategy<Value = Value> {
    let flag = || prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from)];
    let transformation = prop::sample::select(vec![
        json!({}),
        json!({"width": 100, "crop": "fill"}),
        json!({"transformation": [{"width": 100}, {"angle": 20, "effect": "sepia"}]}),
        json!({"overlay": {"font_family": "Arial", "font_size": 20, "text": "a/b, c? 100% #1"}}),
        json!({"raw_transformation": "w_1/$v_2/c_fill"}),
    ]);
    let suffix = prop_oneof![Just(Value::Null), Just(json!("a-nice_cat"))];
    let parts = (
        transformation,
        suffix,
        [flag(), flag(), flag(), flag(), flag(), flag()],
    );
    parts.prop_map(|(mut options, suffix, flags)| {
        let names = [
            "secure",
            "private_cdn",
            "cdn_subdomain",
            "secure_cdn_subdomain",
            "sign_url",
            "shorten",
        ];
        for (name, flag) in names.into_iter().zip(flags).chain([("url_suffix", suffix)]) {
            if !flag.is_null() {
                options[name] = flag;
            }
        }
        options
    })
}

const ACCOUNTS: [&str; 5] = [
    "",
    "/img.example.com",
    "?cname=cdn.example.com&secure_distribution=img.example.com",
    "?private_cdn=true&long_url_signature=true",
    "?cdn_subdomain=true&use_root_path=true",
];

proptest! {
    /// Whatever `build` makes of an identifier, the reader reads it back.
    #[test]
    fn reads_every_url_that_is_built(
        id in public_id(),
        kind in prop::sample::select(vec!["image/upload", "image/private", "image/authenticated", "video/upload", "raw/upload", "raw/private"]),
        version in 1_u64..9_999_999_999,
        format in prop::option::of("[a-z0-9]{1,5}"),
        query in prop::sample::select(&ACCOUNTS[..]),
        options in options(),
    ) {
        let account = account(query);
        let asset = format!("{kind}/{id}").parse::<AssetName>();
        let identifier = asset.ok().and_then(|asset| Some((asset.identifier(&version.to_string(), format.as_deref())?, asset)));
        prop_assume!(identifier.is_some());
        let (text, asset) = identifier.unwrap();
        let identifier = Identifier::parse(&text).unwrap();
        let url = identifier_url(&account, &identifier, options.as_object().unwrap(), 0);
        // A host of another configuration is not this account's.
        let is_own = options.get("private_cdn").is_none() || !query.contains("img.");
        let is_sharded = options.get("cdn_subdomain") == Some(&json!(true)) && query.contains("cname");
        if let Ok(url) = url && is_own && !is_sharded {
            let read = UrlReader::new(&account).read(&url);
            if account.url.use_root_path {
                prop_assert!(read.is_ok_and(|assets| assets.contains(&asset)), "{}", url);
            } else {
                prop_assert_eq!(read, Ok(vec![asset]), "{}", url);
            }
        }
    }

    /// Without a version the asset is among the readings.
    #[test]
    fn never_misses_the_asset_of_a_url_without_a_version(id in public_id(), options in options()) {
        let account = account("?force_version=false");
        let begins_like_a_version = id.split('/').any(is_version) || id.split('/').any(is_signature);
        let asset = format!("image/upload/{id}").parse::<AssetName>().unwrap();
        prop_assume!(!begins_like_a_version && asset.identifier("1", Some("jpg")).is_some());
        let mut options = options;
        options["format"] = json!("jpg");
        if let Ok(url) = url(&account, &id, options.as_object().unwrap(), 0) {
            let read = UrlReader::new(&account).read(&url);
            prop_assert!(read.as_ref().is_ok_and(|assets| assets.contains(&asset)), "{} {:?}", url, read);
        }
    }

    /// The rule of the readings, said once more and slowly.
    #[test]
    fn each_reading_leaves_only_transformations_and_a_version_before_it(
        segments in proptest::collection::vec(prop::sample::select(vec!["w_1", "$a_1", "v1", "v22", "my_cats", "cats", "t_x,y", "v", "s--4xbqTlIV--"]), 1..7),
    ) {
        let is_step = |s: &&str| ["w_1", "$a_1", "my_cats", "t_x,y"].contains(s);
        let is_version = |s: &&str| ["v1", "v22"].contains(s);
        let without = segments.strip_prefix(&["s--4xbqTlIV--"]).unwrap_or(&segments);
        let mut expected = Vec::new();
        for start in 0..without.len() {
            let (before, id) = without.split_at(start);
            let versioned = before.split_last().is_some_and(|(last, steps)| is_version(last) && steps.iter().all(is_step));
            let unversioned = before.iter().all(is_step) && {
                let next = without[start..].iter().find(|s| !is_step(s));
                // A version before the last segment is always one.
                let at = without.iter().position(|s| !is_step(s));
                !(next.is_some_and(is_version) && at.is_some_and(|at| at + 1 < without.len()))
            };
            if versioned || unversioned {
                expected.push(format!("image/upload/{}", id.join("/")));
            }
        }
        expected.reverse();
        let url = format!("{HOST}/image/upload/{}", segments.join("/"));
        let found = read("", &url);
        match found {
            Ok(found) => prop_assert_eq!(found, expected),
            Err(error) => prop_assert!(expected.is_empty() && error == "public_id: missing", "{} {}", url, error),
        }
    }
}
