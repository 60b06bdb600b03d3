//! `beforeSave` of a class with one picture in a field.

use serde_json::{Value, json};

use crate::app::{
    App, PREVIOUS_SECRET, and, bare, create, signature, signature_by, signed, update,
};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n";
const V: u64 = 1_700_000_000;

fn photo(extra: &str) -> App {
    App::with(&[&format!("{PHOTO}{extra}")])
}

#[track_caller]
fn assert_error(app: &App, body: &Value, text: &str) {
    let expected = json!({"error": text}).to_string();
    assert_eq!(app.before_save("Photo", body), expected, "{body}");
}

#[test]
fn a_create_with_a_signed_identifier_is_answered_with_the_whole_object_stripped() {
    let app = photo("");
    let body = create(json!({
        "title": "a", "picture": signed("cat", V), "n": {"__op": "Increment", "amount": 1},
        "objectId": "chosen", "createdAt": "x", "updatedAt": "x", "className": "Photo",
    }));
    assert_eq!(
        app.before_save("Photo", &body),
        r#"{"success":{"title":"a","picture":"image/upload/v1700000000/cat.jpg","n":{"__op":"Increment","amount":1},"objectId":"chosen"}}"#
    );
}

#[test]
fn an_update_is_answered_with_what_the_client_changed_and_nothing_else() {
    let app = photo("");
    let original = json!({
        "objectId": "p1", "createdAt": "x", "updatedAt": "x", "title": "old", "same": [1, {"a": 2}],
        "picture": bare("old", V), "gone": 1, "className": "Photo",
    });
    let object = json!({
        "objectId": "p1", "createdAt": "x", "updatedAt": "x", "title": "new", "same": [1, {"a": 2}],
        "picture": signed("a/b/cat", V), "gone": {"__op": "Delete"}, "added": null,
        "tags": {"__op": "AddUnique", "objects": ["x"]}, "className": "Photo",
    });
    assert_eq!(
        app.before_save("Photo", &update(object, original)),
        r#"{"success":{"title":"new","picture":"image/upload/v1700000000/a/b/cat.jpg","gone":{"__op":"Delete"},"added":null,"tags":{"__op":"AddUnique","objects":["x"]}}}"#
    );
}

#[test]
fn a_save_with_nothing_to_strip_is_answered_with_an_empty_object() {
    let app = photo("");
    let stored = bare("cat", V);
    let legacy = format!("{stored}#{}", "0".repeat(40));
    for body in [
        create(json!({"title": "no picture", "className": "Photo"})),
        update(
            json!({"picture": stored, "n": 2}),
            json!({"picture": stored, "n": 1}),
        ),
        update(json!({"picture": null}), json!({"picture": stored})),
        update(
            json!({"picture": {"__op": "Delete"}}),
            json!({"picture": stored}),
        ),
        update(json!({"picture": legacy}), json!({"picture": legacy})),
        update(json!({"picture": stored}), json!({"picture": legacy})),
        update(
            json!({"picture": "not an identifier"}),
            json!({"picture": "not an identifier"}),
        ),
        update(json!({"picture": 5}), json!({"picture": 5})),
        update(json!({"picture": {"a": 1}}), json!({"picture": {"a": 1}})),
    ] {
        assert_eq!(app.before_save("Photo", &body), "{}", "{body}");
    }
}

#[test]
fn text_is_copied_verbatim_numbers_and_surrogates_included() {
    let app = photo("");
    let body = format!(
        r#"{{"object":{{"a":1.0,"b":1e400,"c":0.1234567890123456789,"d":"a\ud83d","e":"\u00e9/\/","f":[ 1 , 2 ],"deep":{}1{},"picture":"{}"}}}}"#,
        "[".repeat(400),
        "]".repeat(400),
        signed("cat", V),
    );
    let expected = format!(
        r#"{{"success":{{"a":1.0,"b":1e400,"c":0.1234567890123456789,"d":"a\ud83d","e":"\u00e9/\/","f":[ 1 , 2 ],"deep":{}1{},"picture":"{}"}}}}"#,
        "[".repeat(400),
        "]".repeat(400),
        bare("cat", V),
    );
    assert_eq!(app.decision("/triggers/Photo/beforeSave", &body), expected);
}

