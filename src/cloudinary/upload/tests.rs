use serde_json::{Map, Value, json};

use super::*;
use crate::cloudinary::account::Account;
use crate::cloudinary::signature::NoSecret;
use crate::cloudinary::url_config::UrlConfig;

const NOW: u64 = 1_789_000_000;

fn account() -> Account {
    Account::from_url("cloudinary://1234567890:test-secret-abcDEF123@demo-cloud").unwrap()
}

#[track_caller]
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}

/// What is sent for one option.
#[track_caller]
fn written(name: &str, value: &Value) -> Value {
    let options = object(json!({name: value}));
    let mut params = upload_params(&UrlConfig::default(), &options, NOW).unwrap();
    params.remove(name).unwrap_or(Value::Null)
}

#[track_caller]
fn message(name: &str, value: &Value) -> String {
    check_upload_option(name, value).unwrap_err().to_string()
}

#[test]
fn answers_exactly_the_fields_to_post() {
    let options = json!({
        "public_id": "x", "width": 100, "height": 100, "crop": "limit", "tags": ["a", "b"], "context": {"a": "1"},
        "eager": [{"width": 10}], "notification_url": "https://h/?a=b&c=d", "overwrite": false, "folder": "",
    });
    let fields = sign_upload(&account(), &object(options), NOW).unwrap();
    assert_eq!(
        Value::Object(fields),
        json!({
            "timestamp": NOW,
            "public_id": "x",
            "tags": "a,b",
            "context": "a=1",
            "eager": "w_10",
            "notification_url": "https://h/?a=b&c=d",
            "overwrite": "0",
            "transformation": "c_limit,h_100,w_100",
            "signature": "9e6a07a66117b9cb1dfea853bf369dc1f48229cf",
            "api_key": "1234567890",
        })
    );
}

#[test]
fn signs_in_version_1_where_the_account_says_so() {
    let options = object(json!({"notification_url": "https://h/?a=b&c=d"}));
    let signature = |query: &str| {
        let url = format!("cloudinary://1:s@c{query}");
        let fields = sign_upload(&Account::from_url(&url).unwrap(), &options, NOW).unwrap();
        fields["signature"].clone()
    };
    assert_eq!(signature(""), signature("?signature_version=2"));
    assert_ne!(signature(""), signature("?signature_version=1"));
}

#[test]
fn refuses_to_sign_without_key_or_secret() {
    for (url, error) in [
        ("cloudinary://cloud", UploadError::NoApiKey),
        ("cloudinary://key@cloud", UploadError::NoSecret(NoSecret)),
    ] {
        let account = Account::from_url(url).unwrap();
        assert_eq!(sign_upload(&account, &Map::new(), NOW), Err(error), "{url}");
    }
}

