//! `/hooks`: which webhooks Parse Server calls. Webhooks only, never Cloud Code.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::parse::hook_name::HookName;

use super::{MasterClient, RestError};

/// A row of Parse Server's `_Hooks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredHook {
    /// What it is for.
    pub name: HookName,
    /// As registered: Parse Server checks nothing, so this may be any text.
    pub url: String,
}

#[derive(Deserialize)]
struct HookBody {
    #[serde(flatten)]
    name: HookName,
    #[serde(default)]
    url: Value,
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
            let rows: Vec<HookBody> = self.call(Method::GET, &["hooks", list], None).await?;
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
