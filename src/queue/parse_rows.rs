//! Which rows of a guarded field hold an asset.
//!
//! A field with one identifier is searched by Parse Server; a field with many is walked, since no query of Parse's finds a part of an
//! array's element on every database. Either way what is found is judged here: a query only narrows down.

use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::assets::place::Place;
use crate::assets::reference::AssetSet;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::notice::Subject;
use crate::parse::json::JsonText;
use crate::parse::rest::{MasterClient, RestError, Row};

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
        json!({"$regex": pattern(&subject.public_id)})
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

/// Those of `assets` that a row's field holds.
pub(super) async fn held(
    parse: &MasterClient,
    place: &Place,
    assets: &AssetSet,
) -> Result<AssetSet, RestError> {
    let searched = if place.many {
        find(
            parse,
            place,
            assets,
            (&place.column, &json!({"$exists": true})),
        )
        .await
    } else {
        search(parse, place, assets).await
    };
    match searched {
        // The column is an array whatever the manifest says, or missing: PostgreSQL has no answer to either question.
        Err(RestError::Refused {
            code: 1 | 102 | 111,
            ..
        }) if !place.many => {
            let place = Place {
                many: true,
                ..place.clone()
            };
            Box::pin(held(parse, &place, assets)).await
        }
        Err(error @ RestError::Refused { .. }) => {
            if parse.has_field(&place.class, &place.column).await? {
                Err(error)
            } else {
                Ok(AssetSet::default())
            }
        }
        searched => searched,
    }
}

async fn search(
    parse: &MasterClient,
    place: &Place,
    assets: &AssetSet,
) -> Result<AssetSet, RestError> {
    let mut held = AssetSet::default();
    for asset in assets.iter() {
        let one = AssetSet::from_iter([asset.clone()]);
        let condition = json!({"$regex": pattern(&asset.public_id)});
        let found = find(parse, place, &one, (&place.column, &condition)).await?;
        found.iter().cloned().for_each(|asset| held.insert(asset));
    }
    Ok(held)
}

/// Whether a row's field holds the asset that was written at `since` (in seconds since 1970, by Parse Server's clock) or later.
pub(super) async fn held_since(
    parse: &MasterClient,
    place: &Place,
    asset: &AssetName,
    since: u64,
) -> Result<bool, RestError> {
    let time = i64::try_from(since).ok();
    let time = time.and_then(|time| Timestamp::from_second(time).ok());
    let iso = time.unwrap_or_default().to_string();
    let condition = json!({"$gte": {"__type": "Date", "iso": iso}});
    let one = AssetSet::from_iter([asset.clone()]);
    let held = find(parse, place, &one, ("updatedAt", &condition)).await?;
    Ok(!held.is_empty())
}

/// Reads rows until each asset is found or there are no more.
async fn find(
    parse: &MasterClient,
    place: &Place,
    assets: &AssetSet,
    condition: (&str, &Value),
) -> Result<AssetSet, RestError> {
    let mut held = AssetSet::default();
    let visit = |_: &str, text: &str| {
        assets.each_referred(text, |asset| held.insert(asset.clone()));
        held.len() < assets.len()
    };
    walk(parse, place, condition, visit).await?;
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

/// A regular expression that every text matches that may refer to the public ID. Only letters, digits and a few signs stand for
/// themselves: quoting differs between Parse Server's databases, and one of them takes the pattern into its statement.
fn pattern(public_id: &str) -> String {
    let mut pattern = String::from("(^|/)");
    for character in public_id.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' | '/' => pattern.push(character),
            character if character.is_ascii() => pattern.push('.'),
            // One character is one or two units, as the database counts.
            _ if pattern.ends_with(".*") => {}
            _ => pattern.push_str(".*"),
        }
    }
    pattern.push_str("([.#].*)?$");
    pattern
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_public_id_is_searched_without_a_sign_that_a_database_would_read() {
        for (public_id, expected) in [
            ("users/u1/cat_2-x", "(^|/)users/u1/cat_2-x([.#].*)?$"),
            (
                "a.b(c)+'d''e$[x]*|{2}",
                "(^|/)a.b.c...d..e..x....2.([.#].*)?$",
            ),
            ("ß猫/🐈 x", "(^|/).*/.*.x([.#].*)?$"),
        ] {
            assert_eq!(pattern(public_id), expected);
            let pattern = regex::Regex::new(expected).unwrap();
            for around in [
                "{}",
                "image/upload/v1/{}",
                "image/upload/v1/{}.jpg",
                "image/upload/v1/{}.jpg#0000",
                "x/{}#",
            ] {
                let text = around.replace("{}", public_id);
                assert!(pattern.is_match(&text), "{text}");
            }
        }
    }
}
