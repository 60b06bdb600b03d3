//! Jobs as they are shown and counted.

use sqlx::FromRow;

use crate::queue::job::Job;

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its time has not come.
    Waiting,
    /// A worker has it.
    Running,
    /// It failed and is tried again.
    Failed,
    /// It was given up.
    Dead,
}

impl State {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }
}

/// A job as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// For `cleanup retry` and `cleanup drop`.
    pub id: String,
    /// How it stands.
    pub state: State,
    /// Tries so far.
    pub tries: i64,
    /// When it is tried next, or was last, in seconds since 1970.
    pub run_at: i64,
    /// What went wrong.
    pub error: Option<String>,
    /// What it says; `None` for a text of another version of this program.
    pub job: Option<Job>,
}

/// How many jobs there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Counts {
    /// Not done and not dead.
    pub waiting: i64,
    /// Of them, those whose time has come.
    pub due: i64,
    /// Given up.
    pub dead: i64,
}

/// A job as a statement answers it.
#[derive(FromRow)]
pub(super) struct Row {
    id: String,
    status: String,
    attempts: i64,
    run_at: i64,
    result: Option<String>,
    job: Vec<u8>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let state = match row.status.as_str() {
            "Killed" => State::Dead,
            "Failed" => State::Failed,
            "Queued" | "Running" => State::Running,
            _ => State::Waiting,
        };
        Self {
            id: row.id,
            state,
            tries: row.attempts,
            run_at: row.run_at,
            error: row.result.and_then(|result| error_of(&result)),
            job: serde_json::from_slice(&row.job).ok(),
        }
    }
}

/// apalis stores `{"Err": "…"}`.
fn error_of(result: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(result).ok()?;
    let text = value.get("Err")?.as_str()?;
    Some(text.strip_prefix("AbortError: ").unwrap_or(text).to_owned())
}
