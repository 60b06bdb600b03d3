use serde_json::json;

use super::*;
use crate::cloudinary::transformation::is_composite;

fn accepted(choice: Choice) -> Accepted {
    Accepted {
        kind: OptionKind::Upload,
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

fn refusal(name: &str, value: &Value) -> String {
    let accepted = accepted(Choice::Any);
    accepted.choose(name, value).unwrap_err().to_string()
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
            ("a+b", "'+' is not allowed"),
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
            &[json!("fill/l_secret"), json!("fill,l_secret")],
        );
    }
    assert_refused(
        &Choice::Any,
        "effect",
        "a value without `/` and `,`",
        &[
            json!(["a", "b/c"]),
            json!({"sepia": 50, "l_private:users:victim": "secret"}),
            json!({"sepia,l_x": 50}),
            json!({"sepia": "50/l_x"}),
            json!("!a/b!"),
        ],
    );
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
    assert_chosen(&Choice::Any, "width", &[json!("iw / 2"), json!("auto")]);
    assert_chosen(
        &Choice::Any,
        "effect",
        &[json!({"sepia": 50}), json!(["sepia", 50])],
    );
    assert_chosen(
        &Choice::OneOf(vec![json!("iw/2")]),
        "width",
        &[json!("iw/2")],
    );
}

