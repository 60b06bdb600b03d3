//! One try of writing what a notification says to the rows that hold the asset.

use std::collections::HashSet;

use log::{info, warn};
use serde_json::{Value, json};

use crate::assets::place::Place;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::identifier::{Identifier, ResourceType};
use crate::cloudinary::notice::{Moderation, Notice};
use crate::manifest::{ClassManifest, Follow, GuardedField};
use crate::parse::own_write::{OVERTAKEN, OwnWrite};
use crate::parse::rest::RestError;

use super::clean_up::{Shared, Trouble};
use super::health::{Check, Health};
use super::parse_rows::{Held, rows_with};
use super::plan::Plan;
use super::proof::{Proof, Proved, prove};

/// Tries before a notification of an asset that no row holds is done with: an upload's comes before its save, by minutes at most.
const UNSEEN: usize = 7;

/// A row that holds what may be the asset, and where.
struct Found<'p> {
    class: &'p ClassManifest,
    field: &'p GuardedField,
    held: Held,
    asset: AssetName,
}

/// Writes what happened. `now` in seconds since 1970.
pub(super) async fn attempt(
    notice: &Notice,
    plan: &Plan,
    shared: &Shared,
    health: &Health,
    tries: usize,
    now: u64,
) -> Result<&'static str, Trouble> {
    shared.check_rest(now)?;
    let found = reported(find(notice, plan).await, health)?;
    let may_come = matches!(notice, Notice::Moderated { .. } | Notice::Derived { .. });
    let waits = |what: &str| Err(Trouble::outage(what.to_owned()));
    if found.is_empty() {
        if may_come && tries < UNSEEN && is_wanted_anywhere(notice, plan) {
            return waits("no row holds the asset yet");
        }
        return Ok("unseen");
    }
    let candidates: HashSet<_> = found.iter().map(|found| found.asset.clone()).collect();
    let proof = prove(notice, &candidates, plan).await;
    let reachable = proof.as_ref().err().filter(|e| !e.is_refusal());
    health.report(Check::Cloudinary, reachable.map(|e| e as _));
    let proved = match proof.map_err(|error| shared.trouble(&error, now))? {
        Proof::Of(proved) => proved,
        Proof::NotYet if tries < UNSEEN => return waits("Cloudinary does not show it yet"),
        Proof::NotYet => return Ok(unproved(notice, "Cloudinary does not show it")),
        Proof::Not(reason) => return Ok(unproved(notice, reason)),
    };
    reported(write_all(notice, &proved, &found, plan, now).await, health)?;
    Ok("followed")
}

fn unproved(notice: &Notice, reason: &str) -> &'static str {
    warn!("{}: nothing follows: {reason}", notice.subject());
    "unseen"
}

/// Says in the health whether Parse Server can be asked.
fn reported<T>(result: Result<T, RestError>, health: &Health) -> Result<T, RestError> {
    let error = result.as_ref().err();
    let down = error.filter(|error| !matches!(error, RestError::Refused { .. }));
    health.report(Check::ParseServer, down.map(|e| e as _));
    result
}

fn wanted<'p>(
    notice: &'p Notice,
    plan: &'p Plan,
) -> impl Iterator<Item = (&'p ClassManifest, &'p GuardedField)> {
    let fields = plan.classes.iter();
    let fields = fields.flat_map(|class| class.fields.iter().map(move |field| (class, field)));
    fields.filter(|(_, field)| is_wanted(notice, &field.follow))
}

fn is_wanted_anywhere(notice: &Notice, plan: &Plan) -> bool {
    wanted(notice, plan).next().is_some()
}

/// The rows that hold what may be the asset.
async fn find<'p>(notice: &'p Notice, plan: &'p Plan) -> Result<Vec<Found<'p>>, RestError> {
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
            found.push(Found {
                class,
                field,
                held,
                asset,
            });
        }
    }
    Ok(found)
}

/// Whether a field has anything done about it.
pub(crate) fn is_wanted(notice: &Notice, follow: &Follow) -> bool {
    match notice {
        Notice::Moderated { status, .. } => {
            let clears = follow.clear_rejected && *status == Moderation::Rejected;
            follow.moderation_field.is_some() || clears
        }
        Notice::Derived { .. } => follow.eager_field.is_some(),
        Notice::Renamed { .. } | Notice::Deleted { .. } | Notice::Overwritten { .. } => follow.sync,
    }
}

