//! `sign_params` functions: what a client is about to post is signed as it stands, or refused by
//! name.

use std::time::UNIX_EPOCH;

use cloudinary_parse::cloudinary::account::Account;
use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};

use crate::app::{App, SECRET, and, call_by, deployment, settings};

const WIDGET: &str = r#"
function = "sign"
action = "sign_params"
access = "user"
[upload]
folder = "users/{user.objectId}"
tags = ["app", "{user.username}"]
use_filename = true
[accept]
upload_preset = ["avatar", "cover"]
custom_coordinates = true
public_id = true
context = true
"#;

const ONLY: &str = "expected only folder, tags, use_filename, upload_preset, custom_coordinates, public_id, context, source, timestamp";
const AGE: &str = "seconds since 1970, at most 55 minutes old and 5 minutes ahead";

fn now() -> u64 {
    UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// What the Upload Widget sends for a user `u1`, with these besides.
fn sent(more: Value) -> Value {
    let widget = json!({
        "source": "uw",
        "timestamp": now(),
        "folder": "users/u1",
        "tags": "app,name of u1",
        "use_filename": true,
    });
    and(widget, more)
}

fn without(mut params: Value, name: &str) -> Value {
    params.as_object_mut().unwrap().remove(name);
    params
}

fn version_1(manifest: &str) -> App {
    let mut deployment = deployment(&[manifest]);
    let url = format!("cloudinary://123456789012345:{SECRET}@demo?signature_version=1");
    deployment.account = Account::from_url(&url).unwrap();
    App::start(settings(), deployment)
}

/// What Cloudinary computes of what is posted, version 2; arrays are posted joined by commas.
fn sha1_of(params: &Value) -> String {
    fn text(value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
            other => other.to_string(),
        }
    }
    let params: &Map<String, Value> = params.as_object().unwrap();
    let mut pairs: Vec<_> = params
        .iter()
        .map(|(name, value)| (name, text(value)))
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name}={}", text.replace('&', "%26")))
        .collect();
    pairs.sort();
    hex::encode(Sha1::digest(format!("{}{SECRET}", pairs.join("&"))))
}

#[track_caller]
fn assert_signed(app: &App, params: &Value) {
    let answer = app.call("sign", &call_by("u1", params.clone()));
    let timestamp = &params["timestamp"];
    let timestamp = timestamp.as_str().map_or(timestamp.clone(), |text| {
        text.parse::<u64>().unwrap().into()
    });
    let expected = json!({
        "signature": sha1_of(params),
        "api_key": "123456789012345",
        "timestamp": timestamp,
    });
    assert_eq!(answer, json!({ "success": expected }), "{params}");
}

#[track_caller]
fn assert_refused(app: &App, params: &Value, text: &str) {
    let answer = app.call("sign", &call_by("u1", params.clone()));
    assert_eq!(answer, json!({ "error": text }), "{params}");
}

#[test]
fn signs_exactly_what_the_upload_widget_sends() {
    let app = App::with(&[WIDGET]);
    for more in [
        json!({}),
        json!({"upload_preset": "cover"}),
        json!({"custom_coordinates": "35,39,612,706", "public_id": "cat"}),
        json!({"custom_coordinates": [35, 39, 612, 706]}),
        json!({"tags": ["app", "name of u1"]}),
        json!({"context": "alt=a & b|caption=c=d"}),
        json!({"context": "ü\u{1f408}"}),
    ] {
        assert_signed(&app, &sent(more));
    }
    assert_signed(&app, &without(sent(json!({})), "source"));
}

#[test]
fn a_truth_value_is_the_same_in_either_spelling_and_signed_as_it_is_sent() {
    let app = App::with(&[WIDGET]);
    for value in [json!(true), json!("true"), json!(1), json!("1")] {
        assert_signed(&app, &sent(json!({ "use_filename": value })));
    }
    for value in [json!(false), json!("0"), json!("yes"), json!(2)] {
        let params = sent(json!({ "use_filename": value }));
        assert_refused(&app, &params, "use_filename: expected \"1\"");
    }
}

