//! One try of destroying an asset that lost a reference.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use log::{info, warn};

use crate::cloudinary::rest::{ApiError, Destroyed};
use crate::parse::rest::RestError;

use super::census::Census;
use super::clock::unix_time;
use super::health::{Check, Health};
use super::job::Destroy;
use super::parse_rows::held_since;
use super::plan::Plan;
use super::retry::Failure;
use super::store::{StoreError, Turn};

/// How old a count may be when the asset is destroyed: a process may be stopped in between, and go on much later.
const FRESH: Duration = Duration::from_secs(15);

/// A count that took longer is followed by a look at what was written meanwhile, and so is that look, a few times.
const LONG: Duration = Duration::from_secs(5);
const LOOKS: usize = 5;

/// How far Parse Server's clock may be behind this one, in seconds.
const CLOCK_SKEW: u64 = 300;

/// Seconds that calls rest when Cloudinary does not say when its rate limit ends.
const LIMIT_REST: u64 = 60;

/// Longest rest, in seconds, whatever Cloudinary says.
const LONGEST_REST: u64 = 2 * 3600;

/// Why a try failed.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) failure: Failure,
    pub(super) error: String,
    /// Not to be tried before, in seconds since 1970.
    pub(super) not_before: u64,
}

/// What the tries of one process share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) census: Census,
    /// When Cloudinary takes calls again, in seconds since 1970.
    rests_until: AtomicU64,
}

/// How a try ended that needs no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Destroyed,
    NotFound,
    Referred,
    /// Nobody wants it destroyed any more.
    Dropped,
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Destroyed => "destroyed",
            Self::NotFound => "not_found",
            Self::Referred => "referred",
            Self::Dropped => "dropped",
        }
    }
}

/// What a count of references found.
enum Count {
    Some,
    /// Nothing, at this time or later.
    NoneAt(Instant),
}

/// Destroys the asset unless something refers to it.
pub(super) async fn attempt(
    job: &Destroy,
    plan: &Plan,
    shared: &Shared,
    health: &Health,
    turn: &Turn,
) -> Result<Outcome, Trouble> {
    let (asset, class, field) = (job.asset.to_string(), &job.class, &job.field);
    if let Some(reason) = unwanted(job, plan) {
        warn!("{asset}, lost by {class}.{field}, is kept: {reason}");
        return Ok(Outcome::Dropped);
    }
    shared.check_rest(unix_time())?;
    let referred = count(job, plan, shared).await;
    health.report(Check::ParseServer, referred.as_ref().err().map(|e| e as _));
    let Count::NoneAt(counted) = referred? else {
        info!("{asset}, lost by {class}.{field}, is kept: something refers to it");
        return Ok(Outcome::Referred);
    };
    turn.check().await?;
    if counted.elapsed() > FRESH {
        return Err(Trouble::outage(
            "the references were counted too long ago".to_owned(),
        ));
    }
    let (name, now) = (&job.asset, unix_time());
    let destroyed =
        plan.cloudinary
            .destroy(name.resource_type, name.delivery_type, &name.public_id, now);
    let destroyed = destroyed.await;
    let reachable = destroyed.as_ref().err().filter(|error| !error.is_refusal());
    health.report(Check::Cloudinary, reachable.map(|e| e as _));
    match destroyed {
        Ok(Destroyed::Now) => {
            info!("{asset}, lost by {class}.{field}, is destroyed");
            Ok(Outcome::Destroyed)
        }
        Ok(Destroyed::Before) => {
            info!("{asset}, lost by {class}.{field}, was gone already");
            Ok(Outcome::NotFound)
        }
        Err(error) => Err(shared.trouble(&error, now)),
    }
}

/// Why the manifests in force, or the account, do not want the asset destroyed.
fn unwanted(job: &Destroy, plan: &Plan) -> Option<&'static str> {
    if job.cloud != plan.account.cloud_name {
        return Some("it belongs to another account");
    }
    let mut classes = plan.classes.iter().filter(|class| class.class == job.class);
    let fields = classes.next().map_or(&[][..], |class| &class.fields);
    let Some(field) = fields.iter().find(|field| field.name == job.field) else {
        return Some("the field is no longer guarded");
    };
    if !field.clean_up.destroys() {
        return Some("the field no longer destroys");
    }
    match &field.destroy_within {
        Some(prefix) if job.asset.public_id.starts_with(prefix) => None,
        _ => Some("it lies outside destroy_within"),
    }
}

/// Counts the references to the asset. The key is proved before and after: a wrong one hides rows.
async fn count(job: &Destroy, plan: &Plan, shared: &Shared) -> Result<Count, RestError> {
    let (parse, asset) = (&plan.parse, &job.asset);
    parse.prove_master_key().await?;
    let places = plan.places();
    let (mut begun, mut since) = (Instant::now(), unix_time());
    if shared.census.holds(parse, &places, asset).await? {
        return Ok(Count::Some);
    }
    for _ in 0..LOOKS {
        if begun.elapsed() <= LONG {
            break;
        }
        let written_since = since.saturating_sub(CLOCK_SKEW);
        (begun, since) = (Instant::now(), unix_time());
        for place in &places {
            if held_since(parse, place, asset, written_since).await? {
                return Ok(Count::Some);
            }
        }
    }
    parse.prove_master_key().await?;
    Ok(Count::NoneAt(begun))
}

impl Shared {
    pub(super) fn check_rest(&self, now: u64) -> Result<(), Trouble> {
        let until = self.rests_until.load(Ordering::Relaxed);
        if until <= now {
            return Ok(());
        }
        Err(Trouble {
            not_before: until,
            ..Trouble::outage("Cloudinary's rate limit is reached".to_owned())
        })
    }

    pub(super) fn trouble(&self, error: &ApiError, now: u64) -> Trouble {
        let mut not_before = 0;
        if let ApiError::RateLimited { reset, .. } = error {
            let rest = reset.map_or(LIMIT_REST, |reset| reset.saturating_sub(now) + 1);
            not_before = now + rest.min(LONGEST_REST);
            self.rests_until.store(not_before, Ordering::Relaxed);
        }
        let failure = if error.waits_for_operator() {
            Failure::Key
        } else if error.is_refusal() {
            Failure::Refusal
        } else {
            Failure::Outage
        };
        Trouble {
            failure,
            error: error.to_string(),
            not_before,
        }
    }
}

impl Trouble {
    pub(super) fn outage(error: String) -> Self {
        Self {
            failure: Failure::Outage,
            error,
            not_before: 0,
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::outage(error.to_string())
    }
}

impl From<RestError> for Trouble {
    fn from(error: RestError) -> Self {
        let failure = match error {
            RestError::MasterKey { .. }
            | RestError::MasterKeyIps { .. }
            | RestError::ReadOnlyMasterKey { .. }
            | RestError::Unauthorized { .. }
            | RestError::ClientKey { .. }
            | RestError::ApplicationIdOrMasterKey { .. }
            | RestError::Header { .. } => Failure::Key,
            // 1 is Parse Server's own trouble, 155 its rate limit.
            RestError::Refused { code, .. } if !matches!(code, 1 | 155) => Failure::Refusal,
            _ => Failure::Outage,
        };
        Self {
            failure,
            error: error.to_string(),
            not_before: 0,
        }
    }
}
