//! The queue, where a manifest needs it.

use super::clock::now;
use super::report::{Check, Report};
use super::setup::Setup;
use crate::manifest::Manifests;
use crate::queue::{JobState, Queue, QueuedJob};

/// A worker takes a job within seconds of its time.
const OVERDUE_SECONDS: i64 = 300;

/// Reports whether jobs can be queued and are being done.
pub(super) async fn tell(setup: &Setup, report: &mut Report) {
    const CHECK: Check = Check::Queue;
    if !setup.manifests.as_ref().is_some_and(Manifests::need_queue) {
        return report.skipped(CHECK, "no manifest needs it");
    }
    let Some((url, application_id)) = &setup.queue else {
        return report.skipped(CHECK, "not asked: see \"configuration\"");
    };
    let runtime = tokio::runtime::Handle::current();
    let queue = Queue::existing(url.clone(), application_id, runtime);
    let jobs = match queue.list().await {
        Ok(jobs) => jobs,
        Err(error) => {
            return report.bad(
                CHECK,
                error,
                "let the database of CLOUDINARY_PARSE_QUEUE run and be writable for this user; `cloudinary-parse serve` creates the file of an SQLite queue",
            );
        }
    };
    let Standing { dead, overdue } = Standing::of(&jobs, now());
    if dead > 0 {
        report.bad(
            CHECK,
            format_args!("{dead} of {} jobs were given up", jobs.len()),
            "`cloudinary-parse cleanup list --dead` says why; then `cleanup retry --all-dead`",
        );
    }
    if overdue > 0 {
        report.bad(
            CHECK,
            format_args!("{overdue} of {} jobs have waited over 5 minutes", jobs.len()),
            "run `cloudinary-parse serve` with this queue; its log and `/ready` say what it waits for",
        );
    }
    if dead + overdue == 0 {
        report.good(CHECK, format_args!("answers, {} jobs", jobs.len()));
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Standing {
    dead: usize,
    overdue: usize,
}

impl Standing {
    fn of(jobs: &[QueuedJob], now: i64) -> Self {
        let count = |is: &dyn Fn(&QueuedJob) -> bool| jobs.iter().filter(|job| is(job)).count();
        Self {
            dead: count(&|job| job.state == JobState::Dead),
            overdue: count(&|job| {
                job.state == JobState::Waiting && job.run_at < now - OVERDUE_SECONDS
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_jobs_that_no_worker_does() {
        let job = |state, run_at| QueuedJob {
            id: String::new(),
            state,
            tries: 0,
            run_at,
            error: None,
            job: None,
        };
        let jobs = [
            job(JobState::Waiting, 1_000),
            job(JobState::Waiting, 700),
            job(JobState::Waiting, 699),
            job(JobState::Running, 1),
            job(JobState::Failed, 1),
            job(JobState::Dead, 1),
        ];
        let expected = Standing {
            dead: 1,
            overdue: 1,
        };
        assert_eq!(Standing::of(&jobs, 1_000), expected);
    }
}