#[test]
fn a_timestamp_is_signed_as_it_is_sent_while_cloudinary_takes_it() {
    let app = App::with(&[WIDGET]);
    // A call may cross a second.
    for age in [0, 1, 3290] {
        assert_signed(&app, &sent(json!({ "timestamp": now() - age })));
        assert_signed(
            &app,
            &sent(json!({ "timestamp": (now() - age).to_string() })),
        );
    }
    assert_signed(&app, &sent(json!({ "timestamp": now() + 299 })));
    for timestamp in [
        json!(now() - 3301),
        json!(now() + 310),
        json!((now() - 3301).to_string()),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(true),
        json!(null),
        json!(""),
        json!("now"),
        json!(format!(" {}", now())),
        json!(format!("0{}", now())),
        json!(format!("{}.0", now())),
        json!(u64::MAX),
        json!(now() * 1000),
        json!([now(), now()]),
    ] {
        let params = sent(json!({ "timestamp": timestamp }));
        assert_refused(&app, &params, &format!("timestamp: expected {AGE}"));
    }
    let params = without(sent(json!({})), "timestamp");
    assert_refused(
        &app,
        &params,
        &format!("timestamp: missing, expected {AGE}"),
    );
}

#[test]
fn what_the_manifest_sets_is_sent_as_it_is_set() {
    let app = App::with(&[WIDGET]);
    let folder = "folder: expected \"users/u1\"";
    for value in [
        json!("users/u2"),
        json!("users/u1/"),
        json!("Users/u1"),
        json!("users/u1 "),
        json!(["users/u1", ""]),
        json!(""),
        json!(null),
        json!([]),
    ] {
        assert_refused(&app, &sent(json!({ "folder": value })), folder);
    }
    for value in [
        json!("app"),
        json!("name of u1,app"),
        json!(["app,name of u2"]),
    ] {
        let params = sent(json!({ "tags": value }));
        assert_refused(&app, &params, "tags: expected \"app,name of u1\"");
    }
}

#[test]
fn each_that_the_manifest_sets_must_be_sent() {
    let app = App::with(&[WIDGET]);
    for (name, value) in [
        ("folder", "users/u1"),
        ("tags", "app,name of u1"),
        ("use_filename", "1"),
    ] {
        let params = without(sent(json!({})), name);
        assert_refused(
            &app,
            &params,
            &format!("{name}: missing, expected \"{value}\""),
        );
    }
}

#[test]
fn another_source_is_refused() {
    let app = App::with(&[WIDGET]);
    for source in [
        json!("ml"),
        json!("UW"),
        json!("uw,uw"),
        json!(1),
        json!(false),
    ] {
        let params = sent(json!({ "source": source }));
        assert_refused(&app, &params, "source: expected \"uw\"");
    }
}

#[test]
fn what_the_manifest_does_not_take_is_refused_by_name() {
    let app = App::with(&[WIDGET]);
    for name in [
        "eager",
        "asset_folder",
        "Folder",
        "callback",
        "",
        "signature_version",
        "é",
    ] {
        for value in [json!("x"), json!("")] {
            let mut params = sent(json!({}));
            params[name] = value;
            assert_refused(&app, &params, &format!("{name}: not accepted, {ONLY}"));
        }
    }
}

#[test]
fn a_reserved_name_is_refused_before_all_else() {
    let app = App::with(&[WIDGET]);
    for name in [
        "version",
        "signature",
        "api_key",
        "api_secret",
        "file",
        "resource_type",
        "cloud_name",
    ] {
        for value in [json!("x"), json!(""), json!(null), json!({})] {
            let mut params = json!({"zzz": 1, "folder": "users/u2", "timestamp": 1});
            params[name] = value;
            let text = format!("{name}: reserved, {ONLY}");
            assert_refused(&app, &params, &text);
            // Not even who calls comes first.
            let body = json!({"params": params, "user": {"objectId": "u1"}});
            assert_eq!(app.call("sign", &body), json!({ "error": text }));
        }
    }
}

