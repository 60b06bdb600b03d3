//! What a notification claims, proved with Cloudinary before a row changes.
//!
//! A notification may come late, when its asset has been uploaded anew or moved on, and may name
//! its asset in part only. Cloudinary is asked about assets that rows hold and about no others.

use std::collections::HashSet;

use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::client::{ApiError, Asset};
use crate::cloudinary::notification_event::{Moderation, NotificationEvent};

use crate::queue::plan::Plan;

/// What is known of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// It holds for this asset.
    Of(Proved),
    /// It holds for no asset that a row holds, but may do so in a moment.
    NotYet,
    /// It does not hold, or it could be meant for several assets.
    Not(&'static str),
}

/// A claim that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proved {
    pub(super) asset: AssetName,
    /// Of a verdict: what all moderations of the asset come to.
    pub(super) status: Option<Moderation>,
}

/// Whether `notice` holds for one of `candidates`: assets that rows hold and that it may be about.
pub(super) async fn prove(
    notice: &NotificationEvent,
    candidates: &HashSet<AssetName>,
    plan: &Plan,
) -> Result<Proof, ApiError> {
    let mut proved = Vec::new();
    let mut may_come = false;
    for asset in candidates {
        match of_one(notice, asset, plan).await? {
            One::Holds(status) => proved.push(Proved {
                asset: asset.clone(),
                status,
            }),
            One::MayCome => may_come = true,
            One::Fails => {}
        }
    }
    Ok(match (proved.pop(), proved.is_empty()) {
        (Some(one), true) => Proof::Of(one),
        (Some(_), false) => Proof::Not("it could be meant for several assets"),
        (None, _) if may_come => Proof::NotYet,
        (None, _) => Proof::Not("Cloudinary says otherwise by now"),
    })
}

/// What is known of a claim about one asset.
enum One {
    Holds(Option<Moderation>),
    MayCome,
    Fails,
}

async fn of_one(
    notice: &NotificationEvent,
    asset: &AssetName,
    plan: &Plan,
) -> Result<One, ApiError> {
    let is_named = notice.subject().asset().is_some();
    Ok(match notice {
        NotificationEvent::Overwritten { status, .. } => One::Holds(*status),
        NotificationEvent::Derived { .. } if is_named => One::Holds(None),
        NotificationEvent::Derived { .. } => match existing(plan, asset).await? {
            Some(_) => One::Holds(None),
            None => One::Fails,
        },
        NotificationEvent::Moderated { status, whole, .. } => {
            if is_named && (*whole || *status != Moderation::Approved) {
                return Ok(One::Holds(Some(*status)));
            }
            verdict(*status, *whole, found(plan, asset).await?.as_ref())
        }
        NotificationEvent::Deleted { .. } => match existing(plan, asset).await? {
            None => One::Holds(None),
            Some(_) => One::Fails,
        },
        NotificationEvent::Renamed { to, .. } => {
            let is_there = existing(plan, asset).await?.is_some();
            if is_there {
                return Ok(One::Fails);
            }
            match existing(plan, &to.completed_by(asset)).await? {
                Some(_) => One::Holds(None),
                None => One::MayCome,
            }
        }
    })
}

/// A verdict on what Cloudinary shows of an asset. A rejected one is shown as a placeholder, and so
/// is a deleted one with a backup.
fn verdict(status: Moderation, whole: bool, shown: Option<&Asset>) -> One {
    let Some(shown) = shown else {
        return One::Fails;
    };
    let all = shown.moderation();
    if shown.is_placeholder() && status != Moderation::Rejected && all.is_none() {
        return One::Fails;
    }
    One::Holds(Some(match all {
        Some(all) if status == Moderation::Approved && !whole => all,
        _ => status,
    }))
}

async fn existing(plan: &Plan, asset: &AssetName) -> Result<Option<Asset>, ApiError> {
    let cloudinary = &plan.cloudinary;
    cloudinary
        .asset(asset.resource_type, asset.delivery_type, &asset.public_id)
        .await
}

async fn found(plan: &Plan, asset: &AssetName) -> Result<Option<Asset>, ApiError> {
    let cloudinary = &plan.cloudinary;
    cloudinary
        .found(asset.resource_type, asset.delivery_type, &asset.public_id)
        .await
}

#[cfg(test)]
mod tests;
