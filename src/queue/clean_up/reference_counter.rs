//! Which assets rows refer to.
//!
//! A walk reads every row of a class once and serves any number of assets. For one or two assets,
//! columns of one text are searched instead. A search is believed only where `/classes` has as many
//! rows of the class as `/aggregate`, where each row that it counts is shown, and where a row that
//! is shown refers to an asset, because a trigger may blank the column. Everything else is walked,
//! past Cloud Code's triggers.

use std::collections::BTreeMap;

use crate::assets::place::Place;
use crate::assets::reference::AssetSet;
use crate::cloudinary::asset_name::AssetName;
use crate::parse::client::{Hides, MasterClient, RestError, Row, Rows};
use crate::queue::row_search::{is_text, search};
use futures_util::future::try_join_all;

/// Most assets that are searched for one by one: one search costs PostgreSQL about as much as a
/// walk, which costs Parse Server twice that.
const FEW: usize = 2;

/// Takes those of `open` out that a row refers to, and hands them back.
pub(super) async fn take_referred(
    parse: &MasterClient,
    places: &[Place],
    open: &mut AssetSet,
) -> Result<Vec<AssetName>, RestError> {
    let mut taken = Vec::new();
    for (class, places) in by_class(places) {
        if open.is_empty() {
            break;
        }
        let Some(schema) = parse.schema(class).await? else {
            continue;
        };
        let (mut searched, mut walked): (Vec<&Place>, Vec<&Place>) = places
            .into_iter()
            .filter(|place| schema.fields.contains_key(&place.column))
            .partition(|place| open.len() <= FEW && is_text(&schema, place));
        if !searched.is_empty() && parse.hides_rows(class).await? != Hides::Nothing {
            walked.append(&mut searched);
        }
        for place in searched {
            if !take_searched(parse, place, open, &mut taken).await? {
                walked.push(place);
            }
        }
        let rows = Rows::of(class, walked.iter().map(|place| &*place.column));
        if !walked.is_empty() {
            walk(parse, rows, &walked, open, &mut taken).await?;
        }
    }
    Ok(taken)
}

/// The same, of rows that were written at `since` (in seconds since 1970, by Parse Server's clock)
/// or later.
pub(super) async fn take_referred_since(
    parse: &MasterClient,
    places: &[Place],
    open: &mut AssetSet,
    since: u64,
) -> Result<Vec<AssetName>, RestError> {
    let mut taken = Vec::new();
    for (class, places) in by_class(places) {
        let rows = Rows::of(class, places.iter().map(|place| &*place.column));
        let rows = rows.written_since(since);
        walk(parse, rows, &places, open, &mut taken).await?;
    }
    Ok(taken)
}

fn by_class(places: &[Place]) -> BTreeMap<&str, Vec<&Place>> {
    let mut classes: BTreeMap<&str, Vec<&Place>> = BTreeMap::new();
    for place in places {
        classes.entry(&place.class).or_default().push(place);
    }
    classes
}

/// Whether a search has an answer; without one the place is to be walked.
async fn take_searched(
    parse: &MasterClient,
    place: &Place,
    open: &mut AssetSet,
    taken: &mut Vec<AssetName>,
) -> Result<bool, RestError> {
    let assets: Vec<AssetName> = open.iter().cloned().collect();
    let searches = assets
        .iter()
        .map(|asset| search(parse, place, &asset.public_id));
    let mut answered = true;
    for rows in try_join_all(searches).await? {
        match rows {
            Some(rows) => {
                let before = taken.len();
                for row in &rows {
                    take(place, row, open, taken);
                }
                answered &= rows.is_empty() || taken.len() > before;
            }
            None => answered = false,
        }
    }
    Ok(answered)
}

async fn walk(
    parse: &MasterClient,
    mut rows: Rows,
    places: &[&Place],
    open: &mut AssetSet,
    taken: &mut Vec<AssetName>,
) -> Result<(), RestError> {
    while !open.is_empty()
        && let Some(page) = rows.next(parse).await?
    {
        for (_, row) in &page {
            for place in places {
                take(place, row, open, taken);
            }
        }
    }
    Ok(())
}

fn take(place: &Place, row: &Row, open: &mut AssetSet, taken: &mut Vec<AssetName>) {
    place.each_text(row, |text| taken.extend(open.take_referred(text)));
}

#[cfg(test)]
mod tests;
