//! Jobs that destroy assets: one for each asset, read many at a time.
//!
//! They are in apalis's table under a queue name of their own, which no worker of apalis's polls:
//! apalis hands jobs out one by one, and one reading of the rows is to serve all that are due.
//! Such a job is not locked. It stays as it is until it is decided, and is then changed only if it
//! still says what the decision was based on. So a process that dies leaves nothing to free, and a
//! loss that comes in meanwhile is not forgotten.

use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use sqlx::FromRow;
use ulid::Ulid;

use super::database::{Store, StoreError, in_transaction, on_both};
use super::statement;
use crate::queue::job::{Destroy, Job};

/// A job whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::queue) struct DueJob {
    pub(in crate::queue) id: String,
    /// When it was due, in seconds since 1970.
    pub(in crate::queue) run_at: i64,
    /// Tries before this one.
    pub(in crate::queue) tries: usize,
    /// What it says; `None` for a text of another version of this program.
    pub(in crate::queue) job: Option<Destroy>,
    text: Vec<u8>,
}

/// When a job that failed is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::queue) struct NextTry {
    /// When it is tried next, in seconds since 1970; `None`: it is dead.
    pub(in crate::queue) run_at: Option<u64>,
    pub(in crate::queue) error: String,
}

#[cfg(test)]
impl DueJob {
    /// One that was due then.
    pub(in crate::queue) fn at(run_at: u64) -> Self {
        Self {
            id: String::new(),
            run_at: i64::try_from(run_at).unwrap(),
            tries: 0,
            job: None,
            text: Vec::new(),
        }
    }
}

#[derive(FromRow)]
struct LossRow {
    id: String,
    attempts: i64,
    run_at: i64,
    job: Vec<u8>,
}

impl From<LossRow> for DueJob {
    fn from(row: LossRow) -> Self {
        let job = match serde_json::from_slice(&row.job) {
            Ok(Job::Destroy(job)) => Some(job),
            _ => None,
        };
        Self {
            id: row.id,
            run_at: row.run_at,
            tries: usize::try_from(row.attempts).unwrap_or(0),
            job,
            text: row.job,
        }
    }
}

/// The name that apalis's table has for the jobs of a queue that destroy.
pub(super) fn losses_of(queue: &str) -> String {
    format!("destroy:{queue}")
}

/// The asset of a job, account included.
fn key(job: &Destroy) -> String {
    format!("{}/{}", job.cloud, job.asset)
}

/// One job for each asset, with the newest lost version and the latest due time.
fn merged(losses: Vec<(Destroy, u64)>) -> Vec<(Destroy, u64)> {
    let mut merged = BTreeMap::<String, (Destroy, u64)>::new();
    for (job, run_at) in losses {
        match merged.entry(key(&job)) {
            Entry::Vacant(vacant) => {
                vacant.insert((job, run_at));
            }
            Entry::Occupied(mut known) => {
                let (known, due) = known.get_mut();
                *due = run_at.max(*due);
                if job.version >= known.version {
                    *known = job;
                }
            }
        }
    }
    merged.into_values().collect()
}

/// `$1` is a JSON array of jobs. Where an asset has a job, that one gets the newer version and the
/// later time and is alive again.
const PUSH: &str = "INSERT INTO {jobs} (id, job_type, job, status, attempts, max_attempts, run_at, priority, idempotency_key)
    SELECT value ->> 'id', $2, {bytes value ->> 'job'}, 'Pending', 0, 2147483647, {time value ->> 'run_at'}, 0, value ->> 'key'
    FROM {elements $1} WHERE true
    ON CONFLICT (job_type, idempotency_key) DO UPDATE SET
        status = 'Pending', attempts = 0, last_result = NULL, done_at = NULL,
        run_at = {greatest}(jobs.run_at, excluded.run_at),
        job = CASE WHEN {version jobs.job} > {version excluded.job} THEN jobs.job ELSE excluded.job END";

const DUE: &str = "SELECT id, CAST(attempts AS bigint) AS attempts, {run_at} AS run_at, job FROM {jobs}
    WHERE job_type = $1 AND (status = 'Pending' OR (status = 'Failed' AND attempts < max_attempts)) AND run_at <= {due}
    ORDER BY jobs.priority DESC, jobs.run_at ASC LIMIT $2";

