//! The one clock.

pub(super) use crate::clock::unix_time;
