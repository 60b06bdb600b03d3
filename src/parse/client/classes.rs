//! `/classes` with the master key: rows that nobody may see included.
//!
//! Parse Server answers 200 here to a wrong master key and hides rows, so whoever concludes
//! something from a missing row proves the key first, and again after the last row.

use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{MasterClient, RestError, Row};

/// Most rows of one page. Parse Server may be set to answer fewer.
const PAGE: usize = 1000;

#[derive(Deserialize)]
struct FoundRows {
    results: Vec<Row>,
    #[serde(default)]
    count: u64,
}

/// Whether `/classes` shows all rows of a class to the master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hides {
    /// It shows as many as there are.
    Nothing,
    /// It shows fewer than there are.
    Some,
    /// Rows came or went while they were counted.
    Unknown,
}

impl MasterClient {
    /// The first rows that match, with their `columns`, and how many match. Cloud Code's find
    /// triggers see the query and the rows. Where none match, which is what is asked for, the
    /// database looks once.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub async fn matching(
        &self,
        class: &str,
        columns: &[&str],
        filter: &Value,
    ) -> Result<(Vec<Row>, u64), RestError> {
        let ask = async |limit: usize| {
            let mut url = self.url(&["classes", class])?;
            url.query_pairs_mut()
                .append_pair("where", &filter.to_string())
                .append_pair("limit", &limit.to_string())
                .append_pair("count", "1")
                .append_pair("keys", &columns.join(","));
            self.call_url::<FoundRows>(Method::GET, url, None).await
        };
        let mut found = ask(0).await?;
        if found.count > 0 {
            found = ask(PAGE).await?;
        }
        Ok((found.results, found.count))
    }

    /// Whether a `beforeFind` of Cloud Code's hides rows of a class from `/classes`, by what
    /// `/aggregate` counts before and after.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub async fn hides_rows(&self, class: &str) -> Result<Hides, RestError> {
        let before = self.count_all(class).await?;
        // Without a condition PostgreSQL only estimates.
        let all = json!({"objectId": {"$exists": true}});
        let shown = self.matching_count(class, &all).await?;
        let after = self.count_all(class).await?;
        Ok(if shown < before && shown < after {
            Hides::Some
        } else if shown == before && shown == after {
            Hides::Nothing
        } else {
            Hides::Unknown
        })
    }

    async fn matching_count(&self, class: &str, filter: &Value) -> Result<u64, RestError> {
        let mut url = self.url(&["classes", class])?;
        url.query_pairs_mut()
            .append_pair("where", &filter.to_string())
            .append_pair("count", "1")
            .append_pair("limit", "0");
        let found: FoundRows = self.call_url(Method::GET, url, None).await?;
        Ok(found.count)
    }

    /// How many rows a class has, whatever find triggers it has.
    async fn count_all(&self, class: &str) -> Result<u64, RestError> {
        #[derive(Deserialize)]
        struct AggregateTotal {
            total: u64,
        }
        #[derive(Deserialize)]
        struct AggregateBody {
            results: Vec<AggregateTotal>,
        }
        let mut url = self.url(&["aggregate", class])?;
        let pipeline = json!([{"$group": {"_id": null, "total": {"$sum": 1}}}]);
        url.query_pairs_mut()
            .append_pair("pipeline", &pipeline.to_string())
            .append_pair("rawValues", "false")
            .append_pair("rawFieldNames", "false");
        let AggregateBody { results } = self.call_url(Method::GET, url, None).await?;
        Ok(results.first().map_or(0, |total| total.total))
    }

    /// How many rows a class has.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub async fn count(&self, class: &str) -> Result<u64, RestError> {
        let mut url = self.url(&["classes", class])?;
        url.query_pairs_mut()
            .append_pair("count", "1")
            .append_pair("limit", "0");
        let found: FoundRows = self.call_url(Method::GET, url, None).await?;
        Ok(found.count)
    }

    /// The `columns` of one row; `None` if there is none.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub async fn row(
        &self,
        class: &str,
        object_id: &str,
        columns: &[&str],
    ) -> Result<Option<Row>, RestError> {
        let mut url = self.url(&["classes", class, object_id])?;
        url.query_pairs_mut()
            .append_pair("keys", &columns.join(","));
        match self.call_url(Method::GET, url, None).await {
            Err(RestError::Refused { code: 101, .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Writes columns of one row. Its hooks run.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses, a hook of the class included.
    pub async fn write(
        &self,
        class: &str,
        object_id: &str,
        columns: &Value,
    ) -> Result<(), RestError> {
        let segments = ["classes", class, object_id];
        let _: IgnoredAny = self.call(Method::PUT, &segments, Some(columns)).await?;
        Ok(())
    }

    /// Writes columns of one row in a context (JSON, ASCII). Its hooks run and see the context.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses, a hook of the class included.
    pub async fn write_in_context(
        &self,
        class: &str,
        object_id: &str,
        columns: &Value,
        context: &str,
    ) -> Result<(), RestError> {
        let url = self.url(&["classes", class, object_id])?;
        self.put_in_context(url, columns, context).await
    }
}
