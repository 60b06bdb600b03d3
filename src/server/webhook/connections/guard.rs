//! Which connections are kept when a worker has nearly all that it may have.
//!
//! A worker that has all the connections it may have accepts no more, so a client that holds many
//! and says nothing would keep Parse Server out. Before that happens, connections that wait are
//! closed: those that never showed the webhook key first, the oldest before the others, then those
//! of Parse Server that have been idle the longest. A request that is being worked on keeps its
//! own.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use log::warn;

use crate::server::metrics::Metrics;

use super::stream::Socket;

/// How often a worker says that it closes connections.
const SAY_EVERY: Duration = Duration::from_secs(10);

thread_local! {
    /// The connections of this worker.
    static CONNECTIONS: Connections = Connections::default();
}

#[derive(Default)]
struct Connections {
    count: Cell<usize>,
    /// Counts what happens, which tells the order and costs less than a clock.
    moment: Cell<u64>,
    /// Those that can be closed, by when they came.
    closable: RefCell<HashMap<u64, Rc<Closable>>>,
    said: Cell<Option<Instant>>,
}

/// A connection that can be closed from outside.
struct Closable {
    /// A second descriptor of the connection, whose own belongs to its dispatcher.
    socket: OwnedFd,
    has_shown_key: Cell<bool>,
    is_busy: Cell<bool>,
    waits_since: Cell<u64>,
}

/// A connection among those of its worker; goes with it.
pub(in crate::server) struct Slot {
    came: u64,
    closable: Option<Rc<Closable>>,
}

/// While it lives, its connection has a request that is worked on.
pub(in crate::server) struct Busy<'s>(Option<&'s Closable>);

impl Slot {
    /// Takes in a new connection of a worker that may have `share`.
    pub(in crate::server) fn take(socket: &dyn Socket, share: usize, metrics: &Metrics) -> Self {
        CONNECTIONS.with(|connections| {
            let came = connections.tick();
            let count = connections.count.get() + 1;
            connections.count.set(count);
            // A second descriptor each would be dear, and with half of the connections free there
            // is nothing to close.
            let second = (count > share / 2)
                .then(|| second_descriptor(socket))
                .flatten();
            let closable = second.map(|socket| {
                Rc::new(Closable {
                    socket,
                    has_shown_key: Cell::new(false),
                    is_busy: Cell::new(false),
                    waits_since: Cell::new(came),
                })
            });
            if count >= share - share / 16 {
                metrics.crowded_out(connections.close_some(share / 32 + 1));
            }
            if let Some(closable) = &closable {
                connections
                    .closable
                    .borrow_mut()
                    .insert(came, closable.clone());
            }
            Slot { came, closable }
        })
    }

    /// A request that showed the webhook key is worked on.
    pub(in crate::server) fn busy(&self) -> Busy<'_> {
        if let Some(closable) = &self.closable {
            closable.has_shown_key.set(true);
            closable.is_busy.set(true);
        }
        Busy(self.closable.as_deref())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Err: the worker's thread is ending, and its connections with it.
        let _ = CONNECTIONS.try_with(|connections| {
            connections
                .count
                .set(connections.count.get().saturating_sub(1));
            if self.closable.is_some() {
                connections.closable.borrow_mut().remove(&self.came);
            }
        });
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if let Some(closable) = self.0 {
            closable.is_busy.set(false);
            let _ =
                CONNECTIONS.try_with(|connections| closable.waits_since.set(connections.tick()));
        }
    }
}

impl Connections {
    fn tick(&self) -> u64 {
        let moment = self.moment.get() + 1;
        self.moment.set(moment);
        moment
    }

    /// Closes up to `most` connections that wait; says how many.
    fn close_some(&self, most: usize) -> usize {
        let mut closable = self.closable.borrow_mut();
        let mut waiting: Vec<_> = closable
            .iter()
            .filter(|(_, closable)| !closable.is_busy.get())
            .map(|(came, closable)| {
                (
                    closable.has_shown_key.get(),
                    closable.waits_since.get(),
                    *came,
                )
            })
            .collect();
        waiting.sort_unstable();
        let mut closed = 0;
        for (_, _, came) in waiting {
            if closed == most {
                break;
            }
            if let Entry::Occupied(closable) = closable.entry(came)
                && !closable.get().has_more()
            {
                closed += 1;
                // Its dispatcher reads the end and lets go. Err: it has ended already.
                let _ =
                    rustix::net::shutdown(&closable.remove().socket, rustix::net::Shutdown::Both);
            }
        }
        drop(closable);
        self.say(closed);
        closed
    }

    fn say(&self, closed: usize) {
        let now = Instant::now();
        let lately = |said: Instant| now.duration_since(said) < SAY_EVERY;
        if closed > 0 && !self.said.get().is_some_and(lately) {
            self.said.set(Some(now));
            warn!("nearly CLOUDINARY_PARSE_MAX_CONNECTIONS: closing connections that wait");
        }
    }
}

impl Closable {
    /// Whether something has arrived that nobody has looked at: it may be Parse Server's next
    /// request, or its first.
    fn has_more(&self) -> bool {
        rustix::io::ioctl_fionread(&self.socket).is_ok_and(|bytes| bytes > 0)
    }
}

fn second_descriptor(socket: &dyn Socket) -> Option<OwnedFd> {
    socket.descriptor().try_clone_to_owned().ok()
}
