//! Chains of components, and the order of the parameters within one.

use serde_json::Value;

use super::error::{MAX_DEPTH, Result, TransformationError};
use super::layer::push_layer;
use super::parameters::Parameters;
use super::value::{
    push_border, push_color, push_effect, push_expression, push_joined, push_joined_expression,
    push_names, push_radius, push_text, push_video_codec,
};
use crate::cloudinary::url_config::{UrlConfig, truthy};
use crate::cloudinary::url_options::{OptionKey, UrlOptions};

/// What a component inherits.
#[derive(Clone, Copy)]
pub(crate) struct Inherited<'a> {
    config: &'a UrlConfig,
    depth: usize,
    /// Within the transformation that a responsive width appends.
    is_appended: bool,
}

impl<'a> Inherited<'a> {
    pub(crate) fn new(config: &'a UrlConfig) -> Self {
        Self {
            config,
            depth: 0,
            is_appended: false,
        }
    }

    fn deeper(self) -> Result<Self> {
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
pub(super) fn push_value(out: &mut String, value: &Value, context: Inherited<'_>) -> Result {
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
    context: Inherited<'_>,
) -> Result {
    let base = out.len();
    let mut named = options.get(OptionKey::Transformation);
    if let Some(transformation) = named
        && push_base_transformations(out, transformation, context)?
    {
        named = None;
    }
    push_step(out, base, |out| {
        push_component(out, options, named, context.config)
    })?;
    let is_responsive = match options.get(OptionKey::ResponsiveWidth) {
        Some(value) => truthy(value),
        None if context.is_appended && context.config.responsive_width => {
            return Err(TransformationError::EndlessResponsiveWidth);
        }
        None => context.config.responsive_width,
    };
    if is_responsive {
        let context = Inherited {
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
    context: Inherited<'_>,
) -> Result<bool> {
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

fn push_responsive_width(out: &mut String, context: Inherited<'_>) -> Result {
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
        keys.insert(OptionKey::Variables);
    }
    if config.dpr.is_some() {
        keys.insert(OptionKey::Dpr);
    }
    if keys.contains(OptionKey::CustomPreFunction) {
        keys.insert(OptionKey::CustomFunction);
    }
    if keys.contains(OptionKey::Offset) {
        keys.insert(OptionKey::StartOffset);
        keys.insert(OptionKey::EndOffset);
    }
    if keys.contains(OptionKey::Size) {
        keys.insert(OptionKey::Width);
        keys.insert(OptionKey::Height);
    }
    match named {
        Some(_) => keys.insert(OptionKey::Transformation),
        None => keys.remove(OptionKey::Transformation),
    }
    let mut to = Parameters::new(out, options);
    for key in keys {
        match key {
            OptionKey::Transformation => to.value(key, named, push_names)?,
            OptionKey::Dpr => {
                let dpr = options.get(key).or(config.dpr.as_ref());
                to.value(key, dpr, push_expression)?;
            }
            key => push_parameter(&mut to, key)?,
        }
    }
    Ok(())
}

fn push_parameter(to: &mut Parameters<'_, '_>, key: OptionKey) -> Result {
    match key {
        OptionKey::If => to.condition(),
        OptionKey::Variables => to.variables(),
        OptionKey::Angle => to.with(key, |out, key, value| {
            push_joined_expression(out, key, value, ".")
        }),
        OptionKey::Background | OptionKey::Color => to.with(key, push_color),
        OptionKey::Border => to.with(key, push_border),
        OptionKey::Effect => to.with(key, push_effect),
        OptionKey::Duration | OptionKey::StartOffset | OptionKey::EndOffset => to.time(key),
        OptionKey::Flags => to.with(key, |out, key, value| push_joined(out, key, value, ".")),
        OptionKey::Fps => to.with(key, |out, key, value| push_joined(out, key, value, "-")),
        OptionKey::CustomFunction => to.custom_function(),
        OptionKey::Width | OptionKey::Height => to.dimension(key),
        OptionKey::Overlay | OptionKey::Underlay => to.with(key, push_layer),
        OptionKey::Radius => to.with(key, push_radius),
        OptionKey::VideoCodec => to.with(key, push_video_codec),
        OptionKey::AspectRatio
        | OptionKey::KeyframeInterval
        | OptionKey::Opacity
        | OptionKey::Quality
        | OptionKey::X
        | OptionKey::Y
        | OptionKey::Zoom => to.with(key, push_expression),
        OptionKey::RawTransformation => to.raw(),
        key if key.short_name().is_empty() => Ok(()),
        key => to.with(key, push_text),
    }
}
