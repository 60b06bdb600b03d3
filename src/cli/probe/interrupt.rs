//! Ctrl-C, SIGTERM and SIGHUP while hooks are registered that must not stay, or one is replaced.

use std::io;

use futures_util::FutureExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end a command. From its creation on they end nothing by themselves.
pub(crate) struct Interrupt {
    ctrl_c: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Interrupt {
    /// Catches the signals from now on.
    ///
    /// # Errors
    /// They cannot be caught.
    pub(crate) fn catch() -> io::Result<Self> {
        Ok(Self {
            ctrl_c: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Does `work`, unless a signal comes first: then `None`.
    pub(crate) async fn unless_stopped<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.wait() => None,
        }
    }

    /// Whether a signal has come since the last question.
    pub(crate) fn has_come(&mut self) -> bool {
        self.wait().now_or_never().is_some()
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.ctrl_c.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
