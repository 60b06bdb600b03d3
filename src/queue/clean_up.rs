//! Destroys assets that lost a reference, in batches: when a batch begins, and how many at once.
//!
//! All that is due is one batch: it waits a moment for jobs that become due with it. While a batch
//! reads many rows the next one gathers, but not for so long that its first job would be late.

mod batch;
mod open_jobs;
mod reference_counter;
mod settlement;

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use log::warn;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::health::Dependency;
use super::store::{DueJob, Lock, Store, StoreError};
use super::worker::Context;
use crate::clock::unix_time;
use batch::Batch;
use settlement::Settlement;

/// How often the database is asked for jobs whose time has come.
const POLL: Duration = Duration::from_secs(1);

/// How long the database may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How many seconds a due job waits at most for others to become due, and behind another batch: a
/// first try is to begin within ten.
const GATHER: u64 = 4;
const BEHIND: u64 = 7;

/// Batches of one process at once.
const AT_ONCE: usize = 4;

/// Most jobs of a batch.
const MOST: i64 = 10_000;

/// Jobs of a broken-off batch that the log names one by one.
const NAMED: usize = 4;

/// Works off what is due; never returns.
pub(super) async fn keep_destroying(context: Arc<Context>, store: Store) {
    let mut batches = JoinSet::new();
    let mut taken: HashSet<String> = HashSet::new();
    let mut lock: Weak<Lock> = Weak::new();
    let mut waiting = 0;
    loop {
        sleep(POLL).await;
        while let Some(ended) = batches.try_join_next() {
            // Err: it panicked, which the log says. Its jobs are due again.
            for id in ended.unwrap_or_default() {
                taken.remove(&id);
            }
        }
        if batches.is_empty() {
            taken.clear();
        }
        // The worker's watch over the database reports its errors.
        let asked = timeout(TIMEOUT, store.due(context.queue_name(), MOST)).await;
        let Ok(Ok(mut due)) = asked else { continue };
        due.retain(|due| !taken.contains(&due.id));
        if !is_time(&due, &mut waiting, batches.len(), unix_time()) {
            continue;
        }
        let held = if let Some(held) = lock.upgrade() {
            Some(held)
        } else {
            let asked = timeout(TIMEOUT, store.lock(context.queue_name())).await;
            asked.ok().and_then(Result::ok).flatten().map(Arc::new)
        };
        // None: another node is destroying.
        let Some(held) = held else { continue };
        lock = Arc::downgrade(&held);
        let ids: Vec<String> = due.iter().map(|due| due.id.clone()).collect();
        taken.extend(ids.iter().cloned());
        let (context, store) = (context.clone(), store.clone());
        batches.spawn(async move {
            destroy(&context, &store, &held, due).await;
            ids
        });
    }
}

/// Whether a batch of what is due begins now. `waiting` is how many were due a moment ago.
fn is_time(due: &[DueJob], waiting: &mut usize, batches: usize, now: u64) -> bool {
    let before = std::mem::replace(waiting, due.len());
    let Some(oldest) = due.iter().map(|due| due.run_at).min() else {
        return false;
    };
    let waited = now.saturating_sub(u64::try_from(oldest).unwrap_or(0));
    match batches {
        0 => before == due.len() || waited >= GATHER,
        1..AT_ONCE => waited >= BEHIND,
        _ => false,
    }
}

async fn destroy(context: &Context, store: &Store, lock: &Lock, due: Vec<DueJob>) {
    let health = context.health();
    let batch = Batch {
        plan: &context.plan.load_full(),
        rate_limit: &context.rate_limit,
        settlement: Settlement { health, store },
        lock,
    };
    let summaries: Vec<String> = due.iter().take(NAMED).map(DueJob::summary).collect();
    let count = due.len();
    let ended: Result<(), StoreError> = tokio::select! {
        ended = batch.run(due) => ended,
        error = lock.lost() => Err(error),
    };
    if let Err(error) = ended {
        // Nothing is written: the jobs are still due, for this node or another.
        for summary in &summaries {
            warn!("broken off: {summary}: {error}");
        }
        if count > NAMED {
            warn!("broken off: {count} jobs that destroy: {error}");
        }
        health.report(Dependency::Queue, Some(&error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_gathers_for_a_moment_and_waits_for_others_but_not_too_long() {
        let due = |ages: &[u64]| -> Vec<DueJob> {
            ages.iter().map(|age| DueJob::at(1000 - age)).collect()
        };
        for (ages, before, batches, begins) in [
            (&[][..], 0, 0, false),
            (&[0], 0, 0, false),
            (&[1], 1, 0, true),
            (&[1, 0], 1, 0, false),
            (&[4, 0], 1, 0, true),
            (&[4, 0], 2, 1, false),
            (&[7, 0], 1, 1, true),
            (&[7], 1, 3, true),
            (&[60], 1, 4, false),
        ] {
            let mut waiting = before;
            assert_eq!(
                is_time(&due(ages), &mut waiting, batches, 1000),
                begins,
                "{ages:?} {batches}"
            );
            assert_eq!(waiting, ages.len());
        }
    }
}
