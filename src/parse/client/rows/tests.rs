use std::sync::Mutex;
use std::time::Duration;

use secrecy::SecretString;
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::*;
use crate::parse::client::RestClient;

/// Answers pages one after the other, and errors by their texts.
struct Pages(Mutex<Vec<ResponseTemplate>>);

impl Respond for Pages {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let mut pages = self.0.lock().unwrap();
        pages.remove(0)
    }
}

async fn parse_server(fields: Value, pages: Vec<ResponseTemplate>) -> (MockServer, MasterClient) {
    let server = MockServer::start().await;
    let schema = json!({"className": "Photo", "fields": fields});
    Mock::given(path("/schemas/Photo"))
        .respond_with(ResponseTemplate::new(200).set_body_json(schema))
        .mount(&server)
        .await;
    Mock::given(path("/aggregate/Photo"))
        .respond_with(Pages(Mutex::new(pages)))
        .mount(&server)
        .await;
    let url = server.uri().parse().unwrap();
    let client = RestClient::new(&url, "app", Duration::from_secs(20)).unwrap();
    let client = client.with_master_key(&SecretString::from("m")).unwrap();
    (server, client)
}

fn page(rows: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "results": rows }))
}

fn picture() -> Value {
    json!({"picture": {"type": "String"}})
}

async fn pipelines(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    let asked = requests
        .iter()
        .filter(|r| r.url.path().starts_with("/aggregate"));
    asked
        .map(|request| {
            let pairs: Vec<_> = request.url.query_pairs().into_owned().collect();
            let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["pipeline", "rawValues", "rawFieldNames"]);
            serde_json::from_str(&pairs[0].1).unwrap()
        })
        .collect()
}

async fn ids(rows: &mut Rows, parse: &MasterClient) -> Result<Vec<String>, String> {
    let mut ids = Vec::new();
    loop {
        match rows.next(parse).await {
            Ok(Some(page)) => ids.extend(page.into_iter().map(|(id, _)| id)),
            Ok(None) => return Ok(ids),
            Err(error) => return Err(error.to_string().replace(&parse.server(), "SERVER")),
        }
    }
}

#[tokio::test]
async fn one_row_is_asked_for_with_comparisons_alone() {
    let pages = vec![
        page(&json!([{"objectId": "b", "picture": "x"}])),
        page(&json!([])),
    ];
    let (server, parse) = parse_server(picture(), pages).await;
    let mut rows = Rows::of("Photo", ["picture"]).only("b".to_owned());
    assert_eq!(ids(&mut rows, &parse).await, Ok(vec!["b".to_owned()]));
    let filters: Vec<_> = pipelines(&server)
        .await
        .iter()
        .map(|stages| stages[0]["$match"].clone())
        .collect();
    let expected = [
        json!({"objectId": {"$gte": "b", "$lte": "b"}}),
        json!({"objectId": {"$gt": "b", "$gte": "b", "$lte": "b"}}),
    ];
    assert_eq!(filters, expected);
}

#[tokio::test]
async fn reads_page_by_page_until_there_are_no_more() {
    let pages = vec![
        page(&json!([{"objectId": "a", "picture": "x"}, {"objectId": "b"}])),
        page(&json!([{"objectId": "c", "friends": {"__type": "Relation"}}])),
        page(&json!([])),
    ];
    let fields = json!({"picture": {"type": "String"}, "friends": {"type": "Relation"}});
    let (server, parse) = parse_server(fields, pages).await;
    // Neither a relation nor a column that does not exist can be asked for.
    let mut rows = Rows::of("Photo", ["picture", "friends", "gone"]).written_since(1_700_000_000);
    assert_eq!(ids(&mut rows, &parse).await.unwrap(), ["a", "b", "c"]);
    let since = json!({"$gte": "2023-11-14T22:13:20Z"});
    let rest = |limit| {
        json!([{"$sort": {"_id": 1}}, {"$limit": limit}, {"$addFields": {"objectId": "$_id"}}, {"$sort": {"objectId": 1}},
            {"$project": {"objectId": 1, "picture": 1}}])
    };
    let expected = [
        (json!({"updatedAt": since}), 100),
        (json!({"objectId": {"$gt": "b"}, "updatedAt": since}), 1000),
        (json!({"objectId": {"$gt": "c"}, "updatedAt": since}), 1000),
    ]
    .map(|(filter, limit)| {
        let mut stages = rest(limit);
        stages
            .as_array_mut()
            .unwrap()
            .insert(0, json!({"$match": filter}));
        stages
    });
    assert_eq!(pipelines(&server).await, expected);
}

#[tokio::test]
async fn long_rows_make_short_pages() {
    let long = "x".repeat(1 << 20);
    let row = |id: &str| json!({"objectId": id, "picture": long});
    let pages = vec![
        page(&json!([row("a"), row("b")])),
        page(&json!([{"objectId": "c"}])),
        page(&json!([])),
    ];
    let (server, parse) = parse_server(picture(), pages).await;
    let mut rows = Rows::of("Photo", ["picture"]);
    assert_eq!(ids(&mut rows, &parse).await.unwrap().len(), 3);
    let pipelines = pipelines(&server).await;
    assert_eq!(pipelines[1][2]["$limit"], 3);
}

