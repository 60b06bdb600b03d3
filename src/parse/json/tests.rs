use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::*;

#[test]
fn reads_every_kind() {
    for (text, kind) in [
        ("{}", JsonKind::Object),
        (" [1, 2] ", JsonKind::Array),
        ("\"a\"", JsonKind::String),
        ("-0.5e+3", JsonKind::Number),
        ("true", JsonKind::Bool),
        ("false", JsonKind::Bool),
        ("null", JsonKind::Null),
    ] {
        assert_eq!(
            JsonText::parse(text).map(JsonText::kind),
            Ok(kind),
            "{text}"
        );
    }
}

#[test]
fn names_the_place_of_the_first_mistake() {
    for (text, position) in [
        ("", 0),
        ("  ", 2),
        ("{", 1),
        ("[1,]", 3),
        ("{\"a\":1,}", 7),
        ("{\"a\" 1}", 5),
        ("{a:1}", 1),
        ("[1}", 2),
        ("{\"a\":1]", 6),
        ("nul", 0),
        ("True", 0),
        ("01", 1),
        ("1.", 2),
        ("1e", 2),
        ("-", 1),
        ("+1", 0),
        (".5", 0),
        ("\"a", 2),
        ("\"\\x\"", 2),
        ("\"\\u12g4\"", 5),
        ("\"\n\"", 1),
        ("\"0123456789abcdef\u{1}\"", 17),
        ("1 2", 2),
        ("{}{}", 2),
        ("\u{feff}{}", 0),
        ("[1,,2]", 3),
        ("{\"a\":}", 5),
    ] {
        let error = Err(JsonError { position });
        assert_eq!(
            JsonText::parse(text).map(JsonText::as_raw),
            error,
            "{text:?}"
        );
    }
}

#[test]
fn reads_any_depth_without_recursion() {
    let deep = format!("{}1{}", "[{\"a\":".repeat(200_000), "}]".repeat(200_000));
    assert_eq!(JsonText::parse(&deep).map(JsonText::as_raw), Ok(&*deep));
    let crossed = format!("{}1{}", "[{\"a\":".repeat(100), "]}".repeat(100));
    assert_eq!(JsonText::parse(&crossed), Err(JsonError { position: 601 }));
}

#[test]
fn tells_a_path_into_a_key_however_it_is_spelled() {
    let of = |key: &str| {
        let text = format!("{{\"{key}\":1}}");
        let members = JsonText::parse(&text).unwrap().members().unwrap();
        members[0].key.reaches_into("ab")
    };
    for path in ["ab.0", "ab.", "ab.c.d", "\\u0061b.0", "ab\\u002e0"] {
        assert!(of(path), "{path}");
    }
    for other in [
        "ab", "a.b", "abc.0", "Ab.0", "a", "", ".ab", "xab.0", "a\\u0062",
    ] {
        assert!(!of(other), "{other}");
    }
}

#[test]
fn tells_keys_apart_by_name_not_by_spelling() {
    let text = JsonText::parse(r#"{"\u0061b":1,"ab":2,"\ud83d":3,"\uD83D":4,"a\"b":5}"#);
    let members = text.ok().and_then(JsonText::members).unwrap();
    assert!(members[0].key.is("ab") && members[1].key.is("ab"));
    assert!(members[0].key.same_as(members[1].key));
    assert!(members[2].key.same_as(members[3].key));
    assert!(!members[2].key.same_as(members[0].key));
    assert!(members[4].key.is("a\"b"));
}

#[test]
fn decodes_strings_but_not_lone_surrogates() {
    let decoded = |text| JsonText::parse(text).ok().and_then(JsonText::as_str);
    assert_eq!(
        decoded(r#""a\/\u00e9\ud83d\ude00""#).as_deref(),
        Some("a/é😀")
    );
    assert_eq!(decoded(r#""a\ud83d""#), None);
    assert_eq!(decoded("5"), None);
}

/// Text that is nearly JSON: pieces of the grammar in any order.
fn nearly_json() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"\\u00e9\"",
        "\\",
        "\\ud83d",
        "1",
        "-0",
        "0.5",
        "1e9",
        "E+",
        "true",
        "false",
        "null",
        " ",
        "\n",
        "é",
        "\u{0}",
        "{\"a\":",
        "[1,",
        "\"0123456789abcdefg",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

fn json(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn accepts_exactly_what_serde_json_accepts(text in nearly_json()) {
        let theirs = serde_json::from_str::<&RawValue>(&text);
        let ours = JsonText::parse(&text);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}", text);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            prop_assert_eq!(ours.as_raw(), theirs.get());
        }
    }

    #[test]
    fn reads_back_the_members_of_any_object(value in json(4)) {
        let text = serde_json::to_string(&value).unwrap();
        let ours = JsonText::parse(&text).unwrap();
        prop_assert_eq!(ours.as_raw(), &text);
        if let Value::Object(object) = &value {
            let members = ours.members().unwrap();
            prop_assert_eq!(members.len(), object.len());
            for ((name, value), member) in object.iter().zip(members) {
                prop_assert!(member.key.is(name));
                let read: Value = serde_json::from_str(member.value.as_raw()).unwrap();
                prop_assert_eq!(&read, value);
            }
        }
    }
}
