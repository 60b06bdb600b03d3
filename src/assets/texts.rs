//! The texts of a JSON value, at any depth of arrays and objects.

use std::borrow::Cow;

use memchr::memchr2;

use crate::parse::json::JsonText;

/// Stands for a value that lies beside the path.
const BESIDE: u8 = u8::MAX;

/// Most names of a path.
pub const LONGEST_PATH: usize = 32;

/// Calls `visit` with each text below `path`: the value of the object's member with its first name,
/// and so on; an array on the way stands for each of its elements. An empty path is the whole
/// value. Names of members are no texts.
///
/// One pass without recursion: values come from clients, as deep as a body is long.
pub fn each_text<'a>(value: JsonText<'a>, path: &[String], mut visit: impl FnMut(Cow<'a, str>)) {
    let (text, bytes) = (value.as_raw(), value.as_raw().as_bytes());
    let Some(end_of_path) = u8::try_from(path.len()).ok().filter(|len| *len < BESIDE) else {
        return;
    };
    // How many names of the path have led to each open container, and to the value that comes next.
    let (mut open, mut next) = (Vec::new(), 0);
    let mut position = 0;
    while let Some(byte) = bytes.get(position) {
        position += 1;
        match byte {
            b'{' | b'[' => open.push(next),
            b'}' | b']' => next = open.pop().unwrap_or(BESIDE),
            b'"' => {
                let end = end_of_string(bytes, position);
                let string = decoded(&text[position - 1..end]);
                position = end;
                if !is_name(bytes, end) {
                    if next == end_of_path {
                        visit(string);
                    }
                    continue;
                }
                let container = open.last().copied().unwrap_or(BESIDE);
                next = match path.get(usize::from(container)) {
                    _ if container == end_of_path => container,
                    Some(name) if *name == string => container + 1,
                    _ => BESIDE,
                };
            }
            _ => {}
        }
    }
}

/// The position after the string whose first character is at `position`.
fn end_of_string(bytes: &[u8], mut position: usize) -> usize {
    while let Some(offset) = memchr2(b'"', b'\\', &bytes[position..]) {
        position += offset + 1;
        if bytes[position - 1] == b'"' {
            return position;
        }
        position = (position + 1).min(bytes.len());
    }
    bytes.len()
}

/// Whether the string that ends at `position` is a member's name.
fn is_name(bytes: &[u8], position: usize) -> bool {
    let mut rest = bytes[position..].iter();
    rest.find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

/// A lone surrogate in a string does not hide the rest of it.
fn decoded(string: &str) -> Cow<'_, str> {
    let text = JsonText::parse(string).ok().and_then(JsonText::lossy_text);
    text.unwrap_or(Cow::Borrowed(string))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(json: &str, path: &[&str]) -> Vec<String> {
        let path: Vec<_> = path.iter().map(|name| (*name).to_owned()).collect();
        let mut texts = Vec::new();
        let visit = |text: Cow<'_, str>| texts.push(text.into_owned());
        each_text(JsonText::parse(json).unwrap(), &path, visit);
        texts
    }

    #[test]
    fn finds_the_texts_of_every_depth_and_no_names() {
        for (json, expected) in [
            (r#""a""#, &["a"][..]),
            (r#""""#, &[""]),
            ("5", &[]),
            ("null", &[]),
            ("[]", &[]),
            ("{}", &[]),
            (
                r#"["a",["b",[["c"]]],{"d":"e","f":{"g":["h"]}}]"#,
                &["a", "b", "c", "e", "h"],
            ),
            (r#"{ "a" : "b" , "c" : [ "d" , 5 ] }"#, &["b", "d"]),
            (r#"{"{\"a\":":"]","b":"\\"}"#, &["]", "\\"]),
            (r#"["\u0061\/b","\ud83d\ude00"]"#, &["a/b", "😀"]),
            (r#"{"__op":"Add","objects":["x"]}"#, &["Add", "x"]),
        ] {
            assert_eq!(texts(json, &[]), expected, "{json}");
        }
    }

    #[test]
    fn a_lone_surrogate_hides_neither_its_own_text_nor_others() {
        let texts = texts(r#"["\ud800/a","b\udc00","c"]"#, &[]);
        assert!(texts[0].ends_with("/a") && texts[1].starts_with('b'));
        assert_eq!(texts[2], "c");
    }

    #[test]
    fn a_path_leads_through_objects_and_every_element_of_arrays() {
        let slides =
            r#"{"items":[{"image":"a","title":"x"},[{"image":["b",{"deep":"c"}]}]],"image":"y"}"#;
        for (path, expected) in [
            (&["items", "image"][..], &["a", "b", "c"][..]),
            (&["image"], &["y"]),
            (&["items"], &["a", "x", "b", "c"]),
            (&["items", "image", "deep"], &["c"]),
            (&["Items", "image"], &[]),
            (&["items", "image", "deep", "er"], &[]),
        ] {
            assert_eq!(texts(slides, path), expected, "{path:?}");
        }
        assert_eq!(texts(r#""a""#, &["b"]), [""; 0]);
        assert_eq!(texts(r#"["a",{"b":"c"}]"#, &["b"]), ["c"]);
        assert_eq!(texts(r#"{"\u0062":"c"}"#, &["b"]), ["c"]);
    }

    #[test]
    fn a_path_of_more_names_than_can_be_counted_leads_nowhere() {
        for names in [254, 255, 256] {
            let path = vec!["x"; names];
            assert_eq!(texts(r#"{"a":"b","x":"c"}"#, &path), [""; 0], "{names}");
        }
    }

    /// The same through a tree of values.
    fn obvious(value: &serde_json::Value, path: &[String], found: &mut Vec<String>) {
        use serde_json::Value;
        match value {
            Value::String(text) if path.is_empty() => found.push(text.clone()),
            Value::Array(elements) => elements.iter().for_each(|e| obvious(e, path, found)),
            Value::Object(members) => {
                for (name, member) in members {
                    match path.split_first() {
                        None => obvious(member, path, found),
                        Some((first, rest)) if first == name => obvious(member, rest, found),
                        Some(_) => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn value() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i32>().prop_map(Into::into),
            r#"[ab"\\:{\[\]}é😀,]{0,4}"#.prop_map(Into::into),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::vec((r#"a|b|c|"|é"#, inner), 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest::proptest! {
        #[test]
        fn finds_what_a_tree_of_values_holds(value in value(), path in proptest::collection::vec("a|b|c", 0..4), pretty in proptest::bool::ANY) {
            let json = if pretty { format!("{value:#}") } else { value.to_string() };
            let mut expected = Vec::new();
            obvious(&value, &path, &mut expected);
            let path: Vec<_> = path.iter().map(String::as_str).collect();
            proptest::prop_assert_eq!(texts(&json, &path), expected);
        }
    }
}
