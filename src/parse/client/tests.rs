use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};
use wiremock::matchers::{any, header, header_exists, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::parse::hook_name::HookName;

fn client(server: &str) -> RestClient {
    let url = server.parse().unwrap();
    RestClient::new(&url, "app", Duration::from_millis(500)).unwrap()
}

/// What `object` makes of an answer.
async fn object(answer: ResponseTemplate) -> Result<Option<Row>, String> {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let result = client(&server.uri()).object("Photo", "abc", "", None).await;
    result.map_err(|error| error.to_string().replace(&server.uri(), "SERVER"))
}

fn parse_error(status: u16, code: i64) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"code": code, "error": "text"}))
}

#[test]
fn joins_the_mount_path_and_encoded_segments() {
    for (server, segments, expected) in [
        (
            "http://h/parse",
            &["hooks", "functions"][..],
            "http://h/parse/hooks/functions",
        ),
        ("http://h/parse/", &["hooks"], "http://h/parse/hooks"),
        ("http://h:1337", &["serverInfo"], "http://h:1337/serverInfo"),
        ("http://h/a/b/", &["x"], "http://h/a/b/x"),
        (
            "http://h",
            &["classes", "A b", "a/b?c#d%2e\\\n"],
            "http://h/classes/A%20b/a%2Fb%3Fc%23d%252e%5C%0A",
        ),
        ("http://h", &["é", "..."], "http://h/%C3%A9/..."),
    ] {
        assert_eq!(client(server).url(segments).unwrap().as_str(), expected);
    }
}

#[test]
fn refuses_segments_that_urls_eat() {
    for segment in ["", ".", ".."] {
        assert_eq!(client("http://h/parse").url(&["classes", segment]), None);
    }
}

#[test]
fn shows_no_key_and_no_password() {
    let secret = SecretString::from("s3cret");
    let client = client("http://u:s3cret@h/parse")
        .with_rest_api_key(&secret)
        .unwrap();
    assert_eq!(client.server(), "http://u:***@h/parse");
    let master = client.with_master_key(&secret).unwrap();
    assert!(!format!("{master:?}").contains("s3cret"), "{master:?}");
}

#[test]
fn refuses_values_that_no_header_can_carry() {
    let url: Url = "http://h".parse().unwrap();
    for id in ["a\nb", "a\u{e9}", "\0"] {
        assert_eq!(
            RestClient::new(&url, id, Duration::from_secs(1)).unwrap_err(),
            RestError::Header {
                what: "PARSE_SERVER_APPLICATION_ID"
            }
        );
    }
}

#[actix_web::test]
async fn reads_one_row_with_the_callers_session() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/parse/classes/Photo/a%2F%252E"))
        .and(query_param("keys", "picture"))
        .and(header("X-Parse-Application-Id", "app"))
        .and(header("X-Parse-Session-Token", "r:token"))
        .and(header("X-Parse-REST-API-Key", "rest"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"picture": "x"})))
        .mount(&server)
        .await;
    let client = client(&format!("{}/parse", server.uri()));
    let client = client.with_rest_api_key(&"rest".into()).unwrap();
    let token = SecretString::from("r:token");
    let row = client
        .object("Photo", "a/%2E", "picture", Some(&token))
        .await;
    assert_eq!(row.unwrap().unwrap()["picture"].get(), r#""x""#);
}

