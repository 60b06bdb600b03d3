//! `[accept]`: what a caller may choose.

use std::fmt;

use regex::Regex;
use serde_json::{Map, Value};

use crate::cloudinary::account::Account;
use crate::cloudinary::upload::{is_same_posted, posted_text};
use crate::cloudinary::url_options::OptionKey;

use super::option_kind::{OptionKind, check_posted, is_harmless};

mod read;

pub(super) use read::KEYS;

/// What a caller may choose for one parameter.
///
/// | in the manifest | the caller may send |
/// |---|---|
/// | `tags = true` | any value that the parameter can have |
/// | `upload_preset = ["avatar", "cover"]` | one of these |
/// | `width = { max = 2000 }`, `{ min = 1, max = 2000 }` | a number in the range, ends included |
/// | `public_id = { pattern = "[a-z]+" }` | a string that the regular expression matches from end to end |
/// | `eager = { named = { thumb = { crop = "thumb", width = 150 }, cover = "c_fill,w_1200" } }` | `"thumb"` or `"cover"`; what stands behind the name is used |
///
/// `{ default = … }`, alone or beside one of the table forms, is what is used when the caller sends
/// nothing.
///
/// Where any text may be chosen it cannot leave its place: a folder or `public_id` follows the
/// rules of identifiers, and in a transformation option there is no `/` or `,`, which would begin
/// another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    kind: OptionKind,
    /// What the name means among the options of a URL, looked up once.
    pub(crate) key: Option<OptionKey>,
    /// What may be sent.
    pub choice: Choice,
    /// What is used when nothing is sent: already looked up if choices are named.
    pub default: Option<Value>,
}

/// The values that a caller may send.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// Any value.
    Any,
    /// One of these.
    OneOf(Vec<Value>),
    /// A number, ends included.
    Range {
        /// Least.
        min: Option<f64>,
        /// Greatest.
        max: Option<f64>,
    },
    /// A string that matches from end to end.
    Pattern(Pattern),
    /// A name, which stands for a value.
    Named(Map<String, Value>),
}

/// A regular expression over a whole string.
#[derive(Debug, Clone)]
pub struct Pattern {
    written: String,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

/// A value outside of what `[accept]` allows. The text names the parameter and says what is
/// allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAccepted(String);

impl Accepted {
    /// The value to use for what the caller sent: the same, or what its name stands for.
    pub fn choose<'v>(&'v self, name: &str, value: &'v Value) -> Result<&'v Value, NotAccepted> {
        let chosen = match &self.choice {
            Choice::Any => Some(value),
            Choice::OneOf(values) => values.iter().find(|listed| is_same(listed, value)),
            Choice::Range { min, max } => in_range(value, *min, *max).then_some(value),
            Choice::Pattern(pattern) => value
                .as_str()
                .is_some_and(|text| pattern.regex.is_match(text))
                .then_some(value),
            Choice::Named(values) => value.as_str().and_then(|name| values.get(name)),
        };
        let chosen = chosen.ok_or_else(|| self.not_accepted(name))?;
        match self.choice {
            Choice::Any | Choice::Range { .. } | Choice::Pattern(_)
                if !(self.kind.takes_harmless(self.key) && is_harmless(chosen)) =>
            {
                self.kind.check_chosen(name, chosen).map_err(NotAccepted)?;
            }
            _ => {}
        }
        Ok(chosen)
    }
}

impl Accepted {
    /// Whether the upload parameter `name` may be posted as `text`, which its caller wrote. A
    /// listed value is taken as it would be written for an upload.
    pub fn check_posted(
        &self,
        name: &str,
        text: &str,
        account: &Account,
    ) -> Result<(), NotAccepted> {
        let is_accepted = match &self.choice {
            Choice::Any => true,
            Choice::OneOf(values) => {
                return values
                    .iter()
                    .filter_map(|listed| posted_text(name, listed, account).ok())
                    .any(|listed| is_same_posted(name, &listed, text))
                    .then_some(())
                    .ok_or_else(|| self.not_accepted(name));
            }
            Choice::Range { min, max } => in_range(&Value::from(text), *min, *max),
            Choice::Pattern(pattern) => pattern.regex.is_match(text),
            // No function that signs what is posted can have names for values.
            Choice::Named(_) => false,
        };
        if !is_accepted {
            return Err(self.not_accepted(name));
        }
        check_posted(name, text).map_err(NotAccepted)
    }

    fn not_accepted(&self, name: &str) -> NotAccepted {
        NotAccepted(format!("{name}: expected {}", self.choice))
    }
}

/// `1` and `1.0` are one number.
fn is_same(listed: &Value, sent: &Value) -> bool {
    match (listed, sent) {
        (Value::Number(listed), Value::Number(sent)) => listed.as_f64() == sent.as_f64(),
        _ => listed == sent,
    }
}

fn in_range(value: &Value, min: Option<f64>, max: Option<f64>) -> bool {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => plain_number(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    number.is_some_and(|number| {
        min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
    })
}

/// Clients post form fields, so a number may arrive as text; but no sign of `+`, exponent, `inf` or
/// `nan`, which the transformation language reads as something else.
fn plain_number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits
        .split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    plain.then(|| text.parse().ok())?
}

impl Pattern {
    /// Compiles a pattern that must match from end to end, bounded in size.
    pub fn new(written: &str) -> Result<Self, regex::Error> {
        const COMPILED_LIMIT: usize = 1 << 18;
        let compile = |pattern: &str| {
            regex::RegexBuilder::new(pattern)
                .size_limit(COMPILED_LIMIT)
                .build()
        };
        // By itself first: `a)|(?:b` is no pattern, but would be one between the anchors.
        compile(written)?;
        compile(&format!(r"\A(?:{written})\z")).map(|regex| Self {
            written: written.to_owned(),
            regex,
        })
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any value"),
            Self::OneOf(values) => {
                f.write_str("one of ")?;
                list(f, values)
            }
            Self::Range { min, max } => match (min, max) {
                (Some(min), Some(max)) => write!(f, "a number from {min} to {max}"),
                (Some(min), None) => write!(f, "a number of at least {min}"),
                (None, Some(max)) => write!(f, "a number of at most {max}"),
                (None, None) => f.write_str("a number"),
            },
            Self::Pattern(pattern) => write!(f, "text that matches {}", pattern.written),
            Self::Named(values) => {
                f.write_str("one of ")?;
                list(f, values.keys().map(|name| Value::from(name.as_str())))
            }
        }
    }
}

fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl IntoIterator<Item = T>,
) -> fmt::Result {
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
