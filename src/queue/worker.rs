//! Works the queue off: apalis's worker for notifications, batches for assets to destroy, and a
//! watch over the database and the other dependencies.

mod attempt;
mod context;

use std::sync::Arc;
use std::time::Duration;

use apalis::prelude::{BackendExt as _, WorkerBuilder, WorkerBuilderExt as _, WorkerError};
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::watch;
use ulid::Ulid;

use super::clean_up::keep_destroying;
use super::handle::{Queue, QueueError};
use super::health::Dependency;
use super::plan::Plan;
use super::store::{QueueCounts, Store, StoreError};
use attempt::{Attempts, handle};
pub(super) use context::Context;

/// How often the database is asked for jobs whose time has come.
const POLL: Duration = Duration::from_secs(1);

/// A worker that has missed that many heartbeats is taken for dead, and its jobs go to another.
const HEARTBEAT: Duration = Duration::from_secs(10);
const MISSED_HEARTBEATS: usize = 4;

/// Notifications that a process works on at once.
const AT_ONCE: usize = 4;

/// Pause before a worker that ended is started again.
const RESTART: Duration = Duration::from_secs(3);

/// How often jobs are counted and old ones forgotten.
const WATCH: Duration = Duration::from_secs(5);

/// How often Parse Server is asked whether the master key is good, while no job asks.
const PROVE: Duration = Duration::from_secs(30);

/// Does the jobs of a queue by the plan in force.
#[derive(Debug, Clone)]
pub struct Worker {
    context: Arc<Context>,
    stop: Arc<watch::Sender<bool>>,
}

impl Worker {
    /// Starts on the queue's runtime.
    pub fn start(queue: Queue, plan: Plan) -> Self {
        let (stop, stopped) = watch::channel(false);
        let runtime = queue.0.runtime.clone();
        let context = Arc::new(Context::new(queue, plan));
        runtime.spawn(until(
            stopped.clone(),
            keep_working(context.clone(), stopped.clone()),
        ));
        runtime.spawn(until(stopped, prove(context.clone())));
        let stop = Arc::new(stop);
        Self { context, stop }
    }

    /// Puts another plan in force; tries under way finish with theirs.
    pub fn replace(&self, plan: Plan) {
        self.context.plan.store(Arc::new(plan));
    }

    /// Takes no more jobs. Those under way are tried again after the next start, unless they
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

/// Runs one worker after another: apalis ends them when the database does not answer.
async fn keep_working(context: Arc<Context>, stopped: watch::Receiver<bool>) {
    let (queue, health) = (context.queue.clone(), context.health().clone());
    loop {
        // A name that no worker had before: a dead one's jobs are freed by its silence.
        let name = Ulid::generate().to_string();
        let ended = match queue.store().await {
            Ok(store) => {
                let watch: BoxFuture<'static, ()> =
                    Box::pin(watch_over(context.clone(), store.clone(), name.clone()));
                let destroy: BoxFuture<'static, ()> =
                    Box::pin(keep_destroying(context.clone(), store.clone()));
                let run: BoxFuture<'static, _> = Box::pin(run(context.clone(), store, name));
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
            let error = format!("CLOUDINARY_PARSE_QUEUE: {error}");
            health.report(Dependency::Queue, Some(&error));
        }
        tokio::time::sleep(RESTART).await;
    }
}

async fn run(context: Arc<Context>, store: Store, name: String) -> Result<(), String> {
    let queue = context.queue_name().to_owned();
    macro_rules! run {
        ($storage:ident, $config:expr, $pool:expr) => {{
            let config = $config
                .queue(queue)
                .batch_size(1)
                .heartbeat_interval(HEARTBEAT)
                .missed_heartbeats(MISSED_HEARTBEATS);
            let storage = $storage::<Value>::new($pool).with_config(config);
            WorkerBuilder::new(name.as_str())
                .backend(storage.poll_with_interval(POLL))
                .data(Attempts {
                    context,
                    store: store.clone(),
                    worker: name.clone(),
                })
                .concurrency(AT_ONCE)
                .build(handle)
                .run()
                .await
        }};
    }
    let ended: Result<(), WorkerError> = match &store {
        Store::Sqlite(pool) => run!(SqliteStorage, apalis_sqlite::Config::default(), pool),
        Store::Postgres(pool) => run!(PostgresStorage, apalis_postgres::Config::default(), pool),
    };
    ended.map_err(|error| error.to_string())
}

/// Counts, sweeps, and finds out whether the database takes writes.
async fn watch_over(context: Arc<Context>, store: Store, worker: String) {
    let health = context.health();
    loop {
        match look(&store, context.queue_name(), &worker).await {
            Ok(counts) => {
                health.counted(counts);
                health.report(Dependency::Queue, None);
            }
            Err(error) => health.report(Dependency::Queue, Some(&QueueError::Store(error))),
        }
        tokio::time::sleep(WATCH).await;
    }
}

async fn look(store: &Store, queue: &str, worker: &str) -> Result<QueueCounts, StoreError> {
    store.sweep(queue, worker).await?;
    store.counts(queue).await
}

/// Keeps `/ready` up to date while no job does: says that the master key is refused, and that a
/// dependency works again.
async fn prove(context: Arc<Context>) {
    let health = context.health();
    loop {
        let proved = context.plan.load_full().parse.prove_master_key().await;
        health.report(
            Dependency::ParseServer,
            proved.as_ref().err().map(|e| e as _),
        );
        let troubled = health.trouble(Dependency::Cloudinary).is_some();
        if troubled {
            let ping = context.plan.load_full().cloudinary.ping().await;
            health.report(Dependency::Cloudinary, ping.as_ref().err().map(|e| e as _));
        }
        let pause = if proved.is_err() || troubled {
            PROVE / 3
        } else {
            PROVE
        };
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests;
