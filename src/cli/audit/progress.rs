//! The lines of the report, and a progress bar for people.

use std::fmt::Display;

use indicatif::{ProgressBar, ProgressStyle};
use log::info;

use crate::cli::output::Output;

/// Lines on standard output, and a bar with rate and time left on standard error if that is a
/// terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    out: Output,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            // Draws nothing where standard error is not a terminal.
            bar: ProgressBar::new(0),
            out: Output::default(),
        }
    }

    /// Begins a part of the audit, with `total` of something to do if that is known.
    pub(super) fn begin(&self, what: &'static str, done: u64, total: Option<u64>) {
        self.bar.reset();
        match total {
            Some(total) => self.bar.set_length(total),
            None => self.bar.unset_length(),
        }
        self.bar.set_style(style(total.is_some()));
        self.bar.set_message(what);
        self.bar.set_position(done);
        self.bar.reset_eta();
    }

    pub(super) fn done(&self, more: usize) {
        self.bar.inc(more as u64);
    }

    /// Tells why nothing happens for a while.
    pub(super) fn waits(&self, seconds: u64) {
        let text = format!("Cloudinary's rate limit is reached, continuing in {seconds} s");
        if self.bar.is_hidden() {
            info!("{text}");
        } else {
            self.bar.println(text);
        }
    }

    /// Runs `work` with the bar out of the way.
    pub(super) fn pause<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    /// Writes a line of the report.
    pub(super) fn line(&mut self, text: impl Display) {
        let Self { bar, out } = self;
        bar.suspend(|| out.line(text));
    }

    /// Removes the bar.
    pub(super) fn finish(self) -> Output {
        self.bar.finish_and_clear();
        self.out
    }
}

fn style(bounded: bool) -> ProgressStyle {
    let template = if bounded {
        "{msg} [{wide_bar}] {human_pos}/{human_len} {per_sec}, {eta} left"
    } else {
        "{msg} {human_pos}, {per_sec}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
