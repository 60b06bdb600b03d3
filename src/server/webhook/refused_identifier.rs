//! What a refused save held as its identifier, for the operator who looks into the refusal.
//!
//! Only what names the asset: whatever could be replayed is left out, be it the identifier's
//! signature, one that a URL holds, or a token in its query.

use crate::parse::envelope::Envelope;
use crate::parse::json::{JsonKind, JsonText};

/// The text that the guarded `field` was to get, if there is one that the refusal must be about.
pub(super) fn refused_identifier(envelope: &Envelope<'_>, field: Option<&str>) -> Option<String> {
    let value = envelope.object.as_ref()?.get(field?)?;
    let text = match value.kind() {
        JsonKind::String => value.as_str()?,
        JsonKind::Array => sole_new(&value.elements()?)?.as_str()?,
        JsonKind::Object => {
            let members = value.members()?;
            let added = members.iter().find(|member| member.key.is("objects"))?;
            sole_new(&added.value.elements()?)?.as_str()?
        }
        _ => return None,
    };
    Some(without_secrets(&text)).filter(|text| !text.is_empty())
}

/// The only element, or the only one with a signature: those without one may be stored already.
fn sole_new<'a>(elements: &[JsonText<'a>]) -> Option<JsonText<'a>> {
    if let [only] = elements {
        return Some(*only);
    }
    let is_signed = |element: &&JsonText<'_>| element.as_str().is_some_and(|t| t.contains('#'));
    let mut signed = elements.iter().filter(is_signed);
    let first = signed.next()?;
    signed.next().is_none().then_some(*first)
}

/// The text up to where a signature, a query, escapes or something else than an identifier may
/// begin, without the signature of a delivery URL.
fn without_secrets(text: &str) -> String {
    let ends = |c: char| matches!(c, '#' | '?' | '%' | '&' | '=' | '"' | '\'') || c.is_control();
    let kept = text.split(ends).next().unwrap_or_default();
    let segments = kept
        .split('/')
        .filter(|segment| !segment.starts_with("s--"));
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(object: &str) -> Option<String> {
        let body = format!(r#"{{"object":{{{object}}}}}"#);
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        refused_identifier(&envelope, Some("picture"))
    }

    #[test]
    fn is_the_text_without_its_signature() {
        for (object, expected) in [
            (
                r#""picture":"image/upload/v1/cat.jpg#5f1c""#,
                "image/upload/v1/cat.jpg",
            ),
            (
                r#""picture":"image\/upload\/v1\/caf\u00e9.jpg#5f1c""#,
                "image/upload/v1/café.jpg",
            ),
            (
                r#""picture":"image/upload/v1/<b>.jpg""#,
                "image/upload/v1/<b>.jpg",
            ),
            (r#""picture":["a.jpg"]"#, "a.jpg"),
            (r#""picture":["a.jpg","b.jpg#5f1c","c.jpg"]"#, "b.jpg"),
            (
                r#""picture":{"__op":"Add","objects":["a.jpg#5f1c"]}"#,
                "a.jpg",
            ),
        ] {
            assert_eq!(refused(object).as_deref(), Some(expected), "{object}");
        }
    }

    #[test]
    fn keeps_no_signature_or_token_in_another_spelling() {
        for (text, expected) in [
            ("image/upload/v1/cat.jpg%235f1c", "image/upload/v1/cat.jpg"),
            (
                "https://res.cloudinary.com/demo/image/upload/s--AbCdEfGh--/v1/cat.jpg?__cld_token__=exp=5~hmac=5f1c",
                "https://res.cloudinary.com/demo/image/upload/v1/cat.jpg",
            ),
            ("public_id=cat&signature=5f1c", "public_id"),
            (r#"{\"public_id\":\"cat\",\"signature\":\"5f1c\"}"#, "{"),
            ("cat\\nsignature 5f1c", "cat"),
        ] {
            let object = format!(r#""picture":"{text}""#);
            assert_eq!(refused(&object).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn is_none_where_no_text_must_be_meant() {
        for object in [
            "",
            r#""picture":null"#,
            r#""picture":5"#,
            r##""picture":"#5f1c""##,
            r#""picture":[]"#,
            r#""picture":[5]"#,
            r#""picture":["a.jpg","b.jpg"]"#,
            r#""picture":["a.jpg#5f1c","b.jpg#5f1c"]"#,
            r#""picture":{"__op":"Delete"}"#,
            r#""picture":{"objects":5}"#,
            r#""another":"cat.jpg""#,
        ] {
            assert_eq!(refused(object), None, "{object}");
        }
        let envelope = Envelope::parse(br#"{"object":{"picture":"cat.jpg"}}"#).unwrap();
        assert_eq!(refused_identifier(&envelope, None), None);
        assert_eq!(
            refused_identifier(&Envelope::default(), Some("picture")),
            None
        );
    }
}
