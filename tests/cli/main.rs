//! The binary as a user or a script meets it: arguments, output, exit codes, and the requests it makes.

mod check;
mod command;
mod health;
mod hooks;
mod parse_server;
mod refusals;
mod register;
mod unregister;
mod usage;
