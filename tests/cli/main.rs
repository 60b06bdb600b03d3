//! The binary as a user or a script meets it: arguments, output, exit codes, and the requests it makes.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod audit;
mod audit_memory;
mod command;
mod configuration;
mod health;
mod hooks;
mod parse_server;
mod refusals;
mod register;
mod unregister;
mod usage;
mod world;
