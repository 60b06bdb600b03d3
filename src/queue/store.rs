//! The two databases behind one face: apalis's statements where it has them, ours for what it leaves to the operator.

use std::str::FromStr as _;
use std::time::Duration;

use apalis::prelude::{Task, TaskBuilder};
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{FromRow, PgPool, Postgres, SqlitePool, Transaction};

use super::job::{Job, Scheduled};

/// How long a statement waits for another process's lock on an SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a connection may take.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Seconds that a job that is done stays, for its key: a notification may be repeated for two hours.
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

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its time has not come.
    Waiting,
    /// A worker has it.
    Running,
    /// It failed and is tried again.
    Failed,
    /// It was given up.
    Dead,
}

impl State {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }
}

/// A job as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// For `cleanup retry` and `cleanup drop`.
    pub id: String,
    /// How it stands.
    pub state: State,
    /// Tries so far.
    pub tries: i64,
    /// When it is tried next, or was last, in seconds since 1970.
    pub run_at: i64,
    /// What went wrong.
    pub error: Option<String>,
    /// What it says; `None` for a text of another version of this program.
    pub job: Option<Job>,
}

/// How many jobs there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Counts {
    /// Not done and not dead.
    pub waiting: i64,
    /// Of them, those whose time has come.
    pub due: i64,
    /// Given up.
    pub dead: i64,
}

#[derive(FromRow)]
struct Row {
    id: String,
    status: String,
    attempts: i64,
    run_at: i64,
    result: Option<String>,
    job: Vec<u8>,
}