#[test]
fn a_wrong_or_missing_signature_is_a_bad_signature() {
    let app = photo("");
    let sig = signature("cat", V);
    let name = bare("cat", V);
    for value in [
        name.clone(),
        format!("{name}#"),
        format!("{name}#{}", "0".repeat(40)),
        format!("{name}#{}", sig.to_uppercase()),
        format!("{name}#{}", &sig[..39]),
        format!("{name}#{sig}0"),
        format!("{name}#{sig}#"),
        format!("{name}#{sig}#{sig}"),
        format!("{name}# {sig}"),
        format!("{name}#{}", signature("cat", V + 1)),
        format!("{name}#{}", signature("cat.jpg", V)),
        format!("{name}#{}", signature_by("another secret", "cat", V)),
        format!("raw/upload/v{V}/cat.jpg#{sig}"),
        format!("image/upload/v{V}/folder/cat.jpg#{sig}"),
    ] {
        assert_error(&app, &create(json!({ "picture": value })), "Bad signature");
    }
}

#[test]
fn what_is_no_identifier_is_refused_by_class_and_field() {
    let app = photo("");
    let sig = signature("cat", V);
    for (value, expected) in [
        (
            json!(""),
            "Photo.picture: expected resource_type/type/vVERSION/public_id",
        ),
        (
            json!("cat.jpg"),
            "Photo.picture: expected resource_type/type/vVERSION/public_id",
        ),
        (
            json!(format!("audio/upload/v1/cat#{sig}")),
            "Photo.picture: resource type: expected image, video or raw",
        ),
        (
            json!(format!("image/fetch/v1/cat#{sig}")),
            "Photo.picture: type: expected upload, private or authenticated",
        ),
        (
            json!(format!("image/upload/1/cat#{sig}")),
            "Photo.picture: version: expected v and 1 to 12 digits",
        ),
        (
            json!(format!("image/upload/v1/cat&version=1#{sig}")),
            "Photo.picture: public_id: '&' is not allowed",
        ),
        (
            json!(format!("image/upload/v1/../cat#{sig}")),
            "Photo.picture: public_id: empty, \".\" and \"..\" segments are not allowed",
        ),
        (json!(5), "Photo.picture: expected an identifier string"),
        (json!(true), "Photo.picture: expected an identifier string"),
        (
            json!([signed("cat", V)]),
            "Photo.picture: expected an identifier string",
        ),
        (
            json!({"a": 1}),
            "Photo.picture: expected an identifier string",
        ),
        (
            json!({"__op": "Increment", "amount": 1}),
            "Photo.picture: expected an identifier string",
        ),
        (
            json!({"__op": "Add", "objects": [signed("cat", V)]}),
            "Photo.picture: expected an identifier string",
        ),
        (
            json!({"__op": 5}),
            "Photo.picture: expected an identifier string",
        ),
    ] {
        assert_error(&app, &create(json!({ "picture": value })), expected);
    }
}

#[test]
fn a_lone_surrogate_in_a_guarded_field_is_refused() {
    let app = photo("");
    let body = r#"{"object":{"picture":"image/upload/v1/cat\ud83d#0000000000000000000000000000000000000000"}}"#;
    assert_eq!(
        app.decision("/triggers/Photo/beforeSave", body),
        r#"{"error":"Photo.picture: expected a string of Unicode characters"}"#
    );
}

