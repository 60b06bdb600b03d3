//! `cleanup`: what waits in the queue, and what was given up.

use std::fmt;

use anyhow::bail;
use clap::Subcommand;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::output::Output;
use super::{Status, inputs};
use crate::config::Environment;
use crate::database_url;
use crate::queue::{Job, JobState, Queue, QueuedJob};

/// Show and change the jobs of the clean-up queue
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cloudinary-parse cleanup list\n  cloudinary-parse cleanup retry 01K3Q6ZJ2V7C9X0M4T8R5B1NDE\n\nA dead job was given up for the reason that `list` shows. `retry` runs a job now, `drop` removes it."
)]
pub(super) struct Cleanup {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the jobs: waiting, running, failed and dead
    #[command(after_help = "Example:\n  cloudinary-parse cleanup list --dead")]
    List {
        /// Print one JSON object instead of a table
        #[arg(long)]
        json: bool,
        /// Only dead jobs
        #[arg(long)]
        dead: bool,
    },
    /// Run jobs now
    #[command(after_help = "Example:\n  cloudinary-parse cleanup retry 01K3Q6ZJ2V7C9X0M4T8R5B1NDE")]
    Retry(Chosen),
    /// Remove jobs; their assets stay until `audit` finds them
    #[command(after_help = "Example:\n  cloudinary-parse cleanup drop --all-dead")]
    Drop(Chosen),
}

#[derive(Debug, clap::Args)]
struct Chosen {
    /// Ids that `cleanup list` shows
    #[arg(required_unless_present = "all_dead")]
    ids: Vec<String>,
    /// Every dead job
    #[arg(long, conflicts_with = "ids")]
    all_dead: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Cleanup {
    /// Does it.
    ///
    /// # Errors
    /// Configuration, or a queue that cannot be asked.
    pub(super) async fn run(self, environment: &Environment) -> anyhow::Result<Status> {
        if let Action::List { json, .. } = self.action
            && has_no_queue(environment)
        {
            return say_no_queue(json);
        }
        let (url, application_id) = environment.queue()?;
        let queue = Queue::existing(url, &application_id, tokio::runtime::Handle::current());
        match self.action {
            Action::List { json, dead } => list(&queue, json, dead).await,
            Action::Retry(chosen) => {
                each(&queue, chosen, "retried", async |id: &str| {
                    queue.retry(id).await
                })
                .await
            }
            Action::Drop(chosen) => {
                each(&queue, chosen, "dropped", async |id: &str| {
                    queue.drop_job(id).await
                })
                .await
            }
        }
    }
}

/// Whether no manifest needs a queue and none is left of manifests that did.
fn has_no_queue(environment: &Environment) -> bool {
    let manifests = inputs::manifests(&environment.webhooks(), None);
    let url = environment.queue_url();
    manifests.is_ok_and(|manifests| !manifests.need_queue())
        && url.is_ok_and(|url| database_url::is_missing_file(url.expose_secret()))
}

fn say_no_queue(as_json: bool) -> anyhow::Result<Status> {
    let mut output = Output::default();
    if as_json {
        output.line(json!({ "jobs": [] }));
    } else {
        output.line("no jobs: no manifest destroys assets or follows notifications");
    }
    output.finish()?;
    Ok(Status::Done)
}

async fn list(queue: &Queue, as_json: bool, dead: bool) -> anyhow::Result<Status> {
    let mut jobs = queue.list().await?;
    jobs.retain(|job| !dead || job.state == JobState::Dead);
    let mut output = Output::default();
    if as_json {
        let jobs: Vec<_> = jobs.iter().map(to_json).collect();
        output.line(json!({ "jobs": jobs }));
    } else {
        for job in &jobs {
            output.line(Line(job));
        }
        if jobs.is_empty() {
            output.line("no jobs");
        }
    }
    output.finish()?;
    Ok(Status::Done)
}

async fn each(
    queue: &Queue,
    chosen: Chosen,
    done: &str,
    mut work: impl AsyncFnMut(&str) -> Result<bool, crate::queue::QueueError>,
) -> anyhow::Result<Status> {
    let ids = if chosen.all_dead {
        let jobs = queue.list().await?.into_iter();
        let dead = jobs.filter(|job| job.state == JobState::Dead);
        dead.map(|job| job.id).collect()
    } else {
        chosen.ids
    };
    let mut output = Output::default();
    let (mut moved, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        if !work(&id).await? {
            missing.push(id);
            continue;
        }
        if !chosen.json {
            output.line(format_args!("{id} is {done}"));
        }
        moved.push(id);
    }
    if chosen.json {
        output.line(json!({ done: moved, "missing": missing }));
    }
    output.finish()?;
    if missing.is_empty() {
        return Ok(Status::Done);
    }
    bail!("no such job, or it is running: {}", missing.join(", "));
}

struct Line<'a>(&'a QueuedJob);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let job = self.0;
        let what = job
            .job
            .as_ref()
            .map_or("not readable".to_owned(), Job::summary);
        let (state, time) = (job.state.name(), time(job.run_at));
        write!(
            f,
            "{}  {state:<7}  {time}  {:>3} tries  {what}",
            job.id, job.tries
        )?;
        match &job.error {
            Some(error) => write!(f, "\n    {}", error.replace(char::is_control, "\u{fffd}")),
            None => Ok(()),
        }
    }
}

fn to_json(job: &QueuedJob) -> serde_json::Value {
    json!({
        "id": job.id,
        "state": job.state.name(),
        "run_at": time(job.run_at),
        "tries": job.tries,
        "error": job.error,
        "job": job.job,
    })
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| "-".to_owned(), |time| time.to_string())
}
