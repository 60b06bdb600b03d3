//! Transformations: no options, however odd or deep, break a serialiser, and what a caller may
//! choose stays in its place.

use cloudinary_parse::cloudinary::delivery_url::{check_url_options, url};
use cloudinary_parse::cloudinary::transformation::{
    Transformation, check_eager, check_options, eager, from_options, from_value, layer,
};
use cloudinary_parse::cloudinary::upload::sign_upload;
use cloudinary_parse::cloudinary::url_config::UrlConfig;
use serde_json::{Map, Value};

use super::chosen;

const NOW: u64 = 1_789_000_000;

/// `bytes` are options, a chain or an `eager` as JSON; a number behind it says how deep they are
/// nested.
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

/// Each option as a caller's choice, under its own name and, so that every kind of value meets
/// every option, under another.
fn chosen_stays_in_its_place(options: &Map<String, Value>) {
    let names = chosen::names();
    for (name, value) in options {
        chosen::check(name, value);
        let sum: usize = format!("{name}{value}").bytes().map(usize::from).sum();
        chosen::check(&names[sum % names.len()], value);
    }
}

/// Dropping a deep value recurses; so that a stack overflow is the product's, it is taken apart
/// here.
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
