//! One try of a job, and what becomes of the job after it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use apalis::prelude::{AbortError, Attempt, BoxDynError, Data, TaskId};
use arc_swap::ArcSwap;
use futures_util::FutureExt as _;
use log::{error, warn};
use serde_json::Value;
use ulid::Ulid;

use crate::cloudinary::notice::Notice;
use crate::queue::clock::unix_time;
use crate::queue::failure::{Shared, Trouble};
use crate::queue::health::Check;
use crate::queue::job::{Destroy, Job};
use crate::queue::plan::Plan;
use crate::queue::retry::{Failure, back_off, chance};
use crate::queue::store::Store;
use crate::queue::{Queue, notification_sync};

/// Seconds after a verdict from which on a later one may have come before it.
const LATE: u64 = 10;

/// What the workers of one process share.
#[derive(Debug)]
pub(in crate::queue) struct Work {
    pub(in crate::queue) queue: Queue,
    pub(in crate::queue) plan: ArcSwap<Plan>,
    pub(in crate::queue) shared: Shared,
}

/// What a worker does jobs with.
#[derive(Debug, Clone)]
pub(in crate::queue) struct Hand {
    pub(in crate::queue) work: Arc<Work>,
    pub(in crate::queue) store: Store,
    /// Its name in the database.
    pub(in crate::queue) worker: String,
}

/// Tries a job; what is answered decides whether it is tried again.
pub(in crate::queue) async fn handle(
    job: Value,
    id: TaskId,
    attempt: Attempt,
    hand: Data<Hand>,
) -> Result<(), BoxDynError> {
    let Hand {
        work,
        store,
        worker,
    } = &*hand;
    let id = id.to_string();
    let health = &work.queue.0.health;
    let job: Job = match serde_json::from_value(job) {
        Ok(job) => job,
        Err(error) => {
            error!("job {id} cannot be read and is given up: {error}");
            health.tried("dead");
            return Err(AbortError::new(format!("cannot be read: {error}")).into());
        }
    };
    // A panic would take the whole worker with it.
    let tries = attempt.current();
    let attempted = AssertUnwindSafe(work.attempt(&job, &id, tries, store))
        .catch_unwind()
        .await;
    let trouble = match attempted {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(trouble)) => trouble,
        Err(_) => Trouble {
            failure: Failure::Refusal,
            error: "a mistake in this program: its place is in the log".to_owned(),
            not_before: 0,
        },
    };
    let summary = job.summary();
    if trouble.failure.is_final(tries) {
        error!("given up after {tries} tries: {summary}: {}", trouble.error);
        health.tried("dead");
        return Err(AbortError::new(trouble.error).into());
    }
    let pause = back_off(tries, chance(&id));
    let run_at = (unix_time() + pause.as_secs()).max(trouble.not_before);
    warn!(
        "tried {tries} times, again in {} s: {summary}: {}",
        run_at - unix_time(),
        trouble.error
    );
    health.tried("failed");
    if let Err(error) = store.postpone(&id, worker, run_at).await {
        health.report(Check::Queue, Some(&error));
    }
    Err(trouble.error.into())
}

impl Work {
    async fn attempt(
        &self,
        job: &Job,
        id: &str,
        tries: usize,
        store: &Store,
    ) -> Result<(), Trouble> {
        let plan = self.plan.load_full();
        let health = &self.queue.0.health;
        match job {
            Job::Destroy(job) => {
                // A version of this program before batches has queued it, and did not note which
                // upload was lost.
                let version = job.version.or_else(|| made_at(id));
                let job = Destroy {
                    version,
                    ..job.clone()
                };
                let due = vec![(job, unix_time())];
                store.push_losses(&self.queue.0.name, due).await?;
            }
            Job::Follow(notice) => {
                let now = unix_time();
                if self.is_overruled(notice, tries, store).await? {
                    health.tried("dropped");
                    return Ok(());
                }
                health.tried(
                    notification_sync::attempt(notice, &plan, &self.shared, health, tries, now)
                        .await?,
                );
            }
        }
        Ok(())
    }

    /// Whether a later verdict has been written already: one that had to wait for its row, or that
    /// Cloudinary sent again, may be late.
    async fn is_overruled(
        &self,
        notice: &Notice,
        tries: usize,
        store: &Store,
    ) -> Result<bool, Trouble> {
        let Notice::Moderated { at, .. } = notice else {
            return Ok(false);
        };
        if tries == 1 && unix_time() <= at + LATE {
            return Ok(false);
        }
        let done = store.done_lately(&self.queue.0.name).await?;
        let overrules =
            |job: &Job| matches!(job, Job::Follow(later) if notice.is_overruled_by(later));
        Ok(done.iter().any(overrules))
    }
}

/// When a job was queued, in seconds since 1970: what it lost was uploaded before.
fn made_at(id: &str) -> Option<u64> {
    let id = Ulid::from_string(id).ok()?;
    Some(id.timestamp_ms() / 1000)
}
