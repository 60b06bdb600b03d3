//! `beforeSave` where a save may carry operations that Parse Server does not show: dotted keys
//! beside their plain key.

use serde_json::{Value, json};

use crate::app::{App, and, bare, create, signature, signed, update};

const V: u64 = 1_700_000_000;
const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n";
const ALBUM: &str = "class = \"Album\"\n[fields.images]\nmany = true\n";
const EAGER: &str = "class = \"Eager\"\n[fields.picture]\neager_field = \"thumbnails\"\n";
const MODERATED: &str = "class = \"Moderated\"\n[fields.picture]\nmoderation_field = \"status\"\n";
const USER: &str = "class = \"_User\"\n[fields.images]\nmany = true\n";

fn app() -> App {
    App::with(&[PHOTO, ALBUM, EAGER, MODERATED, USER])
}

#[track_caller]
fn assert_answer(app: &App, class: &str, body: &Value, expected: Value) {
    let answer: Value = serde_json::from_str(&app.before_save(class, body)).unwrap();
    assert_eq!(answer, expected, "{body}");
}

fn dotted() -> Value {
    json!({"__op": "Add", "objects": ["image/upload/v1/x.jpg"]})
}

#[test]
fn an_update_of_a_class_with_many_pictures_writes_what_was_shown() {
    let app = app();
    let stored = json!({"objectId": "a1", "images": [bare("a", V)], "n": 1});
    let with = |more: Value| and(stored.clone(), more);
    for (object, written) in [
        (with(json!({})), json!({})),
        (with(json!({"n": 2})), json!({"n": 2})),
        (
            with(json!({"n": {"__op": "Increment", "amount": 1}})),
            json!({"n": {"__op": "Increment", "amount": 1}}),
        ),
        (with(json!({"images": []})), json!({"images": []})),
        (json!({"objectId": "a1"}), json!({})),
    ] {
        for body in [
            update(object.clone(), stored.clone()),
            and(
                update(object.clone(), stored.clone()),
                json!({"master": true}),
            ),
        ] {
            assert_answer(&app, "Album", &body, json!({ "success": written }));
        }
    }
    assert_answer(&app, "Album", &create(json!({"n": 1})), json!({}));
}

#[test]
fn an_update_of_a_class_with_an_eager_field_writes_what_was_shown() {
    let app = app();
    let stored = json!({"picture": bare("a", V), "n": 1});
    for (object, written) in [
        (stored.clone(), json!({})),
        (json!({"picture": bare("a", V), "n": 2}), json!({"n": 2})),
    ] {
        let body = update(object, stored.clone());
        assert_answer(&app, "Eager", &body, json!({ "success": written }));
    }
    assert_answer(&app, "Eager", &create(json!({"n": 1})), json!({}));
}

#[test]
fn a_save_with_a_guarded_key_that_the_row_lacks_writes_what_was_shown() {
    let app = app();
    let whole = json!({"objectId": "chosen", "className": "Photo", "picture": null, "n": 1});
    for (class, body, written) in [
        (
            "Photo",
            create(whole),
            json!({"objectId": "chosen", "picture": null, "n": 1}),
        ),
        (
            "Photo",
            create(json!({"picture": {"__op": "Delete"}})),
            json!({"picture": {"__op": "Delete"}}),
        ),
        (
            "Photo",
            update(json!({"picture": null, "n": 1}), json!({"n": 1})),
            json!({"picture": null}),
        ),
        // A null may have been stored before the column was made.
        (
            "Photo",
            update(json!({"picture": null}), json!({"picture": null})),
            json!({}),
        ),
        (
            "Moderated",
            update(json!({"status": null}), json!({"n": 1})),
            json!({}),
        ),
        (
            "Moderated",
            create(json!({"status": null})),
            json!({"status": null}),
        ),
        (
            "Album",
            create(json!({"images": []})),
            json!({"images": []}),
        ),
    ] {
        assert_answer(&app, class, &body, json!({ "success": written }));
    }
}

#[test]
fn any_other_save_with_nothing_to_strip_stays_the_clients_own() {
    let app = app();
    let stored = json!({"picture": bare("a", V), "status": "approved", "n": 1});
    for (class, body) in [
        ("Photo", create(json!({"n": 1}))),
        ("Photo", update(json!({"n": 2}), json!({"n": 1}))),
        ("Photo", update(stored.clone(), stored.clone())),
        (
            "Photo",
            update(
                and(stored.clone(), json!({"picture": null})),
                stored.clone(),
            ),
        ),
        (
            "Photo",
            update(
                json!({"meta": {"a": 2}, "meta.a": {"__op": "Increment", "amount": 1}}),
                json!({"meta": {"a": 1}}),
            ),
        ),
        (
            "Moderated",
            update(and(stored.clone(), json!({"n": 2})), stored.clone()),
        ),
    ] {
        assert_eq!(app.before_save(class, &body), "{}", "{body}");
    }
}

#[test]
fn context_mode_writes_what_was_shown_where_an_operation_may_hide() {
    let app = app();
    let context = |signatures: Value| json!({"context": {"cloudinary": signatures}});
    let one = context(json!({"picture": signature("a", V)}));
    let many = context(json!({"images": {bare("a", V): signature("a", V)}}));
    let picture = json!({"picture": bare("a", V), "n": 1});
    let images = json!({"images": [bare("a", V)], "n": 1});
    for (class, body, written) in [
        ("Photo", and(create(picture.clone()), one.clone()), &picture),
        (
            "Photo",
            and(update(picture.clone(), json!({})), one.clone()),
            &picture,
        ),
        (
            "Album",
            and(update(images.clone(), json!({"images": []})), many),
            &images,
        ),
    ] {
        assert_answer(&app, class, &body, json!({ "success": written }));
    }
    let replaced = update(picture, json!({"picture": bare("b", V)}));
    assert_eq!(app.before_save("Photo", &and(replaced, one)), "{}");
}

