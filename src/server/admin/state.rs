//! What the handlers of the admin listener share.

use std::sync::Arc;

use reqwest::Url;

use crate::server::state::State;

use super::access::AdminAccess;
use super::console::hook_list::HookList;

/// What the handlers of the admin listener share.
pub(in crate::server) struct AdminState {
    pub(in crate::server) access: AdminAccess,
    pub(in crate::server) hook_list: Option<HookList>,
    pub(in crate::server) parse_server: Option<Url>,
    /// Where Parse Server reaches the webhook listener.
    pub(in crate::server) public_url: Url,
    pub(in crate::server) server: Arc<State>,
}
