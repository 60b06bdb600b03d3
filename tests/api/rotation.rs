//! Rotation: both secrets and both webhook keys at once, and a count of what still uses the
//! previous ones.

use serde_json::json;

use crate::app::{App, KEY, PREVIOUS_SECRET, bare, create, signature_by, signed};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n[fields.pictures]\nmany = true\n";

fn uses(app: &App, kind: &str) -> String {
    app.metric(&format!(
        "cloudinary_parse_previous_key_uses_total{{kind=\"{kind}\"}}"
    ))
}

fn signed_before(public_id: &str) -> String {
    let signature = signature_by(PREVIOUS_SECRET, public_id, 1);
    format!("{}#{signature}", bare(public_id, 1))
}

fn save(app: &App, key: &str, picture: &str) -> u16 {
    let headers = format!("Content-Type: application/json\r\nX-Parse-Webhook-Key: {key}\r\n");
    let body = create(json!({ "picture": picture })).to_string();
    app.send(
        "POST",
        "/triggers/Photo/beforeSave",
        &headers,
        body.as_bytes(),
    )
    .status
}

#[test]
fn counts_uses_of_the_previous_webhook_key_only() {
    let app = App::with(&[PHOTO]);
    for (key, status, expected) in [
        (KEY, 200, "0"),
        ("previous-webhook-key", 200, "1"),
        ("a wrong key", 401, "1"),
        ("", 401, "1"),
        (KEY, 200, "1"),
        ("previous-webhook-key", 200, "2"),
    ] {
        assert_eq!(save(&app, key, &signed("cat", 1)), status, "{key}");
        assert_eq!(uses(&app, "webhook_key"), expected, "{key}");
    }
    assert_eq!(uses(&app, "cloudinary_secret"), "0");
}

#[test]
fn counts_saves_that_the_previous_cloudinary_secret_signed() {
    let app = App::with(&[PHOTO]);
    let old = signed_before("cat");
    let signature = old.split('#').next_back().unwrap();
    for (object, context, expected) in [
        (json!({"picture": signed("cat", 1)}), json!({}), "0"),
        (json!({"title": "no picture"}), json!({}), "0"),
        (json!({"picture": format!("{old}0")}), json!({}), "0"),
        (json!({"picture": old}), json!({}), "1"),
        (
            json!({"pictures": [signed("cat", 1), signed_before("dog")]}),
            json!({}),
            "2",
        ),
        (
            json!({"picture": bare("cat", 1)}),
            json!({"cloudinary": {"picture": signature}}),
            "3",
        ),
        (json!({"picture": signed("dog", 1)}), json!({}), "3"),
    ] {
        let body = json!({"object": object, "context": context});
        app.before_save("Photo", &body);
        assert_eq!(uses(&app, "cloudinary_secret"), expected, "{body}");
    }
}

#[test]
fn signs_with_the_current_secret_while_the_previous_one_is_accepted() {
    let app = App::with(&[PHOTO]);
    let answer = app.before_save("Photo", &create(json!({"picture": signed_before("cat")})));
    assert_eq!(
        answer,
        json!({"success": {"picture": bare("cat", 1)}}).to_string()
    );
    let app = App::with(&[
        "function = \"sign\"\naction = \"sign_upload\"\naccess = \"public\"\n[upload]\ntags = \"a\"\n",
    ]);
    let fields = app.call("sign", &json!({"params": {}}))["success"].clone();
    let text = format!(
        "tags=a&timestamp={}{}",
        fields["timestamp"],
        crate::app::SECRET
    );
    let expected = hex::encode(<sha1::Sha1 as sha1::Digest>::digest(text));
    assert_eq!(fields["signature"], expected);
}
