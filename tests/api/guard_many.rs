//! `beforeSave` of a class with many pictures in a field.

use serde_json::{Value, json};

use crate::app::{App, and, bare, create, signature, signed, update};

const V: u64 = 1_700_000_000;

fn album(extra: &str) -> App {
    App::with(&[&format!(
        "class = \"Album\"\n[fields.pictures]\nmany = true\n{extra}"
    )])
}

#[track_caller]
fn assert_answer(app: &App, body: &Value, expected: Value) {
    assert_eq!(
        app.before_save("Album", body),
        expected.to_string(),
        "{body}"
    );
}

#[test]
fn new_elements_are_verified_and_stripped_stored_ones_pass() {
    let app = album("");
    let legacy = format!("{}#old", bare("legacy", 1));
    let original = json!({"pictures": [bare("a", V), legacy, 5]});
    let object = json!({"pictures": [signed("b", V), bare("a", V), legacy, bare("legacy", 1), 5]});
    let stripped = json!([bare("b", V), bare("a", V), legacy, bare("legacy", 1), 5]);
    assert_answer(
        &app,
        &update(object, original),
        json!({"success": {"pictures": stripped}}),
    );
}

#[test]
fn one_forged_element_refuses_the_save() {
    let app = album("");
    for value in [
        json!([signed("a", V), bare("b", V)]),
        json!([
            signed("a", V),
            format!("{}#{}", bare("b", V), signature("a", V))
        ]),
        json!({"__op": "Add", "objects": [bare("b", V)]}),
        json!({"__op": "AddUnique", "objects": [signed("a", V), bare("b", V)]}),
    ] {
        let body = update(
            json!({ "pictures": value }),
            json!({"pictures": [bare("a", V)]}),
        );
        assert_answer(&app, &body, json!({"error": "Bad signature"}));
    }
}

#[test]
fn other_types_and_ops_are_refused() {
    let app = album("");
    let list = "Album.pictures: expected an array of identifiers";
    for (value, text) in [
        (json!(signed("a", V)), list),
        (json!(5), list),
        (json!({"a": 1}), list),
        (json!({"__op": "Increment", "amount": 1}), list),
        (json!({"__op": "Batch", "ops": []}), list),
        (json!({"__op": "Add"}), list),
        (json!({"__op": "Add", "objects": "x"}), list),
        (
            json!([[signed("a", V)]]),
            "Album.pictures: expected an array of identifier strings",
        ),
        (
            json!([null]),
            "Album.pictures: expected an array of identifier strings",
        ),
        (
            json!([signed("a", V), 7]),
            "Album.pictures: expected an array of identifier strings",
        ),
    ] {
        assert_answer(
            &app,
            &create(json!({ "pictures": value })),
            json!({ "error": text }),
        );
    }
}

#[test]
fn an_op_that_names_itself_twice_is_refused() {
    let body = format!(
        r#"{{"object":{{"pictures":{{"__op":"Remove","\u005f_op":"Add","objects":["{}"]}}}}}}"#,
        bare("b", V)
    );
    assert_eq!(
        album("").decision("/triggers/Album/beforeSave", &body),
        r#"{"error":"Album.pictures: expected an array of identifiers"}"#
    );
}

#[test]
fn adding_keeps_the_op() {
    let app = album("");
    for op in ["Add", "AddUnique"] {
        let value = json!({"__op": op, "objects": [bare("a", V), signed("b", V)]});
        let body = update(
            json!({"pictures": value, "n": 1}),
            json!({"pictures": [bare("a", V)], "n": 1}),
        );
        let stripped = json!({"__op": op, "objects": [bare("a", V), bare("b", V)]});
        assert_answer(&app, &body, json!({"success": {"pictures": stripped}}));
    }
}

