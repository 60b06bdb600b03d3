//! Tries against doubles of Parse Server, whose class has one row or none, and of Cloudinary.

use serde_json::{Value, json};
use wiremock::matchers::{path, query_param_contains};
use wiremock::{Mock, ResponseTemplate};

use super::*;
use crate::queue::doubles::{Doubles, answer};
use crate::queue::failure::Cause;

const PHOTO: &str =
    "class = \"Photo\"\n[fields.picture]\nmoderation_field = \"status\"\nsync = true\n";

/// A column that no search finds anything in: every row is read.
async fn photos(row: Option<&str>) -> Doubles {
    let doubles = Doubles::start().await;
    doubles
        .has_class(json!({"picture": {"type": "Array"}}))
        .await;
    let results = row.map(|text| json!({"objectId": "1", "picture": text}));
    let results: Vec<Value> = results.into_iter().collect();
    let first = answer(200, json!({"results": results}));
    Mock::given(path("/aggregate/Photo"))
        .and(query_param_contains("pipeline", "$gt"))
        .respond_with(answer(200, json!({"results": []})))
        .mount(&doubles.parse)
        .await;
    doubles
        .parse_answers("GET", "/aggregate/Photo", first)
        .await;
    doubles
}

const CAT: &str = "image/upload/v1/a.jpg";

fn verdict() -> NotificationEvent {
    NotificationEvent::Moderated {
        asset: "image/upload/a".parse().unwrap(),
        status: Moderation::Rejected,
        at: 1,
        whole: true,
    }
}

fn renamed() -> NotificationEvent {
    NotificationEvent::Renamed {
        from: "image/upload/a".parse().unwrap(),
        to: "image/upload/b".parse().unwrap(),
    }
}

fn deleted() -> NotificationEvent {
    NotificationEvent::Deleted {
        asset: "image/upload/a".parse().unwrap(),
    }
}

/// What a try comes to: the outcome, or the cause and text of its failure.
async fn tried(
    doubles: &Doubles,
    class: &str,
    notice: &NotificationEvent,
    tries: usize,
) -> (Result<&'static str, (Cause, String)>, Health) {
    let (health, limit) = (Health::new(), RateLimit::default());
    let plan = doubles.plan(class);
    let result = attempt(notice, &plan, &limit, &health, tries, 1_000).await;
    (
        result.map_err(|failure| (failure.cause, failure.error)),
        health,
    )
}

fn waits(text: &str) -> Result<&'static str, (Cause, String)> {
    Err((Cause::Outage, text.to_owned()))
}

#[tokio::test]
async fn a_verdict_that_no_row_awaits_yet_is_tried_seven_times() {
    let doubles = photos(None).await;
    for tries in [1, 6] {
        let outcome = tried(&doubles, PHOTO, &verdict(), tries).await.0;
        assert_eq!(outcome, waits("no row holds the asset yet"), "{tries}");
    }
    assert_eq!(tried(&doubles, PHOTO, &verdict(), 7).await.0, Ok("unseen"));
    assert_eq!(tried(&doubles, PHOTO, &deleted(), 1).await.0, Ok("unseen"));
    assert_eq!(tried(&doubles, PHOTO, &renamed(), 1).await.0, Ok("unseen"));
}

#[tokio::test]
async fn nothing_is_asked_about_what_no_field_wants() {
    let doubles = Doubles::start().await;
    let keep = "class = \"Photo\"\n[fields.picture]\nsync = true\n";
    assert_eq!(tried(&doubles, keep, &verdict(), 1).await.0, Ok("unseen"));
    let asked = doubles.parse.received_requests().await.unwrap();
    assert_eq!(asked.len(), 0);
}

#[tokio::test]
async fn a_rename_that_cloudinary_does_not_show_is_tried_seven_times() {
    let doubles = photos(Some(CAT)).await;
    for tries in [1, 6] {
        let outcome = tried(&doubles, PHOTO, &renamed(), tries).await.0;
        assert_eq!(outcome, waits("Cloudinary does not show it yet"), "{tries}");
    }
    assert_eq!(tried(&doubles, PHOTO, &renamed(), 7).await.0, Ok("unseen"));
}

