//! One try of a job that apalis hands out, and what becomes of the job after it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use apalis::prelude::{AbortError, Attempt, BoxDynError, Data, TaskId};
use futures_util::FutureExt as _;
use log::{error, warn};
use serde_json::Value;
use ulid::Ulid;

use super::context::Context;
use crate::clock::unix_time;
use crate::cloudinary::notification_event::NotificationEvent;
use crate::queue::failure::{Cause, JobFailure};
use crate::queue::health::Dependency;
use crate::queue::job::{Destroy, Job};
use crate::queue::notification_sync;
use crate::queue::retry::next_try;
use crate::queue::store::Store;

/// A verdict that is older, in seconds, may have been overtaken by a later one.
const LATE: u64 = 10;

/// What tries are made with.
#[derive(Debug, Clone)]
pub(super) struct Attempts {
    pub(super) context: Arc<Context>,
    pub(super) store: Store,
    /// The worker's name in the database.
    pub(super) worker: String,
}

/// Tries a job. The answer tells apalis whether it is done, tried again, or dead.
pub(super) async fn handle(
    job: Value,
    id: TaskId,
    attempt: Attempt,
    attempts: Data<Attempts>,
) -> Result<(), BoxDynError> {
    let (id, tries) = (id.to_string(), attempt.current());
    let health = attempts.context.health();
    let job: Job = match serde_json::from_value(job) {
        Ok(job) => job,
        Err(error) => {
            error!("job {id} cannot be read and is given up: {error}");
            health.tried("dead");
            return Err(AbortError::new(format!("cannot be read: {error}")).into());
        }
    };
    // A panic would end the whole worker.
    let outcome = AssertUnwindSafe(attempts.attempt(&job, &id, tries))
        .catch_unwind()
        .await;
    let failure = match outcome {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(failure)) => failure,
        Err(_) => JobFailure::new(
            Cause::Refusal,
            "a mistake in this program: its place is in the log",
        ),
    };
    let (summary, now) = (job.summary(), unix_time());
    let Some(run_at) = next_try(&failure, tries, now) else {
        error!("given up after {tries} tries: {summary}: {}", failure.error);
        health.tried("dead");
        return Err(AbortError::new(failure.error).into());
    };
    let pause = run_at - now;
    warn!(
        "tried {tries} times, again in {pause} s: {summary}: {}",
        failure.error
    );
    health.tried("failed");
    let postponed = attempts.store.postpone(&id, &attempts.worker, run_at);
    if let Err(error) = postponed.await {
        health.report(Dependency::Queue, Some(&error));
    }
    Err(failure.error.into())
}

impl Attempts {
    async fn attempt(&self, job: &Job, id: &str, tries: usize) -> Result<(), JobFailure> {
        let context = &*self.context;
        match job {
            Job::Destroy(job) => {
                // Written by a version of this program that had no batches, and did not note which
                // upload was lost.
                let version = job.version.or_else(|| made_at(id));
                let job = Destroy {
                    version,
                    ..job.clone()
                };
                let due = vec![(job, unix_time())];
                self.store.push_losses(context.queue_name(), due).await?;
            }
            Job::Follow(notice) => {
                let outcome = if self.is_overruled(notice, tries).await? {
                    "dropped"
                } else {
                    let plan = context.plan.load_full();
                    let (limit, health) = (&context.rate_limit, context.health());
                    notification_sync::attempt(notice, &plan, limit, health, tries, unix_time())
                        .await?
                };
                context.health().tried(outcome);
            }
        }
        Ok(())
    }

    /// Whether a later verdict has been written already: one that had to wait for its row, or that
    /// Cloudinary sent again, may be late.
    async fn is_overruled(
        &self,
        notice: &NotificationEvent,
        tries: usize,
    ) -> Result<bool, JobFailure> {
        let NotificationEvent::Moderated { at, .. } = notice else {
            return Ok(false);
        };
        if !may_be_overtaken(*at, tries, unix_time()) {
            return Ok(false);
        }
        let done = self.store.done_lately(self.context.queue_name()).await?;
        let overrules =
            |job: &Job| matches!(job, Job::Follow(later) if notice.is_overruled_by(later));
        Ok(done.iter().any(overrules))
    }
}

/// Whether a later verdict may have been written before one that was given `at`: this one is late,
/// or had to wait.
fn may_be_overtaken(at: u64, tries: usize, now: u64) -> bool {
    tries > 1 || now > at + LATE
}

/// When a job was queued, in seconds since 1970: the upload that was lost is older.
fn made_at(id: &str) -> Option<u64> {
    let id = Ulid::from_string(id).ok()?;
    Some(id.timestamp_ms() / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_try_of_a_fresh_verdict_cannot_be_overtaken() {
        for (tries, now, may) in [
            (1, 1_000, false),
            (1, 1_010, false),
            (1, 1_011, true),
            (2, 1_000, true),
        ] {
            assert_eq!(may_be_overtaken(1_000, tries, now), may, "{tries} {now}");
        }
    }

    #[test]
    fn a_job_was_made_when_its_id_says_in_seconds() {
        let id = Ulid::from_parts(1_700_000_000_999, 5).to_string();
        assert_eq!(made_at(&id), Some(1_700_000_000));
        assert_eq!(made_at("no ulid"), None);
    }
}
