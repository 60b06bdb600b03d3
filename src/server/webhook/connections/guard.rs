//! Which connections are closed when a worker has nearly all that it may have.
//!
//! A worker at its limit accepts no more connections, so a client that opens many and sends nothing
//! would keep Parse Server out. Before that happens, idle connections are closed: first those that
//! never presented the webhook key, oldest first, then those of Parse Server that have been idle the
//! longest. A connection with a request in progress stays.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use log::warn;
use rustix::net::{Shutdown, shutdown};

use crate::server::metrics::Metrics;

/// How often a worker warns that it closes connections.
const WARN_EVERY: Duration = Duration::from_secs(10);

thread_local! {
    /// The connections of this worker.
    static CONNECTIONS: Connections = Connections::default();
}

#[derive(Default)]
struct Connections {
    count: Cell<usize>,
    /// Counts events. Orders them as a clock would, at less cost.
    tick: Cell<u64>,
    /// Those that can be evicted, by the tick of their arrival.
    evictable: RefCell<HashMap<u64, Rc<Evictable>>>,
    warned: Cell<Option<Instant>>,
}

/// A connection that can be closed from outside.
struct Evictable {
    /// A second descriptor of the connection. Its dispatcher owns the first.
    socket: OwnedFd,
    has_presented_key: Cell<bool>,
    is_in_use: Cell<bool>,
    idle_since: Cell<u64>,
}

/// Counts a connection of its worker while it lives.
pub(in crate::server) struct ConnectionGuard {
    arrived: u64,
    evictable: Option<Rc<Evictable>>,
}

/// Keeps a connection from being evicted while it lives.
pub(in crate::server) struct InUse<'c>(Option<&'c Evictable>);

impl ConnectionGuard {
    /// Adds a connection to a worker that may have `limit` of them.
    pub(in crate::server) fn new(socket: &dyn AsFd, limit: usize, metrics: &Metrics) -> Self {
        CONNECTIONS.with(|connections| {
            let arrived = connections.next_tick();
            let count = connections.count.get() + 1;
            connections.count.set(count);
            if count >= limit - limit / 16 {
                metrics.evicted_connections(connections.evict(limit / 32 + 1));
            }
            // A second descriptor is expensive, and below half of the limit nothing is evicted.
            let is_evictable = count > limit / 2;
            let evictable = is_evictable
                .then(|| socket.as_fd().try_clone_to_owned().ok())
                .flatten()
                .map(|socket| Rc::new(Evictable::new(socket, arrived)));
            if let Some(evictable) = &evictable {
                let mut all = connections.evictable.borrow_mut();
                all.insert(arrived, evictable.clone());
            }
            ConnectionGuard { arrived, evictable }
        })
    }

    /// Marks a request in progress that has presented the webhook key.
    pub(in crate::server) fn in_use(&self) -> InUse<'_> {
        if let Some(evictable) = &self.evictable {
            evictable.has_presented_key.set(true);
            evictable.is_in_use.set(true);
        }
        InUse(self.evictable.as_deref())
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        // An error means that the worker's thread is ending, and its connections with it.
        let _ = CONNECTIONS.try_with(|connections| {
            let count = connections.count.get();
            connections.count.set(count.saturating_sub(1));
            if self.evictable.is_some() {
                connections.evictable.borrow_mut().remove(&self.arrived);
            }
        });
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        if let Some(evictable) = self.0 {
            evictable.is_in_use.set(false);
            let _ = CONNECTIONS.try_with(|c| evictable.idle_since.set(c.next_tick()));
        }
    }
}

impl Connections {
    fn next_tick(&self) -> u64 {
        let tick = self.tick.get() + 1;
        self.tick.set(tick);
        tick
    }

    /// Closes up to `most` idle connections and says how many.
    fn evict(&self, most: usize) -> usize {
        let mut evictable = self.evictable.borrow_mut();
        let idle = evictable.iter().filter(|(_, c)| !c.is_in_use.get());
        let mut idle: Vec<_> = idle
            .map(|(arrived, c)| (c.has_presented_key.get(), c.idle_since.get(), *arrived))
            .collect();
        idle.sort_unstable();
        let mut evicted = 0;
        for (_, _, arrived) in idle {
            if evicted == most {
                break;
            }
            if let Entry::Occupied(connection) = evictable.entry(arrived)
                && !connection.get().has_unread_bytes()
            {
                evicted += 1;
                // Its dispatcher reads the end and drops it. An error means that it has ended.
                let _ = shutdown(&connection.remove().socket, Shutdown::Both);
            }
        }
        drop(evictable);
        self.warn(evicted);
        evicted
    }

    fn warn(&self, evicted: usize) {
        let now = Instant::now();
        let is_recent = |warned: Instant| now.duration_since(warned) < WARN_EVERY;
        if evicted > 0 && !self.warned.get().is_some_and(is_recent) {
            self.warned.set(Some(now));
            warn!("closing idle connections to stay below CLOUDINARY_PARSE_MAX_CONNECTIONS");
        }
    }
}

impl Evictable {
    fn new(socket: OwnedFd, arrived: u64) -> Self {
        Evictable {
            socket,
            has_presented_key: Cell::new(false),
            is_in_use: Cell::new(false),
            idle_since: Cell::new(arrived),
        }
    }

    /// Whether something has arrived that was not read yet. It may be Parse Server's request.
    fn has_unread_bytes(&self) -> bool {
        rustix::io::ioctl_fionread(&self.socket).is_ok_and(|bytes| bytes > 0)
    }
}
