//! The connections of a listener: how they are accepted, limited and closed.

pub(in crate::server) mod file_limit;
mod guard;
mod listener;
mod stream;

pub(in crate::server) use guard::ConnectionGuard;
pub(in crate::server) use listener::{Limits, Listener, listen};
pub(in crate::server) use stream::{CloseSignal, close_if_requested};
