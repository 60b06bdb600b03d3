//! `delivery_url` functions.

use std::time::Duration;

use cloudinary_parse::hooks::ParseServer;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::app::{App, and, bare, call_by, deployment, settings, signed};

const BY_IDENTIFIER: &str = r#"
function = "url"
action = "delivery_url"
[accept]
crop = ["fill", "fit"]
width = true
height = true
gravity = true
"#;

const BY_ROW: &str = r#"
function = "thumbnail"
action = "delivery_url"
class = "Photo"
field = "picture"
[url]
crop = "fill"
width = 150
height = 100
gravity = "face"
"#;

fn url(params: Value) -> Value {
    App::with(&[BY_IDENTIFIER]).call("url", &call_by("u1", params))
}

#[test]
fn builds_the_url_of_an_identifier_with_the_options_of_the_caller() {
    let params = json!({
        "identifier": "image/upload/v5/a/cat.jpg",
        "options": {"crop": "fill", "width": 150, "height": 100, "gravity": "face"},
    });
    let expected =
        "https://res.cloudinary.com/demo/image/upload/c_fill,g_face,h_100,w_150/v5/a/cat.jpg";
    assert_eq!(url(params), json!({"success": {"url": expected}}));
    let plain = url(json!({"identifier": "raw/upload/v5/a.pdf"}));
    assert_eq!(
        plain,
        json!({"success": {"url": "https://res.cloudinary.com/demo/raw/upload/v5/a.pdf"}})
    );
}

#[test]
fn refuses_what_is_no_bare_public_identifier() {
    let text = "identifier: expected one such as image/upload/v1700000000/cat.jpg";
    for (params, text) in [
        (json!({}), text),
        (json!({"identifier": null}), text),
        (json!({"identifier": 5}), text),
        (
            json!({"identifier": ""}),
            "identifier: expected resource_type/type/vVERSION/public_id",
        ),
        (
            json!({"identifier": "cat.jpg"}),
            "identifier: expected resource_type/type/vVERSION/public_id",
        ),
        (
            json!({"identifier": signed("cat", 5)}),
            "identifier: expected a bare one, without #signature",
        ),
        (
            json!({"identifier": "image/private/v5/cat.jpg"}),
            "identifier: expected type upload",
        ),
        (
            json!({"identifier": "image/authenticated/v5/cat.jpg"}),
            "identifier: expected type upload",
        ),
        (
            json!({"identifier": "image/upload/v5/cat.jpg", "x": 1}),
            "x: not accepted, expected only identifier and options",
        ),
    ] {
        assert_eq!(url(params.clone()), json!({ "error": text }), "{params}");
    }
}

#[test]
fn refuses_options_that_the_manifest_does_not_accept_by_name() {
    for (options, text) in [
        (
            json!({"effect": "sepia"}),
            "options.effect: not accepted, expected only crop, width, height, gravity",
        ),
        (
            json!({"sign_url": true}),
            "options.sign_url: not accepted, expected only crop, width, height, gravity",
        ),
        (json!("x"), "options: expected an object"),
        (json!([]), "options: expected an object"),
    ] {
        let params = json!({"identifier": "image/upload/v5/cat.jpg", "options": options});
        assert_eq!(url(params.clone()), json!({ "error": text }), "{params}");
    }
    let params = json!({"identifier": "image/upload/v5/cat.jpg", "options": {"crop": "crop"}});
    let answer = url(params);
    assert!(
        answer["error"].as_str().unwrap().contains("crop: expected"),
        "{answer}"
    );
}

#[test]
fn needs_a_session() {
    let app = App::with(&[BY_IDENTIFIER]);
    let body = json!({"params": {"identifier": "image/upload/v5/cat.jpg"}, "master": true});
    assert_eq!(
        app.call("url", &body),
        json!({"error": "Needs an authenticated user"})
    );
}

/// A service whose Parse Server has one row to show to one session.
struct Rows {
    runtime: tokio::runtime::Runtime,
    parse_server: MockServer,
}

impl Rows {
    fn new(answer: ResponseTemplate) -> Rows {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let parse_server = runtime.block_on(async {
            let server = MockServer::start().await;
            Mock::given(method("GET"))
                .and(path("/parse/classes/Photo/p1"))
                .and(header("X-Parse-Application-Id", "app"))
                .and(header("X-Parse-Session-Token", "r:secret"))
                .respond_with(answer)
                .mount(&server)
                .await;
            server
        });
        Rows {
            runtime,
            parse_server,
        }
    }

    fn with_row(row: &Value) -> Rows {
        Rows::new(ResponseTemplate::new(200).set_body_json(row))
    }

    fn client(&self) -> ParseServer {
        let url = format!("{}/parse", self.parse_server.uri())
            .parse()
            .unwrap();
        ParseServer::new(&url, "app", Duration::from_secs(5)).unwrap()
    }

    fn call(&self, params: Value) -> Value {
        let app = App::with_parse_server(&[BY_ROW], self.client());
        app.call("thumbnail", &call_by("u1", params))
    }

