//! What a caller chooses is signed as one value of one parameter, or refused by name.

use cloudinary_parse::cloudinary::account::Account;
use serde_json::{Value, json};

use crate::app::{App, SECRET, and, call_by, deployment, settings};

const SIGN: &str = r#"
function = "sign"
action = "sign_upload"
[accept]
effect = true
width = true
overlay = true
eager = true
context = true
tags = true
notification_url = true
"#;

const URL: &str = r#"
function = "url"
action = "delivery_url"
access = "public"
[url]
sign_url = true
[accept]
effect = true
width = true
"if" = true
variables = true
"#;

fn sign(params: Value) -> Value {
    App::with(&[SIGN]).call("sign", &call_by("u1", params))
}

/// An app whose account signs in version 1.
fn version_1(manifest: &str) -> App {
    let mut deployment = deployment(&[manifest]);
    let url = format!("cloudinary://123456789012345:{SECRET}@demo?signature_version=1");
    deployment.account = Account::from_url(&url).unwrap();
    App::start(settings(), deployment)
}

#[test]
fn what_is_signed_for_an_upload_is_one_component() {
    let border = "effect: expected a value without `? # % \\` and control characters";
    let separator = "effect: expected a value without `/` and `,`";
    for (effect, text) in [
        (json!("sepia%2Cl_other%2Fw_10"), border),
        (json!("sepia%252Cl_other%252Fw_10"), border),
        (json!({"sepia%2cl_other": 1}), border),
        (json!(["sepia", "1%2Fl_other"]), border),
        (json!("sepia,l_other"), separator),
        (json!("sepia/l_other"), separator),
        (
            json!({"sepia": 50, "l_private:users:victim": "secret"}),
            separator,
        ),
    ] {
        assert_eq!(
            sign(json!({ "effect": effect })),
            json!({ "error": text }),
            "{effect}"
        );
    }
    let overlay = sign(json!({"overlay": "private:users:victim"}));
    let text = "overlay: expected a value that the manifest lists: layers, code and raw transformations are not made up by callers";
    assert_eq!(overlay, json!({ "error": text }));
    let eager = sign(json!({"eager": ["w_10", {"effect": {"sepia": 50, "l_private:x": "y"}}]}));
    let text = "eager: expected transformations without layers, names, code and conditions";
    assert_eq!(eager, json!({ "error": text }));
    let fields = sign(json!({"effect": {"sepia": 50}, "width": "iw / 2"}));
    assert_eq!(fields["success"]["transformation"], "e_sepia:50,w_iw_div_2");
}

#[test]
fn what_is_signed_for_a_url_is_one_component() {
    let app = App::with(&[URL]);
    let call = |options: &Value| {
        let params = json!({"identifier": "image/upload/v5/cat.jpg", "options": options});
        app.call("url", &json!({ "params": params }))
    };
    for (options, text) in [
        (
            json!({"effect": {"sepia": 50, "l_private:users:victim": "secret"}}),
            "effect: expected a value without `/` and `,`",
        ),
        (
            json!({"effect": "sepia%2Cl_x"}),
            "effect: expected a value without `? # % \\` and control characters",
        ),
        (json!({"if": "end"}), "if: expected a condition"),
        (
            json!({"variables": [["l_private:x", "y"]]}),
            "variables: expected an array of [\"$name\", value] pairs",
        ),
        (
            json!({"variables": [["$a", "1,l_x"]]}),
            "variables: expected a value without `/` and `,`",
        ),
    ] {
        assert_eq!(call(&options), json!({ "error": text }), "{options}");
    }
    let url = call(&json!({"effect": {"sepia": 50}, "variables": [["$a", 1], ["$b", 2]]}));
    let url = url["success"]["url"].as_str().unwrap();
    assert!(url.contains("--/$a_1,$b_2,e_sepia:50/v5/cat.jpg"), "{url}");
}

#[test]
fn a_layers_text_is_signed_as_it_is_written_in_a_url() {
    let app = App::with(&[
        "function = \"sign\"\naction = \"sign_upload\"\n[upload]\noverlay = { text = \"{params.caption}\", font_family = \"Arial\", font_size = 10 }\n",
    ]);
    for (caption, written) in [
        ("a, b", "a%252C%20b"),
        ("a/l_x", "a%252Fl_x"),
        ("a%2Cl_x", "a%252Cl_x"),
    ] {
        let fields = app.call("sign", &call_by("u1", json!({ "caption": caption })));
        assert_eq!(
            fields["success"]["transformation"],
            format!("l_text:Arial_10:{written}")
        );
    }
}

