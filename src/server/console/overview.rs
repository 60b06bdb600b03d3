//! What the console shows of the running process, as JSON.

use serde_json::{Value, json};

use crate::hooks::Reason;

use super::super::State;
use super::super::clock::unix_time;
use super::history::{Minute, Totals};

/// Everything but what has to be asked of others.
pub(super) fn json(state: &State) -> Value {
    let now = unix_time();
    let totals = state.metrics.totals();
    let minutes = state.history.last_hour(now, &totals);
    let routes = state.routes.load();
    let hooks = routes.all().into_iter().map(|route| {
        let totals = route.metrics.totals();
        json!({
            "hook": route.hook.name(),
            "accepted": totals.accepted,
            "refused": totals.all_refused(),
        })
    });
    json!({
        "now": now,
        "started": state.started,
        "totals": summary(&totals),
        "hooks": hooks.collect::<Vec<_>>(),
        "minutes": minutes.iter().map(minute).collect::<Vec<_>>(),
        "reasons": reasons(&minutes),
        "refusals": state.refusals.newest(),
    })
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
