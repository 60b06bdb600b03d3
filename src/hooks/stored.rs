//! What a guarded field holds already: a save may send it again, bare or with the signature that it
//! came with.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::cloudinary::identifier::bare;
use crate::parse::json::JsonText;

/// How a text that a save sends stands to what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again<'t> {
    /// It is stored so, or is the stored text cut at its `#`: rows from before the guard stay
    /// saveable.
    AsIs,
    /// It is the stored text, here without the signature that the save sent with it.
    Signed(&'t str),
}

/// The text of a field with one picture, sent once more; `None` if `text` is new.
pub(super) fn again<'t>(text: &'t str, stored: &str) -> Option<Again<'t>> {
    again_if(text, |text| text == stored || text == bare(stored))
}

fn again_if(text: &str, is_stored: impl Fn(&str) -> bool) -> Option<Again<'_>> {
    if is_stored(text) {
        return Some(Again::AsIs);
    }
    let (bare, signature) = text.split_once('#')?;
    (!signature.is_empty() && is_stored(bare)).then_some(Again::Signed(bare))
}

/// The elements of a stored array. Each element of a save is looked up in it, so a look-up must not
/// take longer the more there are.
#[derive(Debug)]
pub(super) struct StoredElements<'a> {
    texts: Texts<'a>,
    /// What is not a text, as it is written.
    others: HashSet<&'a str>,
}

impl<'a> StoredElements<'a> {
    pub(super) fn of(elements: &[JsonText<'a>]) -> Self {
        let others = elements.iter().filter(|element| element.as_str().is_none());
        Self {
            texts: Texts::of(elements),
            others: others.map(|element| element.as_raw()).collect(),
        }
    }

    /// Whether an element that is not a text is stored as it is written.
    pub(super) fn has_other(&self, element: JsonText<'_>) -> bool {
        self.others.contains(element.as_raw())
    }

    /// Whether the text is stored, cut at its `#` or not.
    pub(super) fn has(&self, text: &str) -> bool {
        self.texts.has(text)
    }

    /// The text of an element, sent once more; `None` if it is new.
    pub(super) fn again<'t>(&self, text: &'t str) -> Option<Again<'t>> {
        again_if(text, |text| self.has(text))
    }
}

/// The texts of an array, each also cut at its `#`.
#[derive(Debug)]
pub(super) struct Texts<'a>(HashSet<Cow<'a, str>>);

impl<'a> Texts<'a> {
    pub(super) fn of(elements: &[JsonText<'a>]) -> Self {
        let mut texts = HashSet::with_capacity(elements.len());
        for text in elements.iter().filter_map(|element| element.as_str()) {
            if text.contains('#') {
                texts.insert(match &text {
                    Cow::Borrowed(text) => Cow::Borrowed(bare(text)),
                    Cow::Owned(text) => Cow::Owned(bare(text).to_owned()),
                });
            }
            texts.insert(text);
        }
        Self(texts)
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.0.contains(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_text_is_known_as_it_is_cut_and_with_a_signature() {
        for (text, stored, expected) in [
            ("a/b", "a/b", Some(Again::AsIs)),
            ("a/b#c", "a/b#c", Some(Again::AsIs)),
            ("a/b", "a/b#c", Some(Again::AsIs)),
            ("a/b#", "a/b#", Some(Again::AsIs)),
            ("a/b#x", "a/b", Some(Again::Signed("a/b"))),
            ("a/b#x", "a/b#c", Some(Again::Signed("a/b"))),
            ("a/b#x#y", "a/b", Some(Again::Signed("a/b"))),
            ("a/b#", "a/b", None),
            ("a/b#", "a/b#c", None),
            ("a/c#x", "a/b", None),
            ("a/b", "a/bc", None),
            ("a/b#c", "a/b#c#d", Some(Again::Signed("a/b"))),
            ("", "a", None),
        ] {
            assert_eq!(again(text, stored), expected, "{text} {stored}");
            let array = format!("[5,{}]", serde_json::to_string(stored).unwrap());
            let elements = JsonText::parse(&array).unwrap().elements().unwrap();
            let elements = StoredElements::of(&elements);
            assert_eq!(elements.again(text), expected, "{text} {array}");
        }
    }

    #[test]
    fn what_is_not_a_text_is_stored_as_it_is_written() {
        let array = r#"[5,null,["a"],"\ud83d","a"]"#;
        let elements = JsonText::parse(array).unwrap().elements().unwrap();
        let stored = StoredElements::of(&elements);
        for element in &elements[..4] {
            assert!(stored.has_other(*element), "{element:?}");
        }
        for other in ["5.0", r#"["b"]"#, r#""\uD83D""#, r#""a""#, "{}"] {
            assert!(
                !stored.has_other(JsonText::parse(other).unwrap()),
                "{other}"
            );
        }
    }
}