#[actix_web::test]
async fn keeps_the_text_of_columns_that_no_rust_value_could_hold() {
    let deep = format!("{}{}", "[".repeat(400), "]".repeat(400));
    let body = format!(r#"{{"a":"\ud800","b":1.10,"c":{deep}}}"#);
    let row = object(ResponseTemplate::new(200).set_body_string(body)).await;
    let row = row.unwrap().unwrap();
    assert_eq!(row["a"].get(), r#""\ud800""#);
    assert_eq!(row["b"].get(), "1.10");
    assert_eq!(row["c"].get(), deep);
}

#[actix_web::test]
async fn sends_no_master_key_and_without_a_session_no_token() {
    let server = MockServer::start().await;
    for name in ["X-Parse-Master-Key", "X-Parse-Session-Token"] {
        let mock = Mock::given(header_exists(name)).respond_with(ResponseTemplate::new(500));
        mock.with_priority(1).mount(&server).await;
    }
    let found = ResponseTemplate::new(200).set_body_string("{}");
    Mock::given(any()).respond_with(found).mount(&server).await;
    let row = client(&server.uri()).object("Photo", "abc", "", None).await;
    assert_eq!(row.unwrap().unwrap().len(), 0);
}

#[actix_web::test]
async fn finds_no_row_where_there_is_none_for_this_caller() {
    for answer in [
        parse_error(404, 101),
        parse_error(400, 119),
        parse_error(403, 119),
        parse_error(400, 209),
    ] {
        assert!(object(answer).await.unwrap().is_none());
    }
}

#[actix_web::test]
async fn asks_nobody_for_an_id_that_is_none() {
    let client = client("http://127.0.0.1:1");
    for id in ["", ".", ".."] {
        assert!(
            client
                .object("Photo", id, "", None)
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[actix_web::test]
async fn names_what_keeps_it_from_reading() {
    let unauthorized = || ResponseTemplate::new(403).set_body_string(r#"{"error":"unauthorized"}"#);
    for (answer, expected) in [
        (
            unauthorized(),
            "Parse Server at SERVER answered \"unauthorized\": check PARSE_SERVER_APPLICATION_ID, and if Parse Server has client keys (restAPIKey, javascriptKey, clientKey) set PARSE_SERVER_REST_API_KEY",
        ),
        (
            parse_error(400, 102),
            "Parse Server at SERVER refused: text (code 102)",
        ),
        (
            ResponseTemplate::new(200).set_body_string("[]"),
            "SERVER answered 200 OK, and not as Parse Server does: PARSE_SERVER_URL (or CLOUDINARY_PARSE_SERVER_URL) must end in the path that Parse Server is mounted at, /parse by default",
        ),
        (
            ResponseTemplate::new(200).set_delay(Duration::from_secs(5)),
            "Parse Server at SERVER did not answer within 0.5 s",
        ),
    ] {
        assert_eq!(object(answer).await.unwrap_err(), expected);
    }
}

#[actix_web::test]
async fn gives_up_on_a_server_that_accepts_and_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let error = client(&url)
        .object("Photo", "abc", "", None)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("Parse Server at {url} did not answer within 0.5 s")
    );
}

#[actix_web::test]
async fn names_hooks_in_paths_by_encoded_segments() {
    let server = MockServer::start().await;
    let done = ResponseTemplate::new(200).set_body_json(json!({}));
    Mock::given(any()).respond_with(done).mount(&server).await;
    let master = client(&server.uri())
        .with_master_key(&"key".into())
        .unwrap();
    let trigger = HookName::trigger("A/B", "beforeSave");
    let function = HookName::function("a b");
    for name in [trigger, function] {
        master.delete_hook(&name).await.unwrap();
    }
    let requests = server.received_requests().await.unwrap();
    let seen: Vec<_> = requests
        .iter()
        .map(|request| {
            let body: Value = request.body_json().unwrap();
            format!("{} {} {body}", request.method, request.url.path())
        })
        .collect();
    assert_eq!(
        seen,
        [
            r#"PUT /hooks/triggers/A%2FB/beforeSave {"__op":"Delete"}"#,
            r#"PUT /hooks/functions/a%20b {"__op":"Delete"}"#,
        ]
    );
}

#[actix_web::test]
async fn reads_a_refusal_that_comes_before_the_body_and_closes_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        for _ in 0..20 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
            while !head.next().unwrap().unwrap().is_empty() {}
            let answer = "HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let client = client(&url);
    for _ in 0..20 {
        let taken = client.takes_body_of(5 << 20, Duration::from_secs(30));
        assert_eq!(taken.await, Ok(false));
    }
    server.join().unwrap();
}

#[actix_web::test]
async fn sends_the_whole_body_to_a_server_that_does_not_refuse_its_length() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(400))
        .mount(&server)
        .await;
    let client = client(&server.uri());
    let taken = client.takes_body_of(5 << 20, Duration::ZERO).await;
    assert_eq!(taken, Ok(true));
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].headers["content-length"], "5242880");
    assert_eq!(requests[0].body.len(), 5 << 20);
}
