//! The connections of a listener: how they are accepted, bounded and closed.

pub(in crate::server) mod file_limit;
mod guard;
mod listener;
mod stream;

pub(in crate::server) use guard::Slot;
pub(in crate::server) use listener::{Limits, Listener, listen};
pub(in crate::server) use stream::{Socket, close_if_said};