#[tokio::test]
async fn what_cloudinary_denies_changes_no_row() {
    let doubles = photos(Some(CAT)).await;
    let there = answer(200, json!({"public_id": "a", "version": 1, "bytes": 9}));
    doubles
        .cloudinary_answers("GET", "/resources/image/upload/a", there)
        .await;
    assert_eq!(tried(&doubles, PHOTO, &deleted(), 1).await.0, Ok("unseen"));
    let writes = doubles.asked_of_parse().await;
    assert!(
        !writes.iter().any(|asked| asked.starts_with("PUT")),
        "{writes:?}"
    );
}

#[tokio::test]
async fn an_outage_of_cloudinary_s_is_noted_and_a_refusal_is_not() {
    for (status, cause, noted) in [(500, Cause::Outage, true), (400, Cause::Refusal, false)] {
        let doubles = photos(Some(CAT)).await;
        let error = answer(status, json!({"error": {"message": "no"}}));
        doubles
            .cloudinary_answers("GET", "/resources/image/upload/a", error)
            .await;
        let (outcome, health) = tried(&doubles, PHOTO, &deleted(), 1).await;
        let (found, text) = outcome.unwrap_err();
        assert_eq!(found, cause);
        let trouble = health.trouble(Dependency::Cloudinary);
        assert_eq!(trouble, noted.then_some(text));
        assert_eq!(health.trouble(Dependency::ParseServer), None);
    }
}

/// What a verdict comes to if Parse Server answers its write so.
async fn written(answer: ResponseTemplate) -> (Result<&'static str, (Cause, String)>, Health) {
    let doubles = photos(Some(CAT)).await;
    doubles
        .parse_answers("PUT", "/classes/Photo/1", answer)
        .await;
    let (outcome, health) = tried(&doubles, PHOTO, &verdict(), 1).await;
    let asked = doubles.asked_of_parse().await;
    assert_eq!(asked.last().unwrap(), "PUT /classes/Photo/1");
    let server = doubles.parse.uri();
    let outcome = outcome.map_err(|(cause, text)| (cause, text.replace(&server, "S")));
    (outcome, health)
}

fn error(code: i64, text: &str) -> ResponseTemplate {
    answer(400, json!({"code": code, "error": text}))
}

#[tokio::test]
async fn a_client_that_was_faster_ends_a_write_and_another_refusal_fails_it() {
    let done = answer(200, json!({"updatedAt": "2026-01-01T00:00:00.000Z"}));
    assert_eq!(written(done).await.0, Ok("followed"));
    let gone = error(101, "Object not found.");
    assert_eq!(written(gone).await.0, Ok("followed"));
    let overtaken = error(141, &format!("Photo.picture: {OVERTAKEN}"));
    assert_eq!(written(overtaken).await.0, Ok("followed"));
    let (outcome, health) = written(error(141, "no")).await;
    let text = "Parse Server at S refused: no (code 141)".to_owned();
    assert_eq!(outcome, Err((Cause::Refusal, text)));
    assert_eq!(health.trouble(Dependency::ParseServer), None);
}

#[tokio::test]
async fn parse_server_s_outage_is_noted() {
    let (outcome, health) = written(ResponseTemplate::new(503)).await;
    let text = "Parse Server at S is not available: its proxy answered 503 Service Unavailable";
    assert_eq!(outcome, waits(text));
    assert!(health.trouble(Dependency::ParseServer).is_some());
}

#[tokio::test]
async fn while_a_rate_limit_is_known_no_row_is_read() {
    let doubles = photos(Some(CAT)).await;
    let (health, limit) = (Health::new(), RateLimit::default());
    let full = crate::cloudinary::client::ApiError::RateLimited {
        api: String::new(),
        reset: None,
    };
    limit.failure(&full, 1_000);
    let plan = doubles.plan(PHOTO);
    let result = attempt(&verdict(), &plan, &limit, &health, 1, 1_059).await;
    assert_eq!(result.unwrap_err().not_before, 1_060);
    assert_eq!(doubles.asked_of_parse().await, [""; 0]);
}
