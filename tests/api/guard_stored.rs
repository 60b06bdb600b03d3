//! `beforeSave` of the stored picture sent again with its signature, as SDKs do that send whole
//! objects and keep what they sent.

use serde_json::{Value, json};

use crate::app::{App, and, bare, create, signature, signed, update};

const V: u64 = 1_000;
/// Long ago, by every rule that a picture could break.
const RULES: &str = "folder = \"users/{user.objectId}\"\nmax_age = \"1h\"\nformats = [\"png\"]\ntypes = [\"private\"]\nconfirm = true\n";

fn photo() -> App {
    App::with(&[&format!("class = \"Photo\"\n[fields.picture]\n{RULES}")])
}

fn album() -> App {
    App::with(&[&format!(
        "class = \"Album\"\n[fields.pictures]\nmany = true\n{RULES}"
    )])
}

#[test]
fn the_stored_picture_with_its_signature_is_stripped_and_no_rule_applied() {
    let app = photo();
    let stored = bare("cat", V);
    let legacy = format!("{stored}#old");
    for (sent, original) in [
        (signed("cat", V), &stored),
        (signed("cat", V), &legacy),
        (format!("{stored}#of another secret"), &stored),
        (format!("{stored}#a#b"), &stored),
    ] {
        let body = update(
            json!({"title": "new", "picture": sent}),
            json!({"title": "old", "picture": original}),
        );
        let expected = json!({"success": {"picture": stored, "title": "new"}});
        let answer: Value = serde_json::from_str(&app.before_save("Photo", &body)).unwrap();
        assert_eq!(answer, expected, "{sent}");
    }
    let body = update(json!({"picture": "legacy#x"}), json!({"picture": "legacy"}));
    let answer = app.before_save("Photo", &body);
    assert_eq!(answer, r#"{"success":{"picture":"legacy"}}"#);
}

#[test]
fn neither_an_empty_signature_nor_another_picture_is_the_stored_one() {
    let app = App::with(&["class = \"Photo\"\n[fields.picture]\n"]);
    let stored = bare("cat", V);
    let refused = r#"{"error":"Bad signature"}"#;
    for (sent, original) in [
        (format!("{stored}#"), stored.clone()),
        (format!("{stored}#"), format!("{stored}#old")),
        (
            format!("{}#{}", bare("dog", V), signature("cat", V)),
            stored.clone(),
        ),
        (format!("{}#x", bare("cat", V + 1)), stored.clone()),
        (format!("{}#x", bare("ca", V)), stored.clone()),
        (format!("{}#x", bare("cat", V)), bare("ca", V)),
    ] {
        let body = update(json!({ "picture": sent }), json!({ "picture": original }));
        assert_eq!(app.before_save("Photo", &body), refused, "{sent}");
    }
    let body = create(json!({"picture": format!("{stored}#x")}));
    assert_eq!(app.before_save("Photo", &body), refused);
}

#[test]
fn stored_elements_with_their_signatures_are_stripped_wherever_they_are_sent() {
    let app = album();
    let legacy = format!("{}#old", bare("legacy", V));
    let original = json!({"pictures": [bare("a", V), bare("b", V), legacy]});
    let sent = json!([
        signed("b", V),
        bare("a", V),
        format!("{}#x", bare("legacy", V))
    ]);
    let stripped = json!([bare("b", V), bare("a", V), bare("legacy", V)]);
    let op = |op: &str, objects: &Value| json!({"__op": op, "objects": objects});
    for (value, written) in [
        (sent.clone(), stripped.clone()),
        (op("Add", &sent), op("Add", &stripped)),
        (op("AddUnique", &sent), op("AddUnique", &stripped)),
        (op("Remove", &sent), op("Remove", &stripped)),
    ] {
        let body = update(json!({ "pictures": value }), original.clone());
        let answer: Value = serde_json::from_str(&app.before_save("Album", &body)).unwrap();
        assert_eq!(answer, json!({"success": {"pictures": written}}));
    }
    for forged in [
        format!("{}#", bare("a", V)),
        format!("{}#{}", bare("c", V), signature("a", V)),
    ] {
        for value in [json!([forged]), op("Add", &json!([forged]))] {
            let body = update(json!({ "pictures": value }), original.clone());
            let answer = app.before_save("Album", &body);
            assert_eq!(answer, r#"{"error":"Bad signature"}"#, "{value}");
        }
    }
}

#[test]
fn a_picture_of_another_row_is_new() {
    let app = photo();
    let user = json!({"user": {"objectId": "u1"}});
    let body = and(create(json!({"picture": signed("cat", V)})), user);
    assert_eq!(
        app.before_save("Photo", &body),
        r#"{"error":"Photo.picture: expected type private"}"#
    );
}

#[test]
fn null_stays_null_in_a_required_field() {
    let app = App::with(&["class = \"Photo\"\n[fields.picture]\nrequired = true"]);
    let body = update(
        json!({"picture": null, "title": "b"}),
        json!({"picture": null, "title": "a"}),
    );
    let answer = app.before_save("Photo", &body);
    assert_eq!(answer, r#"{"success":{"title":"b"}}"#);
    let body = update(json!({"picture": null}), json!({}));
    let refused =
        r#"{"error":"Photo.picture: is required, expected an identifier with its signature"}"#;
    assert_eq!(app.before_save("Photo", &body), refused);
}
