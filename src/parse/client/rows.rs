//! All rows of a class, whoever may see them.
//!
//! They are read through `/aggregate`, which Parse Server answers to the master key only, where
//! `/classes` takes a wrong one for an anonymous caller and hides rows. What a `beforeFind` of
//! Cloud Code adds to a query does not reach a pipeline, no `afterFind` sees its answer, and no
//! `maxLimit` cuts it; and it costs Parse Server half as much.
//!
//! Its stages are what both databases understand alike. On `PostgreSQL` only comparisons may stand
//! in `$match`, the last `$sort` and `$project` count, and unknown stages do nothing; `MongoDB`
//! knows the id as `_id` alone until the fourth stage names it.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{MasterClient, RestError, Row};

/// Most rows of one page.
const PAGE: usize = 1000;

/// Rows of the first page, when nobody knows how long they are.
const FIRST_PAGE: usize = 100;

/// So many bytes a page is meant to have at most.
const PAGE_BYTES: usize = 4 << 20;

/// Columns that no pipeline of ours asks for: an answer with them comes from a trigger.
const NOT_ASKED_FOR: [&str; 3] = ["createdAt", "updatedAt", "className"];

/// The rows of a class in the order of their ids, page by page.
#[derive(Debug, Clone)]
pub struct Rows {
    class: String,
    wanted: BTreeSet<String>,
    since: Option<String>,
    after: Option<String>,
    only: Option<String>,
    /// Those wanted that the class has, once that is known.
    columns: Option<Vec<String>>,
    page: usize,
    /// The ids of the page before.
    seen: HashSet<String>,
}

#[derive(Deserialize)]
struct RowPage {
    results: Vec<Row>,
}

