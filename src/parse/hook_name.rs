//! What a webhook is registered for, and the path under which it is served.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// Before an object is stored: the hook's answer is stored, or the save is refused.
pub const BEFORE_SAVE: &str = "beforeSave";
/// After an object was stored.
pub const AFTER_SAVE: &str = "afterSave";
/// After an object was deleted.
pub const AFTER_DELETE: &str = "afterDelete";

/// Everything that could end a path segment or be read as an escape.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// What a webhook is registered for. Parse Server calls one URL for each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HookName {
    /// A trigger of a class.
    #[serde(rename_all = "camelCase")]
    Trigger {
        /// The Parse class.
        class_name: String,
        /// [`BEFORE_SAVE`], …
        trigger_name: String,
    },
    /// A cloud function.
    #[serde(rename_all = "camelCase")]
    Function {
        /// The function's name.
        function_name: String,
    },
}

impl HookName {
    /// A trigger of a class.
    pub fn trigger(class: &str, trigger: &str) -> Self {
        Self::Trigger {
            class_name: class.to_owned(),
            trigger_name: trigger.to_owned(),
        }
    }

    /// A cloud function.
    pub fn function(name: &str) -> Self {
        Self::Function {
            function_name: name.to_owned(),
        }
    }

    /// The path that serves it, below the public URL's own.
    pub fn path(&self) -> String {
        let names: Vec<_> = self.parts().map(path_segment).collect();
        format!("/{}/{}", self.list(), names.join("/"))
    }

    /// Whose [`path`](Self::path) this is, however its names are percent-encoded. Nothing is
    /// normalised.
    pub fn from_path(path: &str) -> Option<Self> {
        let decode = |part| percent_decode_str(part).decode_utf8().ok();
        let segments: Vec<Cow<'_, str>> =
            path.split('/').map(decode).collect::<Option<Vec<_>>>()?;
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        match segments[..] {
            ["", "triggers", class, trigger] => Some(Self::trigger(class, trigger)),
            ["", "functions", name] => Some(Self::function(name)),
            _ => None,
        }
    }

    /// Parse Server's list of its kind, below `/hooks`.
    pub(super) fn list(&self) -> &'static str {
        match self {
            Self::Trigger { .. } => "triggers",
            Self::Function { .. } => "functions",
        }
    }

    /// Its names, the class's first.
    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match self {
            Self::Trigger {
                class_name,
                trigger_name,
            } => (class_name, Some(trigger_name)),
            Self::Function { function_name } => (function_name, None),
        };
        std::iter::once(first).chain(second).map(String::as_str)
    }
}

impl fmt::Display for HookName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Trigger {
                class_name,
                trigger_name,
            } => format!("{class_name}.{trigger_name}"),
            Self::Function { function_name } => function_name.clone(),
        };
        // Anybody may have registered any name, terminal escapes included.
        f.pad(&name.replace(char::is_control, "\u{fffd}"))
    }
}

/// `name` as one segment of a path.
pub fn path_segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// How the names of the functions begin that `doctor` and `register` have Parse Server call, to see
/// what answers; 32 hex digits follow.
pub const PROBE_PREFIX: &str = "cloudinaryParseDoctor";

/// How the query begins of every URL that they have it call; the function's name follows.
pub const PROBE_QUERY: &str = "probe=";

/// Whether a query is that of such a call.
pub fn is_probe_query(query: &str) -> bool {
    query.strip_prefix(PROBE_QUERY).is_some_and(is_probe_name)
}

/// Whether a path is that of such a function.
pub fn is_probe(path: &str) -> bool {
    path.strip_prefix("/functions/").is_some_and(is_probe_name)
}

/// Whether a function is called so. No manifest's function is.
pub fn is_probe_name(name: &str) -> bool {
    let digits = name.strip_prefix(PROBE_PREFIX);
    digits.is_some_and(|digits| {
        digits.len() == 32
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_back_to_its_hook() {
        for name in [
            HookName::trigger("_User", BEFORE_SAVE),
            HookName::trigger("Photo", AFTER_DELETE),
            HookName::function("sign-upload_2"),
            HookName::function("é/a b%2F"),
        ] {
            assert_eq!(HookName::from_path(&name.path()), Some(name));
        }
    }

    #[test]
    fn knows_a_call_of_doctors_by_its_path_or_its_query() {
        let name = format!("{PROBE_PREFIX}0123456789abcdef0123456789abcdef");
        assert!(is_probe(&format!("/functions/{name}")));
        assert!(is_probe_query(&format!("{PROBE_QUERY}{name}")));
        for query in [
            "",
            "probe=",
            "probe",
            &*name,
            &format!("Probe={name}"),
            &format!("probe={name}0"),
            &format!("probe={name}&a=b"),
            &format!("a=b&probe={name}"),
        ] {
            assert!(!is_probe_query(query), "{query}");
        }
    }

    #[test]
    fn a_path_of_another_shape_is_no_hooks() {
        for path in [
            "",
            "/",
            "/functions",
            "/functions/a/b",
            "/triggers/Photo",
            "/triggers/Photo/beforeSave/",
            "/Triggers/Photo/beforeSave",
            "//triggers/Photo/beforeSave",
            "functions/a",
            "/functions%2Fa",
            "/triggers/Photo%2FbeforeSave",
            "/functions/%ff",
        ] {
            assert_eq!(HookName::from_path(path), None, "{path}");
        }
    }
}
