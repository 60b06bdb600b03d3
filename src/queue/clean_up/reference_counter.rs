//! Which assets rows refer to.
//!
//! A walk reads every row of a class once and serves any number of assets. For one or two assets,
//! columns of one text are searched by Parse Server instead, which has only the database at work.
//! `/classes` runs Cloud Code's find triggers, which may hide rows; so a search is believed only
//! where the class has as many rows for it as `/aggregate` says there are, where each row that it
//! counts is shown, and where none is shown but what refers to an asset: a trigger may blank the
//! column. Everything else is walked, past those triggers.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use serde_json::json;

use crate::assets::place::Place;
use crate::assets::reference::AssetSet;
use crate::cloudinary::asset_name::AssetName;
use crate::parse::client::{MasterClient, RestError, Row, Rows, Schema};
use crate::queue::pattern::pattern;

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
        if !searched.is_empty() && parse.hides_rows(class).await? {
            walked.append(&mut searched);
        }
        for place in searched {
            if !search(parse, place, open, &mut taken).await? {
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

/// Whether a query finds all that the column holds.
fn is_text(schema: &Schema, place: &Place) -> bool {
    let column = schema.fields.get(&place.column);
    column.is_some_and(|column| column.type_name == "String")
}

/// Whether a search has an answer; without one the place is to be walked.
async fn search(
    parse: &MasterClient,
    place: &Place,
    open: &mut AssetSet,
    taken: &mut Vec<AssetName>,
) -> Result<bool, RestError> {
    let assets: Vec<AssetName> = open.iter().cloned().collect();
    let searches = assets.iter().map(|asset| matching(parse, place, asset));
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

/// The rows that may refer to an asset; `None` if a search does not tell.
async fn matching(
    parse: &MasterClient,
    place: &Place,
    asset: &AssetName,
) -> Result<Option<Vec<Row>>, RestError> {
    let Some(pattern) = pattern(&asset.public_id) else {
        return Ok(None);
    };
    let condition = json!({ &place.column: {"$regex": pattern} });
    let columns = [&*place.column];
    match parse.matching(&place.class, &columns, &condition).await {
        Ok((rows, count)) => Ok((count == rows.len() as u64).then_some(rows)),
        // A walk has the answer, or the reason why there is none.
        Err(RestError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
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