#[test]
fn a_path_into_what_is_guarded_is_never_written() {
    let app = app();
    let stored = json!({"images": [bare("a", V)], "n": 1});
    let images = json!({"images": [bare("a", V)], "images.1": dotted(), "n": 1});
    let picture = json!({"picture": bare("a", V), "picture.x": dotted(), "n": 2});
    let thumbnails = json!({"thumbnails": ["u"], "thumbnails.0": {"__op": "Delete"}, "n": 2});
    let near = json!({"imagesX.1": 1, "images": [bare("a", V)], "a.images": 2, "n": 1});
    for (class, body, written) in [
        ("Album", update(images, stored.clone()), json!({})),
        (
            "Album",
            create(json!({"images": [], "images.0": dotted()})),
            json!({"images": []}),
        ),
        (
            "Album",
            update(
                json!({"images": [signed("b", V)], "images.0": dotted()}),
                stored.clone(),
            ),
            json!({"images": [bare("b", V)]}),
        ),
        (
            "Album",
            update(near, stored.clone()),
            json!({"imagesX.1": 1, "a.images": 2}),
        ),
        // Only such a path, whatever else Parse Server shows of it.
        (
            "Album",
            update(json!({"images.1": dotted(), "n": 1}), stored),
            json!({}),
        ),
        ("Photo", create(json!({"picture.x": dotted()})), json!({})),
        (
            "Photo",
            update(json!({"picture.x": dotted()}), json!({})),
            json!({}),
        ),
        (
            "Photo",
            update(picture, json!({"picture": bare("a", V), "n": 1})),
            json!({"n": 2}),
        ),
        (
            "Eager",
            update(thumbnails, json!({"thumbnails": ["u"], "n": 1})),
            json!({"n": 2}),
        ),
        (
            "Moderated",
            update(
                json!({"status": "approved", "status.x": dotted()}),
                json!({"status": "approved"}),
            ),
            json!({}),
        ),
    ] {
        assert_answer(&app, class, &body, json!({ "success": written }));
    }
    let escaped = format!(
        r#"{{"object":{{"images":["{0}"],"images\u002e1":"x","\u0069mages.2":"x"}},"original":{{"images":["{0}"]}}}}"#,
        bare("a", V)
    );
    let answer = app.decision("/triggers/Album/beforeSave", &escaped);
    assert_eq!(answer, r#"{"success":{}}"#);
}

#[test]
fn what_a_path_made_of_a_guarded_field_is_judged_as_any_other_value() {
    let app = app();
    let list = "Album.images: expected an array of identifier strings";
    let stored = json!({"images": [bare("a", V)]});
    for (class, body, text) in [
        (
            "Album",
            update(
                json!({"images": [bare("a", V), ["image/upload/v1/x.jpg"]]}),
                stored.clone(),
            ),
            list,
        ),
        (
            "Album",
            update(
                json!({"images": [bare("a", V), "image/upload/v1/x.jpg"]}),
                stored.clone(),
            ),
            "Bad signature",
        ),
        ("Album", update(json!({"images": [null]}), stored), list),
        (
            "Photo",
            create(json!({"picture": {"x": ["image/upload/v1/x.jpg"]}, "picture.x": dotted()})),
            "Photo.picture: expected an identifier string",
        ),
    ] {
        assert_answer(&app, class, &body, json!({ "error": text }));
    }
}

#[test]
fn parse_servers_own_save_at_e_mail_verification_stays_its_own() {
    let app = app();
    let stored = json!({"images": [bare("a", V)], "emailVerified": false, "username": "u"});
    let with = |more: Value| update(and(stored.clone(), more), stored.clone());
    let verified = json!({"emailVerified": true});
    assert_eq!(app.before_save("_User", &with(verified.clone())), "{}");
    for (body, written) in [
        (
            and(with(verified.clone()), json!({"user": {"objectId": "u1"}})),
            json!({"emailVerified": true}),
        ),
        (
            and(with(verified.clone()), json!({"master": true})),
            json!({"emailVerified": true}),
        ),
        (
            and(
                with(verified.clone()),
                json!({"master": true, "isReadOnly": true}),
            ),
            json!({"emailVerified": true}),
        ),
        (
            with(json!({"emailVerified": true, "username": "v"})),
            json!({"emailVerified": true, "username": "v"}),
        ),
        (
            with(json!({"emailVerified": true, "images": [signed("b", V)]})),
            json!({"emailVerified": true, "images": [bare("b", V)]}),
        ),
        (
            with(json!({"emailVerified": true, "images.0": dotted()})),
            json!({"emailVerified": true}),
        ),
        (with(json!({})), json!({})),
        (with(json!({"username": "v"})), json!({"username": "v"})),
    ] {
        assert_answer(&app, "_User", &body, json!({ "success": written }));
    }
    let elsewhere = update(
        json!({"images": [], "emailVerified": true}),
        json!({"images": []}),
    );
    assert_answer(
        &app,
        "Album",
        &elsewhere,
        json!({"success": {"emailVerified": true}}),
    );
    let signup = json!({"emailVerified": true, "images": [], "password": "p"});
    assert_answer(
        &app,
        "_User",
        &create(signup.clone()),
        json!({ "success": signup }),
    );
}
