//! `beforeSave` asked by an app's own Cloud Code: what is answered is ours alone, for the object
//! keeps the rest by itself.

use serde_json::{Value, json};

use crate::app::{App, bare, create, signed, update};

const PHOTO: &str = "class = \"Photo\"\ncalled_from = \"cloud_code\"\n[fields.picture]\nmoderation_field = \"status\"\neager_field = \"thumbs\"\n[fields.pictures]\nmany = true\n";
const V: u64 = 1_700_000_000;

/// The same call from Cloud Code.
fn from_cloud_code(mut body: Value, dotted_keys: &[&str]) -> Value {
    body["calledFrom"] = json!("cloud_code");
    body["dottedKeys"] = json!(dotted_keys);
    body
}

#[track_caller]
fn assert_answer(app: &App, body: Value, expected: &Value) {
    let body = from_cloud_code(body, &[]);
    assert_eq!(
        app.before_save("Photo", &body),
        expected.to_string(),
        "{body}"
    );
}

#[test]
fn the_answer_holds_the_guarded_fields_and_nothing_that_the_client_changed() {
    let app = App::with(&[PHOTO]);
    let changes = json!({
        "title": "new", "n": {"__op": "Increment", "amount": 1}, "ACL": {}, "objectId": "chosen",
        "picture": signed("cat", V), "pictures": {"__op": "AddUnique", "objects": [signed("dog", V)]},
    });
    let own = json!({"success": {
        "picture": bare("cat", V), "pictures": {"__op": "AddUnique", "objects": [bare("dog", V)]},
    }});
    assert_answer(&app, create(changes.clone()), &own);
    assert_answer(&app, update(changes, json!({"title": "old", "n": 1})), &own);
}

#[test]
fn a_save_with_nothing_of_ours_is_answered_with_an_empty_object_whatever_could_be_hidden() {
    let app = App::with(&[PHOTO]);
    for body in [
        create(json!({"title": "a"})),
        create(json!({"picture": null, "pictures": []})),
        update(
            json!({"title": "a", "pictures": [bare("cat", V)]}),
            json!({"pictures": [bare("cat", V)]}),
        ),
        update(
            json!({"picture": bare("cat", V)}),
            json!({"picture": bare("cat", V)}),
        ),
    ] {
        assert_answer(&app, body, &json!({}));
    }
}

#[test]
fn a_changed_picture_clears_its_column_and_a_clients_value_for_one_gives_way_to_the_stored_one() {
    let app = App::with(&[PHOTO]);
    let stored = json!({"picture": bare("cat", V), "status": "approved"});
    assert_answer(
        &app,
        update(
            json!({"picture": null, "status": "approved"}),
            stored.clone(),
        ),
        &json!({"success": {"status": {"__op": "Delete"}}}),
    );
    assert_answer(
        &app,
        update(
            json!({"picture": bare("cat", V), "status": "pending", "title": "x"}),
            stored,
        ),
        &json!({"success": {"status": "approved"}}),
    );
    assert_answer(
        &app,
        update(json!({"status": "approved", "thumbs": {"a": 1}}), json!({})),
        &json!({"success": {"status": null, "thumbs": null}}),
    );
}

#[test]
fn refusals_are_a_webhooks() {
    let app = App::with(&[PHOTO]);
    assert_answer(
        &app,
        create(json!({"picture": bare("cat", V)})),
        &json!({"error": "Bad signature"}),
    );
    assert_answer(
        &app,
        create(json!({"status": "approved"})),
        &json!({"error": "Photo.status: only this service and the master key write it, expected no value"}),
    );
}

