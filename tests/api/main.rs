//! The webhook and admin listeners over real HTTP.

mod admin;
mod app;
mod captured;
mod console;
mod delivery_url;
mod fail_closed;
mod guard;
mod guard_many;
mod limits;
mod rate_limit;
mod roles;
mod sign_upload;
mod stop;