async fn write_all(
    notice: &Notice,
    proved: &Proved,
    found: &[Found<'_>],
    plan: &Plan,
    now: u64,
) -> Result<(), RestError> {
    for found in found.iter().filter(|found| found.asset == proved.asset) {
        write(notice, proved, found, plan, now).await?;
    }
    Ok(())
}

async fn write(
    notice: &Notice,
    proved: &Proved,
    found: &Found<'_>,
    plan: &Plan,
    now: u64,
) -> Result<(), RestError> {
    let Found {
        class, field, held, ..
    } = found;
    for (columns, to) in writes(notice, proved, field, &held.text) {
        let write = OwnWrite {
            class: &class.class,
            object_id: &held.object_id,
            field: &field.name,
            from: &held.text,
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

/// The columns to write, one write after the other, with what the guarded field is to hold after each.
fn writes(
    notice: &Notice,
    proved: &Proved,
    field: &GuardedField,
    text: &str,
) -> Vec<(Value, String)> {
    match notice {
        Notice::Moderated { .. } => proved
            .status
            .map(|status| moderated(status, field, text))
            .into_iter()
            .collect(),
        Notice::Derived { urls, .. } => match &field.follow.eager_field {
            Some(column) => vec![(json!({ column: urls }), text.to_owned())],
            None => Vec::new(),
        },
        Notice::Deleted { .. } => vec![(gone(field, text), String::new())],
        Notice::Renamed { to, .. } => {
            let to = to.completed_by(&proved.asset);
            let new = rewritten(text, &to, None);
            new.map(|new| replaced(field, text, new, json!({})))
                .unwrap_or_default()
        }
        Notice::Overwritten {
            asset,
            version,
            format,
            urls,
            ..
        } => {
            let newer =
                |old: Identifier<'_>| old.version.parse::<u64>().is_ok_and(|v| v < *version);
            if !Identifier::parse(bare(text)).is_ok_and(newer) {
                return Vec::new();
            }
            let upload = (version.to_string(), format.as_deref());
            let new = rewritten(text, asset, Some((&upload.0, upload.1)));
            new.map(|new| replaced(field, text, new, of_new_picture(field, proved.status, urls)))
                .unwrap_or_default()
        }
    }
}

fn moderated(status: Moderation, field: &GuardedField, text: &str) -> (Value, String) {
    let clears = field.follow.clear_rejected && status == Moderation::Rejected;
    let mut columns = if clears { gone(field, text) } else { json!({}) };
    if let Some(column) = &field.follow.moderation_field {
        columns[column] = json!(status.name());
    }
    let to = if clears { "" } else { text };
    (columns, to.to_owned())
}

fn gone(field: &GuardedField, text: &str) -> Value {
    let name = &field.name;
    if field.many {
        json!({ name: {"__op": "Remove", "objects": [text]} })
    } else {
        json!({ name: {"__op": "Delete"} })
    }
}

/// What is known of a new picture: nothing that was said of the one before.
fn of_new_picture(field: &GuardedField, status: Option<Moderation>, urls: &[String]) -> Value {
    let mut columns = json!({});
    let cleared = || json!({"__op": "Delete"});
    if let Some(column) = &field.follow.moderation_field {
        columns[column] = status.map_or_else(cleared, |status| json!(status.name()));
    }
    if let Some(column) = &field.follow.eager_field {
        columns[column] = if urls.is_empty() {
            cleared()
        } else {
            json!(urls)
        };
    }
    columns
}

/// Another identifier in the place of the old one, `with` other columns.
fn replaced(field: &GuardedField, text: &str, new: String, with: Value) -> Vec<(Value, String)> {
    let name = &field.name;
    if field.many {
        // Two operations on one field cannot be one write; a try that breaks off in between is made up for by the next.
        return vec![
            (
                json!({ name: {"__op": "AddUnique", "objects": [new]} }),
                new.clone(),
            ),
            (gone(field, text), new),
        ];
    }
    let mut columns = with;
    columns[name] = json!(new);
    vec![(columns, new)]
}

fn bare(text: &str) -> &str {
    text.split_once('#').map_or(text, |(bare, _)| bare)
}

/// The identifier of `to`, with version and format of another `upload` or of the same one. `None` for what the guard would read otherwise.
fn rewritten(text: &str, to: &AssetName, upload: Option<(&str, Option<&str>)>) -> Option<String> {
    let old = Identifier::parse(bare(text)).ok()?;
    let (version, format) = upload.unwrap_or((old.version, old.format));
    let format = match (to.resource_type, format) {
        (ResourceType::Raw, _) | (_, None) => String::new(),
        (_, Some(format)) => format!(".{format}"),
    };
    let (resource_type, delivery_type) = (to.resource_type.name(), to.delivery_type.name());
    let new = format!(
        "{resource_type}/{delivery_type}/v{version}/{}{format}",
        to.public_id
    );
    (AssetName::stored(&new).as_ref() == Some(to)).then_some(new)
}