impl Rows {
    /// All rows of `class`, each with those of `columns` that the class has.
    pub fn of<'c>(class: &str, columns: impl IntoIterator<Item = &'c str>) -> Self {
        Self {
            class: class.to_owned(),
            wanted: columns.into_iter().map(str::to_owned).collect(),
            since: None,
            after: None,
            only: None,
            columns: None,
            page: FIRST_PAGE,
            seen: HashSet::new(),
        }
    }

    /// Only rows after the one with this id.
    #[must_use]
    pub fn after(self, object_id: Option<String>) -> Self {
        Self {
            after: object_id,
            ..self
        }
    }

    /// Only the row with this id.
    #[must_use]
    pub fn only(self, object_id: String) -> Self {
        Self {
            only: Some(object_id),
            ..self
        }
    }

    /// Only rows that were written then or later, in seconds since 1970 by Parse Server's clock.
    #[must_use]
    pub fn written_since(self, seconds: u64) -> Self {
        let time = i64::try_from(seconds).ok();
        let time = time.and_then(|time| Timestamp::from_second(time).ok());
        Self {
            since: Some(time.unwrap_or_default().to_string()),
            ..self
        }
    }

    /// The next rows with their ids; `None` after the last, and for a class that does not exist.
    /// After an error the same rows can be asked for again.
    ///
    /// # Errors
    /// Parse Server cannot be asked, refuses, or does not answer what it was asked.
    pub async fn next(
        &mut self,
        parse: &MasterClient,
    ) -> Result<Option<Vec<(String, Row)>>, RestError> {
        if self.columns.is_none() {
            // PostgreSQL refuses a query for a column that does not exist.
            let Some(schema) = parse.schema(&self.class).await? else {
                return Ok(None);
            };
            self.columns = Some(schema.stored(&self.wanted));
        }
        let mut limit = self.page;
        let (found, bytes) = loop {
            match self.ask(parse, limit).await {
                Err(RestError::TooLong { .. }) if limit > 1 => limit = limit.div_ceil(8),
                answer => break answer?,
            }
        };
        self.take(parse, found, bytes)
    }

    async fn ask(
        &self,
        parse: &MasterClient,
        limit: usize,
    ) -> Result<(Vec<Row>, usize), RestError> {
        let mut url = parse.url(&["aggregate", &self.class])?;
        url.query_pairs_mut()
            .append_pair("pipeline", &self.pipeline(limit).to_string())
            // Parse Server 9 may be set to answer names and values as its database has them.
            .append_pair("rawValues", "false")
            .append_pair("rawFieldNames", "false");
        let (RowPage { results }, bytes) = parse.call_sized(Method::GET, url, None).await?;
        Ok((results, bytes))
    }

    fn pipeline(&self, limit: usize) -> Value {
        let mut filter = Map::new();
        let mut ids = Map::new();
        if let Some(after) = &self.after {
            ids.insert("$gt".to_owned(), json!(after));
        }
        if let Some(only) = &self.only {
            ids.insert("$gte".to_owned(), json!(only));
            ids.insert("$lte".to_owned(), json!(only));
        }
        if !ids.is_empty() {
            filter.insert("objectId".to_owned(), Value::Object(ids));
        }
        if let Some(since) = &self.since {
            filter.insert("updatedAt".to_owned(), json!({"$gte": since}));
        }
        let mut columns = Map::from_iter([("objectId".to_owned(), json!(1))]);
        for name in self.columns.iter().flatten() {
            columns.insert(name.clone(), json!(1));
        }
        let mut stages = vec![
            json!({"$sort": {"_id": 1}}),
            json!({"$limit": limit}),
            json!({"$addFields": {"objectId": "$_id"}}),
            json!({"$sort": {"objectId": 1}}),
            json!({"$project": columns}),
        ];
        if !filter.is_empty() {
            stages.insert(0, json!({"$match": filter}));
        }
        stages.into()
    }

    /// Takes a page in, if it is what comes after the one before.
    fn take(
        &mut self,
        parse: &MasterClient,
        found: Vec<Row>,
        bytes: usize,
    ) -> Result<Option<Vec<(String, Row)>>, RestError> {
        let other = |problem: String| RestError::Rows {
            server: parse.server(),
            class: self.class.clone(),
            problem,
        };
        let mut seen = HashSet::with_capacity(found.len());
        let mut rows = Vec::with_capacity(found.len());
        for mut row in found {
            let id = row.remove("objectId");
            let id = id.and_then(|id| serde_json::from_str::<String>(id.get()).ok());
            let id = id.ok_or_else(|| other("a row without an objectId".to_owned()))?;
            if NOT_ASKED_FOR.iter().any(|column| row.contains_key(*column)) {
                let problem =
                    format!("the row {id} as a beforeFind trigger has it, not as it is stored");
                return Err(other(problem));
            }
            let again = self.after.as_ref() == Some(&id) || self.seen.contains(&id);
            if again || !seen.insert(id.clone()) {
                return Err(other(format!(
                    "the row {id} again, although later ones were asked for"
                )));
            }
            rows.push((id, row));
        }
        let Some((last, _)) = rows.last() else {
            return Ok(None);
        };
        if !is_in_order(&rows) {
            return Err(other("its rows out of order".to_owned()));
        }
        self.after = Some(last.clone());
        self.seen = seen;
        self.page = (rows.len() * PAGE_BYTES / bytes.max(1)).clamp(1, PAGE);
        Ok(Some(rows))
    }
}

/// Whether rows come in an order that a database has: by bytes, or by a language's rules. Those are
/// its own affair, so that a few exceptions say nothing; rows that nobody has put into order make
/// every second one an exception, and paging would lose some.
fn is_in_order(rows: &[(String, Row)]) -> bool {
    let most = (rows.len() / 4).max(1);
    let exceptions = |is_less: fn(&str, &str) -> bool| {
        let pairs = rows.windows(2);
        let pairs = pairs.filter(|pair| matches!(pair, [(a, _), (b, _)] if is_less(b, a)));
        pairs.count()
    };
    exceptions(|a, b| a < b) <= most
        || exceptions(|a, b| a.to_lowercase() < b.to_lowercase()) <= most
}

#[cfg(test)]
mod tests;
