//! The connection to either database, and how one statement runs on both.

use std::str::FromStr as _;
use std::time::Duration;

use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgConnection, PgPool, SqlitePool};

/// How long a statement waits for another process's lock on an SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a connection may take.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long PostgreSQL waits for a node in the middle of a transaction before it ends the session
/// and frees its locks: a machine that stalls or is cut off does not close its connections.
pub(super) const STALLED: Duration = Duration::from_secs(20);

/// Why the database failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A URL of another kind.
    #[error("expected sqlite://<file> or postgres://<user>:<password>@<host>/<database>")]
    Url,
    /// sqlx reports an error.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It is connected and does not answer.
    #[error("no answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// The tables could not be made or brought up to date.
    #[error("cannot prepare the tables: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// apalis reports an error.
    #[error(transparent)]
    Sqlite(#[from] apalis_sqlite::Error),
    /// apalis reports an error.
    #[error(transparent)]
    Postgres(#[from] apalis_postgres::Error),
}

/// A database of jobs.
#[derive(Debug, Clone)]
pub(in crate::queue) enum Store {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

pub(in crate::queue) fn check_url(url: &str) -> Result<(), StoreError> {
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

/// Runs a block with a transaction of either database and the way to write a statement for it.
macro_rules! in_transaction {
    ($store:expr, |$transaction:ident, $write:ident| $block:block) => {
        match $store {
            Store::Sqlite(pool) => {
                let $write = statement::sqlite;
                let mut $transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                $block
                $transaction.commit().await?;
            }
            Store::Postgres(pool) => {
                let $write = statement::postgres;
                let mut $transaction = pool.begin().await?;
                $block
                $transaction.commit().await?;
            }
        }
    };
}

pub(super) use in_transaction;
pub(super) use on_both;

impl Store {
    pub(in crate::queue) async fn open(url: &str, create: bool) -> Result<Self, StoreError> {
        if is_postgres(url) {
            let pool = PgPoolOptions::new()
                .max_connections(12)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .after_connect(|connection, _| Box::pin(end_when_stalled(connection)))
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
}

/// Makes PostgreSQL end a session whose node stalls.
async fn end_when_stalled(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT set_config('idle_in_transaction_session_timeout', $1, false)")
        .bind(STALLED.as_millis().to_string())
        .execute(connection)
        .await?;
    Ok(())
}
