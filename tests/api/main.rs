//! The webhook and admin listeners over real HTTP.

#![allow(
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests take what json! makes, and fail by panicking"
)]

mod accept;
mod admin;
mod app;
mod captured;
mod cloud_code;
mod confirm;
mod console;
mod console_access;
mod console_fields;
mod delivery_url;
mod deploy;
mod fail_closed;
mod guard;
mod guard_many;
mod limits;
mod openapi;
mod rate_limit;
mod roles;
mod rotation;
mod sign_upload;
mod stop;
