//! A value of `[upload]`: fixed, or with placeholders in it.

use serde_json::{Map, Value};

use super::place::Place;
use super::template::{Params, RenderError, Template, TemplateUser};

/// A value of `[upload]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// A value without placeholders, as the SDKs' `upload` takes it.
    Fixed(Value),
    /// A string with placeholders.
    Template(Template),
    /// An array with placeholders in some element.
    List(Vec<Parameter>),
    /// An object with placeholders in some value.
    Table(Vec<(String, Parameter)>),
}

impl Parameter {
    /// Fills in the placeholders of the upload parameter `name`.
    pub fn render(
        &self,
        name: &str,
        user: Option<TemplateUser<'_>>,
        params: Params<'_, '_>,
    ) -> Result<Value, RenderError> {
        self.render_at(Place::of(name), user, params)
    }

    fn render_at(
        &self,
        place: Place,
        user: Option<TemplateUser<'_>>,
        params: Params<'_, '_>,
    ) -> Result<Value, RenderError> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Template(template) => template.render(place, user, params).map(Value::String),
            Self::List(items) => items
                .iter()
                .map(|item| item.render_at(place, user, params))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Self::Table(entries) => entries
                .iter()
                .map(|(key, item)| {
                    let value = item.render_at(place.inside(key), user, params)?;
                    Ok((key.clone(), value))
                })
                .collect::<Result<Map<_, _>, _>>()
                .map(Value::Object),
        }
    }

    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Template(template) => vec![template],
            Self::List(items) => items.iter().flat_map(Self::templates).collect(),
            Self::Table(entries) => entries
                .iter()
                .flat_map(|(_, item)| item.templates())
                .collect(),
        }
    }
}
