//! `beforeSave` and the columns that are this service's: `moderation_field` and `eager_field`.

use cloudinary_parse::parse::signed_write::SignedWrite;
use serde_json::{Value, json};

use crate::app::{App, SECRET, and, bare, create, signature, signed, update};

const V: u64 = 1_700_000_000;
const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\nmoderation_field = \"status\"\neager_field = \"thumbnails\"\n";

fn photo() -> App {
    App::with(&[PHOTO])
}

#[track_caller]
fn assert_answer(app: &App, body: &Value, expected: Value) {
    let answer: Value = serde_json::from_str(&app.before_save("Photo", body)).unwrap();
    assert_eq!(answer, expected, "{body}");
}

fn by_master(body: Value) -> Value {
    and(body, json!({"master": true}))
}

fn delete() -> Value {
    json!({"__op": "Delete"})
}

/// A row whose picture was approved.
fn row() -> Value {
    json!({"objectId": "p1", "picture": bare("a", V), "status": "approved", "thumbnails": ["u"], "n": 1})
}

/// An update of the row.
fn changed(more: Value) -> Value {
    update(and(row(), more), row())
}

#[test]
fn a_clients_value_is_refused_by_name_on_create() {
    let app = photo();
    let expected = "only this service and the master key write it, expected no value";
    for (column, value) in [
        ("status", json!("approved")),
        ("status", json!("")),
        ("status", delete()),
        ("status", json!({"__op": "Increment", "amount": 1})),
        ("thumbnails", json!([])),
        ("thumbnails", json!({"__op": "Add", "objects": ["u"]})),
    ] {
        let body = create(json!({"picture": signed("a", V), column: value}));
        let text = format!("Photo.{column}: {expected}");
        let refused = json!({ "error": text });
        assert_answer(&app, &body, refused.clone());
        let read_only = and(by_master(body.clone()), json!({"isReadOnly": true}));
        assert_answer(&app, &read_only, refused);
        let written = json!({"picture": bare("a", V), column: value});
        assert_answer(&app, &by_master(body), json!({ "success": written }));
    }
    let escaped = r#"{"object":{"\u0073tatus":"approved"}}"#;
    let refused = json!({"error": format!("Photo.status: {expected}")}).to_string();
    assert_eq!(app.decision("/triggers/Photo/beforeSave", escaped), refused);
}

#[test]
fn a_clients_value_is_left_out_of_an_update() {
    let app = photo();
    for (more, written) in [
        (json!({"status": "rejected"}), json!({})),
        (json!({"status": null}), json!({})),
        (json!({"status": delete()}), json!({})),
        (json!({"thumbnails": []}), json!({})),
        (
            json!({"thumbnails": {"__op": "Add", "objects": ["v"]}, "n": 2}),
            json!({"n": 2}),
        ),
        (json!({"n": 3}), json!({"n": 3})),
    ] {
        let body = changed(more.clone());
        assert_answer(&app, &body, json!({ "success": written }));
        assert_answer(&app, &by_master(body), json!({ "success": more }));
    }
    let unmoderated = json!({"picture": bare("a", V)});
    let approved = json!({"picture": bare("a", V), "status": "approved", "thumbnails": ["v"]});
    let body = update(approved, unmoderated);
    assert_answer(&app, &body, json!({"success": {}}));
}

#[test]
fn a_save_that_changes_or_clears_the_picture_clears_the_columns() {
    let app = photo();
    let cleared = json!({"status": delete(), "thumbnails": delete()});
    for (picture, written) in [
        (json!(signed("b", V)), json!(bare("b", V))),
        (json!(signed("a", V + 1)), json!(bare("a", V + 1))),
        (json!(null), json!(null)),
        (delete(), delete()),
    ] {
        let written = and(json!({"picture": written}), cleared.clone());
        for more in [
            json!({}),
            json!({"status": "approved"}),
            json!({"status": "mine"}),
        ] {
            let body = changed(and(json!({"picture": picture}), more));
            assert_answer(&app, &body, json!({ "success": written }));
        }
        let body = by_master(changed(json!({ "picture": picture })));
        assert_answer(&app, &body, json!({ "success": written }));
    }
}

#[test]
fn the_columns_are_cleared_after_everything_else_in_text_that_parse_server_reads() {
    let app = photo();
    let body = format!(
        r#"{{"object":{{"status":"mine","picture":"{}","n":2}},"original":{{"picture":"x","status":"approved","thumbnails":[]}}}}"#,
        signed("b", V)
    );
    let expected = format!(
        r#"{{"success":{{"picture":"{}","n":2,"status":{{"__op":"Delete"}},"thumbnails":{{"__op":"Delete"}}}}}}"#,
        bare("b", V)
    );
    assert_eq!(app.decision("/triggers/Photo/beforeSave", &body), expected);
}

#[test]
fn context_mode_clears_the_columns_too() {
    let app = App::with(&["class = \"Photo\"\n[fields.picture]\nmoderation_field = \"status\"\n"]);
    let stored = json!({"picture": bare("a", V), "status": "approved"});
    let object = json!({"picture": bare("b", V), "status": "approved"});
    let context = json!({"context": {"cloudinary": {"picture": signature("b", V)}}});
    let body = and(update(object, stored), context);
    let written = json!({"picture": bare("b", V), "status": delete()});
    assert_answer(&app, &body, json!({ "success": written }));
}

