//! What the rest of the program does with the queue: hand jobs in, show and move them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use log::error;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::health::Health;
use super::job::{Job, Scheduled};
use super::notification_key::NotificationKey;
use super::store::{self, QueuedJob, Store, StoreError};
use crate::cloudinary::notification::{MAX_AGE, MAX_AHEAD};

/// How long a hook waits for its job to be on disk. The app's save waits with it.
const PUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the queue failed. The URL, which may hold a password, is not repeated.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The database failed.
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
pub struct Queue(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    url: SecretString,
    pub(super) name: String,
    pub(super) runtime: Handle,
    store: Mutex<Option<Store>>,
    pub(super) health: Health,
    create: bool,
}

impl Queue {
    /// The queue of the application `application_id` at `url` (`sqlite://…` or `postgres://…`). Its
    /// connections live on `runtime`, so that they outlive the thread that asks.
    pub fn new(url: SecretString, application_id: &str, runtime: Handle) -> Self {
        Self::open(url, application_id, runtime, true)
    }

    /// The same, but a missing SQLite file is not created.
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

    /// What is known about it and its dependencies.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// Whether `url` can name a queue.
    ///
    /// # Errors
    /// What was expected.
    pub fn check_url(url: &str) -> Result<(), StoreError> {
        store::check_url(url)
    }

    /// Puts jobs on disk, all or none.
    ///
    /// # Errors
    /// They may not be on disk; a line in the log says so.
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
        self.0.health.pushed(result.as_ref().err().map(|e| e as _));
        result
    }

    /// Puts a job on disk that a notification asks for, unless the notification came before.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub async fn push_once(&self, job: Scheduled) -> Result<(), QueueError> {
        // A database that does not answer fails the push too, which says why.
        if self.is_repeated(&job).await.unwrap_or(false) {
            return Ok(());
        }
        self.push(vec![job]).await
    }

    async fn is_repeated(&self, scheduled: &Scheduled) -> Result<bool, QueueError> {
        let (Job::Follow(notice), Some(key)) = (&scheduled.job, &scheduled.key) else {
            return Ok(false);
        };
        let Some(key) = key.parse().ok().filter(NotificationKey::needs_earlier) else {
            return Ok(false);
        };
        let since = scheduled.run_at.saturating_sub(MAX_AGE + MAX_AHEAD);
        let earlier = self
            .ask(PUSH_TIMEOUT, async move |store, name| {
                store.notifications_since(&name, since).await
            })
            .await?;
        Ok(key.repeats(notice, &earlier))
    }

    /// Jobs that wait, run or are dead, in the order of their time.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list(&self) -> Result<Vec<QueuedJob>, QueueError> {
        self.ask(PUSH_TIMEOUT, async |store, name| store.list(&name).await)
            .await
    }

    /// Lets a job that waits or is dead run now; whether there is one with this id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn retry(&self, id: &str) -> Result<bool, QueueError> {
        let id = id.to_owned();
        self.ask(PUSH_TIMEOUT, async move |store, name| {
            store.retry(&name, &id).await
        })
        .await
    }

    /// Forgets a job that waits or is dead; whether there was one with this id.
    ///
    /// # Errors
    /// The database does not answer.
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

    /// Boxed, because the compiler cannot prove that a worker is `Send` that awaits the bare future.
    pub(super) fn store(&self) -> BoxFuture<'static, Result<Store, StoreError>> {
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

#[cfg(test)]
mod tests;
