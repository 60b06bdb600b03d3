//! How many notifications are read at a time.
//!
//! A body must be read before its signature can be checked, so anybody can make the service read
//! one. The permits bound the memory that this takes. A new permit revokes the oldest: genuine
//! notifications are a few kilobytes and arrive at once, so connections that drip their bodies keep
//! none of them out.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// The permits in use.
#[derive(Debug)]
pub(super) struct Permits {
    limit: usize,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    next: u64,
    /// The number of each holder and what revokes its permit, oldest first.
    holders: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// A permit, returned on drop.
#[derive(Debug)]
pub(super) struct Permit<'p> {
    permits: &'p Permits,
    number: u64,
    revoked: oneshot::Receiver<()>,
}

impl Permits {
    pub(super) const fn new(limit: usize) -> Self {
        let held = Held {
            next: 0,
            holders: VecDeque::new(),
        };
        Permits {
            limit,
            held: Mutex::new(held),
        }
    }

    /// A permit. Revokes the oldest one if all are in use.
    pub(super) fn take(&self) -> Permit<'_> {
        let (revoke, revoked) = oneshot::channel();
        let mut held = self.held.lock();
        // Dropping a sender wakes its holder.
        while held.holders.len() >= self.limit && held.holders.pop_front().is_some() {}
        let number = held.next;
        held.next += 1;
        held.holders.push_back((number, revoke));
        Permit {
            permits: self,
            number,
            revoked,
        }
    }
}

impl Permit<'_> {
    /// The output of `reading`, or `None` if the permit is revoked first.
    pub(super) async fn while_held<T>(mut self, reading: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            read = reading => Some(read),
            _ = &mut self.revoked => None,
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let holders = &mut self.permits.held.lock().holders;
        // Numbers only grow, so the holders are sorted by them.
        let found = holders.binary_search_by_key(&self.number, |(number, _)| *number);
        if let Ok(index) = found {
            holders.remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_new_permit_revokes_the_oldest() {
        let permits = Permits::new(2);
        let (first, second) = (permits.take(), permits.take());
        let third = permits.take();
        assert_eq!(first.while_held(pending::<()>()).await, None);
        assert_eq!(second.while_held(ready(2)).await, Some(2));
        assert_eq!(third.while_held(ready(3)).await, Some(3));
        assert!(permits.held.lock().holders.is_empty());
    }

    #[tokio::test]
    async fn a_body_that_is_there_is_read_however_many_others_drip() {
        let permits = Permits::new(4);
        let dripping: Vec<_> = (0..100).map(|_| permits.take()).collect();
        assert_eq!(permits.held.lock().holders.len(), 4);
        assert_eq!(permits.take().while_held(ready(1)).await, Some(1));
        drop(dripping);
        assert!(permits.held.lock().holders.is_empty());
    }
}