#[test]
fn a_dotted_key_that_reaches_a_guarded_field_or_a_column_of_ours_is_refused() {
    let app = App::with(&[PHOTO]);
    let path = |field: &str| format!("Photo.{field}: expected no operation on a path into it");
    let column = |field: &str| {
        format!("Photo.{field}: only this service and the master key write it, expected no value")
    };
    for (key, text) in [
        ("picture.x", path("picture")),
        ("pictures.0", path("pictures")),
        ("pictures.0.x", path("pictures")),
        ("pictures.", path("pictures")),
        ("status.x", column("status")),
        ("thumbs.a", column("thumbs")),
    ] {
        for body in [
            create(json!({"pictures": []})),
            update(json!({}), json!({"pictures": []})),
        ] {
            let body = from_cloud_code(body, &["meta.views", key]);
            let expected = json!({"error": text}).to_string();
            assert_eq!(app.before_save("Photo", &body), expected, "{body}");
        }
    }
    for key in [
        "meta.pictures.0",
        "picturesque.x",
        "Pictures.0",
        "pictures",
        "x.picture",
    ] {
        let body = from_cloud_code(create(json!({"title": "a"})), &[key]);
        assert_eq!(app.before_save("Photo", &body), "{}", "{body}");
    }
}

#[test]
fn who_calls_is_told_by_the_call_and_not_by_the_manifest() {
    let webhook = "class = \"Photo\"\n[fields.picture]\n";
    let changes = json!({"title": "a", "picture": signed("cat", V)});
    for manifest in [webhook, &format!("called_from = \"cloud_code\"\n{webhook}")] {
        let app = App::with(&[manifest]);
        let whole = json!({"success": {"picture": bare("cat", V), "title": "a"}});
        let answer: Value =
            serde_json::from_str(&app.before_save("Photo", &create(changes.clone()))).unwrap();
        assert_eq!(answer, whole);
        let own = json!({"success": {"picture": bare("cat", V)}});
        assert_answer(&app, create(changes.clone()), &own);
    }
}

#[test]
fn an_odd_caller_or_odd_dotted_keys_are_a_bad_request() {
    let app = App::with(&[PHOTO]);
    for odd in [
        json!({"calledFrom": "cloud_code"}),
        json!({"calledFrom": "elsewhere", "dottedKeys": []}),
        json!({"calledFrom": null, "dottedKeys": []}),
        json!({"calledFrom": true, "dottedKeys": []}),
        json!({"calledFrom": "cloud_code", "dottedKeys": null}),
        json!({"calledFrom": "cloud_code", "dottedKeys": {}}),
        json!({"calledFrom": "cloud_code", "dottedKeys": "a.b"}),
        json!({"calledFrom": "cloud_code", "dottedKeys": ["a.b", 5]}),
    ] {
        let mut body = create(json!({"title": "a"}));
        for (key, value) in odd.as_object().unwrap() {
            body[key] = value.clone();
        }
        assert_eq!(
            app.post("/triggers/Photo/beforeSave", &body.to_string())
                .status,
            400,
            "{body}"
        );
    }
    for twice in [
        r#""calledFrom":"cloud_code","calledFrom":"cloud_code","dottedKeys":[]"#,
        r#""calledFrom":"cloud_code","dottedKeys":["pictures.0"],"dottedKeys":[]"#,
    ] {
        let body = format!(r#"{{"object":{{}},{twice}}}"#);
        assert_eq!(
            app.post("/triggers/Photo/beforeSave", &body).status,
            400,
            "{body}"
        );
    }
}

#[test]
fn after_a_save_and_a_deletion_cloud_code_is_answered_whether_there_is_anything_to_do_or_not() {
    let app = App::with(&[PHOTO]);
    for trigger in ["afterSave", "afterDelete"] {
        let mut body = from_cloud_code(create(json!({"title": "a"})), &[]);
        body["triggerName"] = json!(trigger);
        assert_eq!(
            app.decision(&format!("/triggers/Photo/{trigger}"), &body.to_string()),
            "{}"
        );
    }
    let hooked = App::with(&["class = \"Photo\"\n[fields.picture]\n"]);
    assert_eq!(hooked.post("/triggers/Photo/afterSave", "{}").status, 404);
}
