//! What the console shows of the running service, as JSON.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde_json::{Map, Value, json};

use crate::clock::unix_time;
use crate::hooks::Reason;
use crate::http::without_password;
use crate::queue::{Job, Queue};

use crate::server::admin::response;
use crate::server::admin::state::AdminState;
use crate::server::metrics::{Latency, Minute, Totals};
use crate::server::request_error::UNDECIDED;
use crate::server::served_hooks::Route;

/// Most jobs that are listed. A queue may have thousands.
const MAX_JOBS: usize = 200;

/// Everything that the service itself knows.
pub(in crate::server::admin) async fn overview(state: Data<AdminState>) -> HttpResponse {
    let server = &state.server;
    let now = unix_time();
    let totals = server.metrics.totals();
    let minutes = server.history.last_hour(now, &totals);
    let routes = server.routes.load();
    let json = json!({
        "now": now,
        "started": server.started,
        "parse_server": state.parse_server.as_ref().map(without_password),
        "public_url": without_password(&state.public_url),
        "manifests_since": routes.since,
        "totals": summary(&totals),
        "hooks": routes.all().into_iter().map(hook).collect::<Vec<_>>(),
        "minutes": minutes.iter().map(minute).collect::<Vec<_>>(),
        "reasons": reasons(&minutes),
        "undecided": undecided(&totals, &minutes),
        "refusals": server.refusals.newest(),
        "queue": routes.queue.as_ref().map(queue),
    });
    response::json(StatusCode::OK, &json)
}

fn hook(route: &Route) -> Value {
    let totals = route.metrics.totals();
    let latency = route.metrics.latency().ok();
    json!({
        "hook": &*route.name,
        "accepted": totals.accepted,
        "refused": totals.all_refused(),
        "latency": latency.filter(|latency| latency.count() > 0).as_ref().map(seconds),
    })
}

/// Seconds within which half of a hook's answers and nearly all were given; null for longer than
/// its histogram tells.
fn seconds(latency: &Latency) -> Value {
    json!({"median": latency.within(0.5), "p95": latency.within(0.95)})
}

/// The calls that no hook decided on, since the start and in the last hour, the most frequent kind
/// first.
fn undecided(totals: &Totals, minutes: &[Minute]) -> Vec<Value> {
    let kinds = UNDECIDED.iter().enumerate().map(|(index, reason)| {
        let lately = minutes.iter().map(|minute| minute.counts.failed[index]);
        (lately.sum::<u64>(), totals.failed[index], reason)
    });
    let mut kinds: Vec<_> = kinds.filter(|(_, count, _)| *count > 0).collect();
    kinds.sort_by_key(|(lately, count, _)| std::cmp::Reverse((*lately, *count)));
    let named = kinds.into_iter();
    named
        .map(|(lately, count, reason)| {
            json!({"reason": reason, "count": count, "last_hour": lately})
        })
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
        "failed": totals.all_failed(),
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