#[test]
fn a_choice_is_one_that_the_manifest_takes() {
    let app = App::with(&[WIDGET]);
    for (params, text) in [
        (
            json!({"upload_preset": "other"}),
            "upload_preset: expected one of \"avatar\", \"cover\"",
        ),
        (
            json!({"upload_preset": ["avatar", "cover"]}),
            "upload_preset: expected one of \"avatar\", \"cover\"",
        ),
        (
            json!({"custom_coordinates": "1,2,3,x"}),
            "custom_coordinates: expected numbers: [x, y, width, height] or an array of those",
        ),
        (json!({"public_id": "a+b"}), "public_id: '+' is not allowed"),
        (
            json!({"public_id": "../a"}),
            "public_id: expected a path without empty, `.` or `..` segments: no `/` at its ends",
        ),
        (json!({"public_id": "a&b"}), "public_id: '&' is not allowed"),
        (
            json!({"public_id": "a".repeat(255)}),
            "public_id: expected at most 255 characters, folder and public_id together",
        ),
        (
            json!({"context": {"alt": "a"}}),
            "context: expected what is posted: text, a number, true or false, or an array of them",
        ),
        (
            json!({"context": [["a=b", {"c": 1}]]}),
            "context: expected what is posted: text, a number, true or false, or an array of them",
        ),
    ] {
        assert_refused(&app, &sent(params), text);
    }
}

