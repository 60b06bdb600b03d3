//! What all workers share.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::hooks::Roles;

use super::metrics::{History, Metrics, RecentRefusals};
use super::served_hooks::Routes;
use super::webhook::key::WebhookKeys;

/// What all workers share.
pub(super) struct State {
    pub(super) keys: WebhookKeys,
    pub(super) public_path: String,
    pub(super) max_body: usize,
    pub(super) read_timeout: Duration,
    pub(super) answer_timeout: Duration,
    pub(super) routes: ArcSwap<Routes>,
    pub(super) roles: Roles,
    pub(super) metrics: Metrics,
    /// When the service started, in seconds since 1970.
    pub(super) started: u64,
    pub(super) history: History,
    pub(super) refusals: RecentRefusals,
    pub(super) is_stopping: AtomicBool,
}
