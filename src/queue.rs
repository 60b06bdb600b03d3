//! The durable queue of what is done later: assets to destroy, notifications to act on.
//!
//! apalis keeps the jobs, in an SQLite file or in PostgreSQL. A job is on disk before its hook
//! answers, and stays as dead when it cannot succeed. A notification is locked by one worker at a
//! time and is free again when that worker dies; assets are destroyed in batches, by one node at a
//! time. A job only names what to look into. Whether an asset is destroyed is decided anew at every
//! try, by the manifests then in force, by the references then counted and by what Cloudinary then
//! has, so that a job may be repeated, or come from an old backup, without harm.

mod clean_up;
#[cfg(test)]
mod doubles;
mod failure;
mod handle;
mod health;
mod job;
mod notification_key;
mod notification_sync;
mod plan;
mod retry;
mod row_search;
mod store;
mod worker;

pub use handle::{Queue, QueueError};
pub use health::{Dependency, Health};
pub use job::{Destroy, Job, Scheduled};
pub use notification_key::NotificationKey;
pub(crate) use notification_sync::is_wanted;
pub use plan::Plan;
pub use store::{JobState, QueueCounts, QueuedJob, StoreError};
pub use worker::Worker;
