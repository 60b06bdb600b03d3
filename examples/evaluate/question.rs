//! A question, and the account that it is about.

use std::time::{SystemTime, UNIX_EPOCH};

use cloudinary_parse::cloudinary::account::{Account, AccountError};
use cloudinary_parse::cloudinary::upload;
use cloudinary_parse::cloudinary::url_config::UrlConfig;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

pub(crate) type Object = Map<String, Value>;

/// An error is text for a reader: the comparison only asks whether there is one.
pub(crate) type Answer = Result<Value, String>;

/// Borrowed as raw text, so that a question whose arguments are no JSON for us still shows its id.
#[derive(Deserialize)]
pub(crate) struct Line<'a> {
    #[serde(default)]
    pub(crate) id: Value,
    #[serde(default)]
    pub(crate) op: Value,
    #[serde(borrow)]
    config: Option<&'a RawValue>,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
    #[serde(default)]
    now: Value,
}

pub(crate) struct Question {
    pub(crate) config: Object,
    pub(crate) args: Object,
    pub(crate) now: u64,
}

impl Question {
    pub(crate) fn read(line: &Line<'_>) -> Result<Self, String> {
        let object = |name: &str, raw: Option<&RawValue>| match raw {
            None => Ok(Object::new()),
            Some(raw) => serde_json::from_str::<Option<Object>>(raw.get())
                .map(Option::unwrap_or_default)
                .map_err(|error| format!("{name}: {error}")),
        };
        Ok(Self {
            config: object("config", line.config)?,
            args: object("args", line.args)?,
            now: line.now.as_f64().map_or_else(clock, whole_seconds),
        })
    }

    pub(crate) fn arg(&self, name: &str) -> &Value {
        self.args.get(name).unwrap_or(&Value::Null)
    }

    pub(crate) fn object(&self, name: &str) -> Result<Object, String> {
        match self.arg(name) {
            Value::Null => Ok(Object::new()),
            Value::Object(object) => Ok(object.clone()),
            _ => Err(format!("{name}: expected an object")),
        }
    }

    /// Defaults of URLs and transformations.
    pub(crate) fn url_config(&self) -> UrlConfig {
        UrlConfig::from_map(&self.config)
    }

    /// The configuration's account as `args` and then `options` override it.
    pub(crate) fn account(&self, options: &Object) -> Result<Account, String> {
        account(&self.overridden(options)?)
    }

    /// The same where no URL is built: signatures know no cloud name.
    pub(crate) fn nameless_account(&self, options: &Object) -> Result<Account, String> {
        let mut config = self.overridden(options)?;
        config.insert("cloud_name".into(), "-".into());
        account(&config)
    }

    fn overridden(&self, options: &Object) -> Result<Object, String> {
        let mut config = self.config.clone();
        for (name, value) in self.args.iter().chain(options) {
            match name.as_str() {
                "api_key" | "api_secret" if blank(value) => {
                    return Err(format!("{name}: missing"));
                }
                "signature_algorithm" | "signature_version" if value.is_null() => {}
                // Less than 2; in a configuration 0 would count as unset.
                "signature_version" if value == 0 => {
                    config.insert(name.clone(), 1.into());
                }
                "api_key"
                | "api_secret"
                | "cloud_name"
                | "signature_algorithm"
                | "signature_version"
                | "upload_prefix" => {
                    config.insert(name.clone(), value.clone());
                }
                _ => {}
            }
        }
        Ok(config)
    }
}

fn account(config: &Object) -> Result<Account, String> {
    Account::from_config(config).map_err(|error| match error {
        AccountError::Malformed => "cloud_name: missing".to_owned(),
        other => other.to_string(),
    })
}

fn clock() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.map_or(0, |duration| duration.as_secs())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a clock before 1970 or beyond all time counts as its nearest end"
)]
pub(crate) fn whole_seconds(now: f64) -> u64 {
    now as u64
}

pub(crate) fn blank(value: &Value) -> bool {
    value.is_null() || value == ""
}

pub(crate) fn text(value: &Value) -> String {
    upload::as_text(value).into_owned()
}

pub(crate) fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
