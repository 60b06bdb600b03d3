//! Chains of components, and the order of the parameters within one.

use serde_json::Value;

use super::layer::push_layer;
use super::parameters::Parameters;
use super::value::{
    push_border, push_color, push_effect, push_expression, push_joined, push_joined_expression,
    push_names, push_radius, push_text, push_video_codec,
};
use super::{MAX_DEPTH, TransformationError};
use crate::cloudinary::url_config::{UrlConfig, truthy};
use crate::cloudinary::url_options::{Key, UrlOptions};

type Result = std::result::Result<(), TransformationError>;

/// What a component inherits.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    config: &'a UrlConfig,
    depth: usize,
    /// Within the transformation that a responsive width appends.
    is_appended: bool,
}

impl<'a> Context<'a> {
    pub(crate) fn new(config: &'a UrlConfig) -> Self {
        Self {
            config,
            depth: 0,
            is_appended: false,
        }
    }

    fn deeper(self) -> std::result::Result<Self, TransformationError> {
        if self.depth == MAX_DEPTH {
            return Err(TransformationError::TooDeep);
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

/// Appends a transformation given as text, options or a chain.
pub(super) fn push_value(out: &mut String, value: &Value, context: Context<'_>) -> Result {
    match value {
        Value::String(text) => {
            out.push_str(text);
            Ok(())
        }
        Value::Object(options) => push_options(out, &UrlOptions::read(options), context.deeper()?),
        Value::Array(steps) => {
            let context = context.deeper()?;
            let base = out.len();
            steps
                .iter()
                .try_for_each(|step| push_step(out, base, |out| push_value(out, step, context)))
        }
        _ => Err(TransformationError::invalid(
            "transformation",
            "text, options or an array of them",
        )),
    }
}

/// Appends the chain that `options` describe: base transformations, their own component, the
/// responsive width.
pub(crate) fn push_options(
    out: &mut String,
    options: &UrlOptions<'_>,
    context: Context<'_>,
) -> Result {
    let base = out.len();
    let mut named = options.get(Key::Transformation);
    if let Some(transformation) = named
        && push_base_transformations(out, transformation, context)?
    {
        named = None;
    }
    push_step(out, base, |out| {
        push_component(out, options, named, context.config)
    })?;
    let is_responsive = match options.get(Key::ResponsiveWidth) {
        Some(value) => truthy(value),
        None if context.is_appended && context.config.responsive_width => {
            return Err(TransformationError::EndlessResponsiveWidth);
        }
        None => context.config.responsive_width,
    };
    if is_responsive {
        let context = Context {
            is_appended: true,
            ..context
        };
        push_step(out, base, |out| push_responsive_width(out, context))?;
    }
    Ok(())
}

/// Appends what `write` writes as a further step of the chain that begins at `base`; nothing if
/// that is empty.
fn push_step(out: &mut String, base: usize, write: impl FnOnce(&mut String) -> Result) -> Result {
    let mark = out.len();
    if mark > base {
        out.push('/');
    }
    let start = out.len();
    write(out)?;
    if out.len() == start {
        out.truncate(mark);
    }
    Ok(())
}

/// Appends each element as a step of its own if any of them is an object or array; else they are
/// names: says whether it did.
fn push_base_transformations(
    out: &mut String,
    transformation: &Value,
    context: Context<'_>,
) -> std::result::Result<bool, TransformationError> {
    let is_nested = |value: &Value| value.is_object() || value.is_array();
    let steps = match transformation {
        Value::Array(steps) if steps.iter().any(is_nested) => steps.as_slice(),
        Value::Object(_) => std::slice::from_ref(transformation),
        _ => return Ok(false),
    };
    let base = out.len();
    for (index, step) in steps.iter().enumerate() {
        push_step(out, base, |out| {
            if is_nested(step) {
                return push_value(out, step, context);
            }
            push_component(out, &UrlOptions::default(), Some(step), context.config)
        })
        .map_err(|error| error.nested(index))?;
    }
    Ok(true)
}

fn push_responsive_width(out: &mut String, context: Context<'_>) -> Result {
    match &context.config.responsive_width_transformation {
        Some(transformation) => push_value(out, transformation, context),
        None if context.config.responsive_width => Err(TransformationError::EndlessResponsiveWidth),
        None => {
            out.push_str("c_limit");
            if let Some(dpr) = &context.config.dpr {
                out.push_str(",dpr_");
                push_expression(out, "dpr", dpr)?;
            }
            out.push_str(",w_auto");
            Ok(())
        }
    }
}

/// Appends condition, variables, parameters and raw text, in the order of the keys.
fn push_component(
    out: &mut String,
    options: &UrlOptions<'_>,
    named: Option<&Value>,
    config: &UrlConfig,
) -> Result {
    let mut keys = options.present();
    if !options.variables.is_empty() {
        keys.insert(Key::Variables);
    }
    if config.dpr.is_some() {
        keys.insert(Key::Dpr);
    }
    if keys.contains(Key::CustomPreFunction) {
        keys.insert(Key::CustomFunction);
    }
    if keys.contains(Key::Offset) {
        keys.insert(Key::StartOffset);
        keys.insert(Key::EndOffset);
    }
    if keys.contains(Key::Size) {
        keys.insert(Key::Width);
        keys.insert(Key::Height);
    }
    match named {
        Some(_) => keys.insert(Key::Transformation),
        None => keys.remove(Key::Transformation),
    }
    let mut to = Parameters::new(out, options);
    for key in keys {
        match key {
            Key::Transformation => to.value(key, named, push_names)?,
            Key::Dpr => {
                let dpr = options.get(key).or(config.dpr.as_ref());
                to.value(key, dpr, push_expression)?;
            }
            key => push_parameter(&mut to, key)?,
        }
    }
    Ok(())
}

fn push_parameter(to: &mut Parameters<'_, '_>, key: Key) -> Result {
    match key {
        Key::If => to.condition(),
        Key::Variables => to.variables(),
        Key::Angle => to.with(key, |out, key, value| {
            push_joined_expression(out, key, value, ".")
        }),
        Key::Background | Key::Color => to.with(key, push_color),
        Key::Border => to.with(key, push_border),
        Key::Effect => to.with(key, push_effect),
        Key::Duration | Key::StartOffset | Key::EndOffset => to.time(key),
        Key::Flags => to.with(key, |out, key, value| push_joined(out, key, value, ".")),
        Key::Fps => to.with(key, |out, key, value| push_joined(out, key, value, "-")),
        Key::CustomFunction => to.custom_function(),
        Key::Width | Key::Height => to.dimension(key),
        Key::Overlay | Key::Underlay => to.with(key, push_layer),
        Key::Radius => to.with(key, push_radius),
        Key::VideoCodec => to.with(key, push_video_codec),
        Key::AspectRatio
        | Key::KeyframeInterval
        | Key::Opacity
        | Key::Quality
        | Key::X
        | Key::Y
        | Key::Zoom => to.with(key, push_expression),
        Key::RawTransformation => to.raw(),
        key if key.short_name().is_empty() => Ok(()),
        key => to.with(key, push_text),
    }
}
