//! Writes what a notification says to the rows that hold the asset.

mod proof;
mod rows;
mod writes;

use std::collections::HashSet;

use log::{info, warn};

use crate::assets::place::Place;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::notification_event::{Moderation, NotificationEvent};
use crate::manifest::{ClassManifest, Follow, GuardedField};
use crate::parse::client::RestError;
use crate::parse::signed_write::{OVERTAKEN, SignedWrite};

use super::failure::{JobFailure, RateLimit};
use super::health::{Dependency, Health};
use super::plan::Plan;
use proof::{Proof, Proved, prove};
use rows::{Held, rows_with};
use writes::{Write, writes};

/// Tries before a notification about an asset that no row holds is dropped: an upload's comes
/// before its save, by minutes at most.
const UNSEEN: usize = 7;

/// A row that holds what may be the asset, and where.
struct FoundRow<'p> {
    class: &'p ClassManifest,
    field: &'p GuardedField,
    held: Held,
    asset: AssetName,
}

/// Tries once. `now` in seconds since 1970. Returns the outcome's name in metrics.
pub(super) async fn attempt(
    notice: &NotificationEvent,
    plan: &Plan,
    rate_limit: &RateLimit,
    health: &Health,
    tries: usize,
    now: u64,
) -> Result<&'static str, JobFailure> {
    rate_limit.check(now)?;
    let found = reported(find(notice, plan).await, health)?;
    let may_come = matches!(
        notice,
        NotificationEvent::Moderated { .. } | NotificationEvent::Derived { .. }
    );
    let waits = |what: &str| Err(JobFailure::outage(what));
    if found.is_empty() {
        if may_come && tries < UNSEEN && is_wanted_anywhere(notice, plan) {
            return waits("no row holds the asset yet");
        }
        return Ok("unseen");
    }
    let candidates: HashSet<_> = found.iter().map(|found| found.asset.clone()).collect();
    let proof = prove(notice, &candidates, plan).await;
    let down = proof.as_ref().err().filter(|e| !e.is_refusal());
    health.report(Dependency::Cloudinary, down.map(|e| e as _));
    let proved = match proof.map_err(|error| rate_limit.failure(&error, now))? {
        Proof::Of(proved) => proved,
        Proof::NotYet if tries < UNSEEN => return waits("Cloudinary does not show it yet"),
        Proof::NotYet => return Ok(unproved(notice, "Cloudinary does not show it")),
        Proof::Not(reason) => return Ok(unproved(notice, reason)),
    };
    reported(write_all(notice, &proved, &found, plan, now).await, health)?;
    Ok("followed")
}

fn unproved(notice: &NotificationEvent, reason: &str) -> &'static str {
    warn!("{}: nothing follows: {reason}", notice.subject());
    "unseen"
}

/// Notes in the health whether Parse Server can be asked.
fn reported<T>(result: Result<T, RestError>, health: &Health) -> Result<T, RestError> {
    let error = result.as_ref().err();
    let down = error.filter(|error| !matches!(error, RestError::Refused { .. }));
    health.report(Dependency::ParseServer, down.map(|e| e as _));
    result
}

fn wanted<'p>(
    notice: &'p NotificationEvent,
    plan: &'p Plan,
) -> impl Iterator<Item = (&'p ClassManifest, &'p GuardedField)> {
    let fields = plan.classes.iter();
    let fields = fields.flat_map(|class| class.fields.iter().map(move |field| (class, field)));
    fields.filter(|(_, field)| is_wanted(notice, &field.follow))
}

fn is_wanted_anywhere(notice: &NotificationEvent, plan: &Plan) -> bool {
    wanted(notice, plan).next().is_some()
}

/// The rows that hold what may be the asset.
async fn find<'p>(
    notice: &'p NotificationEvent,
    plan: &'p Plan,
) -> Result<Vec<FoundRow<'p>>, RestError> {
    if !is_wanted_anywhere(notice, plan) {
        return Ok(Vec::new());
    }
    plan.parse.prove_master_key().await?;
    let subject = notice.subject();
    let mut found = Vec::new();
    for (class, field) in wanted(notice, plan) {
        let place = Place::of_field(class, field);
        for held in rows_with(&plan.parse, &place, &subject).await? {
            let Some(asset) = AssetName::stored(&held.text) else {
                continue;
            };
            found.push(FoundRow {
                class,
                field,
                held,
                asset,
            });
        }
    }
    Ok(found)
}

/// Whether a field asks for anything to be done about it.
pub(crate) fn is_wanted(notice: &NotificationEvent, follow: &Follow) -> bool {
    match notice {
        NotificationEvent::Moderated { status, .. } => {
            let clears = follow.clear_rejected && *status == Moderation::Rejected;
            follow.moderation_field.is_some() || clears
        }
        NotificationEvent::Derived { .. } => follow.eager_field.is_some(),
        NotificationEvent::Renamed { .. }
        | NotificationEvent::Deleted { .. }
        | NotificationEvent::Overwritten { .. } => follow.sync,
    }
}

async fn write_all(
    notice: &NotificationEvent,
    proved: &Proved,
    found: &[FoundRow<'_>],
    plan: &Plan,
    now: u64,
) -> Result<(), RestError> {
    for found in found.iter().filter(|found| found.asset == proved.asset) {
        write(notice, proved, found, plan, now).await?;
    }
    Ok(())
}

async fn write(
    notice: &NotificationEvent,
    proved: &Proved,
    found: &FoundRow<'_>,
    plan: &Plan,
    now: u64,
) -> Result<(), RestError> {
    let FoundRow {
        class, field, held, ..
    } = found;
    for Write { columns, from, to } in writes(notice, proved, field, &held.text) {
        let write = SignedWrite {
            class: &class.class,
            object_id: &held.object_id,
            field: &field.name,
            from: &from,
            to: &to,
        };
        let context = match plan.account.secrets.first() {
            Some(secret) => write.context(secret, now),
            None => return Ok(()),
        };
        let written =
            plan.parse
                .write_in_context(&class.class, &held.object_id, &columns, &context);
        match written.await {
            Ok(()) => info!(
                "{}.{} of {} follows {}",
                class.class, field.name, held.object_id, proved.asset
            ),
            // A client was faster, or has deleted the row.
            Err(RestError::Refused { code: 101, .. }) => return Ok(()),
            Err(RestError::Refused { message, .. }) if message.contains(OVERTAKEN) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
