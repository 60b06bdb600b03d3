//! What the console says of a valid identifier: which guarded field would take it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::app::{App, signature, signed};
use crate::console::{JSON, post};

/// Each field but the first has one rule that the identifiers of most tests break.
const RULES: &str = r#"
class = "Photo"
[fields.any]
resource_types = ["image", "video"]
types = ["upload", "private"]
[fields.format]
formats = ["png", "webp"]
[fields.video]
resource_types = ["video"]
[fields.private]
types = ["private", "authenticated"]
[fields.age]
max_age = "1h"
"#;

const FOLDERS: &str = r#"
class = "Album"
[fields.fixed]
folder = "shared/albums"
[fields.own]
folder = "users/{user.objectId}"
[fields.named]
folder = "names/{user.username}"
"#;

fn ask(manifests: &[&str], input: &Value) -> Value {
    let answer = post(
        &App::with(manifests),
        "/api/identifier",
        JSON,
        &input.to_string(),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// Each field's name, its verdict, and what it expects by each rule that is broken.
fn verdicts(manifests: &[&str], input: &Value) -> Vec<(String, String, Value)> {
    let answer = ask(manifests, input);
    let fields = answer["fields"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |field: &Value| {
        let broken = field["broken"].as_array().unwrap();
        let broken = broken
            .iter()
            .map(|b| (text(&b["rule"]), b["expected"].clone()));
        (
            text(&field["field"]),
            text(&field["verdict"]),
            Value::Object(broken.collect()),
        )
    };
    fields.iter().map(of).collect()
}

fn verdict(field: &str, verdict: &str, broken: Value) -> (String, String, Value) {
    (field.to_owned(), verdict.to_owned(), broken)
}

#[test]
fn names_the_rule_that_each_field_would_refuse_it_by() {
    assert_eq!(
        verdicts(&[RULES], &json!({"identifier": signed("cat", 5)})),
        [
            verdict("any", "taken", json!({})),
            verdict(
                "format",
                "refused",
                json!({"format": "expected format png or webp"})
            ),
            verdict(
                "video",
                "refused",
                json!({"resource_type": "expected resource type video"})
            ),
            verdict(
                "private",
                "refused",
                json!({"delivery_type": "expected type private or authenticated"})
            ),
            verdict(
                "age",
                "refused",
                json!({"age": "expected an upload of the last 3600 seconds"})
            ),
        ]
    );
}

#[test]
fn names_every_rule_that_is_broken_in_the_order_in_which_a_save_is_judged() {
    let strict = r#"
class = "Photo"
[fields.strict]
resource_types = ["raw"]
types = ["private"]
formats = ["pdf"]
folder = "papers"
max_age = "1h"
"#;
    let answer = ask(&[strict], &json!({"identifier": signed("cat", 5)}));
    assert_eq!(
        answer["fields"][0]["broken"],
        json!([
            {"rule": "resource_type", "expected": "expected resource type raw"},
            {"rule": "delivery_type", "expected": "expected type private"},
            {"rule": "format", "expected": "expected format pdf"},
            {"rule": "folder", "expected": "expected a public_id in folder \"papers\""},
            {"rule": "age", "expected": "expected an upload of the last 3600 seconds"},
        ])
    );
}

#[test]
fn judges_the_age_by_the_clock() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let age = "class = \"Photo\"\n[fields.age]\nmax_age = \"1h\"\n";
    let past = json!({"age": "expected an upload that lies in the past"});
    for (version, expected) in [
        (now.as_secs(), verdict("age", "taken", json!({}))),
        (now.as_secs() + 7_200, verdict("age", "refused", past)),
    ] {
        let input = json!({"identifier": signed("cat", version)});
        assert_eq!(verdicts(&[age], &input), [expected], "{version}");
    }
}

#[test]
fn says_that_a_folder_of_the_users_depends_on_the_user_until_it_is_told_who() {
    let outside =
        |folder: &str| json!({"folder": format!("expected a public_id in folder {folder:?}")});
    let unfit = "user.objectId: expected text without `/`, `..`, `& = ? # % < > \\`, control characters and white space at its ends";
    let unfit = json!({"folder": unfit});
    let fixed = || verdict("fixed", "refused", outside("shared/albums"));
    let named = || verdict("named", "depends_on_user", json!({}));
    for (user, own) in [
        (json!(""), verdict("own", "depends_on_user", json!({}))),
        (json!("u1"), verdict("own", "taken", json!({}))),
        (json!("u"), verdict("own", "refused", outside("users/u"))),
        (
            json!("u12"),
            verdict("own", "refused", outside("users/u12")),
        ),
        (json!("u1/.."), verdict("own", "refused", unfit)),
    ] {
        let input = json!({"identifier": signed("users/u1/cat", 5), "user": user});
        let expected = [fixed(), own, named()];
        assert_eq!(verdicts(&[FOLDERS], &input), expected, "{user}");
    }
    let input = json!({"identifier": signed("users/u1/cat", 5)});
    let own = verdict("own", "depends_on_user", json!({}));
    assert_eq!(verdicts(&[FOLDERS], &input), [fixed(), own, named()]);
}

#[test]
fn shows_the_folder_as_the_manifest_has_it() {
    let answer = ask(&[FOLDERS, RULES], &json!({"identifier": signed("cat", 5)}));
    let folders: Vec<_> = answer["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field["class"].as_str().unwrap(), &field["folder"]))
        .collect();
    assert_eq!(
        folders[..4],
        [
            ("Album", &json!("shared/albums")),
            ("Album", &json!("users/{user.objectId}")),
            ("Album", &json!("names/{user.username}")),
            ("Photo", &json!(null)),
        ]
    );
}

#[test]
fn refuses_whoever_the_user_is_where_another_rule_is_broken() {
    let field = "class = \"Photo\"\n[fields.own]\nformats = [\"png\"]\nfolder = \"users/{user.objectId}\"\n";
    assert_eq!(
        verdicts(&[field], &json!({"identifier": signed("users/u1/cat", 5)})),
        [verdict(
            "own",
            "refused",
            json!({"format": "expected format png"})
        )]
    );
}

#[test]
fn says_that_a_field_asks_cloudinary_as_well() {
    let field = "class = \"Photo\"\n[fields.sized]\nconfirm = true\nmax_bytes = \"1MiB\"\n";
    let answer = ask(&[field], &json!({"identifier": signed("cat", 5)}));
    let expected = json!([{
        "class": "Photo", "field": "sized", "verdict": "taken", "broken": [], "folder": null, "confirms": true,
    }]);
    assert_eq!(answer["fields"], expected);
}

#[test]
fn says_nothing_of_fields_where_nothing_is_guarded_or_the_identifier_is_not_valid() {
    let function = "function = \"sign\"\naction = \"sign_upload\"\n[upload]\nfolder = \"a\"\n";
    let answer = ask(&[function], &json!({"identifier": signed("cat", 5)}));
    assert_eq!(answer["fields"], json!([]));
    let forged = signed("cat", 5).replace(&signature("cat", 5), &signature("dog", 5));
    for identifier in [forged.as_str(), "image/upload/v5/cat.jpg", "cat.jpg", ""] {
        let answer = ask(&[RULES], &json!({"identifier": identifier}));
        assert_eq!(answer["valid"], json!(false), "{identifier}");
        assert_eq!(answer.get("fields"), None, "{identifier}");
    }
}
