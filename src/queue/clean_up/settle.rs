//! What becomes of jobs that are decided, or that failed.

use log::{error, info, warn};

use super::batch::Batch;
use crate::queue::clock::unix_time;
use crate::queue::failure::Trouble;
use crate::queue::job::{Destroy, Job};
use crate::queue::retry::{back_off, chance};
use crate::queue::store::{Again, Due, StoreError};

/// Jobs that a log names one by one when they fail together.
const NAMED: usize = 10;

/// How a try ended that needs no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Destroyed,
    NotFound,
    Referred,
    /// It is not the upload that was lost.
    UploadedAnew,
    /// Nobody wants it destroyed any more.
    Dropped,
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Destroyed => "destroyed",
            Self::NotFound => "not_found",
            Self::Referred => "referred",
            Self::UploadedAnew => "uploaded_anew",
            Self::Dropped => "dropped",
        }
    }
}

impl Batch<'_> {
    pub(super) async fn finish(&self, jobs: Vec<Due>, outcome: Outcome) -> Result<(), StoreError> {
        if jobs.is_empty() {
            return Ok(());
        }
        for _ in &jobs {
            self.health.tried(outcome.name());
        }
        self.store.finish(&jobs).await
    }

    /// Notes that jobs failed, and when they are tried again.
    pub(super) async fn fail(&self, jobs: Vec<Due>, trouble: &Trouble) -> Result<(), StoreError> {
        let (count, now) = (jobs.len(), unix_time());
        let mut failed = Vec::with_capacity(count);
        for due in jobs {
            let tries = due.tries + 1;
            let summary = due.summary();
            let dead = trouble.failure.is_final(tries);
            let pause = back_off(tries, chance(&due.id)).as_secs();
            let run_at = (now + pause).max(trouble.not_before);
            if dead {
                error!("given up after {tries} tries: {summary}: {}", trouble.error);
            } else if count <= NAMED {
                let pause = run_at - now;
                warn!(
                    "tried {tries} times, again in {pause} s: {summary}: {}",
                    trouble.error
                );
            }
            self.health.tried(if dead { "dead" } else { "failed" });
            let again = Again {
                run_at: (!dead).then_some(run_at),
                error: trouble.error.clone(),
            };
            failed.push((due, again));
        }
        if count > NAMED {
            warn!("{count} jobs that destroy wait: {}", trouble.error);
        }
        if failed.is_empty() {
            return Ok(());
        }
        self.store.fail(&failed).await
    }
}

impl Due {
    pub(in crate::queue) fn summary(&self) -> String {
        let job = self.job.clone().map(Job::Destroy);
        job.map_or_else(|| self.id.clone(), |job| job.summary())
    }
}

pub(super) fn log_kept(job: &Destroy, reason: &dyn std::fmt::Display) {
    info!(
        "{}, lost by {}.{}, is kept: {reason}",
        job.asset, job.class, job.field
    );
}
