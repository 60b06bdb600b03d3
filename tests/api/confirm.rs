//! Fields with `confirm = true`, against a double of Cloudinary's Admin API.

use std::time::{Duration, Instant};

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::hooks::Cloudinary;
use serde_json::{Value, json};
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::app::{App, SECRET, bare, create, deployment, settings, signed, update};

const V: u64 = 1_700_000_000;

/// A service whose Cloudinary is a double.
struct Rig {
    app: App,
    cloudinary: MockServer,
    runtime: tokio::runtime::Runtime,
}

impl Rig {
    fn with(field: &str, answer: ResponseTemplate) -> Rig {
        Rig::within(Duration::from_secs(10), field, answer)
    }

    fn within(answer_timeout: Duration, field: &str, answer: ResponseTemplate) -> Rig {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let cloudinary = runtime.block_on(MockServer::start());
        runtime.block_on(Mock::given(any()).respond_with(answer).mount(&cloudinary));
        let app = service(answer_timeout, field, &cloudinary.uri());
        Rig {
            app,
            cloudinary,
            runtime,
        }
    }

    fn save(&self, body: &Value) -> Value {
        serde_json::from_str(&self.app.before_save("Photo", body)).unwrap()
    }

    fn requests(&self) -> Vec<Request> {
        self.runtime
            .block_on(self.cloudinary.received_requests())
            .unwrap()
    }
}

fn service(answer_timeout: Duration, field: &str, cloudinary: &str) -> App {
    let manifest = format!("class = \"Photo\"\n[fields.picture]\nconfirm = true\n{field}");
    let account = format!("cloudinary://123456789012345:{SECRET}@demo?upload_prefix={cloudinary}");
    let account = Account::from_url(&account).unwrap();
    let mut deployment = deployment(&[&manifest]);
    deployment.cloudinary = Some(Cloudinary::new(&account, Duration::from_secs(30)).unwrap());
    let mut settings = settings();
    settings.answer_timeout = answer_timeout;
    App::start(settings, deployment)
}

fn asset(public_id: &str, more: &Value) -> Value {
    let mut asset = json!({"public_id": public_id, "resource_type": "image", "type": "upload", "format": "jpg",
        "version": V, "created_at": "2023-11-14T22:13:20Z", "bytes": 1000, "width": 640, "height": 480});
    for (key, value) in more.as_object().unwrap() {
        asset[key] = value.clone();
    }
    asset
}

fn found(more: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(asset("a/cat", more))
}

fn new_cat() -> Value {
    create(json!({"picture": signed("a/cat", V)}))
}

#[test]
fn asks_with_key_and_secret_for_the_asset_and_strips_its_signature() {
    let rig = Rig::with("", ResponseTemplate::new(500));
    let resource = Mock::given(method("GET"))
        .and(path("/v1_1/demo/resources/image/upload/a/cat"))
        .and(header(
            "authorization",
            "Basic MTIzNDU2Nzg5MDEyMzQ1OmFwaS1zZWNyZXQtb2YtdGhlLXRlc3Rz",
        ))
        .respond_with(found(&json!({})))
        .with_priority(1);
    rig.runtime.block_on(resource.mount(&rig.cloudinary));
    assert_eq!(
        rig.save(&new_cat()),
        json!({"success": {"picture": bare("a/cat", V)}})
    );
    assert_eq!(rig.requests().len(), 1);
}

#[test]
fn asks_only_about_identifiers_that_are_new_and_verified() {
    let rig = Rig::with("many = true\nfolder = \"a\"", found(&json!({})));
    let stored = json!({"picture": [bare("a/old", V)]});
    for body in [
        update(json!({"picture": [bare("a/old", V)]}), stored.clone()),
        update(json!({"picture": []}), stored.clone()),
        update(
            json!({"picture": {"__op": "Remove", "objects": [bare("a/old", V)]}}),
            stored.clone(),
        ),
        update(
            json!({"title": "x", "picture": [bare("a/old", V)]}),
            stored.clone(),
        ),
        create(json!({"picture": ["image/upload/v1/a/x.jpg#00"]})),
        create(json!({"picture": [signed("b/elsewhere", V)]})),
    ] {
        rig.save(&body);
    }
    assert!(rig.requests().is_empty());
}

#[test]
fn asks_once_about_many() {
    let ids: Vec<_> = (0..3).map(|n| format!("a/{n}")).collect();
    let assets: Vec<_> = ids.iter().map(|id| asset(id, &json!({}))).collect();
    let answer = ResponseTemplate::new(200).set_body_json(json!({"resources": assets[..2]}));
    let rig = Rig::with("many = true", answer);
    let pictures = |ids: &[String]| ids.iter().map(|id| signed(id, V)).collect::<Vec<_>>();
    let stripped: Vec<_> = ids[..2].iter().map(|id| bare(id, V)).collect();
    assert_eq!(
        rig.save(&create(json!({"picture": pictures(&ids[..2])}))),
        json!({"success": {"picture": stripped}})
    );
    assert_eq!(
        rig.save(&create(json!({"picture": pictures(&ids)}))),
        json!({"error": "Photo.picture: expected an asset that exists in Cloudinary"})
    );
    let requests = rig.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].url.path(), "/v1_1/demo/resources/image/upload");
}

