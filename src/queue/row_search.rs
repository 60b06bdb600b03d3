//! Rows that may refer to an asset, found by Parse Server in a column of one text: it has only the
//! database at work, where reading every row is work for Parse Server too.
//!
//! `/classes` runs Cloud Code's find triggers, which may hide rows, or show other values than are
//! stored. Who concludes something from a search has to make sure of that.

mod pattern;

use serde_json::json;

use crate::assets::place::Place;
use crate::parse::client::{MasterClient, RestError, Row, Schema};
use pattern::pattern;

/// Whether the column can be searched, which arrays and objects cannot on every database.
pub(super) fn is_text(schema: &Schema, place: &Place) -> bool {
    let column = schema.fields.get(&place.column);
    column.is_some_and(|column| column.type_name == "String")
}

/// The rows that may refer to an asset with this public ID, as a `find` trigger may have changed
/// them; `None` if not all were shown.
pub(super) async fn search(
    parse: &MasterClient,
    place: &Place,
    public_id: &str,
) -> Result<Option<Vec<Row>>, RestError> {
    let Some(pattern) = pattern(public_id) else {
        return Ok(None);
    };
    let condition = json!({ &place.column: {"$regex": pattern} });
    let columns = [&*place.column];
    match parse.matching(&place.class, &columns, &condition).await {
        Ok((rows, count)) => Ok((count == rows.len() as u64).then_some(rows)),
        // Reading every row has the answer, or the reason why there is none.
        Err(RestError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
