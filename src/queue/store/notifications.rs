//! Jobs that act on notifications: one each, which a worker of apalis's takes and tries again.

use apalis::prelude::{Task, TaskBuilder};

use super::database::{Store, StoreError, on_both};
use super::statement;
use crate::cloudinary::notification_event::NotificationEvent;
use crate::queue::job::{Job, Scheduled};
use crate::queue::notification_key::NotificationKey;

impl Store {
    /// Puts jobs on disk, all or none; one whose key is known is there already.
    pub(super) async fn push_notifications(
        &self,
        queue: &str,
        jobs: Vec<Scheduled>,
    ) -> Result<(), StoreError> {
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

    /// Sets when a job is tried again should it fail, while `worker` still has it.
    pub(in crate::queue) async fn postpone(
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

    /// Jobs that were done within the last hour.
    pub(in crate::queue) async fn done_lately(&self, queue: &str) -> Result<Vec<Job>, StoreError> {
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

    /// The notifications without a time of their own that have come since then, by their keys.
    pub(in crate::queue) async fn notifications_since(
        &self,
        queue: &str,
        since: u64,
    ) -> Result<Vec<(NotificationKey, NotificationEvent)>, StoreError> {
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