    fn asked(&self) -> usize {
        let requests = self.runtime.block_on(self.parse_server.received_requests());
        requests.unwrap_or_default().len()
    }
}

#[test]
fn reads_the_row_with_the_session_of_the_caller() {
    for (stored, expected) in [
        (
            "image/upload/v5/cat.jpg",
            "image/upload/c_fill,g_face,h_100,w_150/v5/cat.jpg",
        ),
        (
            &*signed("cat", 5),
            "image/upload/c_fill,g_face,h_100,w_150/v5/cat.jpg",
        ),
    ] {
        let rows = Rows::with_row(&json!({"objectId": "p1", "picture": stored}));
        let url = format!("https://res.cloudinary.com/demo/{expected}");
        assert_eq!(
            rows.call(json!({"objectId": "p1"})),
            json!({"success": {"url": url}})
        );
    }
}

#[test]
fn of_a_field_with_many_it_takes_the_first() {
    let url = "https://res.cloudinary.com/demo/image/upload/c_fill,g_face,h_100,w_150/v5/cat.jpg";
    let refused = json!({"error": "image lookup failed"});
    for (stored, expected) in [
        (
            json!([bare("cat", 5), bare("dog", 6)]),
            json!({"success": {"url": url}}),
        ),
        (json!([]), refused.clone()),
        (json!([5, bare("cat", 5)]), refused.clone()),
        (json!([[bare("cat", 5)]]), refused.clone()),
        (json!({"0": bare("cat", 5)}), refused),
    ] {
        let rows = Rows::with_row(&json!({"objectId": "p1", "picture": stored}));
        assert_eq!(rows.call(json!({"objectId": "p1"})), expected, "{stored}");
    }
}

#[test]
fn signs_the_url_of_a_private_picture() {
    let rows = Rows::with_row(&json!({"picture": "image/private/v5/cat.jpg"}));
    let answer = rows.call(json!({"objectId": "p1"}));
    let url = answer["success"]["url"].as_str().unwrap();
    let (start, rest) = url.split_once("/s--").unwrap();
    assert_eq!(start, "https://res.cloudinary.com/demo/image/private");
    assert_eq!(&rest[8..], "--/c_fill,g_face,h_100,w_150/v5/cat.jpg");
}

#[test]
fn a_row_without_a_usable_picture_is_a_failed_lookup() {
    for row in [
        json!({"objectId": "p1"}),
        json!({"picture": null}),
        json!({"picture": 5}),
        json!({"picture": ""}),
        json!({"picture": "cat.jpg"}),
        json!({"picture": []}),
    ] {
        let answer = Rows::with_row(&row).call(json!({"objectId": "p1"}));
        assert_eq!(answer, json!({"error": "image lookup failed"}), "{row}");
    }
}

#[test]
fn a_row_that_cannot_be_read_is_a_failed_lookup() {
    let not_found = json!({"code": 101, "error": "Object not found."});
    for answer in [
        ResponseTemplate::new(404).set_body_json(&not_found),
        ResponseTemplate::new(500).set_body_string("x"),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let answer = Rows::new(answer).call(json!({"objectId": "p1"}));
        assert_eq!(answer, json!({"error": "image lookup failed"}));
    }
}

#[test]
fn an_object_id_that_is_none_is_not_asked_for() {
    let rows = Rows::with_row(&json!({"picture": "image/upload/v5/cat.jpg"}));
    let long = "a".repeat(65);
    for id in [
        json!(null),
        json!(5),
        json!(""),
        json!("../p1"),
        json!("p1/../p1"),
        json!("p1?x=y"),
        json!("p1#"),
        json!(" p1"),
        json!({"$ne": "x"}),
        json!(long),
    ] {
        let answer = rows.call(json!({ "objectId": id }));
        assert_eq!(answer, json!({"error": "image lookup failed"}), "{id}");
    }
    assert_eq!(rows.asked(), 0);
}

#[test]
fn options_of_a_row_are_refused_where_the_manifest_accepts_none() {
    let rows = Rows::with_row(&json!({"picture": "image/upload/v5/cat.jpg"}));
    let answer = rows.call(json!({"objectId": "p1", "options": {"width": 5}}));
    assert_eq!(
        answer,
        json!({"error": "options.width: not accepted, expected no options"})
    );
}

#[test]
fn a_parse_server_that_does_not_answer_in_time_is_a_503() {
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(20));
    let rows = Rows::new(slow);
    let mut settings = settings();
    settings.answer_timeout = Duration::from_millis(300);
    let mut deployment = deployment(&[BY_ROW]);
    let url = format!("{}/parse", rows.parse_server.uri())
        .parse()
        .unwrap();
    deployment.parse_server = Some(ParseServer::new(&url, "app", Duration::from_secs(15)).unwrap());
    let app = App::start(settings, deployment);
    let body = and(call_by("u1", json!({"objectId": "p1"})), json!({}));
    let answer = app.post("/functions/thumbnail", &body.to_string());
    assert_eq!(
        (answer.status, &*answer.body),
        (503, r#"{"error":"timed out, try again"}"#)
    );
}
