//! Values that a caller may come up with for an option, with separators in every spelling and at
//! every depth.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::checks::chosen;

fn text() -> impl Strategy<Value = String> {
    let piece = select(
        &[
            "sepia",
            "50",
            "fill",
            "l_private:users:victim",
            "u_x",
            "t_named",
            "fn_wasm:a",
            "if_w_gt_1",
            "w_1",
            "$a",
            "end",
            "else",
            "/",
            ",",
            "|",
            "%2C",
            "%2c",
            "%2F",
            "%2f",
            "%252C",
            "%252F",
            "%25252F",
            "%25",
            "%",
            "_",
            ":",
            ".",
            "..",
            "?",
            "#",
            "\\",
            "%5C",
            "\n",
            "\u{7f}",
            "é",
            " ",
            " / ",
            " * ",
            "=",
            "&",
            "%26",
            "+",
            "!",
            "x",
            "http://",
            "fetch:",
            "png",
            "s--abcdefgh--",
            "v1",
            "-1",
            "1e9",
        ][..],
    );
    prop_oneof![
        3 => prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat()),
        1 => select(&["#fff", "10%..20%", "1.5..3", "100x50", "1,2,3,4", "1,2,3,4|5,6,7,8", "X-A: 1", "a=b|c=d",
            "true", "auto", "!a/b!", "iw / 2", "..", "users/u1", "[{\"access_type\":\"token\"}]"][..])
            .prop_map(str::to_owned),
    ]
}

/// Names that mean something within a value of some option, and any text.
fn name() -> impl Strategy<Value = String> {
    let known = select(
        &[
            "width",
            "color",
            "codec",
            "profile",
            "level",
            "b_frames",
            "function_type",
            "source",
            "text",
            "public_id",
            "type",
            "url",
            "format",
            "font_family",
            "font_size",
            "transformation",
            "overlay",
            "effect",
            "crop",
            "if",
            "$a",
            "raw_transformation",
            "variables",
            "access_type",
            "translate",
            "max_images",
            "X-A",
        ][..],
    );
    prop_oneof![known.prop_map(str::to_owned), text()]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        6 => text().prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => select(vec![json!(null), json!(true), json!(false), json!(1e300), json!(0)]),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
            (text(), text()).prop_map(|(name, value)| json!([[format!("${name}"), value]])),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn an_accepted_option_is_written_as_one_component(name in select(chosen::names()), value in value()) {
        chosen::check(&name, &value);
    }
}
