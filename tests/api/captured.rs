//! Requests that Parse Server 9 really sent, each with a picture put into it.
//!
//! What Parse Server would store is computed by its own rule from the raw bodies: `{}` writes what
//! the client changed, `success` replaces that.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::app::{App, bare, signed};

const V: u64 = 1_700_000_000;

type Members = BTreeMap<String, Box<RawValue>>;

fn captured(trigger: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    let mut requests = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name.contains(trigger) {
            let text = std::fs::read_to_string(&file).unwrap();
            let fixture: Value = serde_json::from_str(&text).unwrap();
            requests.push((name, fixture["request"]["body"].clone()));
        }
    }
    assert!(requests.len() > 10, "the fixtures are there");
    requests
}

fn app() -> App {
    let guard = |class| format!("class = \"{class}\"\n[fields.picture]\n");
    let manifests = ["Photo", "_User", "_Role", "_Installation"].map(guard);
    App::with(&manifests.each_ref().map(String::as_str))
}

fn class_of(body: &Value) -> String {
    body["object"]["className"].as_str().unwrap().to_owned()
}

/// What the client changed, without the keys that are Parse Server's own.
fn changes(body: &Value) -> Members {
    let members = |key: &str| -> Members {
        body.get(key)
            .map(|o| serde_json::from_str(&o.to_string()).unwrap())
            .unwrap_or_default()
    };
    let (object, original) = (members("object"), members("original"));
    let is_update = body.get("original").is_some();
    object
        .into_iter()
        .filter(|(key, value)| {
            let own = ["className", "createdAt", "updatedAt"].contains(&&**key);
            let id = is_update && key == "objectId";
            let same = original.get(key).is_some_and(|o| o.get() == value.get());
            !own && !id && !same
        })
        .collect()
}

fn texts(members: Members) -> BTreeMap<String, String> {
    members
        .into_iter()
        .map(|(key, value)| (key, value.get().to_owned()))
        .collect()
}

#[test]
fn a_captured_save_without_a_picture_is_answered_with_an_empty_object() {
    let app = app();
    for (name, body) in captured("beforeSave") {
        assert_eq!(app.before_save(&class_of(&body), &body), "{}", "{name}");
    }
}

#[test]
fn a_captured_save_with_a_picture_keeps_every_change_and_op_of_the_client() {
    let app = app();
    for (name, mut body) in captured("beforeSave") {
        body["object"]["picture"] = json!(signed("cat", V));
        let mut expected = changes(&body);
        let stripped = json!(bare("cat", V)).to_string();
        expected.insert("picture".into(), RawValue::from_string(stripped).unwrap());

        let answer = app.before_save(&class_of(&body), &body);

        let mut answer: BTreeMap<String, Members> = serde_json::from_str(&answer).unwrap();
        let success = answer.remove("success").unwrap();
        assert_eq!(texts(success), texts(expected), "{name}");
    }
}

#[test]
fn a_captured_save_with_a_forged_picture_is_refused() {
    let app = app();
    for (name, mut body) in captured("beforeSave") {
        body["object"]["picture"] = json!(bare("cat", V));
        let answer = app.before_save(&class_of(&body), &body);
        assert_eq!(answer, r#"{"error":"Bad signature"}"#, "{name}");
    }
}
