//! The regular expression that narrows rows down to those that may refer to an asset.

use std::fmt::Write as _;

/// Longest pattern that is sent, in bytes. A walk serves names that are longer.
const LONGEST: usize = 2000;

/// A regular expression that every text matches that may refer to the public ID, whatever is
/// encoded in it; `None` for one that no database would take. Only letters, digits and a few signs
/// stand for themselves: quoting differs between Parse Server's databases, and one of them takes
/// the pattern into its statement. Nothing in it repeats without a bound, so that no name makes it
/// slow.
pub(super) fn pattern(public_id: &str) -> Option<String> {
    let mut pattern = String::new();
    for character in public_id.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => pattern.push(character),
            // Whatever stands there is one character, or one that is percent-encoded up to three
            // times: %2F, %252F, %25252F.
            character if character.is_ascii() => pattern.push_str("(.|%[0-9A-Fa-f]{2,6})"),
            // A letter outside of ASCII is no sign to any database; it is encoded byte by byte.
            character if character.is_alphanumeric() => {
                let bytes = character.len_utf8();
                let _ = write!(pattern, "({character}|(%[0-9A-Fa-f]{{2,6}}){{{bytes}}})");
            }
            // One character is one or two units, as the database counts.
            character => {
                let bytes = character.len_utf8();
                let _ = write!(pattern, "(.{{1,2}}|(%[0-9A-Fa-f]{{2,6}}){{{bytes}}})");
            }
        }
    }
    (pattern.len() <= LONGEST).then_some(pattern)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::assets::reference::AssetSet;
    use crate::cloudinary::asset_name::AssetName;

    fn matches(public_id: &str, text: &str) -> bool {
        let pattern = pattern(public_id).unwrap();
        regex::Regex::new(&pattern).unwrap().is_match(text)
    }

    #[test]
    fn a_public_id_is_searched_without_a_sign_that_a_database_would_read() {
        let gap = "(.|%[0-9A-Fa-f]{2,6})";
        for (public_id, expected) in [
            ("u1_x-y", "u1_x-y".to_owned()),
            ("a'b\\E$(c", format!("a{gap}b{gap}E{gap}{gap}c")),
            ("猫", "(猫|(%[0-9A-Fa-f]{2,6}){3})".to_owned()),
        ] {
            assert_eq!(pattern(public_id), Some(expected));
        }
        assert_eq!(pattern(&" ".repeat(255)), None);
    }

    #[test]
    fn finds_every_spelling_and_little_else() {
        for (text, found) in [
            ("image/upload/v1/a/my cat.jpg", true),
            (
                "https://res.cloudinary.com/demo/image/upload/a/my%20cat.jpg",
                true,
            ),
            (
                "https://proxy/?url=https%253A%252F%252Fx%252Fa%252Fmy%252520cat",
                true,
            ),
            ("a/my cat", true),
            ("image/upload/v1/a/my dog.jpg", false),
            ("image/upload/v1/b/my cat.jpg", false),
        ] {
            assert_eq!(matches("a/my cat", text), found, "{text}");
        }
        assert!(matches(
            "写真/ü 猫🐈",
            "x/%E5%86%99%E7%9C%9F/%C3%BC%20%E7%8C%AB%F0%9F%90%88.png"
        ));
        assert!(!matches("写真/ü 猫🐈", "写真/ü 犬🐈"));
    }

    proptest! {
        #[test]
        fn nothing_in_a_pattern_repeats_without_a_bound(id in any::<String>()) {
            if let Some(pattern) = pattern(&id) {
                prop_assert!(!pattern.contains(['*', '+']) && !pattern.contains(",}"), "{pattern}");
            }
        }

        #[test]
        fn whatever_refers_to_an_asset_is_found(id in r"[ab]{0,2}(/[ab é猫🙂.~'(]{1,4}){0,2}[ab]", text in r"(https?://h/)?(image/upload/v1/)?([ab/ é猫🙂.~'(#?&=%25-]|%20|%2F|%C3%A9|%2520){0,24}") {
            let asset: Result<AssetName, _> = format!("image/upload/{id}").parse();
            if let Ok(asset) = asset {
                let mut set = AssetSet::from_iter([asset]);
                if !set.take_referred(&text).is_empty() {
                    prop_assert!(matches(&id, &text), "{id} in {text}");
                }
            }
        }
    }
}
