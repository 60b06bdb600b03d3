//! The webhook and admin listeners over real HTTP.

mod accept;
mod admin;
mod app;
mod captured;
mod confirm;
mod delivery_url;
mod deploy;
mod fail_closed;
mod guard;
mod guard_many;
mod limits;
mod rate_limit;
mod roles;
mod rotation;
mod sign_upload;
mod stop;
