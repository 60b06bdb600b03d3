//! The transformation language: JSON options as the SDKs take them, written as Cloudinary reads
//! them.
//!
//! Where the SDKs differ from each other this follows the Node SDK, except where it loses or
//! mangles what the caller wrote:
//!
//! - every `/` of a layer's public ID becomes `:`, not only the first;
//! - `video:fetch:<url>` keeps its URL, encoded as by the Python SDK;
//! - style options of a text come in one order, and a font without a size is an error;
//! - `trimmed_aspect_ratio`, `illustration_score` and `context` are names in expressions;
//!   `b_frames` is part of a codec;
//! - an `offset` that is no range is ignored, and a codec without a name or a function without a
//!   source is an error;
//! - a `responsive_width` in the configuration, which never ends in the SDKs, is an error unless
//!   text is appended.

mod check;
mod chosen;
mod component;
mod expression;
mod layer;
mod parameters;
mod typed;
mod value;

use serde_json::{Map, Value};

use super::url_config::UrlConfig;
use super::url_options::UrlOptions;
use component::{Inherited, push_options};

pub use check::{check_eager, check_options};
pub(super) use check::{check_members, check_option};
pub(crate) use chosen::is_composite;
pub(super) use chosen::{
    check_chosen_option, check_chosen_steps, check_chosen_transformation, check_unsigned_composite,
    is_format,
};
pub use expression::normalize_expression;
pub use typed::{Crop, Layer, Transformation};

/// Deeper nesting of transformations is refused.
const MAX_DEPTH: usize = 64;

/// Why a transformation cannot be written; names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransformationError {
    /// A value that the key cannot have.
    #[error("{key}: expected {expected}")]
    Invalid {
        /// The key, with the path to it where it is nested: `overlay.font_size`,
        /// `transformation[1].radius`.
        key: String,
        /// What it takes.
        expected: &'static str,
    },
    /// A key that is not part of the language. Only a check finds one.
    #[error("{key}: not {kind}{}", did_you_mean(*suggestion))]
    Unknown {
        /// The key, with the path to it.
        key: String,
        /// What it would have to be.
        kind: &'static str,
        /// The key that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// Transformations within transformations beyond all use.
    #[error("transformation: nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// The configuration's `responsive_width` applies to every transformation, the one that it
    /// appends included.
    #[error("responsive_width: expected in the options; in the configuration it would never end")]
    EndlessResponsiveWidth,
}

impl TransformationError {
    fn invalid(key: &str, expected: &'static str) -> Self {
        Self::Invalid {
            key: key.to_owned(),
            expected,
        }
    }

    /// The same error, of a transformation nested at `transformation[index]`.
    fn nested(self, index: usize) -> Self {
        match self {
            Self::Invalid { key, expected } => Self::Invalid {
                key: format!("transformation[{index}].{key}"),
                expected,
            },
            other => other,
        }
    }
}

/// Writes the transformation that `options` describe. Keys that are not part of the language are
/// ignored.
///
/// ```
/// use cloudinary_parse::cloudinary::{transformation, url_config::UrlConfig};
///
/// let options = serde_json::json!({"crop": "fill", "width": 150, "height": 100, "gravity": "face"});
/// let text = transformation::from_options(options.as_object().unwrap(), &UrlConfig::default())?;
/// assert_eq!(text, "c_fill,g_face,h_100,w_150");
/// # Ok::<(), transformation::TransformationError>(())
/// ```
pub fn from_options(
    options: &Map<String, Value>,
    config: &UrlConfig,
) -> Result<String, TransformationError> {
    let mut out = String::with_capacity(64);
    push_options(&mut out, &UrlOptions::read(options), Inherited::new(config))?;
    Ok(out)
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!(", did you mean {name:?}?"))
}

/// Appends the transformation that options describe, URL options among them or not.
pub(super) fn push_transformation(
    out: &mut String,
    options: &UrlOptions<'_>,
    config: &UrlConfig,
) -> Result<(), TransformationError> {
    push_options(out, options, Inherited::new(config))
}

/// Writes a transformation given as options, as an array (a chain of steps), or as text, which
/// stays as it is.
///
/// ```
/// use cloudinary_parse::cloudinary::{transformation, url_config::UrlConfig};
///
/// let chain = serde_json::json!([{"width": 100, "crop": "scale"}, "e_sepia", {"angle": 10}]);
/// let text = transformation::from_value(&chain, &UrlConfig::default())?;
/// assert_eq!(text, "c_scale,w_100/e_sepia/a_10");
/// # Ok::<(), transformation::TransformationError>(())
/// ```
pub fn from_value(value: &Value, config: &UrlConfig) -> Result<String, TransformationError> {
    let mut out = String::new();
    component::push_value(&mut out, value, Inherited::new(config))?;
    Ok(out)
}

/// Writes a layer as it follows `l_` or `u_`: text (`fetch:` URLs are encoded) or an object.
///
/// ```
/// use cloudinary_parse::cloudinary::transformation;
///
/// let layer = serde_json::json!({"text": "Hi, there", "font_family": "Arial", "font_size": 18});
/// assert_eq!(transformation::layer(&layer)?, "text:Arial_18:Hi%252C%20there");
/// # Ok::<(), transformation::TransformationError>(())
/// ```
pub fn layer(layer: &Value) -> Result<String, TransformationError> {
    let mut out = String::new();
    layer::push_layer(&mut out, "layer", layer)?;
    Ok(out)
}

/// Writes the `eager` parameter: one transformation or an array of them, each with an optional
/// `format` (empty: the original's).
///
/// ```
/// use cloudinary_parse::cloudinary::{transformation, url_config::UrlConfig};
///
/// let eager = serde_json::json!([{"width": 100, "crop": "scale"}, {"effect": "sepia", "format": "png"}]);
/// assert_eq!(transformation::eager(&eager, &UrlConfig::default())?, "c_scale,w_100|e_sepia/png");
/// # Ok::<(), transformation::TransformationError>(())
/// ```
pub fn eager(eager: &Value, config: &UrlConfig) -> Result<String, TransformationError> {
    let mut out = String::new();
    let transformations = match eager {
        Value::Null => &[],
        Value::Array(transformations) => transformations.as_slice(),
        single => std::slice::from_ref(single),
    };
    for (index, transformation) in transformations.iter().enumerate() {
        if index > 0 {
            out.push('|');
        }
        component::push_value(&mut out, transformation, Inherited::new(config))?;
        if let Some(format) = transformation
            .get("format")
            .filter(|format| !format.is_null())
        {
            out.push('/');
            value::push_text(&mut out, "format", format)?;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
