use wiremock::ResponseTemplate;

use super::*;
use crate::assets::place::places;
use crate::queue::doubles::{Doubles, answer};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n";

/// How many rows a search finds if Parse Server answers so.
async fn found(public_id: &str, with: ResponseTemplate) -> Result<Option<usize>, String> {
    let doubles = Doubles::start().await;
    doubles.parse_answers("GET", "/classes/Photo", with).await;
    let plan = doubles.plan(PHOTO);
    let place = &places(&plan.classes)[0];
    let rows = search(&plan.parse, place, public_id).await;
    let server = doubles.parse.uri();
    rows.map(|rows| rows.map(|rows| rows.len()))
        .map_err(|error| error.to_string().replace(&server, "S"))
}

fn rows(count: u64, shown: usize) -> ResponseTemplate {
    let rows = vec![json!({"objectId": "1", "picture": "x"}); shown];
    answer(200, json!({"results": rows, "count": count}))
}

#[tokio::test]
async fn a_search_is_believed_if_every_row_that_it_counts_is_shown() {
    for (count, shown, expected) in [(0, 0, Some(0)), (2, 2, Some(2)), (2, 1, None), (1, 2, None)] {
        let found = found("a", rows(count, shown)).await;
        assert_eq!(found, Ok(expected), "{count} {shown}");
    }
    assert_eq!(found(&" ".repeat(255), rows(0, 0)).await, Ok(None));
}

#[tokio::test]
async fn a_search_that_is_refused_has_no_answer_and_an_outage_is_an_error() {
    let refused = answer(400, json!({"code": 102, "error": "no regex here"}));
    assert_eq!(found("a", refused).await, Ok(None));
    let text = "Parse Server at S is not available: its proxy answered 503 Service Unavailable";
    let down = found("a", ResponseTemplate::new(503)).await;
    assert_eq!(down, Err(text.to_owned()));
}

#[test]
fn only_a_column_of_type_string_is_searched() {
    let fields = json!({"picture": {"type": "String"}, "list": {"type": "Array"}, "meta": {"type": "Object"}});
    let schema: Schema =
        serde_json::from_value(json!({"className": "Photo", "fields": fields})).unwrap();
    for (field, expected) in [
        ("picture", true),
        ("list", false),
        ("meta", false),
        ("missing", false),
    ] {
        let class = format!("class = \"Photo\"\n[fields.{field}]\n");
        let classes = crate::manifest::parse(&[("Photo.toml", &class)])
            .unwrap()
            .classes;
        assert_eq!(is_text(&schema, &places(&classes)[0]), expected, "{field}");
    }
}
