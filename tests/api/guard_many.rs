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
    let exact = remove(json!([legacy, bare("a", V)]));
    let body = update(exact.clone(), original);
    assert_answer(&app, &body, json!({ "success": exact }));
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
    let empty = json!({"pictures": []});
    for (object, original, written) in [
        (
            remove(json!([bare("a", V)])),
            stored.clone(),
            remove(json!([bare("a", V)])),
        ),
        (json!({"pictures": [], "n": 1}), empty, json!({"n": 1})),
        (
            json!({"pictures": {"__op": "Add", "objects": []}}),
            stored,
            json!({"pictures": {"__op": "Add", "objects": []}}),
        ),
    ] {
        assert_answer(
            &app,
            &update(object, original),
            json!({ "success": written }),
        );
    }
}

#[test]
fn an_array_without_need_of_a_picture_may_be_emptied() {
    let app = album("");
    let stored = json!({"pictures": [bare("a", V)]});
    for value in [json!([]), json!(null), json!({"__op": "Delete"})] {
        let object = json!({ "pictures": value });
        let body = update(object.clone(), stored.clone());
        assert_answer(&app, &body, json!({ "success": object }));
    }
}

#[test]
fn context_mode_has_a_signature_for_each_identifier() {
    let app = album("");
    let object = json!({"pictures": {"__op": "Add", "objects": [bare("a", V), bare("b", V)]}});
    let save = |signatures: Value| {
        and(
            create(object.clone()),
            json!({"context": {"cloudinary": {"pictures": signatures}}}),
        )
    };
    let both = json!({bare("a", V): signature("a", V), bare("b", V): signature("b", V)});
    assert_answer(&app, &save(both), json!({ "success": object }));
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

#[test]
fn an_array_holds_as_many_as_the_manifest_says_and_no_more() {
    let app = album("max_items = 3");
    let stored = |names: &[&str]| -> Vec<String> { names.iter().map(|n| bare(n, V)).collect() };
    let sent = |names: &[&str]| -> Vec<String> { names.iter().map(|n| signed(n, V)).collect() };
    let op = |op: &str, objects: &[String]| json!({"__op": op, "objects": objects});
    let refused = json!({"error": "Album.pictures: expected at most 3 identifiers"});
    let (two, three) = (stored(&["a", "b"]), stored(&["a", "b", "c"]));
    let five = stored(&["a", "b", "c", "d", "e"]);
    let empty = json!({"pictures": []});
    for (value, original) in [
        (json!(sent(&["a", "b", "c", "d"])), empty.clone()),
        (op("Add", &sent(&["a", "b", "c", "d"])), empty.clone()),
        (op("Add", &sent(&["c", "d"])), json!({ "pictures": two })),
        (op("AddUnique", &two), json!({ "pictures": two })),
        (op("Add", &three[..1]), json!({ "pictures": five })),
        // As long as what is stored, but not the same.
        (
            json!(stored(&["a", "b", "c", "d", "d"])),
            json!({ "pictures": five }),
        ),
        (json!([1, 2, 3, 4]), empty.clone()),
    ] {
        let body = update(json!({ "pictures": value }), original);
        assert_answer(&app, &body, refused.clone());
    }
    let body = create(json!({"pictures": sent(&["a", "b", "c", "d"])}));
    assert_answer(&app, &body, refused);
    for (value, original, written) in [
        (json!(sent(&["a", "b", "c"])), empty, json!(three)),
        (
            op("Add", &sent(&["c"])),
            json!({ "pictures": two }),
            op("Add", &three[2..]),
        ),
        (
            json!(five[..4]),
            json!({ "pictures": five }),
            json!(five[..4]),
        ),
        (
            op("Remove", &five[..4]),
            json!({ "pictures": five }),
            op("Remove", &five[..4]),
        ),
        (op("Add", &[]), json!({ "pictures": five }), op("Add", &[])),
    ] {
        let body = update(json!({ "pictures": value }), original);
        assert_answer(&app, &body, json!({"success": {"pictures": written}}));
    }
    let unchanged = update(
        json!({"pictures": five, "n": 1}),
        json!({ "pictures": five }),
    );
    assert_answer(&app, &unchanged, json!({"success": {"n": 1}}));
}

#[test]
fn an_array_holds_a_thousand_where_the_manifest_says_nothing() {
    let app = album("");
    let signed: Vec<_> = (0..1001).map(|i| signed(&format!("p{i}"), V)).collect();
    let bare: Vec<_> = (0..1000).map(|i| bare(&format!("p{i}"), V)).collect();
    let body = create(json!({"pictures": signed[..1000]}));
    assert_answer(&app, &body, json!({"success": {"pictures": bare}}));
    let text = "Album.pictures: expected at most 1000 identifiers";
    let body = create(json!({ "pictures": signed }));
    assert_answer(&app, &body, json!({ "error": text }));
}

#[test]
fn tens_of_thousands_of_elements_are_judged_as_a_few_are() {
    let app = album("max_items = 100000");
    let stored: Vec<_> = (0..40_000).map(|i| format!("legacy {i}")).collect();
    let original = json!({ "pictures": stored });
    let op = |op: &str, objects: &Value| json!({"__op": op, "objects": objects});
    let backwards: Vec<_> = stored.iter().rev().collect();
    let with_signatures: Vec<_> = stored.iter().map(|text| format!("{text}#x")).collect();
    for (value, written) in [
        (json!(backwards), json!(backwards)),
        (json!(with_signatures), json!(stored)),
        (
            op("Add", &json!(with_signatures)),
            op("Add", &json!(stored)),
        ),
        (
            op("Remove", &json!(with_signatures[20_000..])),
            op("Remove", &json!(stored[20_000..])),
        ),
    ] {
        let body = update(json!({ "pictures": value }), original.clone());
        assert_answer(&app, &body, json!({"success": {"pictures": written}}));
    }
    let forged = and(json!({ "pictures": backwards }), json!({}));
    let mut forged = update(forged, original);
    forged["object"]["pictures"][39_999] = json!(bare("new", V));
    assert_answer(&app, &forged, json!({"error": "Bad signature"}));
}

#[test]
fn tens_of_thousands_of_signatures_in_the_context_are_looked_up_as_a_few_are() {
    let app = album("max_items = 100000");
    let names: Vec<_> = (0..20_000).map(|i| format!("p{i}")).collect();
    let bare: Vec<_> = names.iter().map(|name| bare(name, V)).collect();
    let signatures: serde_json::Map<_, _> = names
        .iter()
        .zip(&bare)
        .map(|(name, bare)| (bare.clone(), json!(signature(name, V))))
        .collect();
    let context = |signatures| json!({"context": {"cloudinary": {"pictures": signatures}}});
    let object = json!({ "pictures": bare });
    let body = and(create(object.clone()), context(json!(signatures)));
    assert_answer(&app, &body, json!({ "success": object }));
    let mut lacking = signatures;
    lacking.remove(&bare[19_999]);
    let body = and(create(object), context(json!(lacking)));
    assert_answer(&app, &body, json!({"error": "Bad signature"}));
}
