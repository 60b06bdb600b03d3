//! Requests whose bodies nobody waits for yet.
//!
//! A request's head reaches its handler before its body does, though most often both lie in the
//! same packet: the connection looks at the handler again as soon as it has read on. To ask to be
//! woken for that, or to start a timer, would cost as much as deciding about the save. So a handler
//! steps in here instead; one that the connection has forgotten is woken within a second.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::task::Waker;
use std::time::Duration;

use actix_web::rt;

/// How long a request can be forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

thread_local! {
    /// Those of this worker.
    static UNWATCHED: RefCell<Unwatched> = RefCell::default();
}

#[derive(Default)]
struct Unwatched {
    /// In the order in which they came; those who left in between leave a gap.
    wakers: VecDeque<Option<Waker>>,
    /// How many came before the first one here.
    gone: u64,
    is_swept: bool,
}

/// A request among the unwatched, while it lives.
pub(super) struct Entry(u64);

impl Entry {
    /// `waker` is used if this is not dropped soon.
    pub(super) fn begin(waker: Waker) -> Self {
        UNWATCHED.with_borrow_mut(|unwatched| {
            if !unwatched.is_swept {
                unwatched.is_swept = true;
                rt::spawn(sweep());
            }
            unwatched.wakers.push_back(Some(waker));
            Entry(unwatched.gone + unwatched.wakers.len() as u64 - 1)
        })
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // Err: the worker's thread is ending.
        let _ = UNWATCHED.try_with(|unwatched| unwatched.borrow_mut().leave(self.0));
    }
}

impl Unwatched {
    fn leave(&mut self, number: u64) {
        // A request that was woken leaves a gap before it leaves, so its place may be gone.
        let index = number.checked_sub(self.gone);
        let index = index.and_then(|index| usize::try_from(index).ok());
        if let Some(waker) = index.and_then(|index| self.wakers.get_mut(index)) {
            *waker = None;
        }
        while let Some(None) = self.wakers.front() {
            self.wakers.pop_front();
            self.gone += 1;
        }
    }

    fn forgotten(&mut self) -> Vec<Waker> {
        self.wakers.iter_mut().filter_map(Option::take).collect()
    }
}

/// Wakes all of them, until there are none.
async fn sweep() {
    loop {
        rt::time::sleep(SWEEP_EVERY).await;
        let forgotten = UNWATCHED.with_borrow_mut(|unwatched| {
            unwatched.is_swept = !unwatched.wakers.is_empty();
            unwatched.is_swept.then(|| unwatched.forgotten())
        });
        let Some(forgotten) = forgotten else {
            return;
        };
        forgotten.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::rc::Rc;
    use std::task::Poll;

    use super::*;

    #[actix_web::test]
    async fn a_forgotten_request_is_woken() {
        let mut entry = None;
        poll_fn(|context| {
            if entry.take().is_some() {
                return Poll::Ready(());
            }
            entry = Some(Entry::begin(context.waker().clone()));
            Poll::Pending
        })
        .await;
        UNWATCHED.with_borrow(|unwatched| assert!(unwatched.wakers.is_empty()));
    }

    #[actix_web::test]
    async fn a_request_that_left_is_not_woken() {
        let polls = Rc::new(Cell::new(0));
        let counted = polls.clone();
        let leaving = rt::spawn(poll_fn(move |context| {
            counted.set(counted.get() + 1);
            drop(Entry::begin(context.waker().clone()));
            Poll::<()>::Pending
        }));
        rt::time::sleep(SWEEP_EVERY * 3).await;
        leaving.abort();
        assert_eq!(polls.get(), 1);
    }

    #[test]
    fn gaps_close_from_the_front() {
        let mut unwatched = Unwatched::default();
        for _ in 0..3 {
            unwatched.wakers.push_back(Some(Waker::noop().clone()));
        }
        unwatched.leave(1);
        assert_eq!((unwatched.wakers.len(), unwatched.gone), (3, 0));
        unwatched.leave(0);
        assert_eq!((unwatched.wakers.len(), unwatched.gone), (1, 2));
        assert_eq!(unwatched.forgotten().len(), 1);
        assert_eq!(unwatched.forgotten().len(), 0);
        unwatched.leave(2);
        assert_eq!((unwatched.wakers.len(), unwatched.gone), (0, 3));
    }

    #[test]
    fn those_that_were_woken_together_leave_one_after_the_other() {
        let mut unwatched = Unwatched::default();
        for _ in 0..3 {
            unwatched.wakers.push_back(Some(Waker::noop().clone()));
        }
        assert_eq!(unwatched.forgotten().len(), 3);
        unwatched.wakers.push_back(Some(Waker::noop().clone()));
        for number in 0..3 {
            unwatched.leave(number);
            assert_eq!((unwatched.wakers.len(), unwatched.gone), (1, 3));
        }
        unwatched.leave(3);
        assert_eq!((unwatched.wakers.len(), unwatched.gone), (0, 4));
    }
}