const THESE: &str =
    "SELECT id, CAST(attempts AS bigint) AS attempts, {run_at} AS run_at, job FROM {jobs}
    WHERE id IN (SELECT value ->> 'id' FROM {elements $1})";

const DONE: &str = "DELETE FROM {jobs} WHERE id = $1 AND {run_at} = $2 AND job = $3";

const FAILED: &str = "UPDATE {jobs} SET status = $4, attempts = $5, last_result = {json $6}, done_at = {due}, run_at = {time $7}
    WHERE id = $1 AND {run_at} = $2 AND job = $3";

impl Store {
    /// Puts losses on disk, all or none; those of one asset are one job.
    pub(in crate::queue) async fn push_losses(
        &self,
        queue: &str,
        losses: Vec<(Destroy, u64)>,
    ) -> Result<(), StoreError> {
        let rows = merged(losses).into_iter().map(|(job, run_at)| {
            let key = key(&job);
            let text = String::from_utf8(Job::Destroy(job).to_json()).unwrap_or_default();
            json!({"id": Ulid::generate().to_string(), "key": key, "run_at": run_at, "job": text})
        });
        let rows = rows.collect::<Value>().to_string();
        let name = losses_of(queue);
        in_transaction!(self, |transaction, write| {
            sqlx::query(sqlx::AssertSqlSafe(write(PUSH)))
                .bind(&rows)
                .bind(&name)
                .execute(&mut *transaction)
                .await?;
        });
        Ok(())
    }

    /// At most `most` jobs whose time has come, the oldest first.
    pub(in crate::queue) async fn due(
        &self,
        queue: &str,
        most: i64,
    ) -> Result<Vec<DueJob>, StoreError> {
        let rows: Vec<LossRow> = on_both!(self, DUE, fetch_all as LossRow, losses_of(queue), most);
        Ok(rows.into_iter().map(DueJob::from).collect())
    }

    /// The ids of those `jobs` that still say what they said.
    pub(in crate::queue) async fn unchanged(
        &self,
        jobs: &[&DueJob],
    ) -> Result<HashSet<String>, StoreError> {
        let ids: Value = jobs.iter().map(|job| json!({"id": job.id})).collect();
        let rows: Vec<LossRow> = on_both!(self, THESE, fetch_all as LossRow, ids.to_string());
        let known: HashMap<&str, &DueJob> = jobs.iter().map(|job| (&*job.id, *job)).collect();
        let unchanged = rows.into_iter().filter(|row| {
            let known = known.get(&*row.id);
            known.is_some_and(|known| known.run_at == row.run_at && known.text == row.job)
        });
        Ok(unchanged.map(|row| row.id).collect())
    }

    /// Forgets jobs that are decided, unless they have changed.
    pub(in crate::queue) async fn finish(&self, jobs: &[DueJob]) -> Result<(), StoreError> {
        in_transaction!(self, |transaction, write| {
            for job in jobs {
                sqlx::query(sqlx::AssertSqlSafe(write(DONE)))
                    .bind(&job.id)
                    .bind(job.run_at)
                    .bind(&job.text)
                    .execute(&mut *transaction)
                    .await?;
            }
        });
        Ok(())
    }

    /// Says when jobs that failed are tried again, unless they have changed.
    pub(in crate::queue) async fn fail(
        &self,
        jobs: &[(DueJob, NextTry)],
    ) -> Result<(), StoreError> {
        in_transaction!(self, |transaction, write| {
            for (job, next) in jobs {
                let status = if next.run_at.is_some() {
                    "Failed"
                } else {
                    "Killed"
                };
                let run_at = next.run_at.and_then(|at| i64::try_from(at).ok());
                // No database takes a NUL in JSON.
                let error = next.error.replace(char::is_control, "\u{fffd}");
                sqlx::query(sqlx::AssertSqlSafe(write(FAILED)))
                    .bind(&job.id)
                    .bind(job.run_at)
                    .bind(&job.text)
                    .bind(status)
                    .bind(i32::try_from(job.tries + 1).unwrap_or(i32::MAX))
                    .bind(json!({"Err": error}).to_string())
                    .bind(run_at.unwrap_or(job.run_at))
                    .execute(&mut *transaction)
                    .await?;
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
