use serde_json::json;

use super::*;

fn accepted(choice: Choice) -> Accepted {
    Accepted {
        side: Side::Upload,
        key: None,
        choice,
        default: None,
    }
}

#[track_caller]
fn assert_chosen(choice: &Choice, name: &str, values: &[Value]) {
    let accepted = accepted(choice.clone());
    for value in values {
        assert_eq!(accepted.choose(name, value), Ok(value), "{value}");
    }
}

#[track_caller]
fn assert_refused(choice: &Choice, name: &str, expected: &str, values: &[Value]) {
    let accepted = accepted(choice.clone());
    for value in values {
        assert_eq!(
            accepted
                .choose(name, value)
                .map_err(|error| error.to_string()),
            Err(format!("{name}: expected {expected}")),
            "{value}"
        );
    }
}

#[test]
fn takes_any_value_of_the_right_type() {
    assert_chosen(
        &Choice::Any,
        "tags",
        &[json!("a,b"), json!(["a", "b"]), json!("")],
    );
    assert_chosen(&Choice::Any, "overwrite", &[json!(false), json!("true")]);
    assert_refused(
        &Choice::Any,
        "overwrite",
        "true or false",
        &[json!("maybe"), json!([]), json!({})],
    );
    assert_refused(
        &Choice::Any,
        "tags",
        "text or an array of text",
        &[json!({"a": 1}), json!([["a"]])],
    );
}

#[test]
fn takes_one_of_a_list() {
    let choice = Choice::OneOf(vec![
        json!("avatar"),
        json!(2),
        json!(["a", "b"]),
        json!(true),
    ]);
    assert_chosen(
        &choice,
        "upload_preset",
        &[json!("avatar"), json!(2), json!(["a", "b"]), json!(true)],
    );
    assert_eq!(
        accepted(choice.clone()).choose("upload_preset", &json!(2.0)),
        Ok(&json!(2))
    );
    assert_refused(
        &choice,
        "upload_preset",
        r#"one of "avatar", 2, ["a","b"], true"#,
        &[
            json!("cover"),
            json!("Avatar"),
            json!("avatar "),
            json!("2"),
            json!("true"),
            json!(["avatar"]),
            json!(null),
            json!(""),
        ],
    );
}

#[test]
fn takes_numbers_of_a_range_ends_included() {
    let choice = Choice::Range {
        min: Some(1.0),
        max: Some(2000.0),
    };
    assert_chosen(
        &choice,
        "width",
        &[
            json!(1),
            json!(2000),
            json!(1.5),
            json!("150"),
            json!("2000.0"),
        ],
    );
    assert_refused(
        &choice,
        "width",
        "a number from 1 to 2000",
        &[
            json!(0),
            json!(2001),
            json!(2000.1),
            json!(-5),
            json!(1e9),
            json!("2001"),
            json!("iw"),
            json!("150px"),
            json!("1e3"),
            json!("+5"),
            json!("0x10"),
            json!(" 5"),
            json!("nan"),
            json!("inf"),
            json!(""),
            json!("."),
            json!("1."),
            json!("1/l_x"),
            json!(true),
            json!(null),
            json!([1]),
            json!({}),
        ],
    );
    assert_refused(
        &Choice::Range {
            min: None,
            max: Some(0.5),
        },
        "width",
        "a number of at most 0.5",
        &[json!(1)],
    );
    assert_refused(
        &Choice::Range {
            min: Some(-1.0),
            max: None,
        },
        "width",
        "a number of at least -1",
        &[json!(-2)],
    );
}

#[test]
fn matches_a_pattern_from_end_to_end() {
    for written in ["[a-z]+", "^[a-z]+$", "a|[a-z]+"] {
        let choice = Choice::Pattern(Pattern::new(written).unwrap());
        assert_chosen(&choice, "public_id", &[json!("cat")]);
        assert_refused(
            &choice,
            "public_id",
            &format!("text that matches {written}"),
            &[
                json!("Cat"),
                json!("cat1"),
                json!("1cat"),
                json!("cat\n"),
                json!("a b"),
                json!(""),
                json!(1),
                json!(null),
                json!(["cat"]),
            ],
        );
    }
}

