//! The binary as a user or a script meets it: arguments, output, exit codes, and the requests it
//! makes.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod audit;
mod audit_memory;
mod audit_urls;
mod check;
mod cleanup;
mod command;
mod configuration;
mod domain;
mod health;
mod hooks;
mod init;
mod log;
mod pages;
mod parse_server;
mod reference;
mod refusals;
mod register;
mod register_probe;
mod register_troubles;
mod register_warnings;
mod release;
mod reload;
mod running;
mod secrets;
mod secrets_of_cloudinary;
mod tls;
mod unregister;
mod usage;
mod world;
