//! `sign_upload` functions.

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use crate::app::{App, KEY, SECRET, and, call_by};

const SAMPLE: &str = r#"
function = "sign"
action = "sign_upload"
access = "user"
[upload]
tags = "{user.username}"
eager = { crop = "fill", width = 150, height = 100, gravity = "face" }
[accept]
upload_preset = ["avatar", "cover"]
"#;

fn app() -> App {
    App::with(&[SAMPLE])
}

/// The fields but for `signature` and `api_key` as Cloudinary's documentation says to sign them,
/// version 2.
fn sha1_of(fields: &Value) -> String {
    let mut pairs: Vec<String> = fields
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| !["signature", "api_key"].contains(&name.as_str()))
        .map(|(name, value)| {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("{name}={}", value.replace('&', "%26"))
        })
        .collect();
    pairs.sort();
    hex::encode(Sha1::digest(format!("{}{SECRET}", pairs.join("&"))))
}

#[track_caller]
fn assert_refused(app: &App, body: &Value, text: &str) {
    assert_eq!(app.call("sign", body), json!({ "error": text }), "{body}");
}

#[test]
fn answers_the_fields_to_post_as_the_old_module_did() {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let answer = app().call("sign", &call_by("u1", json!({"upload_preset": "cover"})));
    let fields = &answer["success"];
    let mut names: Vec<_> = fields.as_object().unwrap().keys().cloned().collect();
    names.sort();
    assert_eq!(
        names,
        [
            "api_key",
            "eager",
            "signature",
            "tags",
            "timestamp",
            "upload_preset"
        ]
    );
    assert_eq!(fields["tags"], "name of u1");
    assert_eq!(fields["eager"], "c_fill,g_face,h_100,w_150");
    assert_eq!(fields["upload_preset"], "cover");
    assert_eq!(fields["api_key"], "123456789012345");
    assert!(fields["timestamp"].as_u64().unwrap().abs_diff(now) < 60);
    assert_eq!(fields["signature"], sha1_of(fields));
}

