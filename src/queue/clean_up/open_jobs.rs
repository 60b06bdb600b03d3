//! The jobs of a batch that are not decided yet, and why a batch may end before they are.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::clock::unix_time;
use crate::cloudinary::asset_name::AssetName;
use crate::parse::client::RestError;
use crate::queue::failure::JobFailure;
use crate::queue::job::Destroy;
use crate::queue::store::{DueJob, StoreError};

/// How old a count may be when an asset is destroyed: a process may be suspended in between, and
/// go on much later.
const FRESH: Duration = Duration::from_secs(15);

/// A count that began longer ago is followed by a look at what was written since, and so is that
/// look.
const LONG: Duration = Duration::from_secs(5);

/// Jobs by asset, and when the rows were last read for references to them.
pub(super) struct OpenJobs {
    jobs: HashMap<AssetName, DueJob>,
    pub(super) counted: CountBegin,
}

/// When a count of references began: by the clock that no operator turns back, and in seconds since
/// 1970.
#[derive(Clone, Copy)]
pub(super) struct CountBegin {
    instant: Instant,
    pub(super) time: u64,
}

/// Why a batch ends before all is decided.
pub(super) enum Stop {
    /// The jobs that are left are tried again later.
    Failure(JobFailure),
    /// The database of jobs fails: they stay as they are.
    Store(StoreError),
}

impl CountBegin {
    pub(super) fn now() -> Self {
        Self {
            instant: Instant::now(),
            time: unix_time(),
        }
    }

    /// Whether rows may have been written while it went on, at `now`, that it has not seen.
    pub(super) fn took_long(self, now: Instant) -> bool {
        now.saturating_duration_since(self.instant) > LONG
    }

    /// Whether nothing may be destroyed by it any more at `now`.
    pub(super) fn is_too_old(self, now: Instant) -> bool {
        now.saturating_duration_since(self.instant) > FRESH
    }
}

impl OpenJobs {
    pub(super) fn new(jobs: HashMap<AssetName, DueJob>) -> Self {
        Self {
            jobs,
            counted: CountBegin::now(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(super) fn assets(&self) -> impl Iterator<Item = &AssetName> {
        self.jobs.keys()
    }

    pub(super) fn get(&self, asset: &AssetName) -> Option<&DueJob> {
        self.jobs.get(asset)
    }

    /// What the job of an asset says.
    pub(super) fn job(&self, asset: &AssetName) -> Option<&Destroy> {
        self.get(asset)?.job.as_ref()
    }

    pub(super) fn take(&mut self, assets: impl IntoIterator<Item = AssetName>) -> Vec<DueJob> {
        let assets = assets.into_iter();
        assets
            .filter_map(|asset| self.jobs.remove(&asset))
            .collect()
    }

    pub(super) fn into_jobs(self) -> Vec<DueJob> {
        self.jobs.into_values().collect()
    }
}

impl From<JobFailure> for Stop {
    fn from(failure: JobFailure) -> Self {
        Self::Failure(failure)
    }
}

impl From<RestError> for Stop {
    fn from(error: RestError) -> Self {
        Self::Failure(error.into())
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_over_five_seconds_is_looked_at_again_and_one_of_over_fifteen_destroys_nothing() {
        let begin = CountBegin::now();
        for (milliseconds, long, too_old) in [
            (0, false, false),
            (5_000, false, false),
            (5_001, true, false),
            (15_000, true, false),
            (15_001, true, true),
        ] {
            let now = begin.instant + Duration::from_millis(milliseconds);
            let found = (begin.took_long(now), begin.is_too_old(now));
            assert_eq!(found, (long, too_old), "{milliseconds}");
        }
    }
}
