//! `[accept]`: what a caller may choose, and that a refusal says what may be chosen.

use serde_json::{Value, json};

use crate::app::{App, call_by};

const SIGN: &str = r#"
function = "sign"
action = "sign_upload"
[upload]
allowed_formats = ["jpg", "png"]
folder = "users/{user.objectId}"
[accept]
upload_preset = ["avatar", "cover"]
public_id = { pattern = "[a-z0-9-]{1,20}" }
quality_analysis = true
face_coordinates = { pattern = "[0-9]+,[0-9]+,[0-9]+,[0-9]+" }
tags = { pattern = "[a-z]+", default = "untagged" }
eager = { named = { thumb = { crop = "thumb", width = 150, height = 150 }, cover = "c_fill,w_1200" }, default = "thumb" }
"#;

const URL: &str = r#"
function = "url"
action = "delivery_url"
access = "public"
[url]
crop = "fill"
width = 150
[accept]
width = { min = 1, max = 2000 }
height = { max = 2000, default = 100 }
crop = ["fill", "fit"]
fetch_format = { pattern = "auto|webp" }
"#;

fn sign(params: Value) -> Value {
    App::with(&[SIGN]).call("sign", &call_by("u1", params))
}

fn url(options: Value) -> Value {
    let params = json!({"identifier": "image/upload/v5/cat.jpg", "options": options});
    App::with(&[URL]).call("url", &json!({ "params": params }))
}

#[test]
fn what_is_not_chosen_takes_its_default() {
    let fields = sign(json!({}))["success"].clone();
    assert_eq!(fields["allowed_formats"], "jpg,png");
    assert_eq!(fields["folder"], "users/u1");
    assert_eq!(fields["tags"], "untagged");
    assert_eq!(fields["eager"], "c_thumb,h_150,w_150");
    let names: Vec<_> = fields
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for absent in [
        "upload_preset",
        "public_id",
        "quality_analysis",
        "face_coordinates",
    ] {
        assert!(!names.contains(&absent), "{names:?}");
    }
}

#[test]
fn what_is_chosen_is_signed() {
    let chosen = json!({
        "upload_preset": "cover", "public_id": "my-cat", "quality_analysis": true,
        "face_coordinates": "1,2,3,4", "tags": "cats", "eager": "cover",
    });
    let fields = sign(chosen)["success"].clone();
    for (name, expected) in [
        ("upload_preset", "cover"),
        ("public_id", "my-cat"),
        ("face_coordinates", "1,2,3,4"),
        ("tags", "cats"),
        ("eager", "c_fill,w_1200"),
    ] {
        assert_eq!(fields[name], expected, "{name}");
    }
    assert!(
        ["true", "1"].contains(&fields["quality_analysis"].to_string().trim_matches('"')),
        "{fields}"
    );
}

#[test]
fn what_lies_outside_is_refused_with_what_is_allowed() {
    for (params, text) in [
        (
            json!({"upload_preset": "other"}),
            r#"upload_preset: expected one of "avatar", "cover""#,
        ),
        (
            json!({"upload_preset": null}),
            r#"upload_preset: expected one of "avatar", "cover""#,
        ),
        (
            json!({"public_id": "My Cat"}),
            "public_id: expected text that matches [a-z0-9-]{1,20}",
        ),
        (
            json!({"public_id": ["cat"]}),
            "public_id: expected text that matches [a-z0-9-]{1,20}",
        ),
        (
            json!({"face_coordinates": "1,2,3"}),
            "face_coordinates: expected text that matches [0-9]+,[0-9]+,[0-9]+,[0-9]+",
        ),
        (
            json!({"tags": "cats,dogs"}),
            "tags: expected text that matches [a-z]+",
        ),
        (
            json!({"eager": "c_fill,w_1200"}),
            r#"eager: expected one of "thumb", "cover""#,
        ),
        (
            json!({"eager": {"crop": "thumb"}}),
            r#"eager: expected one of "thumb", "cover""#,
        ),
        (
            json!({"allowed_formats": "gif"}),
            "allowed_formats: not accepted, expected only upload_preset, public_id, quality_analysis, face_coordinates, tags, eager",
        ),
    ] {
        assert_eq!(sign(params.clone()), json!({ "error": text }), "{params}");
    }
    let answer = sign(json!({"quality_analysis": "perhaps"}));
    assert_eq!(
        answer,
        json!({"error": "quality_analysis: expected true or false"})
    );
}

#[test]
fn options_of_a_url_keep_to_their_ranges() {
    for (options, expected) in [
        (json!({}), "c_fill,h_100,w_150"),
        (json!(null), "c_fill,h_100,w_150"),
        (json!({"width": 2000}), "c_fill,h_100,w_2000"),
        (json!({"width": "300", "height": 5}), "c_fill,h_5,w_300"),
        (
            json!({"crop": "fit", "fetch_format": "auto"}),
            "c_fit,f_auto,h_100,w_150",
        ),
    ] {
        let expected =
            format!("https://res.cloudinary.com/demo/image/upload/{expected}/v5/cat.jpg");
        assert_eq!(
            url(options.clone()),
            json!({"success": {"url": expected}}),
            "{options}"
        );
    }
    for (options, text) in [
        (
            json!({"width": 0}),
            "width: expected a number from 1 to 2000",
        ),
        (
            json!({"width": 2001}),
            "width: expected a number from 1 to 2000",
        ),
        (
            json!({"width": "1/l_x"}),
            "width: expected a number from 1 to 2000",
        ),
        (
            json!({"height": 2000.5}),
            "height: expected a number of at most 2000",
        ),
        (
            json!({"crop": "crop"}),
            r#"crop: expected one of "fill", "fit""#,
        ),
        (
            json!({"fetch_format": "auto,l_x"}),
            "fetch_format: expected text that matches auto|webp",
        ),
        (
            json!({"gravity": "face"}),
            "options.gravity: not accepted, expected only width, height, crop, fetch_format",
        ),
    ] {
        assert_eq!(url(options.clone()), json!({ "error": text }), "{options}");
    }
}

#[test]
fn the_answer_carries_the_time_of_the_server() {
    let now = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let before = now();
    let timestamp = sign(json!({}))["success"]["timestamp"].as_u64().unwrap();
    assert!((before..=now()).contains(&timestamp), "{timestamp}");
}
