//! The jobs of a queue, whatever their kind: put on disk, shown, counted, let run now, forgotten.

use sqlx::FromRow;

use super::database::{Store, StoreError, on_both};
use super::losses::losses_of;
use super::statement;
use crate::clock::unix_time;
use crate::queue::job::{Job, Scheduled};

/// Seconds that a job that is done stays, for its key: a notification may be repeated for two
/// hours.
const KEEP_DONE: i64 = 24 * 60 * 60;

/// What is being done with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Its time has not come.
    Waiting,
    /// A worker has it.
    Running,
    /// It failed and is tried again.
    Failed,
    /// It was given up.
    Dead,
}

impl JobState {
    /// The name in `cleanup list` and in the console.
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
pub struct QueuedJob {
    /// What `cleanup retry` and `cleanup drop` take.
    pub id: String,
    /// What is being done with it.
    pub state: JobState,
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
pub struct QueueCounts {
    /// Not done and not dead.
    pub waiting: i64,
    /// Of them, those whose time has come.
    pub due: i64,
    /// Given up.
    pub dead: i64,
}

/// A job as a statement answers it.
#[derive(FromRow)]
struct JobRow {
    id: String,
    status: String,
    attempts: i64,
    run_at: i64,
    result: Option<String>,
    job: Vec<u8>,
}

impl From<JobRow> for QueuedJob {
    fn from(row: JobRow) -> Self {
        let state = match row.status.as_str() {
            "Killed" => JobState::Dead,
            "Failed" => JobState::Failed,
            "Queued" | "Running" => JobState::Running,
            _ => JobState::Waiting,
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

impl Store {
    /// Puts jobs on disk; all or none of each kind.
    pub(in crate::queue) async fn push(
        &self,
        queue: &str,
        jobs: Vec<Scheduled>,
    ) -> Result<(), StoreError> {
        let (mut losses, mut notifications) = (Vec::new(), Vec::new());
        for scheduled in jobs {
            match scheduled.job {
                Job::Destroy(job) => losses.push((job, scheduled.run_at)),
                Job::Follow(_) => notifications.push(scheduled),
            }
        }
        if !losses.is_empty() {
            self.push_losses(queue, losses).await?;
        }
        if !notifications.is_empty() {
            self.push_notifications(queue, notifications).await?;
        }
        Ok(())
    }

    /// The jobs that are not done, in the order of their time.
    pub(in crate::queue) async fn list(&self, queue: &str) -> Result<Vec<QueuedJob>, StoreError> {
        let rows: Vec<JobRow> = on_both!(
            self,
            "SELECT id, status, CAST(attempts AS bigint) AS attempts, {run_at} AS run_at, {result} AS result, job
             FROM {jobs} WHERE job_type IN ($1, $2) AND status <> 'Done' ORDER BY run_at, id",
            fetch_all as JobRow,
            queue,
            losses_of(queue)
        );
        Ok(rows.into_iter().map(QueuedJob::from).collect())
    }

    /// Lets a job that waits or is dead run now; whether there is one.
    pub(in crate::queue) async fn retry(&self, queue: &str, id: &str) -> Result<bool, StoreError> {
        let rows = on_both!(
            self,
            "UPDATE {jobs} SET status = 'Pending', attempts = 0, lock_by = NULL, lock_at = NULL, done_at = NULL, run_at = {time $2}
             WHERE job_type IN ($1, $4) AND id = $3 AND status IN ('Pending', 'Failed', 'Killed')",
            queue,
            i64::try_from(unix_time()).unwrap_or(i64::MAX),
            id,
            losses_of(queue)
        );
        Ok(rows > 0)
    }

    /// Forgets a job that waits or is dead; whether there was one.
    pub(in crate::queue) async fn delete(&self, queue: &str, id: &str) -> Result<bool, StoreError> {
        let rows = on_both!(
            self,
            "DELETE FROM {jobs} WHERE job_type IN ($1, $3) AND id = $2 AND status IN ('Pending', 'Failed', 'Killed')",
            queue,
            id,
            losses_of(queue)
        );
        Ok(rows > 0)
    }

    pub(in crate::queue) async fn counts(&self, queue: &str) -> Result<QueueCounts, StoreError> {
        Ok(on_both!(
            self,
            "SELECT count(CASE WHEN status <> 'Killed' THEN 1 END) AS waiting,
                    count(CASE WHEN status IN ('Pending', 'Failed') AND {run_at} <= {now} THEN 1 END) AS due,
                    count(CASE WHEN status = 'Killed' THEN 1 END) AS dead
             FROM {jobs} WHERE job_type IN ($1, $2) AND status <> 'Done'",
            fetch_one as QueueCounts,
            queue,
            losses_of(queue)
        ))
    }

    /// Forgets jobs that are done and workers that are gone. It always writes, to find out when the
    /// database is read-only.
    pub(in crate::queue) async fn sweep(
        &self,
        queue: &str,
        worker: &str,
    ) -> Result<(), StoreError> {
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
}

#[cfg(test)]
mod tests;
