//! Which rows of a guarded field hold an asset.
//!
//! A field with one identifier is searched by Parse Server; a field with many is walked, since no
//! query of Parse's finds a part of an array's element on every database. Either way what is found
//! is judged here: a query only narrows down.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::assets::place::Place;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::notice::Subject;
use crate::parse::client::{MasterClient, RestError, Row};
use crate::parse::json::JsonText;
use crate::queue::pattern::pattern;

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
    let visit = |object_id: &str, text: &str| {
        if AssetName::stored(text).is_some_and(|asset| subject.may_be(&asset)) {
            held.push(Held {
                object_id: object_id.to_owned(),
                text: text.to_owned(),
            });
        }
        true
    };
    let condition = if place.many {
        json!({"$exists": true})
    } else {
        match pattern(&subject.public_id) {
            Some(pattern) => json!({"$regex": pattern}),
            None => json!({"$exists": true}),
        }
    };
    match walk(parse, place, (&place.column, &condition), visit).await {
        Err(error @ RestError::Refused { .. }) => {
            if parse.has_field(&place.class, &place.column).await? {
                return Err(error);
            }
        }
        walked => walked?,
    }
    Ok(held)
}

/// Calls `visit` with row and text of each identifier, while it says so.
async fn walk(
    parse: &MasterClient,
    place: &Place,
    condition: (&str, &Value),
    mut visit: impl FnMut(&str, &str) -> bool,
) -> Result<(), RestError> {
    let mut after: Option<String> = None;
    loop {
        let columns = [place.column.as_str()];
        let rows = parse
            .rows_after(&place.class, &columns, after.as_deref(), Some(condition))
            .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        let last = object_id(last).filter(|last| Some(last) != after.as_ref());
        // Whoever does not page through rows does not show all of them.
        let last = last.ok_or_else(|| RestError::NotParseServer {
            server: parse.server(),
            status: StatusCode::OK,
        })?;
        for row in &rows {
            let id = object_id(row).unwrap_or_default();
            let mut goes_on = true;
            place.each_text(row, |text| goes_on &= visit(&id, text));
            if !goes_on {
                return Ok(());
            }
        }
        after = Some(last);
    }
}

fn object_id(row: &Row) -> Option<String> {
    let text = JsonText::parse(row.get("objectId")?.get()).ok()?;
    Some(text.as_str()?.into_owned())
}
