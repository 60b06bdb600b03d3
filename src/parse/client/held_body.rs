//! The body of a request whose answer may come before it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// White space, which is a JSON text as far as it goes.
static FILLER: [u8; 1 << 16] = [b' '; 1 << 16];

/// So many spaces, of which none is sent before a time has passed.
pub(super) struct HeldBody {
    left: usize,
    hold: Pin<Box<Sleep>>,
}

impl HeldBody {
    pub(super) fn new(bytes: usize, hold: Duration) -> Self {
        Self {
            left: bytes,
            hold: Box::pin(tokio::time::sleep(hold)),
        }
    }
}

impl Body for HeldBody {
    type Data = &'static [u8];
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        // A timer that has fired is not polled again once the body flows.
        if !self.hold.is_elapsed() {
            ready!(self.hold.as_mut().poll(context));
        }
        let length = self.left.min(FILLER.len());
        self.left -= length;
        Poll::Ready(Some(Ok(Frame::data(&FILLER[..length]))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}
