//! The clients of both servers, with retries: a run of hours must not end because one call failed.

use std::time::Duration;

use log::info;

use crate::clock::unix_time;
use crate::cloudinary::client::{ApiClient, ApiError};
use crate::parse::client::{MasterClient, RestError, Row, Rows};

use super::progress::Progress;

/// Calls in a row that may fail before the run ends; the checkpoint stays.
const TRIES: u32 = 6;

/// How many seconds to wait when Cloudinary does not say when its rate limit ends.
const LIMIT_WAIT: u64 = 60;

/// Parse Server and Cloudinary.
pub(super) struct Clients {
    pub(super) parse: MasterClient,
    pub(super) cloudinary: ApiClient,
}

impl Clients {
    /// Asks Parse Server, and again where that may help.
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

    /// Asks Cloudinary, and again where that may help. It waits for the end of a rate limit, however
    /// long that takes.
    pub(super) async fn cloudinary<T>(
        &self,
        progress: &Progress,
        mut call: impl AsyncFnMut(&ApiClient) -> Result<T, ApiError>,
    ) -> anyhow::Result<T> {
        let mut tries = 1;
        loop {
            match call(&self.cloudinary).await {
                Err(ApiError::RateLimited { reset, .. }) => {
                    let now = unix_time();
                    // Another process may use the limit up again the moment it starts anew.
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

    /// The next page of a class's rows; `None` after the last.
    pub(super) async fn next(&self, rows: &mut Rows) -> anyhow::Result<Option<Vec<(String, Row)>>> {
        self.parse(async |parse| rows.next(parse).await).await
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