#[test]
fn writes_each_kind_of_parameter() {
    for (name, value, expected) in [
        ("async", json!(true), "1"),
        ("overwrite", json!("false"), "0"),
        ("invalidate", json!(0), "0"),
        ("visual_search", json!(true), "true"),
        ("quality_override", json!(90), "90"),
        ("auto_tagging", json!(0.7), "0.7"),
        ("tags", json!("a,b"), "a,b"),
        ("allowed_formats", json!(["jpg", "png"]), "jpg,png"),
        (
            "context",
            json!({"a": "x=1|2", "n": 5, "f": 1.5, "l": ["r\"d", "b|e", 1]}),
            r#"a=x\=1\|2|n=5|f=1.5|l=["r\"d","b\|e","1"]"#,
        ),
        ("metadata", json!("id=1|b=2"), "id=1|b=2"),
        (
            "metadata",
            json!({"list": [1, 2.5, true]}),
            r#"list=["1","2.5","true"]"#,
        ),
        ("auto_video_details", json!(true), "1"),
        (
            "face_coordinates",
            json!([[1, 2, 3, 4], [5, 6, 7, 8]]),
            "1,2,3,4|5,6,7,8",
        ),
        ("custom_coordinates", json!([1, 2, 3, 4]), "1,2,3,4"),
        (
            "regions",
            json!({"name": [[1, 2], [3.0, 4.5]]}),
            r#"{"name":[[1,2],[3,4.5]]}"#,
        ),
        ("headers", json!(["a: 1", "b: 2"]), "a: 1\nb: 2"),
        ("headers", json!({"Link": "1", "X": 2}), "Link:1\nX:2"),
        (
            "access_control",
            json!({"access_type": "token"}),
            r#"[{"access_type":"token"}]"#,
        ),
        (
            "access_control",
            json!(r#"[{ "access_type": "token" }]"#),
            r#"[{"access_type":"token"}]"#,
        ),
        ("access_control", json!([]), "[]"),
        (
            "responsive_breakpoints",
            json!({"max_images": 3, "transformation": {"crop": "fill", "width": 0.5}}),
            r#"[{"max_images":3,"transformation":"c_fill,w_0.5"}]"#,
        ),
        ("auto_transcription", json!(true), "1"),
        (
            "auto_transcription",
            json!({"translate": ["fr-FR"]}),
            r#"{"translate":["fr-FR"]}"#,
        ),
        (
            "eager",
            json!([{"width": 100}, "c_fill", {"effect": "sepia", "format": ""}]),
            "w_100|c_fill|e_sepia/",
        ),
        (
            "transformation",
            json!([{"width": 100}, {"effect": "sepia"}]),
            "w_100/e_sepia",
        ),
        (
            "transformation",
            json!([{"overlay": {"text": "a, ö", "font_family": "Arial", "font_size": 10}}]),
            "l_text:Arial_10:a%2C ö",
        ),
        (
            "transformation",
            json!({"raw_transformation": "e_100%"}),
            "e_100%",
        ),
    ] {
        assert_eq!(written(name, &value), expected, "{name} {value}");
    }
}

#[test]
fn leaves_blank_values_out() {
    for (name, value) in [
        ("tags", json!([])),
        ("tags", json!([""])),
        ("public_id", json!("")),
        ("public_id", json!(null)),
        ("eager", json!([])),
        ("context", json!({})),
        ("unknown", json!("x")),
        ("resource_type", json!("video")),
    ] {
        assert_eq!(written(name, &value), Value::Null, "{name} {value}");
    }
}

#[test]
fn knows_every_upload_option() {
    assert!(parameter::PARAMETERS.is_sorted_by_key(|(name, _)| *name));
    for name in [
        "tags",
        "eager",
        "batch_id",
        "access_mode",
        "visual_search",
        "type",
        "format",
        "crop",
        "overlay",
        "transformation",
        "if",
        "$width",
    ] {
        assert!(is_upload_option(name), "{name}");
    }
    for name in [
        "",
        "file",
        "timestamp",
        "signature",
        "api_key",
        "api_secret",
        "cloud_name",
        "resource_type",
        "version",
        "sign_url",
        "Tags",
    ] {
        assert!(!is_upload_option(name), "{name}");
    }
}

#[test]
fn accepts_what_each_parameter_can_have() {
    for (name, value) in [
        ("overwrite", json!(true)),
        ("overwrite", json!("1")),
        ("tags", json!(["a", 1])),
        ("type", json!("authenticated")),
        ("folder", json!("users/u1/")),
        ("public_id", json!("users/{user.objectId}/cat")),
        ("context", json!({"a": 1, "b": ["x", true]})),
        ("face_coordinates", json!([[1, 2, 3, 4]])),
        ("access_control", json!("{\"access_type\":\"token\"}")),
        ("auto_transcription", json!({"translate": ["fr"]})),
        ("eager", json!(["c_fill", {"width": 1}])),
        ("width", json!("auto")),
        ("$w", json!(10)),
        ("tags", json!(null)),
    ] {
        assert_eq!(check_upload_option(name, &value), Ok(()), "{name} {value}");
    }
}

#[test]
fn refuses_bad_values_by_name() {
    for (name, value, expected) in [
        (
            "overwrite",
            json!("yes"),
            "overwrite: expected true or false",
        ),
        ("overwrite", json!(2), "overwrite: expected true or false"),
        (
            "visual_search",
            json!({}),
            "visual_search: expected true or false",
        ),
        (
            "public_id",
            json!(["a"]),
            "public_id: expected text or a number",
        ),
        (
            "upload_preset",
            json!(true),
            "upload_preset: expected text or a number",
        ),
        (
            "tags",
            json!({"a": 1}),
            "tags: expected text or an array of text",
        ),
        (
            "tags",
            json!([["a"]]),
            "tags: expected text or an array of text",
        ),
        (
            "type",
            json!("public"),
            "type: expected upload, private or authenticated",
        ),
        (
            "public_id",
            json!("a&version=1"),
            "public_id: '&' is not allowed",
        ),
        (
            "folder",
            json!("users/../u2"),
            "folder: empty, \".\" and \"..\" segments are not allowed",
        ),
        (
            "face_coordinates",
            json!([1, 2, 3]),
            "face_coordinates: expected text, [x, y, width, height] or an array of those",
        ),
        (
            "regions",
            json!({"a": 1}),
            "regions: expected an object of arrays of [x, y]",
        ),
        (
            "access_control",
            json!("{"),
            "access_control: expected rules as JSON",
        ),
        (
            "access_control",
            json!(["a"]),
            "access_control: expected an object, an array of objects, or either as JSON text",
        ),
        (
            "responsive_breakpoints",
            json!("x"),
            "responsive_breakpoints: expected an object or an array of objects",
        ),
        (
            "auto_transcription",
            json!({"x": 1}),
            "auto_transcription: expected true, false or an object with an array \"translate\"",
        ),
        (
            "headers",
            json!([1]),
            "headers: expected text, an array of text or an object of text",
        ),
        (
            "eager",
            json!(5),
            "eager: expected a transformation or an array of them",
        ),
        (
            "eager",
            json!([null]),
            "eager: expected a transformation or an array of them",
        ),
    ] {
        assert_eq!(message(name, &value), expected, "{name} {value}");
    }
}

#[test]
fn refuses_unknown_keys_at_every_depth() {
    for (name, value, expected) in [
        (
            "eager",
            json!([{"widht": 1}]),
            "eager: [0].widht: not a transformation option, did you mean \"width\"?",
        ),
        (
            "eager",
            json!({"overlay": {"public_id": "a", "fromat": "png"}}),
            "eager: overlay.fromat: not a layer option, did you mean \"format\"?",
        ),
        (
            "transformation",
            json!([{"crpo": "fill"}]),
            "transformation[0].crpo: not a transformation option, did you mean \"crop\"?",
        ),
        (
            "overlay",
            json!({"text": "a", "font_familly": "b"}),
            "overlay.font_familly: not a layer option, did you mean \"font_family\"?",
        ),
        (
            "radius",
            json!([1, 2, 3, 4, 5]),
            "radius: expected one to four corners",
        ),
        (
            "responsive_breakpoints",
            json!({"max_image": 3}),
            "responsive_breakpoints.max_image: not one of its options, did you mean \"max_images\"?",
        ),
        (
            "responsive_breakpoints",
            json!([{"transformation": {"widht": 3}}]),
            "responsive_breakpoints: transformation[0].widht: not a transformation option, did you mean \"width\"?",
        ),
        (
            "access_control",
            json!([{"acess_type": "token"}]),
            "access_control.acess_type: not one of its options, did you mean \"access_type\"?",
        ),
    ] {
        assert_eq!(message(name, &value), expected, "{name} {value}");
    }
}

#[test]
fn refuses_context_that_would_fall_apart() {
    for context in [
        json!({"a=b": "c"}),
        json!({"a|b": "c"}),
        json!({"a": {"b": 1}}),
        json!({"a": null}),
        json!(["a"]),
        json!(1),
    ] {
        assert_eq!(
            message("context", &context),
            "context: expected text or an object of text, numbers, truth values or arrays of them, without \"=\" and \"|\" in its keys"
        );
    }
}

#[test]
fn offers_the_name_that_was_meant() {
    for (name, expected) in [
        (
            "tag",
            "tag: not an upload parameter, did you mean \"tags\"?",
        ),
        (
            "widht",
            "widht: not an upload parameter, did you mean \"width\"?",
        ),
        (
            "uplod_preset",
            "uplod_preset: not an upload parameter, did you mean \"upload_preset\"?",
        ),
        ("xyzzy", "xyzzy: not an upload parameter"),
    ] {
        assert_eq!(message(name, &json!("x")), expected);
        let options = object(json!({name: "x"}));
        assert_eq!(
            sign_upload(&account(), &options, NOW)
                .unwrap_err()
                .to_string(),
            expected
        );
    }
}

#[test]
fn signs_what_is_sent() {
    let params = object(
        json!({"timestamp": 5, "tags": ["a", "", null, "b"], "blank": "", "none": null, "flag": false}),
    );
    assert_eq!(
        Value::Object(sign_request(&account(), params).unwrap()),
        json!({
            "timestamp": 5,
            "tags": ["a", "b"],
            "flag": false,
            "signature": sign_params(&account(), &object(json!({"flag": "false", "tags": "a,b", "timestamp": "5"}))).unwrap(),
            "api_key": "1234567890",
        })
    );
}

#[test]
fn builds_api_urls() {
    assert_eq!(
        upload_url(&account(), "auto"),
        "https://api.cloudinary.com/v1_1/demo-cloud/auto/upload"
    );
    let europe =
        Account::from_url("cloudinary://k:s@demo?upload_prefix=https://api-eu.cloudinary.com")
            .unwrap();
    assert_eq!(
        api_url(&europe, "raw/x", "destroy"),
        "https://api-eu.cloudinary.com/v1_1/demo/raw%2Fx/destroy"
    );
}
