//! The second, asking step of the guard: what a new picture really is, as Cloudinary says.
//!
//! Asked only about identifiers that are new and verified. A version that has been overwritten
//! since is not told apart: Cloudinary keeps one asset for a public ID.

use std::collections::HashMap;
use std::time::Duration;

use log::warn;

use crate::assets::Kind;
use crate::cloudinary::client::{ApiError, Asset, BATCH};
use crate::cloudinary::identifier::{Identifier, ResourceType};
use crate::manifest::{ClassManifest, Confirm, GuardedField, OnUnreachable, Pixels};

use super::Cloudinary;
use super::folder;
use super::policy::list_of;
use super::refusal::{Reason, Refusal};

/// A new picture that Cloudinary must be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToConfirm {
    /// The field's place in the manifest.
    pub field: usize,
    /// Without its signature.
    pub identifier: String,
}

/// How a save that is not refused was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// Every picture is what its field takes.
    Yes,
    /// Some could not be asked about, and their fields accept that.
    Unasked,
}

/// Asks Cloudinary about `pictures` of a save of `class`, in `limit` time.
///
/// # Errors
/// The [`Refusal`] of the first picture that is not what its field takes.
pub async fn confirm(
    class: &ClassManifest,
    cloudinary: Option<&Cloudinary>,
    pictures: &[ToConfirm],
    limit: Duration,
) -> Result<Confirmed, Refusal> {
    let pictures: Vec<(&GuardedField, Identifier<'_>)> = pictures
        .iter()
        .filter_map(|picture| {
            let field = class.fields.get(picture.field)?;
            Some((field, Identifier::parse(&picture.identifier).ok()?))
        })
        .collect();
    let answer = match cloudinary {
        Some(cloudinary) => {
            let asked = tokio::time::timeout(limit, ask(cloudinary, &pictures)).await;
            asked.unwrap_or_else(|_| {
                Err(ApiError::Timeout {
                    api: cloudinary.api(),
                    milliseconds: limit.as_millis(),
                })
            })
        }
        None => Err(ApiError::Credentials),
    };
    match answer {
        Ok(known) => {
            for (field, identifier) in &pictures {
                let key = (kind(identifier), identifier.public_id);
                let asset = known.get(&key).and_then(Option::as_ref);
                check(class, field, identifier, asset)?;
            }
            Ok(Confirmed::Yes)
        }
        Err(error) => {
            warn!("cannot confirm a picture of {}: {error}", class.class);
            unasked(class, &pictures)
        }
    }
}

fn kind(identifier: &Identifier<'_>) -> Kind {
    (identifier.resource_type, identifier.delivery_type)
}

/// What Cloudinary knows of each picture. One call tells about a hundred of a kind.
async fn ask<'p>(
    cloudinary: &Cloudinary,
    pictures: &[(&GuardedField, Identifier<'p>)],
) -> Result<HashMap<(Kind, &'p str), Option<Asset>>, ApiError> {
    let mut known: HashMap<_, _> = pictures
        .iter()
        .map(|(_, identifier)| ((kind(identifier), identifier.public_id), None))
        .collect();
    let mut kinds: HashMap<Kind, Vec<&str>> = HashMap::new();
    for &(kind, public_id) in known.keys() {
        kinds.entry(kind).or_default().push(public_id);
    }
    for ((resource_type, delivery_type), ids) in kinds {
        if let [id] = ids[..] {
            let asset = cloudinary.asset(resource_type, delivery_type, id).await?;
            known.insert(((resource_type, delivery_type), id), asset);
            continue;
        }
        for batch in ids.chunks(BATCH) {
            let found = cloudinary.assets(resource_type, delivery_type, batch.iter().copied());
            for asset in found
                .await?
                .into_iter()
                .filter(|asset| !asset.is_placeholder())
            {
                if let Some(id) = batch.iter().find(|id| **id == asset.public_id) {
                    known.insert(((resource_type, delivery_type), id), Some(asset));
                }
            }
        }
    }
    Ok(known)
}

/// A single field that refuses what it cannot confirm refuses the save.
fn unasked(
    class: &ClassManifest,
    pictures: &[(&GuardedField, Identifier<'_>)],
) -> Result<Confirmed, Refusal> {
    let refuses = |field: &GuardedField| {
        let confirm = field.confirm.as_ref();
        confirm.is_none_or(|confirm| confirm.on_unreachable == OnUnreachable::Refuse)
    };
    match pictures.iter().find(|(field, _)| refuses(field)) {
        Some((field, _)) => Err(Refusal::of_field(
            Reason::Unconfirmed,
            &class.class,
            &field.name,
            "expected Cloudinary's confirmation, which did not come in time; try again later",
        )),
        None => Ok(Confirmed::Unasked),
    }
}

fn check(
    class: &ClassManifest,
    field: &GuardedField,
    identifier: &Identifier<'_>,
    asset: Option<&Asset>,
) -> Result<(), Refusal> {
    let refuse = |reason, expected: String| {
        Err(Refusal::of_field(
            reason,
            &class.class,
            &field.name,
            expected,
        ))
    };
    let Some(asset) = asset else {
        return refuse(
            Reason::NoAsset,
            "expected an asset that exists in Cloudinary".into(),
        );
    };
    let Some(confirm) = &field.confirm else {
        return Ok(());
    };
    if let Some(formats) = &field.formats {
        // Raw assets have no format but their extension, which is part of the public ID.
        let format = match identifier.resource_type {
            ResourceType::Raw => folder::extension(identifier),
            ResourceType::Image | ResourceType::Video => asset.format.as_deref(),
        };
        if !format.is_some_and(|f| formats.iter().any(|known| known.eq_ignore_ascii_case(f))) {
            let names = list_of(formats.iter().map(String::as_str));
            return refuse(
                Reason::Format,
                format!("expected an original in format {names}"),
            );
        }
    }
    if let Some((reason, expected)) = measure(confirm, asset) {
        return refuse(reason, expected);
    }
    Ok(())
}

/// The first limit that the asset is beyond, or for which Cloudinary knows no number.
fn measure(confirm: &Confirm, asset: &Asset) -> Option<(Reason, String)> {
    if let Some(max) = confirm.max_bytes
        && asset.bytes.is_none_or(|bytes| bytes > max)
    {
        return Some((Reason::Bytes, format!("expected at most {max} bytes")));
    }
    for (range, pixels, name) in [
        (confirm.width, asset.width, "width"),
        (confirm.height, asset.height, "height"),
    ] {
        if !range.is_any() && !pixels.is_some_and(|pixels| range.holds(pixels)) {
            return Some((
                Reason::Pixels,
                format!("expected a {name} {}", words(range)),
            ));
        }
    }
    None
}

fn words(range: Pixels) -> String {
    match (range.min, range.max) {
        (Some(min), Some(max)) => format!("from {min} to {max} pixels"),
        (Some(min), None) => format!("of at least {min} pixels"),
        (None, Some(max)) => format!("of at most {max} pixels"),
        (None, None) => "in pixels".to_owned(),
    }
}
