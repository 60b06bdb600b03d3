//! The clean-up queue of the real binary, against doubles of Parse Server and Cloudinary: each
//! promise of `docs/clean-up.md`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests fail by panicking, and show the service's log"
)]

mod commands;
mod kill;
mod nodes;
mod notifications;
mod postgres;
mod promises;
mod secrets;
mod service;
mod troubles;
mod world;