#[test]
fn refuses_a_pattern_that_only_closes_our_group() {
    assert!(Pattern::new("a)|(?:b").is_err());
}

#[test]
fn replaces_a_name_by_what_it_stands_for() {
    let choice = Choice::Named(Map::from_iter([
        ("thumb".to_owned(), json!({"crop": "thumb", "width": 150})),
        ("cover".to_owned(), json!("c_fill,w_1200")),
    ]));
    let accepted = accepted(choice.clone());
    assert_eq!(
        accepted.choose("eager", &json!("thumb")),
        Ok(&json!({"crop": "thumb", "width": 150}))
    );
    assert_eq!(
        accepted.choose("eager", &json!("cover")),
        Ok(&json!("c_fill,w_1200"))
    );
    assert_refused(
        &choice,
        "eager",
        r#"one of "thumb", "cover""#,
        &[
            json!("c_fill,w_1200"),
            json!("Thumb"),
            json!({"crop": "thumb", "width": 150}),
            json!(["thumb"]),
            json!(null),
            json!(""),
        ],
    );
}

#[test]
fn keeps_a_chosen_path_to_the_rules_of_identifiers() {
    let any = accepted(Choice::Any);
    for name in [
        "public_id",
        "folder",
        "public_id_prefix",
        "asset_folder",
        "filename_override",
    ] {
        assert_eq!(any.choose(name, &json!("a/b.c")), Ok(&json!("a/b.c")));
        for (value, reason) in [
            ("a&b", "'&' is not allowed"),
            ("a#b", "'#' is not allowed"),
            ("a\u{85}", "'\\u{85}' is not allowed"),
        ] {
            assert_eq!(
                any.choose(name, &json!(value))
                    .map_err(|error| error.to_string()),
                Err(format!("{name}: {reason}"))
            );
        }
        for value in ["../a", "a/./b", "/a", "a/", "a//b", " a", "a "] {
            assert!(any.choose(name, &json!(value)).is_err(), "{name} {value}");
        }
    }
}

#[test]
fn keeps_a_chosen_option_in_its_component() {
    for name in [
        "crop", "effect", "width", "gravity", "quality", "flags", "if",
    ] {
        assert_refused(
            &Choice::Any,
            name,
            "a value without `/` and `,`",
            &[
                json!("fill/l_secret"),
                json!("fill,l_secret"),
                json!(["a", "b/c"]),
            ],
        );
    }
    assert_refused(
        &Choice::Any,
        "$v",
        "a value without `/` and `,`",
        &[json!("1/l_secret")],
    );
    let free = Choice::Pattern(Pattern::new(".*").unwrap());
    assert_refused(
        &free,
        "crop",
        "a value without `/` and `,`",
        &[json!("fill/l_secret")],
    );
    assert_chosen(
        &Choice::Any,
        "transformation",
        &[json!("c_fill,w_9/e_sepia")],
    );
    assert_chosen(&Choice::Any, "eager", &[json!("c_fill,w_9/e_sepia")]);
    assert_chosen(
        &Choice::OneOf(vec![json!("iw/2")]),
        "width",
        &[json!("iw/2")],
    );
}

#[test]
fn keeps_a_chosen_option_in_the_path_of_its_url() {
    let on_urls = Accepted {
        side: Side::Url,
        ..accepted(Choice::Any)
    };
    for (name, value) in [
        ("x", "1?a"),
        ("x", "1#a"),
        ("crop", "a%2f..%2fb"),
        ("gravity", "a\\b"),
        ("effect", "trim:\u{7f}10"),
        ("width", "a\tb"),
        ("format", "jpg?a"),
        ("format", "jpg\n"),
    ] {
        let error = on_urls.choose(name, &json!(value)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{name}: expected a value without `? # % \\` and control characters"),
            "{value:?}"
        );
    }
    for (name, value) in [
        ("background", "#fff"),
        ("start_offset", "10%"),
        ("crop", "fill"),
    ] {
        assert_eq!(on_urls.choose(name, &json!(value)), Ok(&json!(value)));
    }
}
