use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param_contains};
use wiremock::{Mock, Request, Respond, ResponseTemplate};

use super::*;
use crate::assets::place::places;
use crate::queue::doubles::{Doubles, answer};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n";

/// `/classes` as it is without triggers: what a search finds, or how many rows there are.
struct Classes {
    texts: Vec<&'static str>,
    rows: u64,
}

impl Respond for Classes {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let query: Vec<_> = request.url.query_pairs().into_owned().collect();
        let filter = query.iter().find(|(name, _)| name == "where").unwrap();
        if !filter.1.contains("$regex") {
            return answer(200, json!({"results": [], "count": self.rows}));
        }
        let shown: Vec<Value> = self
            .texts
            .iter()
            .map(|text| json!({ "picture": text }))
            .collect();
        answer(200, json!({"results": shown, "count": shown.len()}))
    }
}

/// A class with `rows` rows, of which a search finds these, and a walk those.
async fn class(column: &str, rows: u64, searched: &[&'static str], walked: &[&str]) -> Doubles {
    let doubles = Doubles::start().await;
    doubles
        .has_class(json!({"picture": {"type": column}}))
        .await;
    let found = Classes {
        texts: searched.to_vec(),
        rows,
    };
    Mock::given(path("/classes/Photo"))
        .respond_with(found)
        .mount(&doubles.parse)
        .await;
    let (total, end) = (json!([{"total": 9}]), json!([]));
    let row =
        |(index, text): (usize, &&str)| json!({"objectId": index.to_string(), "picture": text});
    let page: Value = walked.iter().enumerate().map(row).collect();
    for (part, results) in [("$group", total), ("$gt", end), ("$project", page)] {
        Mock::given(method("GET"))
            .and(path("/aggregate/Photo"))
            .and(query_param_contains("pipeline", part))
            .respond_with(answer(200, json!({ "results": results })))
            .mount(&doubles.parse)
            .await;
    }
    doubles
}

/// The public IDs that are taken for referred, and how often a walk began.
async fn taken(doubles: &Doubles, assets: &[&str]) -> (Vec<String>, usize) {
    let plan = doubles.plan(PHOTO);
    let named = assets
        .iter()
        .map(|id| format!("image/upload/{id}").parse().unwrap());
    let mut open: AssetSet = named.collect();
    let places = places(&plan.classes);
    let taken = take_referred(&plan.parse, &places, &mut open);
    let mut taken: Vec<_> = taken
        .await
        .unwrap()
        .into_iter()
        .map(|a| a.public_id)
        .collect();
    taken.sort();
    assert_eq!(open.len(), assets.len() - taken.len());
    let asked = doubles.parse.received_requests().await.unwrap();
    let walks = asked.iter().filter(|request| {
        let query = request.url.query().unwrap_or_default();
        query.contains("project") && !query.contains("gt")
    });
    (taken, walks.count())
}

const A: &str = "image/upload/v1/a.jpg";

#[tokio::test]
async fn one_or_two_assets_are_searched_for_and_more_are_walked_for() {
    let doubles = class("String", 9, &[A], &[A]).await;
    assert_eq!(taken(&doubles, &["a"]).await, (vec!["a".to_owned()], 0));
    let doubles = class("String", 9, &[], &[A]).await;
    assert_eq!(taken(&doubles, &["a", "b"]).await, (vec![], 0));
    let doubles = class("String", 9, &[], &[A]).await;
    assert_eq!(
        taken(&doubles, &["a", "b", "c"]).await,
        (vec!["a".to_owned()], 1)
    );
}

#[tokio::test]
async fn what_cannot_be_searched_or_believed_is_walked() {
    for (column, rows, searched) in [
        ("Array", 9, &[][..]),
        ("String", 8, &[]),
        ("String", 10, &[]),
        ("String", 9, &["masked"]),
    ] {
        let doubles = class(column, rows, searched, &["x", A]).await;
        let found = taken(&doubles, &["a"]).await;
        assert_eq!(
            found,
            (vec!["a".to_owned()], 1),
            "{column} {rows} {searched:?}"
        );
    }
}

#[tokio::test]
async fn a_class_without_the_column_or_without_rows_refers_to_nothing() {
    let doubles = class("String", 9, &[], &[]).await;
    assert_eq!(taken(&doubles, &["a", "b", "c"]).await, (vec![], 1));
    let doubles = Doubles::start().await;
    doubles
        .has_class(json!({"other": {"type": "String"}}))
        .await;
    assert_eq!(taken(&doubles, &["a"]).await, (vec![], 0));
    assert_eq!(doubles.asked_of_parse().await, ["GET /schemas/Photo"]);
}
