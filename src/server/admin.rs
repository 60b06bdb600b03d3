//! The admin listener: metrics, readiness and the console, for operators only.

pub(super) mod access;
mod console;
mod probes;
mod response;
mod routes;
mod session;
pub(super) mod state;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server as ActixServer;
use actix_web::middleware::from_fn;
use actix_web::{App, web};

use super::webhook::connections::{self, Limits, Listener};

pub use console::hook_list::HookList;
use state::AdminState;

/// Enough for a few operators and their programs.
const CONNECTIONS: usize = 1_000;
const BACKLOG: u32 = 128;
const KEEP_ALIVE: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Starts the listener.
pub(super) fn listen(
    socket: TcpListener,
    state: AdminState,
    shutdown_seconds: u64,
) -> std::io::Result<ActixServer> {
    let state = web::Data::new(state);
    let limits = Limits {
        workers: 1,
        connections: CONNECTIONS,
        backlog: BACKLOG,
        keep_alive: KEEP_ALIVE,
        read_timeout: READ_TIMEOUT,
        shutdown_seconds,
    };
    let listener = Listener { socket, tls: None };
    connections::listen(listener, limits, Arc::new(|_, _| {}), move || {
        App::new()
            .app_data(state.clone())
            .configure(routes::add)
            .wrap(from_fn(routes::finish))
    })
}