#[test]
fn a_backslash_in_a_context_is_doubled() {
    let context = json!({"caption": "a\\", "alt": "b|c=d\\|e", "n": ["\"\\"]});
    let fields = sign(json!({ "context": context }));
    assert_eq!(
        fields["success"]["context"],
        r#"caption=a\\|alt=b\|c\=d\\\|e|n=["\\"\\\\"]"#
    );
    let fields = sign(json!({"context": "caption=a\\|alt=b"}));
    assert_eq!(fields["success"]["context"], "caption=a\\|alt=b");
    assert_eq!(
        sign(json!({"context": {"a\\": "b", "eval": "c"}})),
        json!({"error": "context: expected keys without \"\\\""})
    );
}

#[test]
fn version_1_signs_no_ampersand_that_a_caller_chose() {
    let app = version_1(SIGN);
    for (params, name) in [
        (
            json!({"context": "caption=x&eval=upload_options"}),
            "context",
        ),
        (json!({"context": {"caption": "x&eval=y"}}), "context"),
        (json!({"context": {"a&b": "x"}}), "context"),
        (json!({"tags": ["a", "b&public_id=c"]}), "tags"),
        (
            json!({"notification_url": "https://e.com/?a=1&b=2"}),
            "notification_url",
        ),
        (json!({"effect": "sepia&timestamp=1"}), "effect"),
    ] {
        let text = format!(
            "{name}: expected a value without `&`, as signature_version=1 has no escape for it"
        );
        let answer = app.call("sign", &call_by("u1", params.clone()));
        assert_eq!(answer, json!({ "error": text }), "{params}");
    }
    let answer = app.call(
        "sign",
        &call_by("u1", json!({"context": {"caption": "x=y"}})),
    );
    assert_eq!(answer["success"]["context"], "caption=x\\=y");
    let answer = sign(json!({"context": "caption=x&eval=y"}));
    assert_eq!(answer["success"]["context"], "caption=x&eval=y");
}

#[test]
fn version_1_lets_no_ampersand_into_a_template() {
    let app = version_1(
        "function = \"sign\"\naction = \"sign_upload\"\n[upload]\ntags = \"{user.username}\"\ndisplay_name = \"{params.name}\"\nnotification_url = \"https://e.com/?a=1&u={user.username}\"\n",
    );
    let user = json!({"user": {"objectId": "u1", "username": "bob&timestamp=1"}});
    let by_bob = |params: Value| app.call("sign", &and(call_by("u1", params), user.clone()));
    let fields = by_bob(json!({"name": "cat"}));
    assert_eq!(fields["success"]["tags"], "bob_timestamp=1");
    assert_eq!(
        fields["success"]["notification_url"],
        "https://e.com/?a=1&u=bob%26timestamp%3D1"
    );
    assert_eq!(
        by_bob(json!({"name": "cat&tags=x"})),
        json!({"error": "params.name: expected text without `&`, as signature_version=1 has no escape for it"})
    );
}

#[test]
fn no_plus_and_no_more_than_255_characters_go_into_a_public_id() {
    let app = App::with(&[
        "function = \"sign\"\naction = \"sign_upload\"\n[upload]\nfolder = \"{user.username}/{params.album}\"\n[accept]\npublic_id = true\n",
    ]);
    let by = |name: &str, params: Value| {
        let user = json!({"user": {"objectId": "u1", "username": name}});
        app.call("sign", &and(call_by("u1", params), user))
    };
    // `bo/a/` stands before it.
    let longest = "é".repeat(250);
    let fields = by("bo", json!({"album": "a", "public_id": &longest}));
    assert_eq!(fields["success"]["public_id"], longest);
    for (name, params, text) in [
        (
            "bob+1",
            json!({"album": "a"}),
            "user.username: expected text without `+`",
        ),
        (
            "bob",
            json!({"album": "a+b"}),
            "params.album: expected text without `+`",
        ),
        (
            "bob",
            json!({"album": "a", "public_id": "a+b"}),
            "public_id: '+' is not allowed",
        ),
        (
            "bob",
            json!({"album": "a".repeat(256)}),
            "params.album: expected at most 255 characters",
        ),
        (
            "bob",
            json!({"album": "a".repeat(252)}),
            "folder: expected at most 255 characters, folder and public_id together",
        ),
        (
            "bo",
            json!({"album": "a", "public_id": "é".repeat(251)}),
            "public_id: expected at most 255 characters, folder and public_id together",
        ),
    ] {
        assert_eq!(
            by(name, params.clone()),
            json!({ "error": text }),
            "{params}"
        );
    }
}
