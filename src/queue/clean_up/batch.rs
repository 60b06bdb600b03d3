//! A batch of assets that lost a reference: each is destroyed unless something keeps it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use log::info;

use super::reference_counter::{take_referred, take_referred_since};
use super::settle::{Outcome, log_kept};
use crate::assets::fate::{Fate, Reason, Upload, fate, lets_go};
use crate::assets::place::Place;
use crate::assets::reference::AssetSet;
use crate::assets::{Kind, kinds};
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::client::{BATCH, Destroyed};
use crate::parse::client::RestError;
use crate::queue::clock::unix_time;
use crate::queue::failure::{LONGEST_REST, Shared, Trouble};
use crate::queue::health::{Check, Health};
use crate::queue::job::Destroy;
use crate::queue::plan::Plan;
use crate::queue::retry::Failure;
use crate::queue::store::{Due, Lock, Store, StoreError};

/// How old a count may be when an asset is destroyed: a process may be stopped in between, and go
/// on much later.
const FRESH: Duration = Duration::from_secs(15);

/// A count that began longer ago is followed by a look at what was written since, and so is that
/// look, a few times.
const LONG: Duration = Duration::from_secs(5);
const LOOKS: usize = 5;

/// How far Parse Server's clock may be behind this one, in seconds.
const CLOCK_SKEW: u64 = 300;

/// Assets that are destroyed at once.
const AT_ONCE: usize = 4;

/// What a batch is worked off with.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    pub(super) plan: &'a Plan,
    pub(super) shared: &'a Shared,
    pub(super) health: &'a Health,
    pub(super) store: &'a Store,
    pub(super) lock: &'a Lock,
}

/// The jobs that are not decided yet, by asset, and when what rows hold was looked up last.
struct Open {
    jobs: HashMap<AssetName, Due>,
    counted: Counted,
}

/// When a count began: by the clock that a stopped process cannot turn back, and in seconds since 1970.
#[derive(Clone, Copy)]
struct Counted {
    begun: Instant,
    since: u64,
}

impl Counted {
    fn now() -> Self {
        Self {
            begun: Instant::now(),
            since: unix_time(),
        }
    }
}

