//! A connection that stops reading once a request on it was refused.
//!
//! actix reads a chunked body to its end to reach the next request, even after an answer that closes
//! the connection, so a client could send for ever. This stream ends instead: after a refusal actix
//! reads a few kilobytes more of it, for a few seconds at most.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::http::ConnectionType;
use actix_web::rt::time::{Sleep, sleep};
use actix_web::{HttpRequest, HttpResponse};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How long a connection stays open after a refusal, so that the answer arrives before the
/// connection is reset.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// Bytes that are still read after a refusal. A client that sends no more is seen to close.
const MAX_READ_AFTER: usize = 64 << 10;

/// A client's connection.
pub(super) struct Connection<T> {
    stream: T,
    close_signal: CloseSignal,
    deadline: Option<Pin<Box<Sleep>>>,
    read_after: usize,
}

/// Tells a connection to close. Its requests find it in the connection's data.
#[derive(Debug, Clone, Default)]
pub(in crate::server) struct CloseSignal(Rc<Cell<bool>>);

/// Closes the connection of `request` if its response says so, and leaves the rest of the request
/// unread.
pub(in crate::server) fn close_if_requested(request: &HttpRequest, response: &HttpResponse) {
    if response.head().connection_type() == ConnectionType::Close
        && let Some(close_signal) = request.conn_data::<CloseSignal>()
    {
        close_signal.send();
    }
}

impl CloseSignal {
    pub(in crate::server) fn send(&self) {
        self.0.set(true);
    }
}

impl<T> Connection<T> {
    pub(super) fn new(stream: T) -> Self {
        Self {
            stream,
            close_signal: CloseSignal::default(),
            deadline: None,
            read_after: 0,
        }
    }

    /// Closes it from outside.
    pub(super) fn close_signal(&self) -> CloseSignal {
        self.close_signal.clone()
    }

    /// The stream below.
    pub(super) fn stream(&self) -> &T {
        &self.stream
    }

    /// Ready once it was told to close and has lingered for [`LINGER`].
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.close_signal.0.get() {
            return Poll::Pending;
        }
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        deadline.as_mut().poll(context)
    }

    /// The outcome of a write, or an error if the client has not taken its answer in time.
    fn in_time<R>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if self.poll_end(context).is_ready() && written.is_pending() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        written
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Connection<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.close_signal.0.get() {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        // To read nothing is the end of the stream.
        if this.poll_end(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if this.read_after >= MAX_READ_AFTER {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut this.stream).poll_read(context, buffer));
        this.read_after += buffer.filled().len() - before;
        Poll::Ready(result)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Connection<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.in_time(context, written)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.in_time(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let ended = Pin::new(&mut this.stream).poll_shutdown(context);
        this.in_time(context, ended)
    }
}

#[cfg(test)]
mod tests;
