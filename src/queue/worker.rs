//! Does the jobs.

mod attempt;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use apalis::prelude::{BackendExt as _, WorkerBuilder, WorkerBuilderExt as _, WorkerError};
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::watch;

use super::clean_up::keep_destroying;
use super::failure::Shared;
use super::health::Check;
use super::plan::Plan;
use super::retry::chance;
use super::store::{Counts, Store, StoreError};
use super::{Queue, QueueError};
pub(super) use attempt::Work;
use attempt::{Hand, handle};

/// How often the database is asked for jobs whose time has come.
const POLL: Duration = Duration::from_secs(1);

/// A worker that was not heard of for four of these is taken for dead, and its jobs are given to
/// another.
const HEARTBEAT: Duration = Duration::from_secs(10);
const MISSED_HEARTBEATS: usize = 4;

/// Notifications that a process works on at once.
const AT_ONCE: usize = 4;

/// Pause before a worker is started again that the database has stopped.
const RESTART: Duration = Duration::from_secs(3);

/// How often jobs are counted and old ones forgotten.
const WATCH: Duration = Duration::from_secs(5);

/// How often Parse Server is asked whether the master key is good, while no job does.
const PROVE: Duration = Duration::from_secs(30);

/// Does the jobs of a queue by the plan in force.
#[derive(Debug, Clone)]
pub struct Worker {
    work: Arc<Work>,
    stop: Arc<watch::Sender<bool>>,
}

impl Worker {
    /// Starts on the queue's runtime.
    pub fn start(queue: Queue, plan: Plan) -> Self {
        let (stop, stopped) = watch::channel(false);
        let runtime = queue.0.runtime.clone();
        let work = Arc::new(Work {
            queue,
            plan: ArcSwap::from_pointee(plan),
            shared: Shared::default(),
        });
        runtime.spawn(until(
            stopped.clone(),
            keep_working(work.clone(), stopped.clone()),
        ));
        runtime.spawn(until(stopped, prove(work.clone())));
        let stop = Arc::new(stop);
        Self { work, stop }
    }

    /// Puts another plan in force; tries under way finish with theirs.
    pub fn replace(&self, plan: Plan) {
        self.work.plan.store(Arc::new(plan));
    }

    /// Takes no more jobs. Those under way are tried again after the next start, if they do not
    /// finish.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

async fn until(mut stopped: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = work => {}
    }
}

/// Runs workers one after the other: apalis ends one whenever its database does not answer.
async fn keep_working(work: Arc<Work>, stopped: watch::Receiver<bool>) {
    let (queue, health) = (work.queue.clone(), work.queue.0.health.clone());
    loop {
        let name = worker_name();
        let ended = match queue.store().await {
            Ok(store) => {
                let watch: BoxFuture<'static, ()> =
                    Box::pin(watch_over(work.clone(), store.clone(), name.clone()));
                let destroy: BoxFuture<'static, ()> =
                    Box::pin(keep_destroying(work.clone(), store.clone()));
                let run: BoxFuture<'static, _> = Box::pin(run(work.clone(), store, name));
                tokio::select! {
                    ended = run => ended,
                    () = watch => Ok(()),
                    () = destroy => Ok(()),
                }
            }
            Err(error) => Err(error.to_string()),
        };
        if *stopped.borrow() {
            return;
        }
        if let Err(error) = ended {
            health.report(
                Check::Queue,
                Some(&format!("CLOUDINARY_PARSE_QUEUE: {error}")),
            );
        }
        tokio::time::sleep(RESTART).await;
    }
}

/// A name that no worker had before: the jobs of one that died are freed by its silence.
fn worker_name() -> String {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    format!(
        "{}-{:x}-{:x}",
        std::process::id(),
        since.as_nanos(),
        chance("worker")
    )
}

async fn run(work: Arc<Work>, store: Store, name: String) -> Result<(), String> {
    let queue = work.queue.0.name.clone();
    macro_rules! worker {
        ($storage:expr) => {
            WorkerBuilder::new(name.as_str())
                .backend($storage.poll_with_interval(POLL))
                .data(Hand {
                    work,
                    store: store.clone(),
                    worker: name.clone(),
                })
                .concurrency(AT_ONCE)
                .build(handle)
                .run()
                .await
        };
    }
    let ended: Result<(), WorkerError> = match &store {
        Store::Sqlite(pool) => {
            let config = apalis_sqlite::Config::default()
                .queue(queue)
                .batch_size(1)
                .heartbeat_interval(HEARTBEAT)
                .missed_heartbeats(MISSED_HEARTBEATS);
            worker!(SqliteStorage::<Value>::new(pool).with_config(config))
        }
        Store::Postgres(pool) => {
            let config = apalis_postgres::Config::default()
                .queue(queue)
                .batch_size(1)
                .heartbeat_interval(HEARTBEAT)
                .missed_heartbeats(MISSED_HEARTBEATS);
            worker!(PostgresStorage::<Value>::new(pool).with_config(config))
        }
    };
    ended.map_err(|error| error.to_string())
}

/// Counts, sweeps, and finds out whether the database takes writes.
async fn watch_over(work: Arc<Work>, store: Store, worker: String) {
    let (queue, health) = (work.queue.0.name.clone(), work.queue.0.health.clone());
    loop {
        match look(&store, &queue, &worker).await {
            Ok(counts) => {
                health.counted(counts);
                health.report(Check::Queue, None);
            }
            Err(error) => health.report(Check::Queue, Some(&QueueError::Store(error))),
        }
        tokio::time::sleep(WATCH).await;
    }
}

async fn look(store: &Store, queue: &str, worker: &str) -> Result<Counts, StoreError> {
    store.sweep(queue, worker).await?;
    store.counts(queue).await
}

/// Says in `/ready` that the master key is refused before a job finds it out, and that it is good
/// again after one did.
async fn prove(work: Arc<Work>) {
    let health = work.queue.0.health.clone();
    loop {
        let proved = work.plan.load_full().parse.prove_master_key().await;
        health.report(Check::ParseServer, proved.as_ref().err().map(|e| e as _));
        let troubled = health.trouble(Check::Cloudinary).is_some();
        if troubled {
            let ping = work.plan.load_full().cloudinary.ping().await;
            health.report(Check::Cloudinary, ping.as_ref().err().map(|e| e as _));
        }
        let pause = if proved.is_err() || troubled {
            PROVE / 3
        } else {
            PROVE
        };
        tokio::time::sleep(pause).await;
    }
}
