//! The jobs in SQLite or PostgreSQL: apalis's tables, read and written with statements of apalis's
//! where it has them, and of our own where it leaves something to the operator.

mod database;
mod jobs;
mod lock;
mod losses;
mod notifications;
mod statement;

pub use database::StoreError;
pub(super) use database::{Store, check_url};
pub use jobs::{JobState, QueueCounts, QueuedJob};
pub(super) use lock::Lock;
pub(super) use losses::{DueJob, NextTry};
