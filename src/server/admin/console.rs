//! The operator's console: a page, the JSON for its scripts, and a few tools.
//!
//! The browser sends requests to no other host, except for the picture whose URL the operator has
//! built, and where the operator follows a link. No answer contains a secret, a session or a
//! signature that a client sent.

pub(super) mod hook_list;
pub(super) mod overview;
pub(super) mod page;
pub(super) mod registration;
pub(super) mod tools;
