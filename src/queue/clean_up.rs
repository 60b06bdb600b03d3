//! When jobs that destroy are worked off, and how many at once.
//!
//! Whatever is due is one batch: it waits a moment for those that become due with it. While a batch
//! reads many rows the next one gathers, but not for so long that its first job would be late.

mod batch;
mod reference_counter;
mod settle;

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use log::warn;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::clock::unix_time;
use super::health::Check;
use super::store::{Due, Lock, Store, StoreError};
use super::worker::Work;
use batch::Batch;

/// How often the database is asked for jobs whose time has come.
const POLL: Duration = Duration::from_secs(1);

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Seconds that a due job waits at most for others to become due, and behind another batch: a first
/// try is to begin within ten.
const GATHER: u64 = 4;
const BEHIND: u64 = 7;

/// Batches of one process at once.
const AT_ONCE: usize = 4;

/// Most jobs of a batch.
const MOST: i64 = 10_000;

/// Works off what is due, for as long as it lives.
pub(super) async fn keep_destroying(work: Arc<Work>, store: Store) {
    let mut batches = JoinSet::new();
    let mut taken: HashSet<String> = HashSet::new();
    let mut lock: Weak<Lock> = Weak::new();
    let mut waiting = 0;
    loop {
        sleep(POLL).await;
        while let Some(ended) = batches.try_join_next() {
            // Err: a mistake in this program, which says so itself. Its jobs are due again.
            for id in ended.unwrap_or_default() {
                taken.remove(&id);
            }
        }
        if batches.is_empty() {
            taken.clear();
        }
        // The watch over the database says what is wrong with it.
        let asked = timeout(PATIENCE, store.due(&work.queue.0.name, MOST)).await;
        let Ok(Ok(due)) = asked else { continue };
        let due: Vec<Due> = due
            .into_iter()
            .filter(|due| !taken.contains(&due.id))
            .collect();
        if !is_time(&due, &mut waiting, batches.len(), unix_time()) {
            continue;
        }
        let held = if let Some(held) = lock.upgrade() {
            Some(held)
        } else {
            let asked = timeout(PATIENCE, store.lock(&work.queue.0.name)).await;
            asked.ok().and_then(Result::ok).flatten().map(Arc::new)
        };
        // Another node is at it.
        let Some(held) = held else { continue };
        lock = Arc::downgrade(&held);
        let ids: Vec<String> = due.iter().map(|due| due.id.clone()).collect();
        taken.extend(ids.iter().cloned());
        let (work, store) = (work.clone(), store.clone());
        batches.spawn(async move {
            destroy(&work, &store, &held, due).await;
            ids
        });
    }
}

/// Whether a batch of what is due begins now. `waiting` is how many were due a moment ago.
fn is_time(due: &[Due], waiting: &mut usize, batches: usize, now: u64) -> bool {
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

async fn destroy(work: &Work, store: &Store, lock: &Lock, due: Vec<Due>) {
    let plan = work.plan.load_full();
    let health = &work.queue.0.health;
    let batch = Batch {
        plan: &plan,
        shared: &work.shared,
        health,
        store,
        lock,
    };
    let summaries: Vec<String> = due.iter().take(AT_ONCE).map(Due::summary).collect();
    let count = due.len();
    let ended: Result<(), StoreError> = tokio::select! {
        ended = batch.run(due) => ended,
        lost = lock.keep() => Err(lost),
    };
    if let Err(error) = ended {
        // Nothing is written: they are due still, for this node or another.
        for summary in &summaries {
            warn!("broken off: {summary}: {error}");
        }
        if count > summaries.len() {
            warn!("broken off: {count} jobs that destroy: {error}");
        }
        health.report(Check::Queue, Some(&error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_gathers_for_a_moment_and_waits_for_others_but_not_too_long() {
        let due =
            |ages: &[u64]| -> Vec<Due> { ages.iter().map(|age| Due::at(1000 - age)).collect() };
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