#[test]
fn refuses_what_cloudinary_knows_to_be_something_else() {
    let missing = ResponseTemplate::new(404)
        .set_body_json(json!({"error": {"message": "Resource not found - a/cat"}}));
    for (field, answer, expected) in [
        ("", missing, "an asset that exists in Cloudinary"),
        (
            "",
            found(&json!({"placeholder": true, "bytes": 0})),
            "an asset that exists in Cloudinary",
        ),
        (
            "formats = [\"JPG\", \"png\"]",
            found(&json!({"format": "svg"})),
            "an original in format JPG or png",
        ),
        (
            "formats = [\"jpg\"]",
            found(&json!({"format": null})),
            "an original in format jpg",
        ),
        ("max_bytes = 999", found(&json!({})), "at most 999 bytes"),
        (
            "max_bytes = \"1k\"",
            found(&json!({"bytes": 1025})),
            "at most 1024 bytes",
        ),
        (
            "max_bytes = 999",
            found(&json!({"bytes": null})),
            "at most 999 bytes",
        ),
        // What Cloudinary does not know satisfies no limit, -1 without its sign included.
        (
            "min_width = 641",
            found(&json!({"width": 4_294_967_295_u64})),
            "a width of at least 641 pixels",
        ),
        (
            "min_height = 1",
            found(&json!({"height": -1})),
            "a height of at least 1 pixels",
        ),
        (
            "min_width = 1",
            found(&json!({"width": null})),
            "a width of at least 1 pixels",
        ),
        (
            "max_width = 639",
            found(&json!({})),
            "a width of at most 639 pixels",
        ),
        (
            "min_width = 641",
            found(&json!({})),
            "a width of at least 641 pixels",
        ),
        (
            "min_width = 1\nmax_width = 2",
            found(&json!({})),
            "a width from 1 to 2 pixels",
        ),
        (
            "max_height = 479",
            found(&json!({})),
            "a height of at most 479 pixels",
        ),
        (
            "min_height = 481",
            found(&json!({"height": null})),
            "a height of at least 481 pixels",
        ),
    ] {
        let rig = Rig::with(field, answer);
        let expected = json!({"error": format!("Photo.picture: expected {expected}")});
        assert_eq!(rig.save(&new_cat()), expected, "{field}");
    }
}

#[test]
fn takes_what_lies_on_the_borders() {
    let field = "formats = [\"jpg\"]\nmax_bytes = 1000\nmin_width = 640\nmax_width = 640\nmin_height = 480\nmax_height = 480";
    let rig = Rig::with(field, found(&json!({"format": "JPG"})));
    assert_eq!(
        rig.save(&new_cat()),
        json!({"success": {"picture": bare("a/cat", V)}})
    );
}

#[test]
fn refuses_or_accepts_as_the_field_says_while_cloudinary_is_unreachable() {
    let refused = json!({"error": "Photo.picture: expected Cloudinary's confirmation, which did not come in time; try again later"});
    let accepted = json!({"success": {"picture": bare("a/cat", V)}});
    for (field, expected) in [
        ("", &refused),
        ("on_unreachable = \"refuse\"", &refused),
        ("on_unreachable = \"accept\"", &accepted),
    ] {
        for answer in [
            ResponseTemplate::new(420),
            ResponseTemplate::new(503),
            ResponseTemplate::new(401),
            ResponseTemplate::new(302).insert_header("Location", "/ok"),
            ResponseTemplate::new(200).set_body_string("no JSON"),
        ] {
            assert_eq!(
                Rig::with(field, answer).save(&new_cat()),
                *expected,
                "{field}"
            );
        }
        let nobody = service(Duration::from_secs(10), field, "http://127.0.0.1:9");
        let answer: Value = serde_json::from_str(&nobody.before_save("Photo", &new_cat())).unwrap();
        assert_eq!(answer, *expected, "{field}");
    }
}

#[test]
fn an_answer_that_does_not_come_leaves_time_for_one_of_ours() {
    let slow = || found(&json!({})).set_delay(Duration::from_secs(20));
    let limit = Duration::from_secs(1);
    let refusing = Rig::within(limit, "", slow());
    let started = Instant::now();
    assert_eq!(
        refusing.save(&new_cat()),
        json!({"error": "Photo.picture: expected Cloudinary's confirmation, which did not come in time; try again later"})
    );
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    let accepting = Rig::within(limit, "on_unreachable = \"accept\"", slow());
    assert_eq!(
        accepting.save(&new_cat()),
        json!({"success": {"picture": bare("a/cat", V)}})
    );
    let metrics = accepting.app.get_admin("/metrics", "").body;
    assert!(
        metrics.contains("cloudinary_parse_unconfirmed_saves_total 1\n"),
        "{metrics}"
    );
}

#[test]
fn two_pictures_that_are_asked_for_at_once_are_told_apart() {
    let field = "max_bytes = 10\n[fields.cover]\nconfirm = true\nmax_bytes = 1000\n";
    let resources = [
        asset("a/small", &json!({"bytes": 10})),
        asset("a/large", &json!({"bytes": 1000})),
    ];
    let answer = ResponseTemplate::new(200).set_body_json(json!({"resources": resources}));
    let rig = Rig::with(field, answer);
    let save = |picture: &str, cover: &str| {
        let object = json!({"picture": signed(picture, V), "cover": signed(cover, V)});
        rig.save(&create(object))
    };
    assert_eq!(
        save("a/small", "a/large"),
        json!({"success": {"picture": bare("a/small", V), "cover": bare("a/large", V)}})
    );
    for (picture, cover, text) in [
        (
            "a/large",
            "a/small",
            "Photo.picture: expected at most 10 bytes",
        ),
        (
            "a/small",
            "a/none",
            "Photo.cover: expected an asset that exists in Cloudinary",
        ),
        (
            "a/none",
            "a/large",
            "Photo.picture: expected an asset that exists in Cloudinary",
        ),
    ] {
        assert_eq!(
            save(picture, cover),
            json!({ "error": text }),
            "{picture} {cover}"
        );
    }
}
