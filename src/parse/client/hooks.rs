//! `/hooks`: which webhooks Parse Server calls. Webhooks only, never Cloud Code.

use std::fmt;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{MasterClient, RestError};

/// What a webhook is registered for. Parse Server calls one URL for each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HookName {
    /// A trigger of a class.
    #[serde(rename_all = "camelCase")]
    Trigger {
        /// The Parse class.
        class_name: String,
        /// `beforeSave`, …
        trigger_name: String,
    },
    /// A cloud function.
    #[serde(rename_all = "camelCase")]
    Function {
        /// The function's name.
        function_name: String,
    },
}

/// A row of Parse Server's `_Hooks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredHook {
    /// What it is for.
    pub name: HookName,
    /// As registered: Parse Server checks nothing, so this may be any text.
    pub url: String,
}

#[derive(Deserialize)]
struct HookRow {
    #[serde(flatten)]
    name: HookName,
    #[serde(default)]
    url: Value,
}

impl HookName {
    /// The path below a public URL that serves it, without a leading slash.
    pub fn path(&self) -> String {
        let names: Vec<_> = self.parts().map(super::path_segment).collect();
        format!("{}/{}", self.list(), names.join("/"))
    }

    fn list(&self) -> &'static str {
        match self {
            Self::Trigger { .. } => "triggers",
            Self::Function { .. } => "functions",
        }
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
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
        // Names are whatever somebody registered, terminal escapes included.
        f.pad(&name.replace(char::is_control, "\u{fffd}"))
    }
}

impl MasterClient {
    /// All registered webhooks. Several may have one name: Parse Server on PostgreSQL adds a row
    /// where it should change one.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses the application id or the key.
    pub async fn hooks(&self) -> Result<Vec<RegisteredHook>, RestError> {
        let mut hooks = Vec::new();
        for list in ["triggers", "functions"] {
            let rows: Vec<HookRow> = self.call(Method::GET, &["hooks", list], None).await?;
            hooks.extend(rows.into_iter().map(|row| RegisteredHook {
                name: row.name,
                url: match row.url {
                    Value::String(url) => url,
                    other => other.to_string(),
                },
            }));
        }
        Ok(hooks)
    }

    /// Registers a hook. `false`: one of that name exists, and nothing was changed.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub async fn create_hook(&self, name: &HookName, url: &str) -> Result<bool, RestError> {
        let mut body = json!(name);
        body["url"] = json!(url);
        let created: Result<Value, _> = self
            .call(Method::POST, &["hooks", name.list()], Some(&body))
            .await;
        match created {
            Ok(_) => Ok(true),
            Err(RestError::Refused {
                code: 143, message, ..
            }) if message.contains("already") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes all rows of a hook, and whatever handles it in the Parse Server process that
    /// answers. No such hook: done.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub async fn delete_hook(&self, name: &HookName) -> Result<(), RestError> {
        let path: Vec<_> = ["hooks", name.list()]
            .into_iter()
            .chain(name.parts())
            .collect();
        let body = json!({"__op": "Delete"});
        let deleted: Result<Value, _> = self.call(Method::PUT, &path, Some(&body)).await;
        match deleted {
            Ok(_) | Err(RestError::Refused { code: 101, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
