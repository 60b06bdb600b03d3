//! The two kinds of options that a manifest writes and a caller may choose: upload parameters and URL options.

use serde_json::{Map, Value};

use crate::cloudinary::delivery_url::{check_unwritten, check_url_option};
use crate::cloudinary::transformation::from_options;
use crate::cloudinary::upload::check_upload_option;
use crate::cloudinary::url_config::UrlConfig;
use crate::cloudinary::url_options::Key;

use super::place::{self, Place};

/// Which options a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// `sign_upload`
    Upload,
    /// `delivery_url`
    Url,
}

impl Side {
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

    /// Says what is wrong with a value that a caller made up: one that would leave its place, or that writing it would not find wrong.
    pub(super) fn check_chosen(self, name: &str, value: &Value) -> Result<(), String> {
        if self == Self::Upload && Place::of(name) == Place::Path {
            let text = value.as_str().filter(|text| !text.is_empty());
            if let Some(Err(reason)) = text.map(place::check_path) {
                return Err(format!("{name}: {reason}"));
            }
        }
        let is_harmless = is_harmless(value);
        if !is_harmless && self.is_component(name) && holds_separator(value) {
            return Err(format!("{name}: expected a value without `/` and `,`"));
        }
        if self == Self::Upload {
            return self.check(name, value);
        }
        check_unwritten(name, value).map_err(|error| error.to_string())?;
        if !is_harmless && !is_composite(name) && breaks_url(name, value) {
            return Err(format!(
                "{name}: expected a value without `? # % \\` and control characters"
            ));
        }
        Ok(())
    }

    /// Whether [`Self::check_chosen`] finds nothing wrong with any value of an option that [`is_harmless`].
    pub(super) fn takes_harmless(self, key: Option<Key>) -> bool {
        let takes = |key: Key| {
            key.is_transformation() && !matches!(key, Key::Offset | Key::ResponsiveWidth)
        };
        self == Self::Url && key.is_some_and(takes)
    }

    /// Whether the option is written between the `,` and `/` of a transformation or URL, as it stands: with one of them in it a
    /// caller who may choose `crop` could add a layer.
    fn is_component(self, name: &str) -> bool {
        if is_composite(name) {
            return false;
        }
        let key = Key::from_name(name);
        match self {
            Self::Upload => name.starts_with('$') || key.is_some_and(Key::is_transformation),
            Self::Url => true,
        }
    }
}

/// Options that may hold a whole transformation, a layer or code: what is accepted there is not confined to one component.
pub(super) fn is_composite(name: &str) -> bool {
    matches!(
        name,
        "transformation"
            | "raw_transformation"
            | "overlay"
            | "underlay"
            | "custom_function"
            | "custom_pre_function"
    )
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

/// Whether a value, as it is written, ends the path of a URL or is read as something else in it.
fn breaks_url(name: &str, value: &Value) -> bool {
    let breaks = |text: &str| text.contains(|c: char| "?#%\\".contains(c) || c.is_control());
    if !holds(value, &breaks) {
        return false;
    }
    if Key::from_name(name).is_some_and(|key| !key.is_transformation()) {
        return true;
    }
    // As it is written, since `#` begins a colour and `%` ends an offset.
    let options = Map::from_iter([(name.to_owned(), value.clone())]);
    from_options(&options, &UrlConfig::default()).is_ok_and(|written| breaks(&written))
}

fn holds_separator(value: &Value) -> bool {
    holds(value, &|text| text.contains(['/', ',']))
}

/// Whether a text in a value, names included, is such.
fn holds(value: &Value, such: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => such(text),
        Value::Array(items) => items.iter().any(|item| holds(item, such)),
        Value::Object(entries) => entries
            .iter()
            .any(|(key, value)| such(key) || holds(value, such)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
        for key in Key::all().filter(|key| Side::Url.takes_harmless(Some(*key))) {
            for value in &values {
                assert!(is_harmless(value));
                assert_eq!(
                    Side::Url.check_chosen(key.name(), value),
                    Ok(()),
                    "{} {value}",
                    key.name()
                );
            }
            found += 1;
        }
        assert_eq!(found, 45);
    }

    #[test]
    fn looks_at_what_may_be_wrong_all_the_same() {
        for (name, value) in [
            ("offset", json!("a")),
            ("responsive_width", json!("a")),
            ("secure", json!("a")),
            ("wdith", json!(1)),
        ] {
            assert!(is_harmless(&value));
            assert!(!Side::Url.takes_harmless(Key::from_name(name)), "{name}");
            assert!(Side::Url.check_chosen(name, &value).is_err(), "{name}");
        }
        assert!(!Side::Upload.takes_harmless(Some(Key::Crop)));
    }
}
