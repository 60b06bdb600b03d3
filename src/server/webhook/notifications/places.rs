//! How many notifications are read at a time.
//!
//! A body must be read before its signature can be checked, so anybody can make the service read.
//! The places bound what that takes of the memory. A new one displaces the one that has been read
//! the longest: Cloudinary's are a few kilobytes that arrive in a moment, so connections that drip
//! their bodies keep nobody out.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Those that are read, the oldest first.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug)]
struct Taken {
    next: u64,
    readers: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// A place, while it lives.
#[derive(Debug)]
pub(super) struct Place<'p> {
    places: &'p Places,
    number: u64,
    displaced: oneshot::Receiver<()>,
}

impl Places {
    pub(super) const fn new(most: usize) -> Self {
        Self {
            most,
            taken: Mutex::new(Taken {
                next: 0,
                readers: VecDeque::new(),
            }),
        }
    }

    /// A place, at the cost of the oldest one if there is none left.
    pub(super) fn take(&self) -> Place<'_> {
        let (send, displaced) = oneshot::channel();
        let mut taken = self.taken();
        // Dropping a sender wakes its reader.
        while taken.readers.len() >= self.most && taken.readers.pop_front().is_some() {}
        let number = taken.next;
        taken.next += 1;
        taken.readers.push_back((number, send));
        Place {
            places: self,
            number,
            displaced,
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// What `reading` gives; `None` if a newer notification takes the place before that.
    pub(super) async fn during<T>(mut self, reading: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            read = reading => Some(read),
            _ = &mut self.displaced => None,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        // They are in the order of their numbers.
        let found = taken
            .readers
            .binary_search_by_key(&self.number, |(number, _)| *number);
        if let Ok(index) = found {
            taken.readers.remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn the_oldest_reader_makes_room() {
        let places = Places::new(2);
        let (first, second) = (places.take(), places.take());
        let third = places.take();
        assert_eq!(first.during(pending::<()>()).await, None);
        assert_eq!(second.during(ready(2)).await, Some(2));
        assert_eq!(third.during(ready(3)).await, Some(3));
        assert!(places.taken().readers.is_empty());
    }

    #[tokio::test]
    async fn a_body_that_is_there_is_read_however_many_others_drip() {
        let places = Places::new(4);
        let dripping: Vec<_> = (0..100).map(|_| places.take()).collect();
        assert_eq!(places.taken().readers.len(), 4);
        assert_eq!(places.take().during(ready(1)).await, Some(1));
        drop(dripping);
        assert!(places.taken().readers.is_empty());
    }
}
