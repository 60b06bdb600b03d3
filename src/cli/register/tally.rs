//! The sum below the table.

use std::fmt::Write as _;

/// How many hooks came out how, in the order of the table.
#[derive(Debug, Default)]
pub(super) struct Tally(Vec<(&'static str, usize)>);

impl Tally {
    pub(super) fn count(&mut self, state: &'static str) {
        match self.0.iter_mut().find(|(known, _)| *known == state) {
            Some((_, count)) => *count += 1,
            None => self.0.push((state, 1)),
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (state, count) in &self.0 {
            let separator = if text.is_empty() { "" } else { ", " };
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}{count} {state}");
        }
        if text.is_empty() {
            text.push_str("no hooks");
        }
        text
    }
}
