//! The two sides of an audit, asked with patience: a run of hours must not end because a call failed once.

use std::time::Duration;

use anyhow::bail;
use log::info;
use serde_json::{Value, json};

use crate::cloudinary::rest::{ApiClient, ApiError};
use crate::manifest::ClassManifest;
use crate::parse::rest::{MasterClient, RestError, Row};

use super::plan;
use super::progress::Progress;

/// Failed calls in a row after which the run ends; the state stays.
const TRIES: u32 = 6;

/// How long is waited when Cloudinary does not say when its rate limit ends.
const LIMIT_WAIT: u64 = 60;

/// Parse Server and Cloudinary.
pub(super) struct Sources {
    pub(super) parse: MasterClient,
    pub(super) cloudinary: ApiClient,
}

impl Sources {
    /// Asks Parse Server, again if that may help.
    pub(super) async fn parse<T>(
        &self,
        mut call: impl AsyncFnMut(&MasterClient) -> Result<T, RestError>,
    ) -> anyhow::Result<T> {
        let mut tries = 1;
        loop {
            match call(&self.parse).await {
                Err(error) if error.may_pass() && tries < TRIES => {
                    info!("{error}; trying again");
                    back_off(tries).await;
                    tries += 1;
                }
                answer => return Ok(answer?),
            }
        }
    }

    /// Asks Cloudinary, again if that may help; a rate limit is waited for, however long it lasts.
    pub(super) async fn cloudinary<T>(
        &self,
        progress: &Progress,
        mut call: impl AsyncFnMut(&ApiClient) -> Result<T, ApiError>,
    ) -> anyhow::Result<T> {
        let mut tries = 1;
        loop {
            match call(&self.cloudinary).await {
                Err(ApiError::RateLimited { reset, .. }) => {
                    let now = super::unix_time();
                    // Another process may use the limit up again at the very moment it starts anew.
                    let wait =
                        reset.map_or(LIMIT_WAIT, |reset| reset.saturating_sub(now).max(1) + 1);
                    progress.waits(wait);
                    tokio::time::sleep(Duration::from_secs(wait)).await;
                }
                Err(error) if error.may_pass() && tries < TRIES => {
                    info!("{error}; trying again");
                    back_off(tries).await;
                    tries += 1;
                }
                answer => return Ok(answer?),
            }
        }
    }

    /// Proves the master key on a route that wants it.
    pub(super) async fn prove(&self) -> anyhow::Result<()> {
        self.parse(async |parse| parse.prove_master_key().await)
            .await?;
        Ok(())
    }
}

async fn back_off(tries: u32) {
    tokio::time::sleep(Duration::from_millis(250 << tries)).await;
}

/// The rows of a class, page by page.
pub(super) struct Rows<'a> {
    class: &'a ClassManifest,
    after: Option<String>,
    since: Option<Value>,
}

impl<'a> Rows<'a> {
    /// All rows after one.
    pub(super) fn after(class: &'a ClassManifest, after: Option<String>) -> Self {
        Self {
            class,
            after,
            since: None,
        }
    }

    /// All rows that were written since.
    pub(super) fn written_since(class: &'a ClassManifest, seconds: u64) -> Self {
        let time = i64::try_from(seconds).ok();
        let time = time.and_then(|time| jiff::Timestamp::from_second(time).ok());
        let iso = time.unwrap_or_default().to_string();
        Self {
            class,
            after: None,
            since: Some(json!({"$gte": {"__type": "Date", "iso": iso}})),
        }
    }

    /// The next page, with the id of each row; `None` after the last.
    pub(super) async fn next(
        &mut self,
        sources: &Sources,
    ) -> anyhow::Result<Option<Vec<(String, Row)>>> {
        let columns = plan::columns(self.class);
        let (class, after) = (&*self.class.class, self.after.as_deref());
        let since = self.since.as_ref().map(|since| ("updatedAt", since));
        let page = sources
            .parse(async |parse| parse.rows_after(class, &columns, after, since).await)
            .await?;
        let mut rows = Vec::with_capacity(page.len());
        for mut row in page {
            let id = row.remove("objectId");
            let id = id.and_then(|id| serde_json::from_str::<String>(id.get()).ok());
            let Some(id) = id else {
                bail!("{class}: Parse Server answered a row without an objectId");
            };
            rows.push((id, row));
        }
        let Some((last, _)) = rows.last() else {
            return Ok(None);
        };
        if self.after.as_ref() == Some(last) {
            bail!(
                "{class}: Parse Server answered the row {last} again, although later ones were asked for"
            );
        }
        self.after = Some(last.clone());
        Ok(Some(rows))
    }
}
