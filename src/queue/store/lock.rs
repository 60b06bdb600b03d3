//! One node at a time destroys.

use std::future::pending;
use std::time::Duration;

use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::StoreError;

/// How long PostgreSQL waits for a node in the middle of a transaction before it ends the node's
/// session and frees what that has locked: a machine that stalls, or is cut off, says no goodbye.
const STALLED: Duration = Duration::from_secs(20);

/// How often a node that has the lock is heard of, and how long PostgreSQL may take to hear it.
/// Both together are less than [`STALLED`]: a node knows that it has lost the lock before another
/// can get it.
const PULSE: Duration = Duration::from_secs(5);

/// Keeps every other node from destroying while it lives.
#[derive(Debug)]
pub(in crate::queue) enum Lock {
    /// One process has the file.
    Alone,
    /// Holds an advisory lock.
    Locked(Mutex<Transaction<'static, Postgres>>),
}

/// Makes PostgreSQL end a session whose node stalls.
pub(super) async fn end_when_stalled(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT set_config('idle_in_transaction_session_timeout', $1, false)")
        .bind(STALLED.as_millis().to_string())
        .execute(connection)
        .await?;
    Ok(())
}

impl Lock {
    /// The lock of a queue; `None` while another node has it.
    pub(super) async fn of(queue: &str, pool: &PgPool) -> Result<Option<Self>, StoreError> {
        let mut transaction = pool.begin().await?;
        let statement = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 4118))";
        let (locked,): (bool,) = sqlx::query_as(statement)
            .bind(queue)
            .fetch_one(&mut *transaction)
            .await?;
        Ok(locked.then_some(Self::Locked(Mutex::new(transaction))))
    }

    /// Proves that it is still ours: PostgreSQL may have ended the session that held it.
    pub(in crate::queue) async fn check(&self) -> Result<(), StoreError> {
        let Self::Locked(transaction) = self else {
            return Ok(());
        };
        let asked = timeout(PULSE, async {
            let mut transaction = transaction.lock().await;
            sqlx::query("SELECT 1").execute(&mut **transaction).await
        });
        match asked.await {
            Ok(answer) => Ok(answer.map(|_| ())?),
            Err(_) => Err(StoreError::Silent(PULSE)),
        }
    }

    /// Keeps it; comes back when it is lost.
    pub(in crate::queue) async fn keep(&self) -> StoreError {
        if matches!(self, Self::Alone) {
            return pending().await;
        }
        loop {
            sleep(PULSE).await;
            if let Err(lost) = self.check().await {
                return lost;
            }
        }
    }
}
