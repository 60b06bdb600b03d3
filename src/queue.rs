//! The durable queue of what is to be done later: assets to destroy, notifications to act on.
//!
//! apalis keeps the jobs, in an SQLite file or in PostgreSQL. A job is on disk before its hook is
//! answered, and stays as dead when it cannot succeed. A notification is locked by one worker at a
//! time and comes back when its worker dies; assets to destroy are worked off in batches, by one
//! node at a time. A job says only what to look into: whether an asset is really destroyed is
//! decided anew at every try, by the manifests then in force, by the references then counted and by
//! what Cloudinary then has, so that repeating a job, or one from an old backup, harms nothing.

mod clean_up;
mod clock;
mod failure;
mod health;
mod job;
mod notification_key;
mod notification_sync;
mod pattern;
mod plan;
mod retry;
mod store;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use log::error;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

pub use health::{Check, Health};
pub use job::{Destroy, Job, Scheduled};
pub use notification_key::NotificationKey;
pub(crate) use notification_sync::is_wanted;
pub use plan::Plan;
pub use store::{Counts, Entry, State, StoreError};
pub use worker::Worker;

use crate::cloudinary::notification::{MAX_AGE, MAX_AHEAD};
use store::Store;

/// How long a hook waits for its job to be on disk: the app's save waits with it.
const PUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the queue did not do something. The URL, which may hold a password, is not in it.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The database refused.
    #[error("CLOUDINARY_PARSE_QUEUE: {0}")]
    Store(#[from] StoreError),
    /// The database did not answer.
    #[error("CLOUDINARY_PARSE_QUEUE: no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// The process is stopping.
    #[error("the queue is stopping")]
    Stopping,
}

/// One application's queue, opened when it is first used, and again when that failed.
#[derive(Debug, Clone)]
pub struct Queue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    url: SecretString,
    name: String,
    runtime: Handle,
    store: Mutex<Option<Store>>,
    health: Health,
    create: bool,
}

impl Queue {
    /// The queue of the application `application_id` at `url` (`sqlite://…` or `postgres://…`). Its
    /// database is talked to on `runtime`, whose connections outlive the thread that asks.
    pub fn new(url: SecretString, application_id: &str, runtime: Handle) -> Self {
        Self::open(url, application_id, runtime, true)
    }

    /// The same, but an SQLite file that is missing stays so.
    pub fn existing(url: SecretString, application_id: &str, runtime: Handle) -> Self {
        Self::open(url, application_id, runtime, false)
    }

    fn open(url: SecretString, application_id: &str, runtime: Handle, create: bool) -> Self {
        Self(Arc::new(Inner {
            url,
            name: format!("cloudinary-parse/{application_id}"),
            runtime,
            store: Mutex::new(None),
            health: Health::new(),
            create,
        }))
    }

    /// How it is.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// Whether `url` names a queue that there can be.
    ///
    /// # Errors
    /// What was expected.
    pub fn check_url(url: &str) -> Result<(), StoreError> {
        store::check_url(url)
    }

    /// Puts jobs on disk, all or none.
    ///
    /// # Errors
    /// They are not known to be on disk; a line in the log says so.
    pub async fn push(&self, jobs: Vec<Scheduled>) -> Result<(), QueueError> {
        let summaries: Vec<_> = jobs
            .iter()
            .map(|scheduled| scheduled.job.summary())
            .collect();
        let result = self
            .ask(PUSH_TIMEOUT, async move |store, name| {
                store.push(&name, jobs).await
            })
            .await;
        if let Err(error) = &result {
            error!("not queued: {}: {error}", summaries.join(", "));
        }
        self.0.health.pushed(result.as_ref().err());
        result
    }

    /// Puts a job on disk that a notification asks for, unless the notification was there before.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub async fn push_once(&self, job: Scheduled) -> Result<(), QueueError> {
        // If that cannot be found out, pushing says why.
        if self.is_repeated(&job).await.unwrap_or(false) {
            return Ok(());
        }
        self.push(vec![job]).await
    }

    async fn is_repeated(&self, scheduled: &Scheduled) -> Result<bool, QueueError> {
        let (Job::Follow(notice), Some(key)) = (&scheduled.job, &scheduled.key) else {
            return Ok(false);
        };
        let Some(key) = key.parse().ok().filter(NotificationKey::needs_a_look) else {
            return Ok(false);
        };
        let since = scheduled.run_at.saturating_sub(MAX_AGE + MAX_AHEAD);
        let earlier = self
            .ask(PUSH_TIMEOUT, async move |store, name| {
                store.told_since(&name, since).await
            })
            .await?;
        Ok(key.repeats(notice, &earlier))
    }

    /// Jobs that wait, run or are dead, in the order of their time.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn list(&self) -> Result<Vec<Entry>, QueueError> {
        self.ask(PUSH_TIMEOUT, async |store, name| store.list(&name).await)
            .await
    }

    /// Lets a job that waits or is dead run now. `false`: there is none with this id.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn retry(&self, id: &str) -> Result<bool, QueueError> {
        let id = id.to_owned();
        self.ask(PUSH_TIMEOUT, async move |store, name| {
            store.retry(&name, &id).await
        })
        .await
    }

    /// Forgets a job that waits or is dead. `false`: there is none with this id.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn drop_job(&self, id: &str) -> Result<bool, QueueError> {
        let id = id.to_owned();
        self.ask(PUSH_TIMEOUT, async move |store, name| {
            store.delete(&name, &id).await
        })
        .await
    }

    async fn ask<T: Send + 'static, F>(
        &self,
        limit: Duration,
        work: impl FnOnce(Store, String) -> F + Send + 'static,
    ) -> Result<T, QueueError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let queue = self.clone();
        let asked = self.0.runtime.spawn(async move {
            let store = queue.store().await?;
            work(store, queue.0.name.clone()).await
        });
        match tokio::time::timeout(limit, asked).await {
            Ok(Ok(result)) => Ok(result?),
            Ok(Err(_)) => Err(QueueError::Stopping),
            Err(_) => Err(QueueError::Timeout(limit)),
        }
    }

    /// Boxed: of the bare future the compiler cannot tell that a worker that awaits it is `Send`.
    fn store(&self) -> BoxFuture<'static, Result<Store, StoreError>> {
        let queue = self.clone();
        Box::pin(async move {
            let mut slot = queue.0.store.lock().await;
            if let Some(store) = &*slot {
                return Ok(store.clone());
            }
            let store = Store::open(queue.0.url.expose_secret(), queue.0.create).await?;
            *slot = Some(store.clone());
            Ok(store)
        })
    }
}
