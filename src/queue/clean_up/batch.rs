//! A batch of assets that lost a reference: each is destroyed unless something keeps it.

mod decide;
mod destroy;

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use super::open_jobs::{CountBegin, OpenJobs, Stop};
use super::settlement::{JobOutcome, Settlement, log};
use crate::assets::fate::lets_go;
use crate::assets::place::Place;
use crate::assets::{Kind, kinds};
use crate::clock::unix_time;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::client::BATCH;
use crate::queue::failure::{Cause, JobFailure, RateLimit};
use crate::queue::job::Destroy;
use crate::queue::plan::Plan;
use crate::queue::store::{DueJob, Lock, StoreError};

/// How often what was written during a count is looked at.
const LOOKS: usize = 5;

/// How far Parse Server's clock may be behind this one, in seconds.
const CLOCK_SKEW: u64 = 300;

/// What a batch works with.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rate_limit: &'a RateLimit,
    pub(super) settlement: Settlement<'a>,
    pub(super) lock: &'a Lock,
}

impl Batch<'_> {
    /// Works jobs off. Those that it cannot decide are tried again.
    ///
    /// # Errors
    /// The database of jobs does not take what was decided.
    pub(super) async fn run(&self, jobs: Vec<DueJob>) -> Result<(), StoreError> {
        let mut open = HashMap::with_capacity(jobs.len());
        let (mut unreadable, mut unwanted) = (Vec::new(), Vec::new());
        for due in jobs {
            let Some(job) = &due.job else {
                unreadable.push(due);
                continue;
            };
            match self.unwanted(job) {
                Some(reason) => {
                    log(job, format_args!("is kept: {reason}"));
                    unwanted.push(due);
                }
                None => _ = open.insert(job.asset.clone(), due),
            }
        }
        self.settlement
            .finish(unwanted, JobOutcome::Dropped)
            .await?;
        let cannot_read = JobFailure::new(Cause::Unreadable, "cannot be read");
        self.settlement.fail(unreadable, &cannot_read).await?;
        let mut open = OpenJobs::new(open);
        match self.work_off(&mut open).await {
            Ok(()) => Ok(()),
            Err(Stop::Failure(failure)) => self.settlement.fail(open.into_jobs(), &failure).await,
            Err(Stop::Store(error)) => Err(error),
        }
    }

    /// Why the manifests in force, or the account, do not want the asset destroyed.
    fn unwanted(&self, job: &Destroy) -> Option<String> {
        if job.cloud != self.plan.account.cloud_name {
            return Some("it belongs to another account".to_owned());
        }
        let mut classes = self.plan.classes.iter();
        let class = classes.find(|class| class.class == job.class);
        let mut fields = class.into_iter().flat_map(|class| &class.fields);
        let Some(field) = fields.find(|field| field.name == job.field) else {
            return Some("the field is no longer guarded".to_owned());
        };
        if !field.clean_up.destroys() {
            return Some("the field no longer destroys".to_owned());
        }
        let stays = lets_go(field, &job.asset).err();
        stays.map(|reason| reason.to_string())
    }

    async fn work_off(&self, open: &mut OpenJobs) -> Result<(), Stop> {
        if open.is_empty() {
            return Ok(());
        }
        self.rate_limit.check(unix_time())?;
        let places = self.plan.places();
        open.counted = CountBegin::now();
        self.count(open, &places, None).await?;
        for kind in kinds() {
            loop {
                let of_kind = open.assets().filter(|asset| asset.kind() == kind);
                let chunk: Vec<AssetName> = of_kind.take(BATCH).cloned().collect();
                if chunk.is_empty() {
                    break;
                }
                self.chunk(kind, chunk, open, &places).await?;
            }
        }
        Ok(())
    }

    /// Decides on some assets of a kind; those that there was no time for stay open.
    async fn chunk(
        &self,
        kind: Kind,
        mut chunk: Vec<AssetName>,
        open: &mut OpenJobs,
        places: &[Place],
    ) -> Result<(), Stop> {
        for _ in 0..LOOKS {
            if !open.counted.took_long(Instant::now()) {
                break;
            }
            let since = open.counted.time.saturating_sub(CLOCK_SKEW);
            open.counted = CountBegin::now();
            self.count(open, places, Some(since)).await?;
        }
        chunk.retain(|asset| open.get(asset).is_some());
        let goes = self.look_up(kind, chunk, open).await?;
        self.lock.check().await?;
        let jobs: Vec<&DueJob> = goes.iter().filter_map(|asset| open.get(asset)).collect();
        let unchanged: HashSet<String> = self.settlement.store.unchanged(&jobs).await?;
        // A job that was lost again, retried or dropped meanwhile is no longer this batch's.
        let (sure, changed): (Vec<_>, Vec<_>) = goes.into_iter().partition(|asset| {
            let job = open.get(asset);
            job.is_some_and(|job| unchanged.contains(&job.id))
        });
        open.take(changed);
        if !sure.is_empty() && open.counted.is_too_old(Instant::now()) {
            return Err(JobFailure::outage("the references were counted too long ago").into());
        }
        self.destroy(sure, open).await
    }
}

#[cfg(test)]
mod tests;
