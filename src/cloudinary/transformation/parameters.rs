//! The parameters of one component, each from its option.

use serde_json::Value;

use super::error::{Result, TransformationError};
use super::expression::push_normalized;
use super::value::{
    Term, push_expression, push_function, push_text, push_time, push_variable_value, split_offset,
};
use crate::cloudinary::url_config::truthy;
use crate::cloudinary::url_options::{OptionKey, UrlOptions};

/// Writes one component behind `base`.
pub(super) struct Parameters<'o, 'a> {
    out: &'o mut String,
    base: usize,
    options: &'o UrlOptions<'a>,
}

impl<'o, 'a> Parameters<'o, 'a> {
    pub(super) fn new(out: &'o mut String, options: &'o UrlOptions<'a>) -> Self {
        Self {
            base: out.len(),
            out,
            options,
        }
    }

    /// Appends `prefix` and what `write` writes after it; nothing if that is empty.
    fn item(&mut self, prefix: &str, write: impl FnOnce(&mut String) -> Result) -> Result {
        let mark = self.out.len();
        if mark > self.base {
            self.out.push(',');
        }
        self.out.push_str(prefix);
        self.out.push('_');
        let start = self.out.len();
        write(self.out)?;
        if self.out.len() == start {
            self.out.truncate(mark);
        }
        Ok(())
    }

    /// Appends `value`, an option's or its default.
    pub(super) fn value(
        &mut self,
        key: OptionKey,
        value: Option<&Value>,
        write: impl FnOnce(&mut String, &str, &Value) -> Result,
    ) -> Result {
        match value {
            Some(value) => self.item(key.short_name(), |out| write(out, key.name(), value)),
            None => Ok(()),
        }
    }

    pub(super) fn with(
        &mut self,
        key: OptionKey,
        write: impl FnOnce(&mut String, &str, &Value) -> Result,
    ) -> Result {
        self.value(key, self.options.get(key), write)
    }

    /// Width or height, which `size` (`"10x20"`) overrides.
    pub(super) fn dimension(&mut self, key: OptionKey) -> Result {
        match self
            .options
            .get(OptionKey::Size)
            .filter(|size| truthy(size))
        {
            None => self.with(key, push_expression),
            Some(Value::String(size)) => {
                let mut sides = size.split('x');
                let text = match key {
                    OptionKey::Width => sides.next(),
                    _ => sides.nth(1),
                };
                self.item(key.short_name(), |out| {
                    push_normalized(out, text.unwrap_or_default());
                    Ok(())
                })
            }
            Some(_) => Err(TransformationError::invalid("size", "text like \"100x50\"")),
        }
    }

    /// Duration, start or end offset; `offset` overrides both ends.
    pub(super) fn time(&mut self, key: OptionKey) -> Result {
        let time = match key {
            OptionKey::StartOffset => offsets(self.options).0,
            OptionKey::EndOffset => offsets(self.options).1,
            _ => self.options.get(key).map(Term::Value),
        };
        match time {
            // The SDKs normalise both offsets, but not the duration.
            Some(time) => self.item(key.short_name(), |out| {
                push_time(out, key.name(), time, key != OptionKey::Duration)
            }),
            None => Ok(()),
        }
    }

    pub(super) fn condition(&mut self) -> Result {
        match self
            .options
            .get(OptionKey::If)
            .filter(|value| truthy(value))
        {
            Some(value) => self.value(OptionKey::If, Some(value), push_expression),
            None => Ok(()),
        }
    }

    /// `$name_value`: the options' own in the order of the text they make, then `variables` in the
    /// caller's order.
    pub(super) fn variables(&mut self) -> Result {
        let mut named = Vec::with_capacity(self.options.variables.len());
        for (name, value) in &self.options.variables {
            let mut variable = format!("{name}_");
            push_variable_value(&mut variable, name, value)?;
            named.push(variable);
        }
        named.sort_unstable();
        for variable in named {
            self.separate();
            self.out.push_str(&variable);
        }
        let Some(variables) = self.options.get(OptionKey::Variables) else {
            return Ok(());
        };
        let malformed =
            || TransformationError::invalid("variables", "an array of [\"$name\", value] pairs");
        for variable in variables.as_array().ok_or_else(malformed)? {
            let Some([Value::String(name), value]) = variable.as_array().map(Vec::as_slice) else {
                return Err(malformed());
            };
            self.separate();
            self.out.push_str(name);
            self.out.push('_');
            push_variable_value(self.out, name, value)?;
        }
        Ok(())
    }

    fn separate(&mut self) {
        if self.out.len() > self.base {
            self.out.push(',');
        }
    }

    /// `custom_function`, else `custom_pre_function`.
    pub(super) fn custom_function(&mut self) -> Result {
        let given = |key| self.options.get(key).filter(|value| truthy(value));
        if let Some(function) = given(OptionKey::CustomFunction) {
            return self.value(OptionKey::CustomFunction, Some(function), push_function);
        }
        let Some(function) = given(OptionKey::CustomPreFunction) else {
            return Ok(());
        };
        self.item(OptionKey::CustomFunction.short_name(), |out| {
            out.push_str("pre:");
            push_function(out, OptionKey::CustomPreFunction.name(), function)
        })
    }

    /// `raw_transformation`, last and without a name.
    pub(super) fn raw(&mut self) -> Result {
        let Some(raw) = self.options.get(OptionKey::RawTransformation) else {
            return Ok(());
        };
        let mark = self.out.len();
        self.separate();
        let start = self.out.len();
        push_text(self.out, OptionKey::RawTransformation.name(), raw)?;
        if self.out.len() == start {
            self.out.truncate(mark);
        }
        Ok(())
    }
}

/// Start and end offset, of which a range in `offset` sets both. One that is no range is ignored.
fn offsets<'a>(options: &UrlOptions<'a>) -> (Option<Term<'a>>, Option<Term<'a>>) {
    let term = |key| options.get(key).map(Term::Value);
    let range = match options.get(OptionKey::Offset) {
        Some(Value::String(range)) => {
            split_offset(range).map(|(start, end)| (Some(Term::Text(start)), Some(Term::Text(end))))
        }
        Some(Value::Array(range)) => range.first().zip(range.last()).map(|(start, end)| {
            let term = |value: &'a Value| (!value.is_null()).then_some(Term::Value(value));
            (term(start), term(end))
        }),
        _ => None,
    };
    range.unwrap_or_else(|| (term(OptionKey::StartOffset), term(OptionKey::EndOffset)))
}