#[test]
fn a_column_that_the_master_key_sets_with_the_picture_stays_set() {
    let app = photo();
    let body = by_master(changed(
        json!({"picture": signed("b", V), "status": "pending"}),
    ));
    let written = json!({"picture": bare("b", V), "status": "pending", "thumbnails": delete()});
    assert_answer(&app, &body, json!({ "success": written }));
}

#[test]
fn a_column_that_the_row_lacks_is_not_cleared() {
    // PostgreSQL fails on `Delete` of a column that was never written.
    let app = photo();
    let stored = json!({"picture": bare("a", V), "status": "approved"});
    let object = json!({"picture": signed("b", V), "status": "approved"});
    let written = json!({"picture": bare("b", V), "status": delete()});
    assert_answer(&app, &update(object, stored), json!({ "success": written }));
    let body = update(
        json!({"picture": signed("b", V)}),
        json!({"picture": bare("a", V)}),
    );
    assert_answer(&app, &body, json!({"success": {"picture": bare("b", V)}}));
}

#[test]
fn the_stored_picture_keeps_its_columns_however_it_is_sent() {
    let app = photo();
    let again = changed(json!({"picture": signed("a", V)}));
    assert_answer(&app, &again, json!({"success": {"picture": bare("a", V)}}));
    let legacy = format!("{}#old", bare("a", V));
    let stored = json!({"picture": legacy, "status": "approved"});
    let cut = json!({"picture": bare("a", V), "status": "approved"});
    assert_answer(
        &app,
        &update(cut, stored),
        json!({"success": {"picture": bare("a", V)}}),
    );
    let none = json!({"status": "pending"});
    let cleared = json!({"picture": null, "status": "pending"});
    assert_answer(
        &app,
        &update(cleared, none),
        json!({"success": {"picture": null}}),
    );
}

#[test]
fn a_trusted_master_keys_value_of_any_type_is_another_picture() {
    let app = App::with(&[
        "class = \"Photo\"\ntrust_master_key = true\n[fields.picture]\nmoderation_field = \"status\"\n",
    ]);
    let stored = json!({"picture": 5, "status": "approved"});
    for value in [json!(6), json!({"a": 1}), json!("x")] {
        let object = json!({"picture": value, "status": "approved"});
        let body = by_master(update(object, stored.clone()));
        let written = json!({"picture": value, "status": delete()});
        assert_answer(&app, &body, json!({ "success": written }));
    }
    let same = json!({"picture": 5, "status": "approved", "n": 1});
    assert_eq!(
        app.before_save("Photo", &by_master(update(same, stored))),
        "{}"
    );
}

#[test]
fn a_column_that_two_pictures_share_is_cleared_once() {
    let app = App::with(&[
        "class = \"Photo\"\n[fields.front]\nmoderation_field = \"status\"\n[fields.back]\nmoderation_field = \"status\"\n",
    ]);
    let stored = json!({"front": bare("a", V), "back": bare("b", V), "status": "approved"});
    let object = json!({"front": null, "back": null, "status": "mine"});
    let body = update(object, stored).to_string();
    let answer = app.decision("/triggers/Photo/beforeSave", &body);
    assert_eq!(answer.matches("\"status\"").count(), 1, "{answer}");
    assert_eq!(
        serde_json::from_str::<Value>(&answer).unwrap(),
        json!({"success": {"front": null, "back": null, "status": delete()}})
    );
}

#[test]
fn this_services_own_writes_get_through_and_a_rename_keeps_the_columns() {
    let app = photo();
    let own = |to: &str, more: Value| {
        let write = SignedWrite {
            class: "Photo",
            object_id: "p1",
            field: "picture",
            from: &bare("a", V),
            to,
        };
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let context: Value = serde_json::from_str(&write.context(&SECRET.into(), now)).unwrap();
        and(by_master(changed(more)), json!({ "context": context }))
    };
    let (same, renamed, newer) = (bare("a", V), bare("b/c", V), bare("a", V + 9));
    let cleared = json!({"status": delete(), "thumbnails": delete()});
    for (to, more, written) in [
        (
            &*same,
            json!({"status": "pending"}),
            json!({"status": "pending"}),
        ),
        (
            &*same,
            json!({"thumbnails": ["v"]}),
            json!({"thumbnails": ["v"]}),
        ),
        (&*same, json!({}), json!({})),
        (
            &*renamed,
            json!({"picture": renamed}),
            json!({"picture": renamed}),
        ),
        (
            &*newer,
            json!({"picture": newer}),
            and(json!({"picture": newer}), cleared.clone()),
        ),
        (
            &*newer,
            and(json!({"picture": newer}), cleared.clone()),
            and(json!({"picture": newer}), cleared.clone()),
        ),
        (
            "",
            json!({"picture": delete(), "status": "rejected"}),
            json!({"picture": delete(), "status": "rejected", "thumbnails": delete()}),
        ),
    ] {
        assert_answer(&app, &own(to, more), json!({ "success": written }));
    }
    let overtaken = json!({"error": "Photo.picture: holds another picture by now"});
    for (to, more) in [
        (&*renamed, json!({"picture": newer})),
        (&*renamed, json!({})),
        ("", json!({"picture": renamed})),
        (&*same, json!({"picture": null})),
    ] {
        assert_answer(&app, &own(to, more), overtaken.clone());
    }
}
