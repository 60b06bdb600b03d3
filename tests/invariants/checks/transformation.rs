//! Transformations: no options, however odd or deep, break a serialiser, and what a caller may choose stays in its place.

use std::sync::OnceLock;

use cloudinary_parse::cloudinary::delivery_url::{check_url_options, identifier_url, url};
use cloudinary_parse::cloudinary::identifier::Identifier;
use cloudinary_parse::cloudinary::transformation::{
    Transformation, check_eager, check_options, eager, from_options, from_value, layer,
};
use cloudinary_parse::cloudinary::upload::sign_upload;
use cloudinary_parse::cloudinary::url_config::UrlConfig;
use cloudinary_parse::manifest::{self, Accepted, Action};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

const NOW: u64 = 1_789_000_000;

/// Options that a function lets its callers choose.
const ACCEPTED: [&str; 24] = [
    "angle",
    "aspect_ratio",
    "background",
    "border",
    "color",
    "color_space",
    "crop",
    "default_image",
    "density",
    "dpr",
    "effect",
    "fetch_format",
    "flags",
    "gravity",
    "height",
    "opacity",
    "page",
    "prefix",
    "quality",
    "radius",
    "width",
    "x",
    "y",
    "zoom",
];

/// `bytes` are options, a chain or an `eager` as JSON; a number behind it says how deep they are nested.
pub(crate) fn check(bytes: &[u8]) {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let Some(Ok(mut value)) = values.next() else {
        return;
    };
    if let Some(Ok(Value::Number(depth))) = values.next() {
        for level in 0..depth.as_u64().unwrap_or_default().min(600) {
            value = match level % 3 {
                0 => Value::Object(Map::from_iter([("transformation".to_owned(), value)])),
                _ => Value::Array(vec![value]),
            };
        }
    }
    serialise(&value);
    if let Value::Object(options) = &value {
        typed_is_as_json(options);
        chosen_stays_in_its_place(options);
    }
    drop_flat(value);
}

/// None of it panics, and what a check lets through can be written.
fn serialise(value: &Value) {
    let (account, config) = (super::account(), UrlConfig::default());
    let _ = from_value(value, &config);
    let _ = layer(value);
    let written = eager(value, &config);
    if check_eager(value).is_ok() {
        written.expect("it was checked");
    }
    let Value::Object(options) = value else {
        return;
    };
    let written = from_options(options, &config);
    if check_options(options).is_ok() {
        written.expect("it was checked");
    }
    let _ = check_url_options(options);
    let _ = url(&account, "folder/cat.jpg", options, NOW);
    let _ = sign_upload(&account, options, NOW);
    let eager = Map::from_iter([("eager".to_owned(), value.clone())]);
    let _ = sign_upload(&account, &eager, NOW);
}

fn typed_is_as_json(options: &Map<String, Value>) {
    let config = UrlConfig::default();
    let mut typed = Transformation::new();
    for (name, value) in options {
        typed = typed.set(name, value.clone());
    }
    assert_eq!(
        typed.to_text(&config),
        from_options(options, &config),
        "{options:?}"
    );
    let chain = Value::Array(vec![
        Value::Object(options.clone()),
        Value::Object(Map::from_iter([("angle".to_owned(), 10.into())])),
    ]);
    // `transformation` holds names or steps; a step of its own nests once more.
    if options.keys().all(|name| name != "transformation") {
        let typed = typed.then().set("angle", 10).to_text(&config);
        let json = from_value(&chain, &config);
        assert_eq!(typed.is_ok(), json.is_ok(), "{options:?}");
        if let (Ok(typed), Ok(json)) = (typed, json) {
            assert_eq!(typed, json, "{options:?}");
        }
    }
}

fn accepted() -> &'static [(String, Accepted)] {
    static ACCEPT: OnceLock<Vec<(String, Accepted)>> = OnceLock::new();
    ACCEPT.get_or_init(|| {
        let lines = ACCEPTED.map(|name| format!("{name} = true\n")).concat();
        let text = format!("function = \"url\"\naction = \"delivery_url\"\n[accept]\n{lines}");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("url.toml"), text).expect("a file");
        let manifests = manifest::load(folder.path());
        match manifests
            .expect("a good manifest")
            .functions
            .remove(0)
            .action
        {
            Action::DeliveryUrl(url) => url.accept,
            Action::SignUpload(_) => unreachable!("it builds URLs"),
        }
    })
}

/// What callers choose is one component of one URL: it names no other asset and begins no other step.
fn chosen_stays_in_its_place(options: &Map<String, Value>) {
    let mut chosen = Map::new();
    for (name, accepted) in accepted() {
        if let Some(value) = options.get(name)
            && let Ok(value) = accepted.choose(name, value)
        {
            chosen.insert(name.clone(), value.clone());
        }
    }
    let account = super::account();
    let identifier = Identifier::parse("image/upload/v1/users/u1/cat.jpg").expect("one");
    let Ok(url) = identifier_url(&account, &identifier, &chosen, NOW) else {
        return;
    };
    let path = url
        .strip_prefix("https://res.cloudinary.com/demo/image/upload/")
        .unwrap_or_else(|| panic!("{url:?}"));
    let transformation = path
        .strip_suffix("v1/users/u1/cat.jpg")
        .unwrap_or_else(|| panic!("{url:?}"));
    let breaks = |c: char| "?#%\\".contains(c) || c.is_control();
    // As a CDN reads it: what is encoded here must not be a border there.
    let read = percent_decode_str(&url).decode_utf8().expect("UTF-8");
    assert!(!read.contains(breaks) && !read.contains("/../"), "{url:?}");
    assert_eq!(
        read.matches('/').count(),
        url.matches('/').count(),
        "{url:?}"
    );
    // One step for each option that may be an array of its own, such as an effect; never one that the caller wrote.
    assert!(
        transformation.matches('/').count() <= 1,
        "{url:?} of {chosen:?}"
    );
    for text in chosen.values().filter_map(Value::as_str) {
        assert!(!text.contains(['/', ',']), "{text:?} was accepted");
    }
}

/// Dropping a deep value recurses; so that a stack overflow is the product's, it is taken apart here.
fn drop_flat(value: Value) {
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(items) => rest.extend(items),
            Value::Object(members) => rest.extend(members.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}
