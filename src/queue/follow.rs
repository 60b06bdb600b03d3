//! One try of writing what a notification says to the rows that hold the asset.

use log::info;
use serde_json::{Value, json};

use crate::assets::place::Place;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::identifier::Identifier;
use crate::cloudinary::notice::{Moderation, Notice};
use crate::manifest::{ClassManifest, Follow, GuardedField};
use crate::parse::own_write::{OVERTAKEN, OwnWrite};
use crate::parse::rest::RestError;

use super::clean_up::Trouble;
use super::health::{Check, Health};
use super::parse_rows::{Held, rows_with};
use super::plan::Plan;

/// Tries before a notification of an asset that no row holds is done with: an upload's comes before its save, by minutes at most.
const UNSEEN: usize = 7;

/// Writes what happened. `now` in seconds since 1970.
pub(super) async fn attempt(
    notice: &Notice,
    plan: &Plan,
    health: &Health,
    tries: usize,
    now: u64,
) -> Result<&'static str, Trouble> {
    let written = write_all(notice, plan, now).await;
    let down = written
        .as_ref()
        .err()
        .filter(|error| !matches!(error, RestError::Refused { .. }));
    health.report(Check::ParseServer, down.map(|e| e as _));
    let may_come = matches!(notice, Notice::Moderated { .. } | Notice::Derived { .. });
    match written? {
        0 if may_come && tries < UNSEEN => {
            Err(Trouble::outage("no row holds the asset yet".to_owned()))
        }
        0 => Ok("unseen"),
        _ => Ok("followed"),
    }
}

/// How many rows held the asset.
async fn write_all(notice: &Notice, plan: &Plan, now: u64) -> Result<usize, RestError> {
    let asset = asset_of(notice);
    let mut rows = 0;
    let wanted: Vec<(&ClassManifest, &GuardedField)> = plan
        .classes
        .iter()
        .flat_map(|class| class.fields.iter().map(move |field| (class, field)))
        .filter(|(_, field)| is_wanted(notice, &field.follow))
        .collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    plan.parse.prove_master_key().await?;
    if let Notice::Deleted { asset } = notice
        && is_there_again(plan, asset).await
    {
        info!("{asset} was deleted, but is there again: nothing follows");
        return Ok(0);
    }
    for (class, field) in wanted {
        let place = Place::of_field(class, field);
        for held in rows_with(&plan.parse, &place, asset).await? {
            rows += 1;
            write(notice, class, field, &held, plan, now).await?;
        }
    }
    Ok(rows)
}

fn asset_of(notice: &Notice) -> &AssetName {
    match notice {
        Notice::Moderated { asset, .. }
        | Notice::Deleted { asset }
        | Notice::Derived { asset, .. }
        | Notice::Renamed { from: asset, .. } => asset,
    }
}

/// Whether a field has anything done about it.
pub(crate) fn is_wanted(notice: &Notice, follow: &Follow) -> bool {
    match notice {
        Notice::Moderated { status, .. } => {
            let clears = follow.clear_rejected && *status == Moderation::Rejected;
            follow.moderation_field.is_some() || clears
        }
        Notice::Derived { .. } => follow.eager_field.is_some(),
        Notice::Renamed { .. } | Notice::Deleted { .. } => follow.sync,
    }
}

/// Whether somebody has uploaded it anew. If Cloudinary does not say, the row keeps its picture: a later `audit` finds it.
async fn is_there_again(plan: &Plan, asset: &AssetName) -> bool {
    let asked = plan
        .cloudinary
        .asset(asset.resource_type, asset.delivery_type, &asset.public_id);
    !matches!(asked.await, Ok(None))
}

async fn write(
    notice: &Notice,
    class: &ClassManifest,
    field: &GuardedField,
    held: &Held,
    plan: &Plan,
    now: u64,
) -> Result<(), RestError> {
    for (columns, to) in writes(notice, field, &held.text) {
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
                class.class,
                field.name,
                held.object_id,
                asset_of(notice)
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
fn writes(notice: &Notice, field: &GuardedField, text: &str) -> Vec<(Value, String)> {
    let name = &field.name;
    let gone = || {
        if field.many {
            json!({ name: {"__op": "Remove", "objects": [text]} })
        } else {
            json!({ name: {"__op": "Delete"} })
        }
    };
    match notice {
        Notice::Moderated { status, .. } => {
            let clears = field.follow.clear_rejected && *status == Moderation::Rejected;
            let mut columns = if clears { gone() } else { json!({}) };
            if let Some(column) = &field.follow.moderation_field {
                columns[column] = json!(status.name());
            }
            let to = if clears { "" } else { text };
            vec![(columns, to.to_owned())]
        }
        Notice::Derived { urls, .. } => match &field.follow.eager_field {
            Some(column) => vec![(json!({ column: urls }), text.to_owned())],
            None => Vec::new(),
        },
        Notice::Deleted { .. } => vec![(gone(), String::new())],
        Notice::Renamed { to, .. } => match renamed(text, to) {
            // Two operations on one field cannot be one write; a try that breaks off in between is made up for by the next.
            Some(new) if field.many => vec![
                (
                    json!({ name: {"__op": "AddUnique", "objects": [new]} }),
                    new.clone(),
                ),
                (gone(), new),
            ],
            Some(new) => vec![(json!({ name: new }), new.clone())],
            None => Vec::new(),
        },
    }
}

/// The identifier of the same upload under its new name.
fn renamed(text: &str, to: &AssetName) -> Option<String> {
    let bare = text.split_once('#').map_or(text, |(bare, _)| bare);
    let identifier = Identifier::parse(bare).ok()?;
    let format = identifier
        .format
        .map(|format| format!(".{format}"))
        .unwrap_or_default();
    let (resource_type, delivery_type) = (to.resource_type.name(), to.delivery_type.name());
    let new = format!(
        "{resource_type}/{delivery_type}/v{}/{}{format}",
        identifier.version, to.public_id
    );
    // What the guard would read otherwise is not written.
    (AssetName::stored(&new).as_ref() == Some(to)).then_some(new)
}
