//! Asking Parse Server what is registered, changing it, and saying so.

pub(crate) mod apply;
pub(crate) mod registry;
pub(crate) mod report;
pub(crate) mod warnings;

pub(crate) use crate::registration::{ComparedHook, HookState, compare, public_url, same_url};
