//! The two databases behind one face: apalis's statements where it has them, ours for what it
//! leaves to the operator.

use std::str::FromStr as _;
use std::time::Duration;

use apalis::prelude::{Task, TaskBuilder};
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

use super::clock::unix_time;
use super::job::{Job, Scheduled};
use super::notification_key::NotificationKey;
use crate::cloudinary::notice::Notice;

mod lock;
mod losses;
mod queued_job;
mod statement;

pub(super) use lock::Lock;
pub(super) use losses::{Again, Due};
use queued_job::Row;
pub use queued_job::{Counts, Entry, State};

/// How long a statement waits for another process's lock on an SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a connection may take.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Seconds that a job that is done stays, for its key: a notification may be repeated for two
/// hours.
const KEEP_DONE: i64 = 24 * 60 * 60;

/// Why the database did not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A URL of another kind.
    #[error("expected sqlite://<file> or postgres://<user>:<password>@<host>/<database>")]
    Url,
    /// sqlx's word for it.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It is there, but does not answer.
    #[error("no answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// The tables could not be made or brought up to date.
    #[error("cannot prepare the tables: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// apalis's word for it.
    #[error(transparent)]
    Sqlite(#[from] apalis_sqlite::Error),
    /// apalis's word for it.
    #[error(transparent)]
    Postgres(#[from] apalis_postgres::Error),
}

/// A database of jobs.
#[derive(Debug, Clone)]
pub(super) enum Store {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

pub(super) fn check_url(url: &str) -> Result<(), StoreError> {
    let known = if is_postgres(url) {
        PgConnectOptions::from_str(url).is_ok()
    } else {
        url.starts_with("sqlite:") && SqliteConnectOptions::from_str(url).is_ok()
    };
    if known { Ok(()) } else { Err(StoreError::Url) }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// One statement for both databases, `$table` and `$now` written as each wants them; every `i64`
/// time is in seconds since 1970.
macro_rules! on_both {
    ($store:expr, $statement:expr, $fetch:ident as $row:ty $(, $bind:expr)*) => {
        match $store {
            Store::Sqlite(pool) => {
                let text = statement::sqlite($statement);
                sqlx::query_as::<_, $row>(sqlx::AssertSqlSafe(text))$(.bind($bind))*.$fetch(pool).await?
            }
            Store::Postgres(pool) => {
                let text = statement::postgres($statement);
                sqlx::query_as::<_, $row>(sqlx::AssertSqlSafe(text))$(.bind($bind))*.$fetch(pool).await?
            }
        }
    };
    ($store:expr, $statement:expr $(, $bind:expr)*) => {
        match $store {
            Store::Sqlite(pool) => {
                let text = statement::sqlite($statement);
                sqlx::query(sqlx::AssertSqlSafe(text))$(.bind($bind))*.execute(pool).await?.rows_affected()
            }
            Store::Postgres(pool) => {
                let text = statement::postgres($statement);
                sqlx::query(sqlx::AssertSqlSafe(text))$(.bind($bind))*.execute(pool).await?.rows_affected()
            }
        }
    };
}

use on_both;

impl Store {
    pub(super) async fn open(url: &str, create: bool) -> Result<Self, StoreError> {
        if is_postgres(url) {
            let pool = PgPoolOptions::new()
                .max_connections(12)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .after_connect(|connection, _| Box::pin(lock::end_when_stalled(connection)))
                .connect_with(PgConnectOptions::from_str(url)?)
                .await?;
            PostgresStorage::migrations().run(&pool).await?;
            return Ok(Self::Postgres(pool));
        }
        // apalis's own set-up turns `synchronous` off: a job would not survive a power cut.
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await?;
        SqliteStorage::migrations().run(&pool).await?;
        Ok(Self::Sqlite(pool))
    }

    pub(super) async fn push(&self, queue: &str, jobs: Vec<Scheduled>) -> Result<(), StoreError> {
        let (mut losses, mut others) = (Vec::new(), Vec::new());
        for scheduled in jobs {
            match scheduled.job {
                Job::Destroy(job) => losses.push((job, scheduled.run_at)),
                Job::Follow(_) => others.push(scheduled),
            }
        }
        if !losses.is_empty() {
            self.push_losses(queue, losses).await?;
        }
        if others.is_empty() {
            return Ok(());
        }
        let jobs = others;
        let keyed = jobs.iter().any(|job| job.key.is_some());
        let tasks: Vec<_> = jobs.into_iter().map(task).collect();
        match self {
            Self::Sqlite(pool) => {
                let mut transaction = pool.begin().await?;
                apalis_sqlite::queries::push_tasks(&mut *transaction, queue, &tasks).await?;
                Ok(transaction.commit().await?)
            }
            Self::Postgres(pool) => {
                let mut connection = pool.acquire().await?;
                let pushed = apalis_postgres::queries::push_tasks(&mut *connection, queue, tasks);
                match pushed.await {
                    Err(apalis_postgres::Error::Database(sqlx::Error::Database(error)))
                        if keyed && error.is_unique_violation() =>
                    {
                        Ok(())
                    }
                    result => Ok(result?),
                }
            }
        }
    }

    pub(super) async fn list(&self, queue: &str) -> Result<Vec<Entry>, StoreError> {
        let rows: Vec<Row> = on_both!(
            self,
            "SELECT id, status, CAST(attempts AS bigint) AS attempts, {run_at} AS run_at, {result} AS result, job
             FROM {jobs} WHERE job_type IN ($1, $2) AND status <> 'Done' ORDER BY run_at, id",
            fetch_all as Row,
            queue,
            losses::losses_of(queue)
        );
        Ok(rows.into_iter().map(Entry::from).collect())
    }

    pub(super) async fn retry(&self, queue: &str, id: &str) -> Result<bool, StoreError> {
        let rows = on_both!(
            self,
            "UPDATE {jobs} SET status = 'Pending', attempts = 0, lock_by = NULL, lock_at = NULL, done_at = NULL, run_at = {time $2}
             WHERE job_type IN ($1, $4) AND id = $3 AND status IN ('Pending', 'Failed', 'Killed')",
            queue,
            i64::try_from(unix_time()).unwrap_or(i64::MAX),
            id,
            losses::losses_of(queue)
        );
        Ok(rows > 0)
    }

    pub(super) async fn delete(&self, queue: &str, id: &str) -> Result<bool, StoreError> {
        let rows = on_both!(
            self,
            "DELETE FROM {jobs} WHERE job_type IN ($1, $3) AND id = $2 AND status IN ('Pending', 'Failed', 'Killed')",
            queue,
            id,
            losses::losses_of(queue)
        );
        Ok(rows > 0)
    }

    /// Sets when a job that `worker` has is tried again, should it fail; another worker's is none
    /// of its business.
    pub(super) async fn postpone(
        &self,
        id: &str,
        worker: &str,
        run_at: u64,
    ) -> Result<(), StoreError> {
        let _ = on_both!(
            self,
            "UPDATE {jobs} SET run_at = {time $2} WHERE id = $1 AND lock_by = $3",
            id,
            i64::try_from(run_at).unwrap_or(i64::MAX),
            worker
        );
        Ok(())
    }

    pub(super) async fn counts(&self, queue: &str) -> Result<Counts, StoreError> {
        Ok(on_both!(
            self,
            "SELECT count(CASE WHEN status <> 'Killed' THEN 1 END) AS waiting,
                    count(CASE WHEN status IN ('Pending', 'Failed') AND {run_at} <= {now} THEN 1 END) AS due,
                    count(CASE WHEN status = 'Killed' THEN 1 END) AS dead
             FROM {jobs} WHERE job_type IN ($1, $2) AND status <> 'Done'",
            fetch_one as Counts,
            queue,
            losses::losses_of(queue)
        ))
    }

    /// Jobs that were done within the last hour.
    pub(super) async fn done_lately(&self, queue: &str) -> Result<Vec<Job>, StoreError> {
        let rows: Vec<(Vec<u8>,)> = on_both!(
            self,
            "SELECT job FROM {jobs} WHERE job_type = $1 AND status = 'Done' AND {done_at} > {now} - 3600",
            fetch_all as (Vec<u8>,),
            queue
        );
        let jobs = rows.iter();
        Ok(jobs
            .filter_map(|(job,)| serde_json::from_slice(job).ok())
            .collect())
    }

    /// What notifications without a time of their own have told since then, by their keys.
    pub(super) async fn told_since(
        &self,
        queue: &str,
        since: u64,
    ) -> Result<Vec<(NotificationKey, Notice)>, StoreError> {
        let rows: Vec<(String, Vec<u8>)> = on_both!(
            self,
            "SELECT idempotency_key, job FROM {jobs}
             WHERE job_type = $1 AND {run_at} >= $2 AND idempotency_key LIKE '%@%'",
            fetch_all as (String, Vec<u8>),
            queue,
            i64::try_from(since).unwrap_or(i64::MAX)
        );
        let told = rows
            .iter()
            .filter_map(|(key, job)| match serde_json::from_slice(job).ok()? {
                Job::Follow(notice) => Some((key.parse().ok()?, notice)),
                Job::Destroy(_) => None,
            });
        Ok(told.collect())
    }

    /// Forgets jobs that are done and workers that are gone. It always writes, so that a database
    /// that takes no writes is found out.
    pub(super) async fn sweep(&self, queue: &str, worker: &str) -> Result<(), StoreError> {
        let _ = on_both!(
            self,
            "UPDATE {workers} SET layers = layers WHERE id = $1",
            worker
        );
        let _ = on_both!(
            self,
            "DELETE FROM {jobs} WHERE job_type = $1 AND status = 'Done' AND {done_at} < {now} - $2",
            queue,
            KEEP_DONE
        );
        let _ = on_both!(
            self,
            "DELETE FROM {workers} WHERE worker_type = $1 AND {last_seen} < {now} - $2
             AND id NOT IN (SELECT lock_by FROM {jobs} WHERE lock_by IS NOT NULL)",
            queue,
            KEEP_DONE
        );
        Ok(())
    }

    /// The right to destroy what a queue says; `None` while another node has it.
    pub(super) async fn lock(&self, queue: &str) -> Result<Option<Lock>, StoreError> {
        let Self::Postgres(pool) = self else {
            return Ok(Some(Lock::Alone));
        };
        Lock::of(queue, pool).await
    }
}

fn task(scheduled: Scheduled) -> Task<Vec<u8>> {
    // Whether a job is given up is decided by what went wrong, not by a number that is set
    // beforehand.
    let task = TaskBuilder::new(scheduled.job.to_json())
        .run_at_timestamp(scheduled.run_at)
        .max_attempts(i32::MAX as usize);
    match scheduled.key {
        Some(key) => task.idempotency_key(key).build(),
        None => task.build(),
    }
}
