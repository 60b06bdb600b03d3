//! What is wrong with a configuration.

use std::fmt;

/// One mistake of a configuration. Never holds a secret's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The variable to fix.
    pub variable: String,
    /// What is wrong with it.
    pub message: String,
}

impl Mistake {
    pub(super) fn new(variable: &str, message: impl fmt::Display) -> Self {
        Mistake {
            variable: variable.to_owned(),
            message: message.to_string(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.message)
    }
}

/// Every mistake of a configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{mistake}")?;
        }
        Ok(())
    }
}
