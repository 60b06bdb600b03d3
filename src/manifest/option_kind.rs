//! The two kinds of options that a manifest writes and a caller may choose: upload parameters and
//! URL options.

use std::borrow::Cow;

use serde_json::Value;

use crate::cloudinary::delivery_url::{check_chosen_url_option, check_url_option};
use crate::cloudinary::upload::{
    as_text, check_chosen_parameter, check_posted_text, check_upload_option,
};
use crate::cloudinary::url_options::OptionKey;

use super::value_context::{self, ValueContext};

/// Never an upload parameter of a manifest's or a caller's; [`OptionKind::check_name`] says why.
const RESERVED: [&str; 8] = [
    "api_key",
    "api_secret",
    "cloud_name",
    "file",
    "resource_type",
    "signature",
    "timestamp",
    "version",
];

/// Which options a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OptionKind {
    /// `sign_upload`
    Upload,
    /// `delivery_url`
    Url,
}

impl OptionKind {
    /// Says what is wrong with an option's name. A chosen `version` would mint identifiers.
    pub(super) fn check_name(self, name: &str) -> Result<(), String> {
        let reason = match (self, name) {
            (Self::Upload, "timestamp" | "signature" | "api_key") => "it is added when signing",
            (Self::Upload, "version") => {
                "Cloudinary sets it, and a signed one would mint identifiers"
            }
            (Self::Upload, "file") => "the file is posted by the client and not signed",
            (Self::Upload, "resource_type") => {
                "it is part of the upload URL: set `resource_type` at the top of the file"
            }
            (_, "cloud_name" | "api_secret") | (Self::Url, "auth_token") => {
                "it belongs to CLOUDINARY_URL"
            }
            (Self::Url, "resource_type" | "type" | "version" | "public_id") => {
                "it comes from the identifier"
            }
            (Self::Url, "signature" | "api_key" | "timestamp" | "file") => {
                "it is no option of a delivery URL"
            }
            _ => return self.check(name, &Value::Null),
        };
        Err(format!("`{name}` is reserved: {reason}"))
    }

    /// Says what is wrong with an option's value.
    pub(super) fn check(self, name: &str, value: &Value) -> Result<(), String> {
        match self {
            Self::Upload => check_upload_option(name, value).map_err(|error| error.to_string()),
            Self::Url => check_url_option(name, value).map_err(|error| error.to_string()),
        }
    }

    /// Says what is wrong with a value that a caller made up: what is written for it would leave
    /// its place.
    pub(super) fn check_chosen(self, name: &str, value: &Value) -> Result<(), String> {
        if self == Self::Upload && ValueContext::of(name) == ValueContext::Path {
            let text = written_text(value);
            if let Some(Err(reason)) = text.map(|text| value_context::check_chosen_path(&text)) {
                return Err(format!("{name}: {reason}"));
            }
        }
        match self {
            Self::Upload => check_chosen_parameter(name, value).map_err(|error| error.to_string()),
            Self::Url => check_chosen_url_option(name, value).map_err(|error| error.to_string()),
        }
    }

    /// Whether [`Self::check_chosen`] finds nothing wrong with any value of an option that
    /// [`is_harmless`], but for what writing it finds too.
    pub(super) fn takes_harmless(self, key: Option<OptionKey>) -> bool {
        let takes = |key: OptionKey| {
            key.is_transformation()
                && !matches!(
                    key,
                    OptionKey::If
                        | OptionKey::Offset
                        | OptionKey::RawTransformation
                        | OptionKey::ResponsiveWidth
                )
        };
        self == Self::Url && key.is_some_and(takes)
    }
}

/// Says what is wrong with an upload parameter that a caller wrote as it is posted.
pub(super) fn check_posted(name: &str, text: &str) -> Result<(), String> {
    if ValueContext::of(name) == ValueContext::Path
        && let Err(reason) = value_context::check_chosen_path(text)
    {
        return Err(format!("{name}: {reason}"));
    }
    check_posted_text(name, text).map_err(|error| error.to_string())
}

/// Whether no upload parameter can have this name, although a request to Cloudinary may hold it.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// What is written for a text or a number that is not empty.
fn written_text(value: &Value) -> Option<Cow<'_, str>> {
    let is_written = value.is_string() || value.is_number();
    Some(as_text(value)).filter(|text| is_written && !text.is_empty())
}

/// Whether a value has nothing in it that any rule about single characters is about. Most have not.
pub(super) fn is_harmless(value: &Value) -> bool {
    match value {
        Value::String(text) => text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':')),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::cloudinary::transformation::from_options;
    use crate::cloudinary::url_config::UrlConfig;

    #[test]
    fn finds_nothing_wrong_with_what_is_harmless_where_it_need_not_look() {
        let values = [
            json!("a"),
            json!(""),
            json!("10:-5.5_x"),
            json!("true"),
            json!(-1),
            json!(1.5),
            json!(true),
            json!(null),
        ];
        let mut found = 0;
        for key in OptionKey::all().filter(|key| OptionKind::Url.takes_harmless(Some(*key))) {
            for value in &values {
                assert!(is_harmless(value));
                let options = Map::from_iter([(key.name().to_owned(), value.clone())]);
                let written = from_options(&options, &UrlConfig::default());
                assert_eq!(
                    OptionKind::Url.check_chosen(key.name(), value),
                    written.map(drop).map_err(|error| error.to_string()),
                    "{} {value}",
                    key.name()
                );
            }
            found += 1;
        }
        assert_eq!(found, 43);
    }

    #[test]
    fn knows_the_reserved_names_by_one_list() {
        for name in RESERVED {
            let reason = OptionKind::Upload.check_name(name).unwrap_err();
            assert!(
                reason.starts_with(&format!("`{name}` is reserved: ")),
                "{reason}"
            );
        }
    }

    #[test]
    fn looks_at_what_may_be_wrong_all_the_same() {
        for (name, value) in [
            ("offset", json!("a")),
            ("if", json!("end")),
            ("raw_transformation", json!("..")),
            ("responsive_width", json!("a")),
            ("secure", json!("a")),
            ("wdith", json!(1)),
        ] {
            assert!(is_harmless(&value));
            assert!(
                !OptionKind::Url.takes_harmless(OptionKey::from_name(name)),
                "{name}"
            );
            assert!(
                OptionKind::Url.check_chosen(name, &value).is_err(),
                "{name}"
            );
        }
        assert!(!OptionKind::Upload.takes_harmless(Some(OptionKey::Crop)));
    }
}
