//! Who keeps a connection when there are hardly any left.
//!
//! A worker that has all the connections it may have accepts no more, so whoever holds many and says nothing would keep Parse
//! Server out. Before it comes to that, connections that wait are closed: those that never showed the webhook key first, the oldest
//! before the others, then those of Parse Server's that have been idle the longest. A request that is being worked on keeps its own.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::rt::net::TcpStream;
use log::warn;

use super::metrics::Metrics;

/// How often a worker says that it closes connections.
const SAY_EVERY: Duration = Duration::from_secs(10);

thread_local! {
    /// The connections of this worker.
    static CROWD: Crowd = Crowd::default();
}

#[derive(Default)]
struct Crowd {
    count: Cell<usize>,
    /// Counts what happens, which tells the order and costs less than a clock.
    moment: Cell<u64>,
    /// Those that can be closed, by when they came.
    seats: RefCell<HashMap<u64, Rc<Seat>>>,
    said: Cell<Option<Instant>>,
}

/// A connection that can be closed from outside.
struct Seat {
    /// A second descriptor of the connection, whose own belongs to its dispatcher.
    socket: OwnedFd,
    has_shown_key: Cell<bool>,
    is_busy: Cell<bool>,
    waits_since: Cell<u64>,
}

/// A connection's place among those of its worker; goes with it.
pub(super) struct Place {
    came: u64,
    seat: Option<Rc<Seat>>,
}

/// While it lives, its connection has a request that is worked on.
pub(super) struct Busy<'p>(Option<&'p Seat>);

impl Place {
    /// Takes in a new connection of a worker that may have `share`.
    pub(super) fn take(io: &dyn Any, share: usize, metrics: &Metrics) -> Self {
        CROWD.with(|crowd| {
            let came = crowd.tick();
            let count = crowd.count.get() + 1;
            crowd.count.set(count);
            // A second descriptor each would be dear, and with half of the connections free there is nothing to close.
            let socket = (count > share / 2).then(|| second_descriptor(io)).flatten();
            let seat = socket.map(|socket| {
                Rc::new(Seat {
                    socket,
                    has_shown_key: Cell::new(false),
                    is_busy: Cell::new(false),
                    waits_since: Cell::new(came),
                })
            });
            if count >= share - share / 16 {
                metrics.crowded_out(crowd.close_some(share / 32 + 1));
            }
            if let Some(seat) = &seat {
                crowd.seats.borrow_mut().insert(came, seat.clone());
            }
            Place { came, seat }
        })
    }

    /// A request that showed the webhook key is worked on.
    pub(super) fn busy(&self) -> Busy<'_> {
        if let Some(seat) = &self.seat {
            seat.has_shown_key.set(true);
            seat.is_busy.set(true);
        }
        Busy(self.seat.as_deref())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Err: the worker's thread is ending, and the crowd with it.
        let _ = CROWD.try_with(|crowd| {
            crowd.count.set(crowd.count.get().saturating_sub(1));
            if self.seat.is_some() {
                crowd.seats.borrow_mut().remove(&self.came);
            }
        });
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if let Some(seat) = self.0 {
            seat.is_busy.set(false);
            let _ = CROWD.try_with(|crowd| seat.waits_since.set(crowd.tick()));
        }
    }
}

impl Crowd {
    fn tick(&self) -> u64 {
        let moment = self.moment.get() + 1;
        self.moment.set(moment);
        moment
    }

    /// Closes up to `most` connections that wait; says how many.
    fn close_some(&self, most: usize) -> usize {
        let mut seats = self.seats.borrow_mut();
        let mut waiting: Vec<_> = seats
            .iter()
            .filter(|(_, seat)| !seat.is_busy.get())
            .map(|(came, seat)| (seat.has_shown_key.get(), seat.waits_since.get(), *came))
            .collect();
        waiting.sort_unstable();
        let mut closed = 0;
        for (_, _, came) in waiting {
            if closed == most {
                break;
            }
            if let Entry::Occupied(seat) = seats.entry(came)
                && !seat.get().has_more()
            {
                closed += 1;
                // Its dispatcher reads the end and lets go. Err: it has ended already.
                let _ = rustix::net::shutdown(&seat.remove().socket, rustix::net::Shutdown::Both);
            }
        }
        drop(seats);
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

impl Seat {
    /// Whether something has arrived that nobody has looked at: it may be Parse Server's next request, or its first.
    fn has_more(&self) -> bool {
        rustix::io::ioctl_fionread(&self.socket).is_ok_and(|bytes| bytes > 0)
    }
}

fn second_descriptor(io: &dyn Any) -> Option<OwnedFd> {
    let stream = match io.downcast_ref::<TcpStream>() {
        Some(stream) => stream,
        None => io.downcast_ref::<TlsStream<TcpStream>>()?.get_ref().0,
    };
    stream.as_fd().try_clone_to_owned().ok()
}
