//! Which assets of a batch stay: those that a row refers to, and those that Cloudinary shows to be
//! gone or newer.

use std::collections::HashMap;

use super::{Batch, JobOutcome, OpenJobs, Stop, log};
use crate::assets::Kind;
use crate::assets::fate::{Fate, KeepReason, Upload, fate};
use crate::assets::place::Place;
use crate::assets::reference::AssetSet;
use crate::clock::unix_time;
use crate::cloudinary::asset_name::AssetName;
use crate::parse::client::RestError;
use crate::queue::clean_up::reference_counter::{take_referred, take_referred_since};
use crate::queue::failure::{JobFailure, LONGEST_PAUSE};
use crate::queue::health::Dependency;

impl Batch<'_> {
    /// Settles the assets that rows refer to: all rows, or those written `since`. The key is proved
    /// before and after, because a wrong one hides rows.
    pub(super) async fn count(
        &self,
        open: &mut OpenJobs,
        places: &[Place],
        since: Option<u64>,
    ) -> Result<(), Stop> {
        let mut assets: AssetSet = open.assets().cloned().collect();
        let parse = &self.plan.parse;
        let counted = async {
            parse.prove_master_key().await?;
            let referred = match since {
                None => take_referred(parse, places, &mut assets).await?,
                Some(since) => take_referred_since(parse, places, &mut assets, since).await?,
            };
            parse.prove_master_key().await?;
            Ok::<_, RestError>(referred)
        };
        let referred = counted.await;
        let error = referred.as_ref().err();
        let health = self.settlement.health;
        health.report(Dependency::ParseServer, error.map(|e| e as _));
        let referred = open.take(referred?);
        for job in referred.iter().filter_map(|due| due.job.as_ref()) {
            log(job, format_args!("is kept: {}", KeepReason::Referred));
        }
        Ok(self
            .settlement
            .finish(referred, JobOutcome::Referred)
            .await?)
    }

    /// Asks Cloudinary what it has, settles what stays or is gone, and returns what goes.
    pub(super) async fn look_up(
        &self,
        kind: Kind,
        chunk: Vec<AssetName>,
        open: &mut OpenJobs,
    ) -> Result<Vec<AssetName>, Stop> {
        if chunk.is_empty() {
            return Ok(chunk);
        }
        let cloudinary = &self.plan.cloudinary;
        if let Some(until) = cloudinary.half_used_until(unix_time()) {
            let half = "half of Cloudinary's hourly calls is used up, the rest is for confirm";
            return Err(Stop::Failure(JobFailure {
                not_before: until.min(unix_time() + LONGEST_PAUSE),
                ..JobFailure::outage(half)
            }));
        }
        let ids = chunk.iter().map(|asset| &*asset.public_id);
        let found = cloudinary.assets(kind.0, kind.1, ids).await;
        let error = found.as_ref().err();
        let health = self.settlement.health;
        health.report(Dependency::Cloudinary, error.map(|e| e as _));
        let found = found.map_err(|error| self.rate_limit.failure(&error, unix_time()))?;
        let found: HashMap<&str, _> = found
            .iter()
            .map(|asset| (&*asset.public_id, asset))
            .collect();
        let (mut goes, mut gone, mut newer) = (Vec::new(), Vec::new(), Vec::new());
        for asset in chunk {
            let job = open.job(&asset);
            let lost = job.and_then(|job| job.version);
            let upload = Upload::after_version(found.get(&*asset.public_id).copied(), lost);
            match fate(Ok(()), false, upload) {
                Fate::Goes => goes.push(asset),
                Fate::Gone => {
                    job.inspect(|job| log(job, "was gone already"));
                    gone.push(asset);
                }
                Fate::Stays(reason) => {
                    job.inspect(|job| log(job, format_args!("is kept: {reason}")));
                    newer.push(asset);
                }
            }
        }
        let settlement = &self.settlement;
        settlement
            .finish(open.take(gone), JobOutcome::NotFound)
            .await?;
        let newer = open.take(newer);
        settlement.finish(newer, JobOutcome::UploadedAnew).await?;
        Ok(goes)
    }
}