impl Batch<'_> {
    /// Works jobs off. What is not decided is tried again.
    ///
    /// # Errors
    /// The database of jobs does not take what was decided.
    pub(super) async fn run(&self, jobs: Vec<Due>) -> Result<(), StoreError> {
        let mut open = Open {
            jobs: HashMap::with_capacity(jobs.len()),
            counted: Counted::now(),
        };
        let mut unreadable = Vec::new();
        let mut unwanted = Vec::new();
        for due in jobs {
            let Some(job) = &due.job else {
                unreadable.push(due);
                continue;
            };
            match self.unwanted(job) {
                Some(reason) => {
                    log_kept(job, &reason);
                    unwanted.push(due);
                }
                None => _ = open.jobs.insert(job.asset.clone(), due),
            }
        }
        self.finish(unwanted, Outcome::Dropped).await?;
        let cannot_read = Trouble {
            failure: Failure::Unreadable,
            ..Trouble::outage("cannot be read".to_owned())
        };
        self.fail(unreadable, &cannot_read).await?;
        match self.work_off(&mut open).await {
            Ok(()) => Ok(()),
            Err(Stop::Trouble(trouble)) => {
                let left = open.jobs.into_values().collect();
                self.fail(left, &trouble).await
            }
            Err(Stop::Store(error)) => Err(error),
        }
    }

    async fn work_off(&self, open: &mut Open) -> Result<(), Stop> {
        if open.jobs.is_empty() {
            return Ok(());
        }
        self.shared.check_rest(unix_time())?;
        let places = self.plan.places();
        open.counted = Counted::now();
        self.count(open, &places, None).await?;
        for kind in kinds() {
            loop {
                let of_kind = open.jobs.keys().filter(|asset| asset.kind() == kind);
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
        open: &mut Open,
        places: &[Place],
    ) -> Result<(), Stop> {
        for _ in 0..LOOKS {
            if open.counted.begun.elapsed() <= LONG {
                break;
            }
            let since = open.counted.since.saturating_sub(CLOCK_SKEW);
            open.counted = Counted::now();
            self.count(open, places, Some(since)).await?;
        }
        chunk.retain(|asset| open.jobs.contains_key(asset));
        let goes = self.sort_out(kind, chunk, open).await?;
        self.lock.check().await?;
        let waiting: Vec<&Due> = goes
            .iter()
            .filter_map(|asset| open.jobs.get(asset))
            .collect();
        let unchanged = self.store.unchanged(&waiting).await?;
        let unchanged: std::collections::HashSet<String> = unchanged.into_iter().collect();
        let mut sure = Vec::new();
        for asset in goes {
            // One that has been lost again, put off or dropped meanwhile is none of this batch's
            // any more.
            match open.jobs.get(&asset) {
                Some(due) if unchanged.contains(&due.id) => sure.push(asset),
                _ => _ = open.jobs.remove(&asset),
            }
        }
        if !sure.is_empty() && open.counted.begun.elapsed() > FRESH {
            let old = Trouble::outage("the references were counted too long ago".to_owned());
            return Err(old.into());
        }
        self.destroy(sure, open).await
    }

    /// Takes out what rows refer to, of all rows or of those written since. The key is proved
    /// before and after: a wrong one hides rows.
    async fn count(
        &self,
        open: &mut Open,
        places: &[Place],
        since: Option<u64>,
    ) -> Result<(), Stop> {
        let mut assets: AssetSet = open.jobs.keys().cloned().collect();
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
        let trouble = referred.as_ref().err();
        self.health
            .report(Check::ParseServer, trouble.map(|e| e as _));
        let referred = open.take(referred?);
        for job in referred.iter().filter_map(|due| due.job.as_ref()) {
            log_kept(job, &Reason::Referred);
        }
        Ok(self.finish(referred, Outcome::Referred).await?)
    }

    /// Asks Cloudinary what it has, settles what stays or is gone, and answers what goes.
    async fn sort_out(
        &self,
        kind: Kind,
        chunk: Vec<AssetName>,
        open: &mut Open,
    ) -> Result<Vec<AssetName>, Stop> {
        if chunk.is_empty() {
            return Ok(chunk);
        }
        let cloudinary = &self.plan.cloudinary;
        if let Some(until) = cloudinary.half_used_until(unix_time()) {
            let half = "half of Cloudinary's hourly calls is used up, the rest is for confirm";
            return Err(Stop::Trouble(Trouble {
                not_before: until.min(unix_time() + LONGEST_REST),
                ..Trouble::outage(half.to_owned())
            }));
        }
        let ids = chunk.iter().map(|asset| &*asset.public_id);
        let found = cloudinary.assets(kind.0, kind.1, ids).await;
        let trouble = found.as_ref().err();
        self.health
            .report(Check::Cloudinary, trouble.map(|e| e as _));
        let found = found.map_err(|error| self.shared.trouble(&error, unix_time()))?;
        let found: HashMap<&str, _> = found
            .iter()
            .map(|asset| (&*asset.public_id, asset))
            .collect();
        let (mut goes, mut gone, mut newer) = (Vec::new(), Vec::new(), Vec::new());
        for asset in chunk {
            let job = open.jobs.get(&asset).and_then(|due| due.job.as_ref());
            let lost = job.and_then(|job| job.version);
            let upload = Upload::after_version(found.get(&*asset.public_id).copied(), lost);
            match fate(Ok(()), false, upload) {
                Fate::Goes => goes.push(asset),
                Fate::Gone => gone.push(asset),
                Fate::Stays(reason) => {
                    job.inspect(|job| log_kept(job, &reason));
                    newer.push(asset);
                }
            }
        }
        let gone = open.take(gone);
        for job in gone.iter().filter_map(|due| due.job.as_ref()) {
            info!(
                "{}, lost by {}.{}, was gone already",
                job.asset, job.class, job.field
            );
        }
        self.finish(gone, Outcome::NotFound).await?;
        self.finish(open.take(newer), Outcome::UploadedAnew).await?;
        Ok(goes)
    }

    async fn destroy(&self, assets: Vec<AssetName>, open: &mut Open) -> Result<(), Stop> {
        let counted = open.counted.begun;
        let calls = stream::iter(assets).map(async |asset| {
            if counted.elapsed() > FRESH {
                return (asset, Ok(None));
            }
            let called = self.destroy_one(&asset).await;
            (asset, called)
        });
        let calls: Vec<_> = calls.buffer_unordered(AT_ONCE).collect().await;
        let (mut destroyed, mut gone, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        let mut stop = None;
        for (asset, called) in calls {
            match called {
                Ok(Some(Destroyed::Now)) => destroyed.push(asset),
                Ok(Some(Destroyed::Before)) => gone.push(asset),
                Ok(None) => {}
                Err(Stop::Trouble(trouble)) if trouble.failure == Failure::Refusal => {
                    refused.push((asset, trouble));
                }
                Err(other) => stop = Some(other),
            }
        }
        let destroyed = open.take(destroyed);
        for job in destroyed.iter().filter_map(|due| due.job.as_ref()) {
            info!(
                "{}, lost by {}.{}, is destroyed",
                job.asset, job.class, job.field
            );
        }
        self.finish(destroyed, Outcome::Destroyed).await?;
        self.finish(open.take(gone), Outcome::NotFound).await?;
        for (asset, trouble) in refused {
            self.fail(open.take([asset]), &trouble).await?;
        }
        stop.map_or(Ok(()), Err)
    }

    async fn destroy_one(&self, asset: &AssetName) -> Result<Option<Destroyed>, Stop> {
        self.lock.check().await?;
        let now = unix_time();
        self.shared.check_rest(now)?;
        let (resource_type, delivery_type) = asset.kind();
        let cloudinary = &self.plan.cloudinary;
        let destroyed = cloudinary
            .destroy(resource_type, delivery_type, &asset.public_id, now)
            .await;
        let trouble = destroyed.as_ref().err().filter(|error| !error.is_refusal());
        self.health
            .report(Check::Cloudinary, trouble.map(|e| e as _));
        destroyed
            .map(Some)
            .map_err(|error| self.shared.trouble(&error, now).into())
    }

    /// Why the manifests in force, or the account, do not want the asset destroyed.
    fn unwanted(&self, job: &Destroy) -> Option<String> {
        if job.cloud != self.plan.account.cloud_name {
            return Some("it belongs to another account".to_owned());
        }
        let mut classes = self
            .plan
            .classes
            .iter()
            .filter(|class| class.class == job.class);
        let fields = classes.next().map_or(&[][..], |class| &class.fields);
        let Some(field) = fields.iter().find(|field| field.name == job.field) else {
            return Some("the field is no longer guarded".to_owned());
        };
        if !field.clean_up.destroys() {
            return Some("the field no longer destroys".to_owned());
        }
        lets_go(field, &job.asset)
            .err()
            .map(|reason| reason.to_string())
    }
}

impl Open {
    fn take(&mut self, assets: impl IntoIterator<Item = AssetName>) -> Vec<Due> {
        let assets = assets.into_iter();
        assets
            .filter_map(|asset| self.jobs.remove(&asset))
            .collect()
    }
}

/// Why a batch ends before all is decided.
enum Stop {
    /// What is left is tried again later.
    Trouble(Trouble),
    /// The database of jobs is out of order: they stay as they are.
    Store(StoreError),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<RestError> for Stop {
    fn from(error: RestError) -> Self {
        Self::Trouble(error.into())
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