#[test]
fn keeps_a_chosen_option_in_the_path_of_its_url() {
    let on_urls = Accepted {
        kind: OptionKind::Url,
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

#[test]
fn refuses_separators_that_a_reader_decodes_on_either_side() {
    let options = OptionKey::all().filter(|key| {
        key.is_transformation() && !is_composite(key.name()) && *key != OptionKey::ResponsiveWidth
    });
    for key in options {
        for kind in [OptionKind::Upload, OptionKind::Url] {
            let accepted = Accepted {
                kind,
                ..accepted(Choice::Any)
            };
            for text in [
                "sepia%2Cl_other%2Fw_10",
                "sepia%252Cl_other",
                "sepia%25252cl_other",
                "a%2fl_x",
                "a%5Cb",
                "%",
            ] {
                for value in [json!(text), json!([text]), json!({ text: 1 })] {
                    let name = key.name();
                    let error = accepted.choose(name, &value).unwrap_err().to_string();
                    assert!(error.starts_with(name), "{error}");
                }
            }
        }
    }
}

#[test]
fn makes_up_no_layer_code_or_name_where_it_is_signed() {
    for (name, value) in [
        ("overlay", json!("logo")),
        ("overlay", json!({"public_id": "logo", "type": "private"})),
        ("underlay", json!("logo")),
        ("raw_transformation", json!("e_sepia")),
        ("custom_function", json!("wasm:a")),
        ("custom_pre_function", json!("wasm:a")),
    ] {
        for choice in [Choice::Any, Choice::Pattern(Pattern::new(".*").unwrap())] {
            let expected = match (&choice, &value) {
                (Choice::Pattern(pattern), Value::Object(_)) => {
                    format!("text that matches {}", pattern.written)
                }
                _ => "a value that the manifest lists: layers, code and raw transformations are not made up by callers".to_owned(),
            };
            assert_refused(&choice, name, &expected, std::slice::from_ref(&value));
        }
        assert_chosen(&Choice::OneOf(vec![value.clone()]), name, &[value]);
    }
    assert_chosen(
        &Choice::Any,
        "transformation",
        &[
            json!({"crop": "fill", "width": 9}),
            json!([{"crop": "fill", "width": 9}, {"effect": "sepia"}]),
            json!({"$size": 9, "width": "$size"}),
        ],
    );
    assert_refused(
        &Choice::Any,
        "transformation",
        "transformations without layers, names, code and conditions",
        &[
            json!("named"),
            json!(["named", "other"]),
            json!({"overlay": "logo"}),
            json!([{"width": 1}, {"underlay": {"public_id": "users/victim", "type": "private"}}]),
            json!({"if": "w_gt_1"}),
            json!({"custom_function": "wasm:a"}),
            json!({"raw_transformation": "l_x"}),
            json!({"effect": {"sepia": 1, "l_x": "y"}}),
            json!({"crop": "fill/l_x"}),
            json!({"transformation": [{"transformation": "named"}]}),
        ],
    );
}

#[test]
fn keeps_what_nobody_signs_in_the_url_of_its_asset() {
    let on_urls = Accepted {
        kind: OptionKind::Url,
        ..accepted(Choice::Any)
    };
    let chosen = |name: &str, value: &Value| {
        let accepted = Accepted {
            key: OptionKey::from_name(name),
            ..on_urls.clone()
        };
        let chosen = accepted.choose(name, value).map(drop);
        chosen.map_err(|error| error.to_string())
    };
    let separator = "a value without `/` and `,`";
    let border = "a value without `? # % \\` and control characters";
    for (name, value, expected) in [
        ("raw_transformation", "..", separator),
        ("raw_transformation", "a/../b", separator),
        ("raw_transformation", "a//b", separator),
        ("raw_transformation", "a%2Fb", separator),
        ("raw_transformation", "a?b", border),
        ("overlay", "logo/e_sepia", separator),
        ("overlay", "logo,e_sepia", separator),
        ("overlay", "logo%2ce_sepia", separator),
        ("overlay", "logo#", border),
    ] {
        let expected = Err(format!("{name}: expected {expected}"));
        assert_eq!(chosen(name, &json!(value)), expected, "{value}");
    }
    for (name, value) in [
        ("raw_transformation", json!("c_fill,w_9/l_logo")),
        ("transformation", json!("named")),
        ("overlay", json!("private:logo")),
        (
            "overlay",
            json!({"text": "a/b, c?", "font_family": "Arial", "font_size": 9}),
        ),
    ] {
        assert_eq!(chosen(name, &value), Ok(()), "{value}");
    }
}

#[test]
fn makes_up_eager_transformations_one_by_one() {
    assert_chosen(
        &Choice::Any,
        "eager",
        &[
            json!("c_fill,w_9/e_sepia"),
            json!("c_fill,w_9/e_sepia/png"),
            json!("c_fill|e_sepia"),
            json!(""),
            json!({"crop": "fill", "width": 9, "format": "png"}),
            json!([{"crop": "fill", "format": ""}, "e_sepia"]),
        ],
    );
    let plain = "transformations without layers, names, code and conditions";
    for (expected, values) in [
        (
            plain,
            vec![
                json!("l_logo"),
                json!("c_fill/l_private:users:victim"),
                json!("c_fill,u_logo"),
                json!("t_named"),
                json!("png"),
                json!("c_fill//w_9"),
                json!("if_w_gt_1,c_fill"),
                json!("c_fill|fn_wasm:a"),
                json!(["c_fill", "l_logo"]),
                json!({"overlay": "logo"}),
                json!({"raw_transformation": "l_logo"}),
                json!({"effect": {"sepia": 1, "l_private:x": "y"}}),
                json!("c_fill,/w_9"),
                json!("c_fill/png/jpg"),
            ],
        ),
        (
            "a value without `? # % \\` and control characters",
            vec![
                json!("c_fill%2Cl_logo"),
                json!("c_fill%252Cl_logo"),
                json!({"crop": "fill%2Fl_logo"}),
                json!("c_fill?x"),
            ],
        ),
        (
            "transformations without `|`",
            vec![json!(["c_fill|e_sepia"]), json!({"crop": "fill|w_9"})],
        ),
    ] {
        assert_refused(&Choice::Any, "eager", expected, &values);
    }
    assert_eq!(
        refusal("eager", &json!({"width": 1, "format": "png/l_x"})),
        "eager.format: expected up to 16 letters and digits"
    );
}

#[test]
fn keeps_one_item_one_item() {
    for (name, expected, values) in [
        ("tags", "items without `,`", vec![json!(["a,b"])]),
        ("context", "keys that are not empty", vec![json!({"": "a"})]),
        ("context", "keys without \"\\\"", vec![json!({"a\\": "b"})]),
        (
            "context",
            "text or an object of text, numbers, truth values or arrays of them, without \"=\" and \"|\" in its keys",
            vec![json!({"a=b|c": "d"}), json!(5)],
        ),
        (
            "headers",
            "one header a line, without control characters and without `:` in a name",
            vec![
                json!(["X-A: 1\nX-B: 2"]),
                json!({"X-A": "1\nX-B: 2"}),
                json!({"X-A: 1\nX-B": "2"}),
                json!("X-A: 1\r\nX-B: 2"),
            ],
        ),
        (
            "face_coordinates",
            "numbers: [x, y, width, height] or an array of those",
            vec![
                json!("1,2,3,4&x"),
                json!(["1|2", 3, 4, 5]),
                json!([["1,2", 3, 4, 5]]),
            ],
        ),
        (
            "format",
            "a value without `/ , ? # % | \\` and control characters",
            vec![json!("jpg/l_x"), json!("jpg|l_x"), json!("jpg%2Fl_x")],
        ),
        (
            "notification_url",
            "a value without control characters",
            vec![json!("https://e.com/\nx")],
        ),
    ] {
        assert_refused(&Choice::Any, name, expected, &values);
    }
    for (name, value) in [
        ("tags", json!("a,b")),
        ("context", json!({"caption": "a|b=c\\", "n": [1, "x|y"]})),
        ("headers", json!("X-A: 1\nX-B: 2")),
        ("face_coordinates", json!("1,2,3,4|5,6,7,8")),
        ("custom_coordinates", json!([1, 2.5, 3, 4])),
        ("notification_url", json!("https://e.com/?a=1&b=%2C")),
        ("raw_convert", json!("google_speech:vtt")),
    ] {
        assert_chosen(&Choice::Any, name, &[value]);
    }
    assert_eq!(
        refusal(
            "responsive_breakpoints",
            &json!({"transformation": "l_logo"})
        ),
        "responsive_breakpoints: expected transformations without layers, names, code and conditions"
    );
}