#[tokio::test]
async fn a_page_that_is_too_long_is_asked_for_in_parts() {
    let row = format!(
        r#"{{"results":[{{"objectId":"a","picture":"{}"}}]}}"#,
        "x".repeat(64 << 20)
    );
    let answer = ResponseTemplate::new(200).set_body_string(row);
    let pages = vec![
        answer.clone(),
        page(&json!([{"objectId": "a"}])),
        page(&json!([])),
    ];
    let (server, parse) = parse_server(picture(), pages).await;
    let mut rows = Rows::of("Photo", ["picture"]);
    assert_eq!(ids(&mut rows, &parse).await.unwrap(), ["a"]);
    assert_eq!(pipelines(&server).await[1][1]["$limit"], 13);

    let (server, parse) = parse_server(picture(), vec![answer; 4]).await;
    let error = ids(&mut Rows::of("Photo", ["picture"]), &parse)
        .await
        .unwrap_err();
    assert_eq!(error, "Parse Server at SERVER answers more than 64 MiB");
    let limits = pipelines(&server).await;
    let limits: Vec<_> = limits
        .iter()
        .map(|stages| stages[1]["$limit"].clone())
        .collect();
    assert_eq!(limits, [100, 13, 2, 1]);
}

#[tokio::test]
async fn a_class_that_does_not_exist_has_no_rows() {
    let server = MockServer::start().await;
    let missing = json!({"code": 103, "error": "Class Photo does not exist."});
    Mock::given(any())
        .respond_with(ResponseTemplate::new(400).set_body_json(missing))
        .expect(1)
        .mount(&server)
        .await;
    let url = server.uri().parse().unwrap();
    let client = RestClient::new(&url, "app", Duration::from_secs(5)).unwrap();
    let client = client.with_master_key(&SecretString::from("m")).unwrap();
    assert_eq!(
        ids(&mut Rows::of("Photo", ["picture"]), &client)
            .await
            .unwrap(),
        [""; 0]
    );
}

#[tokio::test]
async fn an_answer_that_is_not_the_rows_asked_for_is_no_answer() {
    let again = "Photo: Parse Server at SERVER answered the row a again, although later ones were asked for";
    for (pages, expected) in [
        (vec![json!([{"objectId": "a"}, {"objectId": "a"}])], again),
        // Paging that does not page would hide rows.
        (
            vec![json!([{"objectId": "a"}]), json!([{"objectId": "a"}])],
            again,
        ),
        (
            vec![
                json!([{"objectId": "a"}, {"objectId": "b"}]),
                json!([{"objectId": "c"}, {"objectId": "a"}]),
            ],
            again,
        ),
        (
            vec![json!([{"picture": "x"}])],
            "Photo: Parse Server at SERVER answered a row without an objectId",
        ),
        (
            vec![json!([{"objectId": 5}])],
            "Photo: Parse Server at SERVER answered a row without an objectId",
        ),
        (
            vec![json!([{"objectId": "a", "createdAt": "2020-01-01T00:00:00.000Z"}])],
            "Photo: Parse Server at SERVER answered the row a as a beforeFind trigger has it, not as it is stored",
        ),
        (
            vec![json!([null])],
            "SERVER answered 200 OK, and not as Parse Server does: PARSE_SERVER_URL (or CLOUDINARY_PARSE_SERVER_URL) must end in the path that Parse Server is mounted at, /parse by default",
        ),
    ] {
        let pages = pages.iter().map(page).collect();
        let (_server, parse) = parse_server(picture(), pages).await;
        let error = ids(&mut Rows::of("Photo", ["picture"]), &parse)
            .await
            .unwrap_err();
        assert_eq!(error, expected);
    }
}

#[tokio::test]
async fn goes_on_where_it_failed() {
    let pages = vec![
        page(&json!([{"objectId": "a"}])),
        ResponseTemplate::new(502),
        page(&json!([{"objectId": "b"}])),
        page(&json!([])),
    ];
    let (server, parse) = parse_server(picture(), pages).await;
    let mut rows = Rows::of("Photo", ["picture"]).after(Some("Z".to_owned()));
    assert_eq!(
        ids(&mut rows, &parse).await.unwrap_err(),
        "Parse Server at SERVER is not available: its proxy answered 502 Bad Gateway"
    );
    assert_eq!(ids(&mut rows, &parse).await.unwrap(), ["b"]);
    let asked = pipelines(&server).await;
    let after: Vec<_> = asked
        .iter()
        .map(|stages| stages[0]["$match"]["objectId"]["$gt"].clone())
        .collect();
    assert_eq!(after, ["Z", "a", "a", "b"]);
}

#[tokio::test]
async fn rows_that_nobody_has_put_into_order_are_no_answer() {
    // Both are orders of PostgreSQL's, the second one with a row that a language's rules put
    // elsewhere.
    let bytes = ["A1", "B1", "C1", "D1", "a2", "b2", "c2", "d2"];
    let language = ["a1", "A2", "b1", "B2", "c-1", "C0", "d1", "D2"];
    let unordered = ["d1", "a1", "c1", "B1", "e1", "A1", "D1", "b1"];
    for (ids_of_page, is_answer) in [(bytes, true), (language, true), (unordered, false)] {
        let rows: Vec<_> = ids_of_page
            .iter()
            .map(|id| json!({"objectId": id}))
            .collect();
        let pages = vec![page(&json!(rows)), page(&json!([]))];
        let (_server, parse) = parse_server(picture(), pages).await;
        let read = ids(&mut Rows::of("Photo", ["picture"]), &parse).await;
        let expected = if is_answer {
            Ok(ids_of_page.map(str::to_owned).to_vec())
        } else {
            Err("Photo: Parse Server at SERVER answered its rows out of order".to_owned())
        };
        assert_eq!(read, expected);
    }
}
