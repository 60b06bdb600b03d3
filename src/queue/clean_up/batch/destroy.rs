//! The destruction of assets that nothing keeps.

use std::time::Instant;

use futures_util::{StreamExt as _, stream};

use super::{Batch, JobOutcome, OpenJobs, Stop, log};
use crate::clock::unix_time;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::client::Destroyed;
use crate::queue::failure::Cause;
use crate::queue::health::Dependency;

/// Assets that are destroyed at once.
const AT_ONCE: usize = 4;

impl Batch<'_> {
    pub(super) async fn destroy(
        &self,
        assets: Vec<AssetName>,
        open: &mut OpenJobs,
    ) -> Result<(), Stop> {
        let counted = open.counted;
        let calls = stream::iter(assets).map(async |asset| {
            if counted.is_too_old(Instant::now()) {
                return (asset, Ok(None));
            }
            let called = self.destroy_one(&asset).await;
            (asset, called.map(Some))
        });
        let calls: Vec<_> = calls.buffer_unordered(AT_ONCE).collect().await;
        let (mut destroyed, mut gone, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        let mut stop = None;
        for (asset, called) in calls {
            match called {
                Ok(Some(Destroyed::Now)) => destroyed.push(asset),
                Ok(Some(Destroyed::Before)) => gone.push(asset),
                Ok(None) => {}
                Err(Stop::Failure(failure)) if failure.cause == Cause::Refusal => {
                    refused.push((asset, failure));
                }
                Err(other) => stop = Some(other),
            }
        }
        let destroyed = open.take(destroyed);
        for job in destroyed.iter().filter_map(|due| due.job.as_ref()) {
            log(job, "is destroyed");
        }
        let settlement = &self.settlement;
        settlement.finish(destroyed, JobOutcome::Destroyed).await?;
        settlement
            .finish(open.take(gone), JobOutcome::NotFound)
            .await?;
        for (asset, failure) in refused {
            settlement.fail(open.take([asset]), &failure).await?;
        }
        stop.map_or(Ok(()), Err)
    }

    async fn destroy_one(&self, asset: &AssetName) -> Result<Destroyed, Stop> {
        self.lock.check().await?;
        let now = unix_time();
        self.rate_limit.check(now)?;
        let (resource_type, delivery_type) = asset.kind();
        let cloudinary = &self.plan.cloudinary;
        let destroyed = cloudinary
            .destroy(resource_type, delivery_type, &asset.public_id, now)
            .await;
        let error = destroyed.as_ref().err().filter(|error| !error.is_refusal());
        let health = self.settlement.health;
        health.report(Dependency::Cloudinary, error.map(|e| e as _));
        destroyed.map_err(|error| self.rate_limit.failure(&error, now).into())
    }
}
