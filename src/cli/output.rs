//! Standard output that survives its reader.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Lines for standard output. A command that changes something must not stop half way because
/// `head` has seen enough or a disk is full, so the first failure silences the rest and is reported
/// at the end.
#[derive(Debug, Default)]
pub(crate) struct Output {
    failure: Option<io::Error>,
}

impl Output {
    /// Writes a line.
    pub(crate) fn line(&mut self, text: impl Display) {
        if self.failure.is_none() {
            self.failure = writeln!(io::stdout(), "{text}").err();
        }
    }

    /// Whether everything was written; a closed pipe is as good.
    ///
    /// # Errors
    /// The first failed write.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.failure.is_none() {
            self.failure = io::stdout().flush().err();
        }
        match self.failure {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

/// Writes a line to standard error, if anybody listens.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
