use serde_json::json;
use serde_json::value::RawValue;

use super::*;
use crate::cloudinary::signature::SignatureVersion;

/// Renders what stands in `[upload]` under `name`, with the caller `u1`, named `ann`, and the
/// parameter `x`.
fn render(name: &str, written: &Value, x: &str) -> Result<Value, String> {
    let x = RawValue::from_string(serde_json::to_string(x).unwrap()).unwrap();
    let user = TemplateUser {
        object_id: "u1",
        username: Some("a|n,n"),
    };
    parameter(written)
        .render(
            name,
            Some(user),
            &|name| (name == "x").then_some(&*x),
            SignatureVersion::V2,
        )
        .map_err(|error| error.to_string())
}

fn parameter(written: &Value) -> Parameter {
    match written {
        Value::String(text) => Parameter::of_template(Template::parse(text).unwrap()),
        Value::Array(items) => Parameter::List(items.iter().map(parameter).collect()).or_fixed(),
        Value::Object(entries) => {
            let entries = entries.iter();
            Parameter::Table(
                entries
                    .map(|(key, item)| (key.clone(), parameter(item)))
                    .collect(),
            )
            .or_fixed()
        }
        fixed => Parameter::Fixed(fixed.clone()),
    }
}

#[test]
fn leaves_fixed_values_as_they_are_written() {
    for value in [
        json!("a,b"),
        json!(150),
        json!(1.5),
        json!(false),
        json!([["a"], {"b": "c/d"}]),
        json!({"crop": "fill", "width": 150}),
    ] {
        assert!(matches!(parameter(&value), Parameter::Fixed(_)), "{value}");
        assert_eq!(render("eager", &value, "v"), Ok(value));
    }
}

/// Each parameter is a place of its own, and what is inside of it is in the same place.
#[test]
fn fits_values_to_the_place_that_the_parameter_is() {
    let cases = [
        (
            "tags",
            json!(["{user.username}", "{params.x}"]),
            "v",
            Ok(json!(["a|n_n", "v"])),
        ),
        (
            "context",
            json!({"by": "{user.username}"}),
            "v",
            Ok(json!({"by": "a_n,n"})),
        ),
        (
            "context",
            json!("by={user.username}|alt={params.x}"),
            "a=b",
            Err("params.x: expected text without `|`, `=` and `\\`"),
        ),
        (
            "metadata",
            json!({"a": ["{params.x}"]}),
            "a|b",
            Err("params.x: expected text without `|`, `=` and `\\`"),
        ),
        (
            "public_id",
            json!("users/{user.objectId}/{params.x}"),
            "../u2",
            Err(
                "params.x: expected text without `/`, `..`, `& = ? # % < > \\`, control characters and white space at its ends",
            ),
        ),
        (
            "notification_url",
            json!("https://example.com/{params.x}"),
            "a/b?c",
            Ok(json!("https://example.com/a%2Fb%3Fc")),
        ),
        (
            "eager",
            json!([{"overlay": {"font_family": "{params.x}"}}]),
            "a/l_secret",
            Err("params.x: expected letters, digits, spaces, `_`, `-` and `.`"),
        ),
        (
            "eager",
            json!([{"overlay": {"text": "{params.x}"}}]),
            "Hello, you/me!",
            Ok(json!([{"overlay": {"text": "Hello, you/me!"}}])),
        ),
        (
            "eager",
            json!([{"overlay": {"text": "{params.x}"}}]),
            "$(secret)",
            Err("params.x: expected text without `$(`"),
        ),
        (
            "display_name",
            json!("{params.x}"),
            "a, b",
            Ok(json!("a, b")),
        ),
    ];
    for (name, written, x, expected) in cases {
        assert_eq!(
            render(name, &written, x),
            expected.map_err(str::to_owned),
            "{name} {written}"
        );
    }
}