#[test]
fn a_guarded_key_that_occurs_twice_is_refused_in_whatever_spelling() {
    let app = photo("");
    let (good, forged) = (signed("cat", V), bare("dog", V));
    let refused = r#"{"error":"Photo.picture: occurs twice, expected once"}"#;
    for body in [
        format!(r#"{{"object":{{"picture":"{good}","picture":"{forged}"}}}}"#),
        format!(r#"{{"object":{{"picture":"{good}","\u0070icture":"{forged}"}}}}"#),
        format!(r#"{{"object":{{"\u0070icture":"{good}","pictur\u0065":"{good}"}}}}"#),
    ] {
        assert_eq!(
            app.decision("/triggers/Photo/beforeSave", &body),
            refused,
            "{body}"
        );
    }
}

#[test]
fn an_escaped_spelling_of_a_guarded_key_is_guarded_and_kept() {
    let app = photo("");
    let path = "/triggers/Photo/beforeSave";
    let forged = format!(r#"{{"object":{{"\u0070icture":"{}"}}}}"#, bare("dog", V));
    assert_eq!(app.decision(path, &forged), r#"{"error":"Bad signature"}"#);
    let good = format!(r#"{{"object":{{"\u0070icture":"{}"}}}}"#, signed("cat", V));
    let stripped = format!(r#"{{"success":{{"\u0070icture":"{}"}}}}"#, bare("cat", V));
    assert_eq!(app.decision(path, &good), stripped);
}

#[test]
fn a_repeated_key_that_is_not_guarded_is_stored_as_json_parse_reads_it() {
    let app = photo("");
    let body = format!(
        r#"{{"object":{{"a":1,"b":1,"a":2,"b":9,"picture":"{}"}},"original":{{"a":1,"b":9}}}}"#,
        signed("cat", V)
    );
    let expected = format!(r#"{{"success":{{"a":2,"picture":"{}"}}}}"#, bare("cat", V));
    assert_eq!(app.decision("/triggers/Photo/beforeSave", &body), expected);
}

#[test]
fn a_save_of_very_many_keys_is_answered_like_one_of_few() {
    let app = photo("");
    let keys = |from: usize, to: usize| {
        (from..to)
            .map(|i| (format!("k{i}"), json!(i)))
            .collect::<serde_json::Map<_, _>>()
    };
    let original = Value::Object(keys(0, 500));
    let mut object = keys(0, 501);
    object.insert("picture".into(), json!(signed("cat", V)));
    let answer = app.before_save("Photo", &update(Value::Object(object), original));
    let expected = format!(
        r#"{{"success":{{"k500":500,"picture":"{}"}}}}"#,
        bare("cat", V)
    );
    assert_eq!(answer, expected);
}

#[test]
fn keys_that_differ_only_in_their_middle_are_told_apart() {
    let app = photo("");
    let picture = json!(signed("cat", V));
    for (object, original, expected) in [
        (
            json!({"captionsA1": 1, "captionsB1": 2, "picture": picture}),
            json!({"captionsA1": 1, "captionsB1": 2}),
            json!({"picture": bare("cat", V)}),
        ),
        (
            json!({"captionsA1": 1, "captionsB1": 2, "picture": picture}),
            json!({"captionsA1": 1, "captionsB1": 1}),
            json!({"captionsB1": 2, "picture": bare("cat", V)}),
        ),
        (
            json!({"captionsA1": 2, "captionsB1": 2, "picture": picture}),
            json!({"captionsA1": 1, "captionsB1": 2}),
            json!({"captionsA1": 2, "picture": bare("cat", V)}),
        ),
        (
            json!({"captionsA1": 1, "captionsB1": 2, "picture": picture}),
            json!({"captionsB1": 1}),
            json!({"captionsA1": 1, "captionsB1": 2, "picture": bare("cat", V)}),
        ),
    ] {
        let expected = json!({ "success": expected }).to_string();
        let answer = app.before_save("Photo", &update(object.clone(), original.clone()));
        assert_eq!(answer, expected, "{object} {original}");
    }
}

#[test]
fn the_secret_that_is_being_rotated_out_still_verifies() {
    let app = photo("");
    let old = format!(
        "{}#{}",
        bare("cat", V),
        signature_by(PREVIOUS_SECRET, "cat", V)
    );
    let expected = format!(r#"{{"success":{{"picture":"{}"}}}}"#, bare("cat", V));
    assert_eq!(
        app.before_save("Photo", &create(json!({ "picture": old }))),
        expected
    );
}

#[test]
fn a_required_picture_may_be_neither_missing_on_create_nor_cleared() {
    let app = photo("required = true");
    let text = "Photo.picture: is required, expected an identifier with its signature";
    let stored = json!({"picture": bare("cat", V)});
    for body in [
        create(json!({"title": "a"})),
        create(json!({"picture": null})),
        create(json!({"picture": {"__op": "Delete"}})),
        update(json!({"picture": null}), stored.clone()),
        update(json!({"picture": {"__op": "Delete"}}), stored.clone()),
    ] {
        assert_error(&app, &body, text);
    }
    for body in [
        update(json!({"title": "b"}), json!({"title": "a"})),
        update(json!({"title": "b", "picture": bare("cat", V)}), stored),
    ] {
        assert_eq!(app.before_save("Photo", &body), "{}", "{body}");
    }
}

#[test]
fn resource_types_types_and_formats_are_what_the_manifest_lists() {
    let app = photo(
        "resource_types = [\"image\", \"raw\"]\ntypes = [\"private\"]\nformats = [\"jpg\", \"pdf\"]",
    );
    let value = |kind: &str, public_id: &str, file: &str| {
        create(json!({"picture": format!("{kind}/v{V}/{file}#{}", signature(public_id, V))}))
    };
    for (body, text) in [
        (
            value("video/private", "cat", "cat.jpg"),
            "Photo.picture: expected resource type image or raw",
        ),
        (
            value("image/upload", "cat", "cat.jpg"),
            "Photo.picture: expected type private",
        ),
        (
            value("image/private", "cat", "cat.png"),
            "Photo.picture: expected format jpg or pdf",
        ),
        (
            value("image/private", "cat", "cat"),
            "Photo.picture: expected format jpg or pdf",
        ),
        (
            value("raw/private", "cat.exe", "cat.exe"),
            "Photo.picture: expected format jpg or pdf",
        ),
        (
            value("raw/private", "a.pdf/cat", "a.pdf/cat"),
            "Photo.picture: expected format jpg or pdf",
        ),
    ] {
        assert_error(&app, &body, text);
    }
    for (body, stored) in [
        (
            value("image/private", "cat", "cat.JPG"),
            "image/private/v1700000000/cat.JPG",
        ),
        (
            value("raw/private", "cat.pdf", "cat.pdf"),
            "raw/private/v1700000000/cat.pdf",
        ),
    ] {
        let expected = json!({"success": {"picture": stored}}).to_string();
        assert_eq!(app.before_save("Photo", &body), expected);
    }
}

#[test]
fn a_picture_must_lie_in_the_folder_of_the_user_who_saves_it() {
    let app = photo("folder = \"users/{user.objectId}\"");
    let by = |user: Value, public_id: &str| {
        and(
            create(json!({"picture": signed(public_id, V)})),
            json!({ "user": user }),
        )
    };
    let u1 = json!({"objectId": "u1"});
    let elsewhere = "Photo.picture: expected a public_id in folder \"users/u1\"";
    let no_session =
        "Photo.picture: expected a session, since the picture must lie in the user's folder";
    for (body, text) in [
        (by(u1.clone(), "users/u2/cat"), elsewhere),
        (by(u1.clone(), "users/u12/cat"), elsewhere),
        (by(u1.clone(), "users/u1"), elsewhere),
        (by(u1.clone(), "x/users/u1/cat"), elsewhere),
        (by(json!(null), "users/u1/cat"), no_session),
        (by(json!({}), "users/u1/cat"), no_session),
        (
            by(json!({"objectId": ""}), "users//cat-u1"),
            "Photo.picture: public_id: empty, \".\" and \"..\" segments are not allowed",
        ),
        (by(json!({"objectId": 1}), "users/1/cat"), no_session),
        (by(json!("u1"), "users/u1/cat"), no_session),
        (
            by(json!({"objectId": "../u1"}), "users/u1/cat"),
            "Photo.picture: user.objectId: expected text without `/`, `..`, `& = ? # % < > \\`, control characters and white space at its ends",
        ),
    ] {
        assert_error(&app, &body, text);
    }
    let expected = json!({"success": {"picture": bare("users/u1/a/cat", V)}}).to_string();
    assert_eq!(
        app.before_save("Photo", &by(u1, "users/u1/a/cat")),
        expected
    );
    for user in [
        r#"{"objectId":"u2","objectId":"u1"}"#,
        r#"{"objectId":"u1","objectId":"u1"}"#,
        r#"{"objectId":"u1","object\u0049d":"u1"}"#,
        r#"{"objectId":"u1","username":"a","username":"a"}"#,
    ] {
        let picture = signed("users/u1/a/cat", V);
        let body = format!(r#"{{"object":{{"picture":"{picture}"}},"user":{user}}}"#);
        let answer = app.decision("/triggers/Photo/beforeSave", &body);
        assert_eq!(answer, json!({ "error": no_session }).to_string(), "{user}");
    }
}

#[test]
fn a_save_whose_original_is_null_is_a_create() {
    let app = photo("required = true");
    let text = "Photo.picture: is required, expected an identifier with its signature";
    assert_error(&app, &update(json!({"title": "x"}), json!(null)), text);
    let body = update(json!({"picture": signed("cat", V)}), json!(null));
    let expected = json!({"success": {"picture": bare("cat", V)}}).to_string();
    assert_eq!(app.before_save("Photo", &body), expected);
}

#[test]
fn an_upload_must_be_fresh_but_clocks_may_differ_by_five_minutes() {
    let app = photo("max_age = \"1h\"");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let at = |version| create(json!({"picture": signed("cat", version)}));
    let old = "Photo.picture: expected an upload of the last 3600 seconds";
    let ahead = "Photo.picture: expected an upload that lies in the past";
    for (body, text) in [
        (at(now - 3700), old),
        (at(0), old),
        (at(now + 400), ahead),
        (at(999_999_999_999), ahead),
    ] {
        assert_error(&app, &body, text);
    }
    for version in [now - 3500, now, now + 200] {
        let expected = json!({"success": {"picture": bare("cat", version)}}).to_string();
        assert_eq!(app.before_save("Photo", &at(version)), expected);
    }
}

#[test]
fn a_trusted_master_key_is_stripped_but_not_verified() {
    let app = App::with(&[
        "class = \"Photo\"\ntrust_master_key = true\n[fields.picture]\nmax_age = \"1h\"",
    ]);
    let forged = format!("{}#forged", bare("cat", 1));
    let save = |value: &Value, more: Value| and(create(json!({ "picture": value })), more);
    let full = json!({"master": true, "isReadOnly": false});
    let expected = json!({"success": {"picture": bare("cat", 1)}}).to_string();
    assert_eq!(
        app.before_save("Photo", &save(&json!(forged), full.clone())),
        expected
    );
    for value in [json!(bare("cat", 1)), json!("anything"), json!(5)] {
        let expected = json!({"success": {"picture": value}}).to_string();
        assert_eq!(
            app.before_save("Photo", &save(&value, full.clone())),
            expected
        );
    }
    for more in [
        json!({"master": false}),
        json!({"master": "true"}),
        json!({"master": 1}),
        json!({"master": true, "isReadOnly": true}),
    ] {
        assert_error(&app, &save(&json!(forged), more), "Bad signature");
    }
}

#[test]
fn the_master_key_is_not_trusted_unless_the_manifest_says_so() {
    let body = and(
        create(json!({"picture": bare("cat", V)})),
        json!({"master": true}),
    );
    assert_error(&photo(""), &body, "Bad signature");
}

#[test]
fn context_mode_verifies_a_bare_identifier_and_changes_nothing() {
    let app = photo("");
    let save = |context: Value| {
        let object = json!({"picture": bare("cat", V), "n": 1});
        let body = update(object, json!({"picture": bare("old", V), "n": 0}));
        and(body, json!({ "context": context }))
    };
    let good = json!({"cloudinary": {"picture": signature("cat", V)}, "other": 1});
    assert_eq!(app.before_save("Photo", &save(good)), "{}");
    for (context, text) in [
        (json!(null), "Bad signature"),
        (json!({}), "Bad signature"),
        (json!({"cloudinary": {}}), "Bad signature"),
        (json!({"cloudinary": {"picture": ""}}), "Bad signature"),
        (
            json!({"cloudinary": {"picture": signature("dog", V)}}),
            "Bad signature",
        ),
        (
            json!({"cloudinary": {"Picture": signature("cat", V)}}),
            "Bad signature",
        ),
        (json!([]), "Photo: context: expected an object"),
        (
            json!({"cloudinary": null}),
            "Photo: context.cloudinary: expected an object of signatures by field",
        ),
        (
            json!({"cloudinary": "x"}),
            "Photo: context.cloudinary: expected an object of signatures by field",
        ),
        (
            json!({"cloudinary": {"picture": {"a": "b"}}}),
            "Photo: context.cloudinary.picture: expected a signature string",
        ),
        (
            json!({"cloudinary": {"picture": null}}),
            "Photo: context.cloudinary.picture: expected a signature string",
        ),
    ] {
        assert_error(&app, &save(context), text);
    }
}

#[test]
fn a_context_key_that_occurs_twice_is_refused() {
    let app = photo("");
    let (name, sig) = (bare("cat", V), signature("cat", V));
    for (context, place) in [
        (
            format!(r#"{{"cloudinary":{{"picture":"{sig}"}},"cl\u006fudinary":{{}}}}"#),
            "context.cloudinary",
        ),
        (
            format!(r#"{{"cloudinary":{{"picture":"{sig}","pictur\u0065":"x"}}}}"#),
            "context.cloudinary",
        ),
        (
            format!(r#"{{"cloudinary":{{"picture":"{sig}","a":"x","b":"x","a":"x"}}}}"#),
            "context.cloudinary",
        ),
    ] {
        let body = format!(r#"{{"object":{{"picture":"{name}"}},"context":{context}}}"#);
        let text = format!("Photo: {place}: a key occurs twice, expected once");
        let expected = json!({ "error": text }).to_string();
        assert_eq!(app.decision("/triggers/Photo/beforeSave", &body), expected);
    }
}
