//! What becomes of jobs that are decided, or that failed.

use std::fmt;

use log::{error, info, warn};

use crate::clock::unix_time;
use crate::queue::failure::JobFailure;
use crate::queue::health::Health;
use crate::queue::job::{Destroy, Job};
use crate::queue::retry::next_try;
use crate::queue::store::{DueJob, NextTry, Store, StoreError};

/// Jobs that the log names one by one when they fail together.
const NAMED: usize = 10;

/// How the last try of a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobOutcome {
    Destroyed,
    NotFound,
    Referred,
    /// The upload is a newer one than the one that was lost.
    UploadedAnew,
    /// The manifests in force do not want it destroyed.
    Dropped,
}

impl JobOutcome {
    /// The name in metrics.
    fn name(self) -> &'static str {
        match self {
            Self::Destroyed => "destroyed",
            Self::NotFound => "not_found",
            Self::Referred => "referred",
            Self::UploadedAnew => "uploaded_anew",
            Self::Dropped => "dropped",
        }
    }
}

/// Where outcomes are noted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settlement<'a> {
    pub(super) health: &'a Health,
    pub(super) store: &'a Store,
}

impl Settlement<'_> {
    /// Forgets jobs that are decided.
    pub(super) async fn finish(
        &self,
        jobs: Vec<DueJob>,
        outcome: JobOutcome,
    ) -> Result<(), StoreError> {
        if jobs.is_empty() {
            return Ok(());
        }
        for _ in &jobs {
            self.health.tried(outcome.name());
        }
        self.store.finish(&jobs).await
    }

    /// Notes that jobs failed, and when they are tried again.
    pub(super) async fn fail(
        &self,
        jobs: Vec<DueJob>,
        failure: &JobFailure,
    ) -> Result<(), StoreError> {
        let (count, now, error) = (jobs.len(), unix_time(), &failure.error);
        let mut failed = Vec::with_capacity(count);
        for due in jobs {
            let (tries, summary) = (due.tries + 1, due.summary());
            let run_at = next_try(failure, tries, now);
            match run_at {
                None => error!("given up after {tries} tries: {summary}: {error}"),
                Some(run_at) if count <= NAMED => {
                    let pause = run_at - now;
                    warn!("tried {tries} times, again in {pause} s: {summary}: {error}");
                }
                Some(_) => {}
            }
            let outcome = run_at.map_or("dead", |_| "failed");
            self.health.tried(outcome);
            let next = NextTry {
                run_at,
                error: error.clone(),
            };
            failed.push((due, next));
        }
        if count > NAMED {
            warn!("{count} jobs that destroy wait: {error}");
        }
        if failed.is_empty() {
            return Ok(());
        }
        self.store.fail(&failed).await
    }
}

impl DueJob {
    pub(super) fn summary(&self) -> String {
        let job = self.job.clone().map(Job::Destroy);
        job.map_or_else(|| self.id.clone(), |job| job.summary())
    }
}

/// Logs what becomes of the asset of a job.
pub(super) fn log(job: &Destroy, fate: impl fmt::Display) {
    let Destroy {
        asset,
        class,
        field,
        ..
    } = job;
    info!("{asset}, lost by {class}.{field}, {fate}");
}
