//! A connection that is not read on once a request on it was refused.
//!
//! actix reads the rest of a chunked body to get at the request behind it, for as long as the body
//! lasts, even when the answer has closed the connection. So the stream itself ends: what actix
//! reads of it after the refusal is a few kilobytes and a few seconds at most.

use std::cell::Cell;
use std::io;
use std::os::fd::BorrowedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::http::ConnectionType;
use actix_web::rt::time::{Sleep, sleep};
use actix_web::{HttpRequest, HttpResponse};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How long a connection stays open after a refusal: time for the answer to arrive before the
/// connection is reset.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// Bytes that are still read after a refusal, to see that the client has sent all and closes.
const REST: usize = 64 << 10;

/// A client's connection.
pub(super) struct Connection<T> {
    stream: T,
    closing: Closing,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Bytes read since the refusal.
    read: usize,
}

/// Tells a connection to close; a request finds it in the data of its connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Closing(Rc<Cell<bool>>);

/// What has a descriptor.
pub(in crate::server) trait Socket {
    /// The descriptor.
    fn descriptor(&self) -> BorrowedFd<'_>;
}

impl Closing {
    /// Has the connection of `request` closed behind the answer.
    fn begin(request: &HttpRequest) {
        if let Some(closing) = request.conn_data::<Closing>() {
            closing.0.set(true);
        }
    }
}

/// Has the connection closed whose answer says so, without the rest of the request being read.
pub(in crate::server) fn close_if_said(request: &HttpRequest, response: &HttpResponse) {
    if response.head().connection_type() == ConnectionType::Close {
        Closing::begin(request);
    }
}

impl<T> Connection<T> {
    pub(super) fn new(stream: T) -> Self {
        Self {
            stream,
            closing: Closing::default(),
            deadline: None,
            read: 0,
        }
    }

    /// What closes it.
    pub(super) fn closing(&self) -> Closing {
        self.closing.clone()
    }

    /// The stream below.
    pub(super) fn stream(&self) -> &T {
        &self.stream
    }

    /// Whether it has lingered for long enough. Wakes the caller when it has.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.closing.0.get() {
            return Poll::Pending;
        }
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        deadline.as_mut().poll(context)
    }
}

impl<T> Connection<T> {
    /// What became of a write; an error if the client has not taken its answer in time.
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
        if !this.closing.0.get() {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        // Nothing read is the end of the stream.
        if this.poll_end(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if this.read >= REST {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut this.stream).poll_read(context, buffer));
        this.read += buffer.filled().len() - before;
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
