//! Checks what a guarded field of a stored row holds.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::cloudinary::account::Account;
use crate::cloudinary::delivery_url::is_url;
use crate::cloudinary::identifier::Identifier;
use crate::manifest::GuardedField;

use super::finding::{Cell, Finding};

/// Longest part of a stored value that a report repeats, in characters.
const SHOWN: usize = 120;

/// What a field of a row holds, and what is wrong with it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct RowCheck {
    /// One for each mistake.
    pub(super) findings: Vec<Finding>,
    /// Well-formed identifiers, bare.
    pub(super) identifiers: Vec<String>,
    /// URLs in an identifier's place.
    pub(super) urls: Vec<String>,
    /// What to store instead, if good signatures are left over.
    pub(super) stripped: Option<Value>,
}

/// Checks a stored value.
pub(super) fn check(
    account: &Account,
    field: &GuardedField,
    cell: &Cell,
    raw: Option<&RawValue>,
) -> RowCheck {
    let mut checked = RowCheck::default();
    let Some(raw) = raw else {
        return checked;
    };
    let Ok(value) = serde_json::from_str(raw.get()) else {
        checked.malformed(cell, raw.get(), "expected a string of Unicode characters");
        return checked;
    };
    match value {
        Value::Null => {}
        Value::String(text) if !field.many => {
            if let Some(bare) = checked.text(account, cell, &text) {
                checked.stripped = Some(bare.into());
            }
        }
        Value::Array(elements) if field.many => checked.list(account, cell, elements),
        _ => {
            let expected = if field.many {
                "an array of identifiers"
            } else {
                "an identifier"
            };
            checked.malformed(cell, raw.get(), &format!("expected {expected}"));
        }
    }
    checked
}

impl RowCheck {
    fn list(&mut self, account: &Account, cell: &Cell, elements: Vec<Value>) {
        let mut stripped = false;
        let elements: Vec<_> = elements
            .into_iter()
            .map(|element| match element {
                Value::String(text) => match self.text(account, cell, &text) {
                    Some(bare) => {
                        stripped = true;
                        Value::from(bare)
                    }
                    None => text.into(),
                },
                other => {
                    self.malformed(cell, &other.to_string(), "expected an array of identifiers");
                    other
                }
            })
            .collect();
        if stripped {
            self.stripped = Some(elements.into());
        }
    }

    /// Checks a text; returns the bare identifier if a good signature is left over.
    fn text(&mut self, account: &Account, cell: &Cell, text: &str) -> Option<String> {
        let (bare, signature) = match text.split_once('#') {
            Some((bare, signature)) => (bare.to_owned(), Some(signature)),
            None => (text.to_owned(), None),
        };
        let mut strip = None;
        match Identifier::parse(&bare) {
            Ok(identifier) => {
                let (cell, identifier_text) = (cell.clone(), bare.clone());
                if let Some(signature) = signature {
                    let good = identifier.verify(account, signature).is_ok();
                    self.findings.push(if good {
                        strip = Some(bare.clone());
                        Finding::LeftOverSignature {
                            cell,
                            identifier: identifier_text,
                        }
                    } else {
                        Finding::Unsigned {
                            cell,
                            identifier: identifier_text,
                        }
                    });
                }
                self.identifiers.push(bare);
            }
            Err(_) if is_url(text) => self.urls.push(text.to_owned()),
            Err(error) => self.malformed(cell, &bare, &error.to_string()),
        }
        strip
    }

    fn malformed(&mut self, cell: &Cell, value: &str, expected: &str) {
        let value = value.split('#').next().unwrap_or_default();
        self.findings.push(Finding::Malformed {
            cell: cell.clone(),
            value: shown(value, SHOWN),
            expected: expected.to_owned(),
        });
    }
}

/// What a report repeats of a stored text.
pub(super) fn shown(text: &str, most: usize) -> String {
    let mut shown: String = text.chars().take(most).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // sha1("public_id=cat&version=1secret")
    const SIGNATURE: &str = "70c2a0ac89e4125ce98ae34bf8bb7e278db1ba80";

    fn checked(many: bool, value: &Value) -> RowCheck {
        let account = Account::from_url("cloudinary://key:secret@demo").unwrap();
        let text = format!("class = \"Photo\"\n[fields.picture]\nmany = {many}");
        let manifests = crate::manifest::parse(&[("m.toml", &text)]).unwrap();
        let raw = RawValue::from_string(value.to_string()).unwrap();
        check(
            &account,
            &manifests.classes[0].fields[0],
            &cell(),
            Some(&raw),
        )
    }

    fn cell() -> Cell {
        Cell {
            class: "Photo".into(),
            object_id: "r1".into(),
            field: "picture".into(),
        }
    }

    fn lines(checked: &RowCheck) -> Vec<String> {
        checked.findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn finds_nothing_wrong_with_bare_identifiers_and_none() {
        let bare = "image/upload/v1/cat.jpg";
        for (many, value) in [
            (false, json!(null)),
            (false, json!(bare)),
            (true, json!([])),
            (true, json!([bare, bare])),
        ] {
            assert_eq!(lines(&checked(many, &value)), [""; 0], "{value}");
        }
    }

    #[test]
    fn strips_good_signatures_only() {
        let bare = "image/upload/v1/cat.jpg";
        let signed = format!("{bare}#{SIGNATURE}");
        let found = checked(false, &json!(signed));
        assert_eq!(
            lines(&found),
            [format!("left-over signature: Photo r1 picture: {bare}")]
        );
        assert_eq!(found.stripped, Some(json!(bare)));
        let forged = format!("{bare}#{}", "0".repeat(40));
        let found = checked(true, &json!([forged, signed, "image/upload/v2/dog"]));
        assert_eq!(
            lines(&found),
            [
                format!("not signed by this account: Photo r1 picture: {bare}"),
                format!("left-over signature: Photo r1 picture: {bare}"),
            ]
        );
        assert_eq!(
            found.stripped,
            Some(json!([forged, bare, "image/upload/v2/dog"]))
        );
        assert_eq!(found.identifiers, [bare, bare, "image/upload/v2/dog"]);
    }

    #[test]
    fn reports_what_is_no_identifier_without_its_signature() {
        for (many, value, shown) in [
            (
                false,
                json!("cat.jpg#secret"),
                "cat.jpg: expected resource_type/type/vVERSION/public_id",
            ),
            (
                false,
                json!(""),
                ": expected resource_type/type/vVERSION/public_id",
            ),
            (false, json!(5), "5: expected an identifier"),
            (false, json!(["a"]), "[\"a\"]: expected an identifier"),
            (true, json!("a"), "\"a\": expected an array of identifiers"),
            (true, json!([5]), "5: expected an array of identifiers"),
            (
                false,
                json!("image/upload/v1/a\u{1b}[0m"),
                "image/upload/v1/a\u{fffd}[0m: public_id: '\\u{1b}' is not allowed",
            ),
        ] {
            let found = checked(many, &value);
            assert_eq!(
                lines(&found),
                [format!("malformed: Photo r1 picture: {shown}")]
            );
            assert_eq!((found.stripped, found.identifiers.len()), (None, 0));
        }
    }
}
