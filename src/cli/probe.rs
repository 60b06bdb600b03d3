//! Having Parse Server call the URLs of hooks, which is the only way to see what it sees: through
//! temporary function hooks, and with nothing stored. `doctor` and `register` share it.

pub(crate) mod interrupt;
pub(crate) mod reachability;
pub(crate) mod reply;
pub(crate) mod temporary_hooks;
