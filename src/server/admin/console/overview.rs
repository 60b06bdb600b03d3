//! What the console shows of the running service, as JSON.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde_json::{Map, Value, json};

use crate::clock::unix_time;
use crate::hooks::Reason;
use crate::queue::{Job, Queue};

use crate::server::admin::response;
use crate::server::admin::state::AdminState;
use crate::server::metrics::{Minute, Totals};

/// Most jobs that are listed. A queue may have thousands.
const MAX_JOBS: usize = 200;

/// Everything that the service itself knows.
pub(in crate::server::admin) async fn overview(state: Data<AdminState>) -> HttpResponse {
    let state = &state.server;
    let now = unix_time();
    let totals = state.metrics.totals();
    let minutes = state.history.last_hour(now, &totals);
    let routes = state.routes.load();
    let hooks = routes.all().into_iter().map(|route| {
        let totals = route.metrics.totals();
        json!({
            "hook": &*route.name,
            "accepted": totals.accepted,
            "refused": totals.all_refused(),
        })
    });
    let json = json!({
        "now": now,
        "started": state.started,
        "totals": summary(&totals),
        "hooks": hooks.collect::<Vec<_>>(),
        "minutes": minutes.iter().map(minute).collect::<Vec<_>>(),
        "reasons": reasons(&minutes),
        "undecided": undecided(&state.metrics.failure_counts()),
        "refusals": state.refusals.newest(),
        "queue": routes.queue.as_ref().map(queue),
    });
    response::json(StatusCode::OK, &json)
}

/// The calls that no hook decided on, the most frequent kind first.
fn undecided(counts: &BTreeMap<&str, u64>) -> Vec<Value> {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let named = counts.into_iter();
    named
        .map(|(reason, count)| json!({"reason": reason, "count": count}))
        .collect()
}

/// How many jobs there are, and what holds them up.
fn queue(queue: &Queue) -> Value {
    let health = queue.health();
    let jobs = health.jobs().into_iter();
    let jobs: Map<_, _> = jobs
        .map(|(state, count)| (state.to_owned(), count.into()))
        .collect();
    let troubles = health
        .checks()
        .filter_map(|(check, trouble)| Some(json!([check.name(), trouble?])));
    json!({"jobs": jobs, "troubles": troubles.collect::<Vec<_>>()})
}

/// The jobs themselves, sorted by time.
pub(in crate::server::admin) async fn jobs(state: Data<AdminState>) -> HttpResponse {
    let queue = state.server.routes.load().queue.clone();
    response::json(StatusCode::OK, &list(queue.as_ref()).await)
}

async fn list(queue: Option<&Queue>) -> Value {
    let Some(queue) = queue else {
        return json!({"known": true, "all": 0, "jobs": []});
    };
    let jobs = match queue.list().await {
        Ok(jobs) => jobs,
        Err(error) => return json!({"known": false, "reason": error.to_string()}),
    };
    let shown = jobs.iter().take(MAX_JOBS).map(|entry| {
        json!({
            "id": entry.id,
            "state": entry.state.name(),
            "what": entry.job.as_ref().map(Job::summary),
            "tries": entry.tries,
            "run_at": entry.run_at,
            "error": entry.error,
        })
    });
    json!({"known": true, "all": jobs.len(), "jobs": shown.collect::<Vec<_>>()})
}

fn summary(totals: &Totals) -> Value {
    json!({
        "accepted": totals.accepted,
        "refused": totals.all_refused(),
        "failed": totals.failed,
    })
}

fn minute(minute: &Minute) -> Value {
    let mut json = summary(&minute.counts);
    json["start"] = minute.start.into();
    json
}

/// The reasons of the last hour's refusals, the most frequent first.
fn reasons(minutes: &[Minute]) -> Vec<Value> {
    let counts = Reason::ALL.iter().enumerate().map(|(index, reason)| {
        let counts = minutes.iter().map(|minute| minute.counts.refused[index]);
        (reason.as_str(), counts.sum::<u64>())
    });
    let mut counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = counts.into_iter();
    named
        .map(|(reason, count)| json!({"reason": reason, "count": count}))
        .collect()
}
