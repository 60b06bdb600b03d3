//! `/schemas`: which classes and columns there are. Parse Server reads them from the database at
//! each of these calls, whatever the node that answers has cached.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde::Deserialize;

use super::{MasterClient, RestError};

/// A class as its schema has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schema {
    /// The class.
    pub class_name: String,
    /// The columns by name.
    pub fields: BTreeMap<String, SchemaColumn>,
    #[serde(default)]
    class_level_permissions: Permissions,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SchemaColumn {
    /// `String`, `Array`, `Relation`, …
    #[serde(rename = "type")]
    pub type_name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Permissions {
    #[serde(default)]
    protected_fields: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Schemas {
    results: Vec<Schema>,
}

impl Schema {
    /// Whether a column is hidden from somebody who may read the row.
    pub fn protects(&self, column: &str) -> bool {
        let lists = self.class_level_permissions.protected_fields.values();
        let mut names = lists.flatten();
        names.any(|name| name == column)
    }

    /// Those of `columns` whose values stand in the row: all but relations.
    pub(super) fn stored(&self, columns: &BTreeSet<String>) -> Vec<String> {
        let stored = columns.iter().filter(|name| {
            let column = self.fields.get(*name);
            column.is_some_and(|column| column.type_name != "Relation")
        });
        stored.cloned().collect()
    }
}

impl MasterClient {
    /// Every class.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub async fn schemas(&self) -> Result<Vec<Schema>, RestError> {
        let Schemas { results } = self.call(Method::GET, &["schemas"], None).await?;
        Ok(results)
    }

    /// A class; `None` if there is none.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub async fn schema(&self, class: &str) -> Result<Option<Schema>, RestError> {
        match self.call(Method::GET, &["schemas", class], None).await {
            Err(RestError::Refused { code: 103, .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Whether a class exists.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub async fn has_class(&self, class: &str) -> Result<bool, RestError> {
        Ok(self.schema(class).await?.is_some())
    }
}
