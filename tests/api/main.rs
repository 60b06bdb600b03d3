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
mod chosen;
mod closing;
mod cloud_code;
mod confirm;
mod console;
mod console_access;
mod console_fields;
mod delivery_url;
mod deploy;
mod fail_closed;
mod guard;
mod guard_columns;
mod guard_hidden;
mod guard_many;
mod guard_rewrites;
mod guard_stored;
mod limits;
mod master_key;
mod openapi;
mod rate_limit;
mod roles;
mod rotation;
mod sign_params;
mod sign_upload;
mod stop;
