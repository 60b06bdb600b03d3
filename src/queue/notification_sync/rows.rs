//! Which rows of a guarded field hold an asset.
//!
//! A field with one identifier is searched by Parse Server, and what it finds is read again past
//! Cloud Code's triggers. Every row is read where a `beforeFind` hides rows, where a search does
//! not show all that it found, and of a field with many identifiers: no query of Parse's finds a
//! part of an array's element on every database.

use crate::assets::place::Place;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::notification_event::Subject;
use crate::parse::client::{Hides, MasterClient, RestError, Row, Rows};
use crate::queue::row_search::{is_text, search};

/// A row that holds an asset, and as which text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) object_id: String,
    pub(super) text: String,
}

/// Every row whose field holds an identifier of what may be the subject.
pub(super) async fn rows_with(
    parse: &MasterClient,
    place: &Place,
    subject: &Subject,
) -> Result<Vec<Held>, RestError> {
    let mut held = Vec::new();
    for mut rows in candidates(parse, place, subject).await? {
        while let Some(page) = rows.next(parse).await? {
            for (id, row) in &page {
                place.each_text(row, |text| {
                    if AssetName::stored(text).is_some_and(|asset| subject.may_be(&asset)) {
                        held.push(Held {
                            object_id: id.clone(),
                            text: text.to_owned(),
                        });
                    }
                });
            }
        }
    }
    Ok(held)
}

/// Rows among which are all that hold the asset.
async fn candidates(
    parse: &MasterClient,
    place: &Place,
    subject: &Subject,
) -> Result<Vec<Rows>, RestError> {
    let schema = parse.schema(&place.class).await?;
    let Some(schema) = schema.filter(|schema| schema.fields.contains_key(&place.column)) else {
        return Ok(Vec::new());
    };
    let rows = || Rows::of(&place.class, [&*place.column]);
    // Rows that come and go between the counts say nothing: what matters is that none is hidden
    // which was there all the time.
    if is_text(&schema, place) && parse.hides_rows(&place.class).await? != Hides::Some {
        let found = search(parse, place, &subject.public_id).await?;
        let ids = found.map(|found| found.iter().map(object_id).collect());
        if let Some(Some(ids)) = ids {
            let ids: Vec<String> = ids;
            return Ok(ids.into_iter().map(|id| rows().only(id)).collect());
        }
    }
    Ok(vec![rows()])
}

fn object_id(row: &Row) -> Option<String> {
    serde_json::from_str(row.get("objectId")?.get()).ok()
}