#[test]
fn answers_a_whole_request_where_the_manifest_says_so() {
    let app = App::with(&[
        "function = \"sign\"\naction = \"sign_upload\"\nresponse = \"request\"\n[upload]\ntags = \"a\"\n",
    ]);
    let answer = app.call("sign", &call_by("u1", json!({})));
    let success = &answer["success"];
    assert_eq!(
        success["url"],
        "https://api.cloudinary.com/v1_1/demo/auto/upload"
    );
    assert_eq!(success["fields"]["signature"], sha1_of(&success["fields"]));
    let timestamp = i64::try_from(success["fields"]["timestamp"].as_u64().unwrap()).unwrap();
    let expires: jiff::Timestamp = success["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires.as_second(), timestamp + 3600);
}

#[test]
fn needs_a_session_that_the_master_key_does_not_replace() {
    let app = app();
    let text = "Needs an authenticated user";
    for body in [
        json!({"params": {}, "master": false}),
        json!({"params": {}, "master": true}),
        json!({"params": {}, "user": null}),
        json!({"params": {}, "user": "u1"}),
        json!({"params": {}, "user": {}}),
        json!({"params": {}, "user": {"objectId": ""}}),
        json!({"params": {}, "user": {"objectId": 5}}),
        json!({"params": {}, "user": {"username": "a"}}),
    ] {
        assert_refused(&app, &body, text);
    }
}

#[test]
fn access_public_needs_nobody_and_access_master_the_full_master_key() {
    let manifest = |access: &str| {
        format!(
            "function = \"sign\"\naction = \"sign_upload\"\naccess = \"{access}\"\n[upload]\ntags = \"a\"\n"
        )
    };
    let public = App::with(&[&manifest("public")]);
    assert_eq!(
        public.call("sign", &json!({"params": {}}))["success"]["tags"],
        "a"
    );
    let master = App::with(&[&manifest("master")]);
    let full = json!({"params": {}, "master": true, "isReadOnly": false});
    assert_eq!(master.call("sign", &full)["success"]["tags"], "a");
    for body in [
        call_by("u1", json!({})),
        json!({"params": {}, "master": true, "isReadOnly": true}),
        json!({"params": {}, "master": "true"}),
    ] {
        assert_refused(&master, &body, "Needs the master key");
    }
}

#[test]
fn what_the_manifest_does_not_accept_is_refused_by_name() {
    let app = app();
    for (params, name) in [
        (json!({"folder": "x"}), "folder"),
        (json!({"public_id": "x"}), "public_id"),
        (json!({"tags": "x"}), "tags"),
        (json!({"timestamp": 1}), "timestamp"),
        (json!({"version": 1}), "version"),
        (json!({"signature": "x"}), "signature"),
        (json!({"api_key": "x"}), "api_key"),
        (
            json!({"upload_preset": "cover", "Upload_preset": "cover"}),
            "Upload_preset",
        ),
        (json!({"": 1}), ""),
    ] {
        let text = format!("{name}: not accepted, expected only upload_preset");
        assert_refused(&app, &call_by("u1", params), &text);
    }
}

#[test]
fn a_value_that_is_not_listed_is_refused_with_what_is() {
    let app = app();
    for value in [
        json!("other"),
        json!(""),
        json!(null),
        json!(5),
        json!(["cover"]),
        json!("COVER"),
    ] {
        let answer = app.call("sign", &call_by("u1", json!({ "upload_preset": value })));
        let text = answer["error"].as_str().unwrap();
        assert!(
            text.starts_with("upload_preset: expected "),
            "{value}: {text}"
        );
        assert!(text.contains("avatar") && text.contains("cover"), "{text}");
    }
}

#[test]
fn a_parameter_of_a_template_counts_as_accepted_and_is_not_sent_on() {
    let app = App::with(&[
        "function = \"sign\"\naction = \"sign_upload\"\n[upload]\nfolder = \"albums/{params.album}\"\n",
    ]);
    let answer = app.call("sign", &call_by("u1", json!({"album": "a1"})));
    assert_eq!(answer["success"]["folder"], "albums/a1");
    assert_eq!(answer["success"]["album"], Value::Null);
    for album in [json!(null), json!(""), json!(5), json!({"a": 1})] {
        let answer = app.call("sign", &call_by("u1", json!({ "album": album })));
        assert!(
            answer["error"].as_str().unwrap().contains("album"),
            "{album}: {answer}"
        );
    }
    let missing = app.call("sign", &call_by("u1", json!({})));
    assert!(
        missing["error"].as_str().unwrap().contains("album"),
        "{missing}"
    );
    for album in [
        "a/b", "..", ".", "a&b", "a#b", "a?b", "a%2fb", "a\\b", "a<b", " a", "a\u{85}b",
    ] {
        let answer = app.call("sign", &call_by("u1", json!({ "album": album })));
        assert!(
            answer["error"].as_str().unwrap().contains("album"),
            "{album:?}: {answer}"
        );
    }
}

#[test]
fn a_users_own_name_cannot_leave_its_place_nor_lock_the_user_out() {
    let app = app();
    let user = json!({"objectId": "u1", "username": "a,b{params.x}"});
    let answer = app.call(
        "sign",
        &and(call_by("u1", json!({})), json!({ "user": user })),
    );
    assert_eq!(answer["success"]["tags"], "a_b{params.x}");
    assert_eq!(answer["success"]["signature"], sha1_of(&answer["success"]));
}

#[test]
fn a_chosen_public_id_follows_the_rules_of_identifiers() {
    let app = App::with(&[
        "function = \"sign\"\naction = \"sign_upload\"\n[upload]\nfolder = \"users/{user.objectId}\"\n[accept]\npublic_id = true\n",
    ]);
    let answer = app.call("sign", &call_by("u1", json!({"public_id": "cat"})));
    assert_eq!(answer["success"]["public_id"], "cat");
    for public_id in [
        "a&b", "a#b", "a?b", "a=b", "a%b", "a<b", "a>b", "a\\b", "../a", "a//b", " a", "a ",
        "a\nb", "",
    ] {
        let answer = app.call("sign", &call_by("u1", json!({ "public_id": public_id })));
        let text = answer["error"].as_str().unwrap();
        assert!(text.starts_with("public_id: "), "{public_id:?}: {text}");
    }
}

#[test]
fn a_parameter_that_occurs_twice_is_refused() {
    let body = r#"{"params":{"upload_preset":"cover","upload\u005fpreset":"avatar"},"user":{"objectId":"u1","username":"a"}}"#;
    assert_eq!(
        app().decision("/functions/sign", body),
        r#"{"error":"upload_preset: occurs twice, expected once"}"#
    );
}

#[test]
fn no_answer_holds_the_secret() {
    let answer = app().post("/functions/sign", &call_by("u1", json!({})).to_string());
    assert!(
        !answer.body.contains(SECRET) && !answer.body.contains(KEY),
        "{}",
        answer.body
    );
}