#[test]
fn every_form_of_choice_judges_the_text_that_is_posted() {
    let app = App::with(&[r#"
function = "sign"
action = "sign_params"
[accept]
eager = ["w_10", { crop = "fill", width = 150 }, [{ width = 1 }, { width = 2 }]]
overwrite = [true]
quality_override = { min = 1, max = 90 }
display_name = { pattern = "[a-z0-9]+" }
transformation = true
responsive_breakpoints = true
access_control = true
regions = true
auto_transcription = true
"#]);
    let sent = |more: Value| and(json!({"timestamp": now()}), more);
    for params in [
        json!({"eager": "w_10"}),
        json!({"eager": "c_fill,w_150"}),
        json!({"eager": "w_1|w_2", "overwrite": "1"}),
        json!({"overwrite": true}),
        json!({"quality_override": 90}),
        json!({"quality_override": "1.5"}),
        json!({"display_name": "abc"}),
        json!({"display_name": 12}),
        json!({"display_name": true}),
        json!({"transformation": "c_limit,w_1000/e_sepia"}),
        json!({"responsive_breakpoints": "[{\"create_derived\":true,\"transformation\":\"c_fill,w_9\"}]"}),
        json!({"access_control": "[{\"access_type\":\"token\"}]"}),
        json!({"regions": "{\"a\":[[1,2],[3,4]]}"}),
        json!({"auto_transcription": "{\"translate\":[\"fr\"]}"}),
        json!({"auto_transcription": true}),
    ] {
        assert_signed(&app, &sent(params));
    }
    let json_text = "expected JSON as JSON.stringify writes it";
    let plain = "expected transformations without layers, names, code and conditions";
    for (params, text) in [
        (
            json!({"eager": "w_11"}),
            "eager: expected one of \"w_10\", {\"crop\":\"fill\",\"width\":150}, [{\"width\":1},{\"width\":2}]",
        ),
        (
            json!({"overwrite": false}),
            "overwrite: expected one of true",
        ),
        (
            json!({"quality_override": 91}),
            "quality_override: expected a number from 1 to 90",
        ),
        (
            json!({"quality_override": "1e1"}),
            "quality_override: expected a number from 1 to 90",
        ),
        (
            json!({"quality_override": [1, 2]}),
            "quality_override: expected a number from 1 to 90",
        ),
        (
            json!({"display_name": "a b"}),
            "display_name: expected text that matches [a-z0-9]+",
        ),
        (
            json!({"transformation": "l_private:cat"}),
            &*format!("transformation: {plain}"),
        ),
        (
            json!({"transformation": "t_named"}),
            &*format!("transformation: {plain}"),
        ),
        (
            json!({"transformation": "w_1%2Cl_cat"}),
            "transformation: expected a value without `? # % \\` and control characters",
        ),
        (
            json!({"responsive_breakpoints": "[{}"}),
            &*format!("responsive_breakpoints: {json_text}"),
        ),
        (
            json!({"responsive_breakpoints": "{}"}),
            &*format!("responsive_breakpoints: {json_text}"),
        ),
        (
            json!({"responsive_breakpoints": "[ {}]"}),
            &*format!("responsive_breakpoints: {json_text}"),
        ),
        (
            json!({"responsive_breakpoints": "[{\"transformation\":\"l_cat\",\"transformation\":\"w_1\"}]"}),
            &*format!("responsive_breakpoints: {json_text}"),
        ),
        (
            json!({"responsive_breakpoints": "[{\"transformation\":\"l_cat\"}]"}),
            &*format!("responsive_breakpoints: {plain}"),
        ),
        (
            json!({"access_control": "{\"access_type\":\"token\"}"}),
            &*format!("access_control: {json_text}"),
        ),
        (
            json!({"regions": "[]"}),
            "regions: expected an object of arrays of [x, y]",
        ),
        (
            json!({"auto_transcription": "{\"x\":1}"}),
            "auto_transcription: expected true, false or an object with an array \"translate\"",
        ),
        (
            json!({"auto_transcription": "yes"}),
            "auto_transcription: expected true, false or an object with an array \"translate\"",
        ),
    ] {
        assert_refused(&app, &sent(params), text);
    }
}

#[test]
fn empty_values_are_not_signed() {
    let app = App::with(&[WIDGET]);
    for value in [
        json!(""),
        json!(null),
        json!([]),
        json!([""]),
        json!([[], null]),
    ] {
        for name in [
            "upload_preset",
            "context",
            "public_id",
            "custom_coordinates",
            "source",
        ] {
            let mut params = sent(json!({}));
            params[name] = value.clone();
            if params[name].as_array().is_some_and(|items| items.len() > 1) {
                continue;
            }
            assert_signed(&app, &params);
        }
    }
    // A comma is something.
    let params = sent(json!({"upload_preset": ["", ""]}));
    let text = "upload_preset: expected one of \"avatar\", \"cover\"";
    assert_refused(&app, &params, text);
}

#[test]
fn what_fills_a_template_is_neither_signed_nor_refused() {
    let app = App::with(&[
        "function = \"sign\"\naction = \"sign_params\"\n[upload]\nfolder = \"albums/{params.album}\"\npublic_id = \"{params.public_id}\"\n",
    ]);
    let params = json!({"timestamp": now(), "folder": "albums/a1", "public_id": "cat"});
    let answer = app.call(
        "sign",
        &call_by("u1", and(params.clone(), json!({"album": "a1"}))),
    );
    assert_eq!(answer["success"]["signature"], sha1_of(&params));
    for (album, text) in [
        (json!("a2"), "folder: expected \"albums/a2\""),
        (json!(""), "params.album: expected a non-empty string"),
        (json!(5), "params.album: expected a non-empty string"),
    ] {
        let params = and(params.clone(), json!({ "album": album }));
        assert_refused(&app, &params, text);
    }
    let text = "params.album: expected a non-empty string";
    assert_refused(&app, &params, text);
}

#[test]
fn transformation_options_that_the_manifest_sets_are_sent_as_one_transformation() {
    let app = App::with(&[
        "function = \"sign\"\naction = \"sign_params\"\n[upload]\ncrop = \"limit\"\nwidth = 1000\n",
    ]);
    let params = json!({"timestamp": now(), "transformation": "c_limit,w_1000"});
    assert_signed(&app, &params);
    let other = json!({"timestamp": now(), "transformation": "w_1000,c_limit"});
    assert_refused(&app, &other, "transformation: expected \"c_limit,w_1000\"");
    let parts = json!({"timestamp": now(), "crop": "limit", "width": 1000});
    let text = "crop: not accepted, expected only transformation, source, timestamp";
    assert_refused(&app, &parts, text);
}

#[test]
fn a_parameter_that_occurs_twice_is_refused() {
    let app = App::with(&[WIDGET]);
    let now = now();
    let user = "\"user\":{\"objectId\":\"u1\",\"username\":\"a\"}";
    for (params, name) in [
        (
            format!("\"timestamp\":{now},\"timest\\u0061mp\":{now}"),
            "timestamp",
        ),
        (
            "\"folder\":\"users/u1\",\"folder\":\"users/u1\"".to_owned(),
            "folder",
        ),
        ("\"context\":\"\",\"context\":\"\"".to_owned(), "context"),
    ] {
        let body = format!("{{\"params\":{{{params}}},{user}}}");
        assert_eq!(
            app.decision("/functions/sign", &body),
            format!("{{\"error\":\"{name}: occurs twice, expected once\"}}")
        );
    }
}

#[test]
fn text_that_is_no_unicode_is_refused() {
    let app = App::with(&[WIDGET]);
    let body = r#"{"params":{"context":"\ud800"},"user":{"objectId":"u1","username":"a"}}"#;
    assert_eq!(
        app.decision("/functions/sign", body),
        r#"{"error":"context: expected a value of Unicode text and moderate depth"}"#
    );
}

#[test]
fn version_1_signs_no_ampersand_that_a_caller_chose() {
    let app = version_1(WIDGET);
    let text = "context: expected a value without `&`, as signature_version=1 has no escape for it";
    for context in [json!("caption=x&eval=y"), json!(["a", "&"])] {
        assert_refused(&app, &sent(json!({ "context": context })), text);
    }
    assert_signed(&app, &sent(json!({"context": "caption=x=y"})));
    // In a user's own name it becomes `_`, as for sign_upload.
    let user = json!({"user": {"objectId": "u1", "username": "bob&timestamp=1"}});
    let params = sent(json!({"tags": "app,bob_timestamp=1"}));
    let answer = app.call("sign", &and(call_by("u1", params.clone()), user));
    assert_eq!(answer["success"]["signature"], sha1_of(&params));
}

#[test]
fn needs_whom_the_manifest_says() {
    let manifest = |access: &str| {
        format!("function = \"sign\"\naction = \"sign_params\"\naccess = \"{access}\"\n")
    };
    let params = json!({"timestamp": now()});
    for body in [
        json!({"params": &params, "master": false}),
        json!({"params": &params, "master": true}),
    ] {
        let app = App::with(&[WIDGET]);
        assert_eq!(
            app.call("sign", &body),
            json!({"error": "Needs an authenticated user"})
        );
    }
    let app = App::with(&[&manifest("public")]);
    let answer = app.call("sign", &json!({ "params": &params }));
    assert_eq!(answer["success"]["signature"], sha1_of(&params));
    let app = App::with(&[&manifest("master")]);
    assert_refused(&app, &params, "Needs the master key");
    let limited = format!("{}[limit]\nper_user = \"1/h\"\n", manifest("user"));
    let app = App::with(&[&limited]);
    assert_signed(&app, &params);
    let answer = app.call("sign", &call_by("u1", params));
    let text = answer["error"].as_str().unwrap();
    assert!(
        text.starts_with("sign: too many requests, try again in "),
        "{text}"
    );
}
