//! The lock that lets one node at a time destroy assets.

use std::future::pending;
use std::time::Duration;

use sqlx::{PgPool, Postgres, Transaction};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::database::{STALLED, Store, StoreError};

/// How often a node proves that it still has the lock, and how long PostgreSQL may take to answer.
/// Both together are less than [`STALLED`]: a node knows that it has lost the lock before another
/// can get it.
const PROOF: Duration = Duration::from_secs(5);
const _: () = assert!(2 * PROOF.as_secs() < STALLED.as_secs());

/// Held by the node that destroys, until it is dropped.
#[derive(Debug)]
pub(in crate::queue) enum Lock {
    /// SQLite: one process has the file.
    Alone,
    /// PostgreSQL: the transaction holds an advisory lock.
    Locked(Mutex<Transaction<'static, Postgres>>),
}

impl Lock {
    async fn of(queue: &str, pool: &PgPool) -> Result<Option<Self>, StoreError> {
        let mut transaction = pool.begin().await?;
        let statement = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 4118))";
        let (locked,): (bool,) = sqlx::query_as(statement)
            .bind(queue)
            .fetch_one(&mut *transaction)
            .await?;
        Ok(locked.then_some(Self::Locked(Mutex::new(transaction))))
    }

    /// Proves that it is still held: PostgreSQL may have ended the session.
    pub(in crate::queue) async fn check(&self) -> Result<(), StoreError> {
        let Self::Locked(transaction) = self else {
            return Ok(());
        };
        let asked = timeout(PROOF, async {
            let mut transaction = transaction.lock().await;
            sqlx::query("SELECT 1").execute(&mut **transaction).await
        });
        match asked.await {
            Ok(answer) => Ok(answer.map(|_| ())?),
            Err(_) => Err(StoreError::Silent(PROOF)),
        }
    }

    /// Proves it over and over; returns when it is lost.
    pub(in crate::queue) async fn lost(&self) -> StoreError {
        if matches!(self, Self::Alone) {
            return pending().await;
        }
        loop {
            sleep(PROOF).await;
            if let Err(lost) = self.check().await {
                return lost;
            }
        }
    }
}

impl Store {
    /// The right to destroy what a queue says; `None` while another node has it.
    pub(in crate::queue) async fn lock(&self, queue: &str) -> Result<Option<Lock>, StoreError> {
        match self {
            Self::Sqlite(_) => Ok(Some(Lock::Alone)),
            Self::Postgres(pool) => Lock::of(queue, pool).await,
        }
    }
}