#[test]
fn removing_is_always_allowed_and_made_to_match_what_is_stored() {
    let app = album("");
    let legacy = format!("{}#old", bare("legacy", 1));
    let original = json!({"pictures": [bare("a", V), legacy]});
    let remove = |objects: Value| json!({"pictures": {"__op": "Remove", "objects": objects}});
    let body = update(
        remove(json!([signed("a", V), "forged#x", 5])),
        original.clone(),
    );
    let bare_objects = json!([bare("a", V), "forged", 5]);
    assert_answer(&app, &body, json!({"success": remove(bare_objects)}));
    let exact = update(remove(json!([legacy, bare("a", V)])), original);
    assert_eq!(app.before_save("Album", &exact), "{}");
}

#[test]
fn a_required_array_keeps_at_least_one_element() {
    let app = album("required = true");
    let text = "Album.pictures: is required, expected an identifier with its signature";
    let stored = json!({"pictures": [bare("a", V), bare("b", V)]});
    let remove = |objects: Value| json!({"pictures": {"__op": "Remove", "objects": objects}});
    for body in [
        create(json!({})),
        create(json!({"pictures": []})),
        create(json!({"pictures": {"__op": "Add", "objects": []}})),
        create(remove(json!([bare("a", V)]))),
        update(json!({"pictures": []}), stored.clone()),
        update(json!({"pictures": null}), stored.clone()),
        update(
            remove(json!([bare("a", V), signed("b", V)])),
            stored.clone(),
        ),
    ] {
        assert_answer(&app, &body, json!({ "error": text }));
    }
    for body in [
        update(remove(json!([bare("a", V)])), stored.clone()),
        update(
            json!({"pictures": [], "n": 1}),
            json!({"pictures": [], "n": 0}),
        ),
        update(json!({"pictures": {"__op": "Add", "objects": []}}), stored),
    ] {
        assert_eq!(app.before_save("Album", &body), "{}", "{body}");
    }
}

#[test]
fn an_array_without_need_of_a_picture_may_be_emptied() {
    let app = album("");
    let stored = json!({"pictures": [bare("a", V)]});
    for value in [json!([]), json!(null), json!({"__op": "Delete"})] {
        let body = update(json!({ "pictures": value }), stored.clone());
        assert_eq!(app.before_save("Album", &body), "{}");
    }
}

#[test]
fn context_mode_has_a_signature_for_each_identifier() {
    let app = album("");
    let save = |signatures: Value| {
        let object = json!({"pictures": {"__op": "Add", "objects": [bare("a", V), bare("b", V)]}});
        and(
            create(object),
            json!({"context": {"cloudinary": {"pictures": signatures}}}),
        )
    };
    let both = json!({bare("a", V): signature("a", V), bare("b", V): signature("b", V)});
    assert_eq!(app.before_save("Album", &save(both)), "{}");
    let ill_typed =
        "Album: context.cloudinary.pictures: expected an object of signatures by identifier";
    for (signatures, text) in [
        (json!({bare("a", V): signature("a", V)}), "Bad signature"),
        (
            json!({bare("a", V): signature("a", V), bare("b", V): signature("a", V)}),
            "Bad signature",
        ),
        (json!(signature("a", V)), ill_typed),
        (json!([]), ill_typed),
        (json!({bare("a", V): 5}), ill_typed),
    ] {
        assert_answer(&app, &save(signatures), json!({ "error": text }));
    }
}

#[test]
fn a_trusted_master_key_has_arrays_and_ops_stripped_too() {
    let app =
        App::with(&["class = \"Album\"\ntrust_master_key = true\n[fields.pictures]\nmany = true"]);
    let master = json!({"master": true});
    for (value, stripped) in [
        (json!(["a#x", "b", 5]), json!(["a", "b", 5])),
        (
            json!({"__op": "AddUnique", "objects": ["a#x"]}),
            json!({"__op": "AddUnique", "objects": ["a"]}),
        ),
    ] {
        let body = and(create(json!({ "pictures": value })), master.clone());
        assert_answer(&app, &body, json!({"success": {"pictures": stripped}}));
    }
}
