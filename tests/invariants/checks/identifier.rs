//! Identifiers: one reading only, and none accepted that the account did not sign.

use cloudinary_parse::cloudinary::identifier::{Identifier, IdentifierError};

/// What a text says, read by the rule as it is written down, not as the product reads it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) resource_type: String,
    pub(super) delivery_type: String,
    pub(super) version: String,
    pub(super) public_id: String,
    pub(super) format: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) bare: String,
}

/// Reads `resource_type/type/vVERSION/public_id[.format][#signature]`; `None` for anything else.
pub(super) fn read(text: &str) -> Option<Read> {
    let (bare, signature) = match text.split_once('#') {
        Some((_, "")) => return None,
        Some((bare, signature)) => (bare, Some(signature.to_owned())),
        None => (text, None),
    };
    let parts: Vec<&str> = bare.splitn(4, '/').collect();
    let [resource_type, delivery_type, version, file] = parts[..] else {
        return None;
    };
    if !["image", "video", "raw"].contains(&resource_type)
        || !["upload", "private", "authenticated"].contains(&delivery_type)
    {
        return None;
    }
    let version = version.strip_prefix('v')?;
    if !(1..=12).contains(&version.len()) || !version.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let segments: Vec<&str> = file.split('/').collect();
    let last = segments[segments.len() - 1];
    let (public_id, format) = match last.rsplit_once('.') {
        Some((_, format)) if resource_type != "raw" => {
            let public_id = &file[..file.len() - format.len() - 1];
            (public_id, Some(format.to_owned()))
        }
        _ => (file, None),
    };
    let is_format = |format: &String| {
        (1..=16).contains(&format.len()) && format.chars().all(|c| c.is_ascii_alphanumeric())
    };
    if !format.as_ref().is_none_or(is_format) || !is_public_id(public_id) {
        return None;
    }
    Some(Read {
        resource_type: resource_type.to_owned(),
        delivery_type: delivery_type.to_owned(),
        version: version.to_owned(),
        public_id: public_id.to_owned(),
        format,
        signature,
        bare: bare.to_owned(),
    })
}

pub(super) fn is_public_id(public_id: &str) -> bool {
    let white = |c: char| c.is_whitespace() || c == '\u{feff}';
    public_id
        .split('/')
        .all(|segment| !["", ".", ".."].contains(&segment))
        && !public_id
            .chars()
            .any(|c| "&=?#%<>\\".contains(c) || c.is_control())
        && !public_id.starts_with(white)
        && !public_id.ends_with(white)
}

/// `text` is any text.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    agrees_with_the_reference(text);
    // Random bytes carry no good signature: with one, the path behind it is reached.
    if let Some(read) = read(text) {
        for secret in [super::SECRET, super::PREVIOUS_SECRET, "another secret"] {
            let signature = super::signature(secret, &read.public_id, &read.version);
            agrees_with_the_reference(&format!("{}#{signature}", read.bare));
        }
    }
}

fn agrees_with_the_reference(text: &str) {
    let account = super::account();
    let expected = read(text);
    let parsed = Identifier::parse(text);
    assert_eq!(parsed.is_ok(), expected.is_some(), "{text:?}: {parsed:?}");
    let (Ok(identifier), Some(expected)) = (parsed, expected) else {
        let empty = parsed == Err(IdentifierError::EmptySignature);
        assert!(!empty || text.ends_with('#'), "{text:?}");
        return;
    };
    let found = Read {
        resource_type: identifier.resource_type.name().to_owned(),
        delivery_type: identifier.delivery_type.name().to_owned(),
        version: identifier.version.to_owned(),
        public_id: identifier.public_id.to_owned(),
        format: identifier.format.map(str::to_owned),
        signature: identifier.signature.map(str::to_owned),
        bare: identifier.bare().to_owned(),
    };
    assert_eq!(found, expected, "{text:?}");
    assert_eq!(identifier.to_string(), text);
    assert_eq!(Identifier::parse(&identifier.to_string()), Ok(identifier));
    let unsigned = Identifier::parse(identifier.bare()).expect("a bare identifier is one");
    assert_eq!(
        (unsigned.public_id, unsigned.signature),
        (identifier.public_id, None)
    );
    if let Some(signature) = identifier.signature {
        let verified = identifier.verify(&account, signature).is_ok();
        let signed = super::is_signed(signature, &expected.public_id, &expected.version);
        assert_eq!(verified, signed, "{text:?}");
    }
}