/// Keeps an asset's other jobs, on whatever node, from running while it lives.
#[derive(Debug)]
pub(super) enum Turn {
    /// One process has the file, and one worker at a time.
    Alone,
    /// Holds an advisory lock.
    Locked(Transaction<'static, Postgres>),
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

/// One statement for both databases, `$table` and `$now` written as each wants them; every `i64` time is in seconds since 1970.
macro_rules! on_both {
    ($store:expr, $statement:expr, $fetch:ident as $row:ty $(, $bind:expr)*) => {
        match $store {
            Store::Sqlite(pool) => {
                let text = sqlite($statement);
                sqlx::query_as::<_, $row>(sqlx::AssertSqlSafe(text))$(.bind($bind))*.$fetch(pool).await?
            }
            Store::Postgres(pool) => {
                let text = postgres($statement);
                sqlx::query_as::<_, $row>(sqlx::AssertSqlSafe(text))$(.bind($bind))*.$fetch(pool).await?
            }
        }
    };
    ($store:expr, $statement:expr $(, $bind:expr)*) => {
        match $store {
            Store::Sqlite(pool) => {
                let text = sqlite($statement);
                sqlx::query(sqlx::AssertSqlSafe(text))$(.bind($bind))*.execute(pool).await?.rows_affected()
            }
            Store::Postgres(pool) => {
                let text = postgres($statement);
                sqlx::query(sqlx::AssertSqlSafe(text))$(.bind($bind))*.execute(pool).await?.rows_affected()
            }
        }
    };
}

fn sqlite(statement: &str) -> String {
    statement
        .replace("{jobs}", "Jobs")
        .replace("{workers}", "Workers")
        .replace("{now}", "unixepoch()")
        .replace("{run_at}", "run_at")
        .replace("{done_at}", "done_at")
        .replace("{last_seen}", "last_seen")
        .replace("{result}", "last_result")
        .replace("{time $2}", "$2")
}

fn postgres(statement: &str) -> String {
    statement
        .replace("{jobs}", "apalis.jobs")
        .replace("{workers}", "apalis.workers")
        .replace("{now}", "extract(epoch from now())::bigint")
        .replace("{run_at}", "extract(epoch from run_at)::bigint")
        .replace("{done_at}", "extract(epoch from done_at)::bigint")
        .replace("{last_seen}", "extract(epoch from last_seen)::bigint")
        .replace("{result}", "last_result::text")
        .replace("{time $2}", "to_timestamp($2)")
}

impl Store {
    pub(super) async fn open(url: &str, create: bool) -> Result<Self, StoreError> {
        if is_postgres(url) {
            let pool = PgPoolOptions::new()
                .max_connections(12)
                .acquire_timeout(ACQUIRE_TIMEOUT)
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
             FROM {jobs} WHERE job_type = $1 AND status <> 'Done' ORDER BY run_at, id",
            fetch_all as Row,
            queue
        );
        Ok(rows.into_iter().map(Entry::from).collect())
    }

    pub(super) async fn retry(&self, queue: &str, id: &str) -> Result<bool, StoreError> {
        let rows = on_both!(
            self,
            "UPDATE {jobs} SET status = 'Pending', attempts = 0, lock_by = NULL, lock_at = NULL, done_at = NULL, run_at = {time $2}
             WHERE job_type = $1 AND id = $3 AND status IN ('Pending', 'Failed', 'Killed')",
            queue,
            now(),
            id
        );
        Ok(rows > 0)
    }

    pub(super) async fn delete(&self, queue: &str, id: &str) -> Result<bool, StoreError> {
        let rows = on_both!(
            self,
            "DELETE FROM {jobs} WHERE job_type = $1 AND id = $2 AND status IN ('Pending', 'Failed', 'Killed')",
            queue,
            id
        );
        Ok(rows > 0)
    }

    /// Sets when a job that is running is tried again, should it fail.
    pub(super) async fn postpone(&self, id: &str, run_at: i64) -> Result<(), StoreError> {
        let _ = on_both!(
            self,
            "UPDATE {jobs} SET run_at = {time $2} WHERE id = $1",
            id,
            run_at
        );
        Ok(())
    }

    pub(super) async fn counts(&self, queue: &str) -> Result<Counts, StoreError> {
        Ok(on_both!(
            self,
            "SELECT count(CASE WHEN status <> 'Killed' THEN 1 END) AS waiting,
                    count(CASE WHEN status IN ('Pending', 'Failed') AND {run_at} <= {now} THEN 1 END) AS due,
                    count(CASE WHEN status = 'Killed' THEN 1 END) AS dead
             FROM {jobs} WHERE job_type = $1 AND status <> 'Done'",
            fetch_one as Counts,
            queue
        ))
    }

    /// Forgets jobs that are done and workers that are gone. It always writes, so that a database that takes no writes is found out.
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

    /// The turn of a job about `subject`; `None` while another node has it.
    pub(super) async fn turn(&self, subject: &str) -> Result<Option<Turn>, StoreError> {
        let Self::Postgres(pool) = self else {
            return Ok(Some(Turn::Alone));
        };
        let mut transaction = pool.begin().await?;
        let statement = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 4117))";
        let (locked,): (bool,) = sqlx::query_as(statement)
            .bind(subject)
            .fetch_one(&mut *transaction)
            .await?;
        Ok(locked.then_some(Turn::Locked(transaction)))
    }
}

fn task(scheduled: Scheduled) -> Task<Vec<u8>> {
    // Whether a job is given up is decided by what went wrong, not by a number that is set beforehand.
    let task = TaskBuilder::new(scheduled.job.to_json())
        .run_at_timestamp(scheduled.run_at)
        .max_attempts(i32::MAX as usize);
    match scheduled.key {
        Some(key) => task.idempotency_key(key).build(),
        None => task.build(),
    }
}

impl Turn {
    /// Whether it is still ours: the connection that held it may have broken.
    pub(super) async fn check(&mut self) -> Result<(), StoreError> {
        if let Self::Locked(transaction) = self {
            sqlx::query("SELECT 1").execute(&mut **transaction).await?;
        }
        Ok(())
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let state = match row.status.as_str() {
            "Killed" => State::Dead,
            "Failed" => State::Failed,
            "Queued" | "Running" => State::Running,
            _ => State::Waiting,
        };
        Self {
            id: row.id,
            state,
            tries: row.attempts,
            run_at: row.run_at,
            error: row.result.and_then(|result| error_of(&result)),
            job: serde_json::from_slice(&row.job).ok(),
        }
    }
}

/// apalis stores `{"Err": "…"}`.
fn error_of(result: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(result).ok()?;
    let text = value.get("Err")?.as_str()?;
    Some(text.strip_prefix("AbortError: ").unwrap_or(text).to_owned())
}
