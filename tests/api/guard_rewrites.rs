//! `beforeSave` and the writes of `audit --fix urls`: an identifier in place of a delivery URL, alone
//! or in an array.

use cloudinary_parse::parse::signed_write::SignedWrite;
use serde_json::{Value, json};

use crate::app::{App, SECRET, and, bare, update};

const V: u64 = 1_700_000_000;
const URL: &str = "https://res.cloudinary.com/demo/image/upload/v1/a.jpg";
const MANY: &str =
    "class = \"Photo\"\n[fields.pictures]\nmany = true\nfolder = \"users/{user.objectId}\"\n";
const ONE: &str = "class = \"Photo\"\n[fields.pictures]\nfolder = \"users/{user.objectId}\"\n";

/// The write of a value by the master key, with a proof for this write.
fn proved(write: SignedWrite<'_>, secret: &str, original: Value, value: Value) -> Value {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let context: Value = serde_json::from_str(&write.context(&secret.into(), now)).unwrap();
    let row = json!({"objectId": "p1", "n": 1});
    let original = and(row.clone(), json!({ "pictures": original }));
    let body = update(and(row, json!({ "pictures": value })), original);
    and(body, json!({"master": true, "context": context}))
}

fn write<'a>(from: &'a str, to: &'a str) -> SignedWrite<'a> {
    SignedWrite {
        class: "Photo",
        object_id: "p1",
        field: "pictures",
        from,
        to,
    }
}

fn answer(manifest: &str, body: &Value) -> Value {
    serde_json::from_str(&App::with(&[manifest]).before_save("Photo", body)).unwrap()
}

#[test]
fn an_identifier_takes_the_place_of_its_url() {
    let to = bare("a", V);
    let body = proved(write(URL, &to), SECRET, json!(URL), json!(to));
    assert_eq!(answer(ONE, &body), json!({}));
}

#[test]
fn an_array_is_written_whole_and_keeps_its_order() {
    let (from, to) = (json!(["x", URL, 5]), json!(["x", bare("a", V), 5]));
    let (from_text, to_text) = (from.to_string(), to.to_string());
    let body = proved(write(&from_text, &to_text), SECRET, from, to.clone());
    assert_eq!(answer(MANY, &body), json!({"success": {"pictures": to}}));
}

#[test]
fn an_array_that_is_not_the_one_of_the_proof_stays() {
    let (from, to) = (json!(["x", URL]), json!(["x", bare("a", V)]));
    let (from_text, to_text) = (from.to_string(), to.to_string());
    let good = write(&from_text, &to_text);
    let overtaken = json!({"error": "Photo.pictures: holds another picture by now"});
    for (write, secret, original, value) in [
        // A client added, removed or reordered.
        (good, SECRET, json!(["x", URL, "y"]), to.clone()),
        (good, SECRET, json!([URL]), to.clone()),
        (good, SECRET, json!([URL, "x"]), to.clone()),
        (good, SECRET, json!([]), to.clone()),
        (good, SECRET, Value::Null, to.clone()),
        (good, SECRET, json!(from_text), to.clone()),
        // It writes something else.
        (good, SECRET, from.clone(), json!(["x", bare("b", V)])),
        (good, SECRET, from.clone(), json!(["x", bare("a", V), "y"])),
        (good, SECRET, from.clone(), json!([])),
        (good, SECRET, from.clone(), json!(to_text)),
        (
            good,
            SECRET,
            from.clone(),
            json!({"__op": "AddUnique", "objects": to}),
        ),
        (
            good,
            SECRET,
            from.clone(),
            json!({"__op": "AddUnique", "objects": [bare("a", V)]}),
        ),
        // Somebody else's proof.
        (good, "other", from.clone(), to.clone()),
        (
            SignedWrite {
                object_id: "p2",
                ..good
            },
            SECRET,
            from.clone(),
            to.clone(),
        ),
        (
            SignedWrite {
                class: "Album",
                ..good
            },
            SECRET,
            from.clone(),
            to.clone(),
        ),
        (
            SignedWrite {
                to: &from_text,
                ..good
            },
            SECRET,
            from.clone(),
            to.clone(),
        ),
        (
            SignedWrite {
                from: &to_text,
                ..good
            },
            SECRET,
            from.clone(),
            to.clone(),
        ),
        (
            SignedWrite { from: "x", ..good },
            SECRET,
            from.clone(),
            to.clone(),
        ),
    ] {
        let body = proved(write, secret, original, value);
        assert_eq!(answer(MANY, &body), overtaken, "{body}");
    }
    // Of another field it is no proof at all.
    let other = SignedWrite {
        field: "others",
        ..good
    };
    let body = proved(other, SECRET, from.clone(), to.clone());
    assert_eq!(answer(MANY, &body), json!({"error": "Bad signature"}));
    // Without the master key neither.
    let body = proved(good, SECRET, from.clone(), to.clone());
    let body = and(body, json!({"master": false}));
    assert_eq!(answer(MANY, &body), json!({"error": "Bad signature"}));
    // A field with one picture holds no array.
    let body = proved(good, SECRET, from, to);
    assert_eq!(answer(ONE, &body), overtaken);
}
