//! The queue of a running service, and who works on it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use secrecy::SecretString;
use tokio::runtime::Handle;

use crate::cli::inputs::rest_client;
use crate::cloudinary::account::Account;
use crate::cloudinary::client::ApiClient;
use crate::config::ParseAddress;
use crate::manifest::Manifests;
use crate::queue::{Plan, Queue, Worker};

/// Longest call of a job's to Parse Server or Cloudinary.
const CALL: Duration = Duration::from_secs(10);

/// What is opened when a manifest first needs it, and stays.
pub(super) struct Later {
    url: SecretString,
    master_key: Option<SecretString>,
    runtime: Handle,
    started: Mutex<Option<(Queue, Worker)>>,
}

impl Later {
    /// Jobs are done on `runtime`.
    pub(super) fn new(
        url: SecretString,
        master_key: Option<SecretString>,
        runtime: Handle,
    ) -> Self {
        Self {
            url,
            master_key,
            runtime,
            started: Mutex::new(None),
        }
    }

    /// Puts `manifests` in force for what is done later; the queue, if there is one.
    ///
    /// # Errors
    /// No HTTP client can be made, or what the queue needs is not configured.
    pub(super) fn apply(
        &self,
        manifests: &Manifests,
        account: &Account,
        parse: Option<&ParseAddress>,
    ) -> anyhow::Result<Option<Queue>> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if started.is_none() && !manifests.need_queue() {
            return Ok(None);
        }
        let needed = "PARSE_SERVER_URL, PARSE_SERVER_APPLICATION_ID and PARSE_SERVER_MASTER_KEY are needed by a manifest: set them and restart";
        let (parse, key) = parse.zip(self.master_key.as_ref()).context(needed)?;
        let plan = Plan {
            classes: manifests.classes.clone(),
            account: account.clone(),
            parse: rest_client(parse, CALL)?.with_master_key(key)?,
            cloudinary: ApiClient::new(account, CALL)?,
        };
        if let Some((queue, worker)) = &*started {
            worker.replace(plan);
            return Ok(Some(queue.clone()));
        }
        let queue = Queue::new(
            self.url.clone(),
            &parse.application_id,
            self.runtime.clone(),
        );
        let worker = Worker::start(queue.clone(), plan);
        *started = Some((queue.clone(), worker));
        Ok(Some(queue))
    }

    /// Takes no more jobs.
    pub(super) fn stop(&self) {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, worker)) = &*started {
            worker.stop();
        }
    }
}
