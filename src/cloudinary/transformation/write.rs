//! Transformations as text, from the options that the SDKs take.

use serde_json::{Map, Value};

use super::component::{Inherited, push_options, push_value};
use super::error::TransformationError;
use super::layer::push_layer;
use super::value::push_text;
use crate::cloudinary::url_config::UrlConfig;
use crate::cloudinary::url_options::UrlOptions;

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

/// Appends the transformation that options describe, URL options among them or not.
pub(crate) fn push_transformation(
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
    push_value(&mut out, value, Inherited::new(config))?;
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
    push_layer(&mut out, "layer", layer)?;
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
        push_value(&mut out, transformation, Inherited::new(config))?;
        if let Some(format) = transformation
            .get("format")
            .filter(|format| !format.is_null())
        {
            out.push('/');
            push_text(&mut out, "format", format)?;
        }
    }
    Ok(out)
}
