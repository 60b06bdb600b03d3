//! (module documentation)
