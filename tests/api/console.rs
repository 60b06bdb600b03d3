//! What the console's API answers.

use std::time::Duration;

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::hooks::ParseServer;
use cloudinary_parse::server::HookList;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::app::{
    Answer, App, KEY, PREVIOUS_SECRET, SECRET, and, bare, create, deployment, send, settings,
    signature, signature_by, signed,
};

pub(crate) const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\nrequired = true\n";
pub(crate) const JSON: &str = "Content-Type: application/json\r\n";

fn with_hook_list(parse_server: &str) -> App {
    let client = ParseServer::new(
        &parse_server.parse().unwrap(),
        "app",
        Duration::from_secs(5),
    );
    let client = client
        .unwrap()
        .with_master_key(&"master-key".into())
        .unwrap();
    let mut settings = settings();
    let admin = settings.admin.as_mut().unwrap();
    admin.hook_list = Some(HookList::new(client));
    admin.public_url = "http://hooks.example".parse().unwrap();
    App::start(settings, deployment(&[PHOTO]))
}

pub(crate) fn post(app: &App, path: &str, headers: &str, body: &str) -> Answer {
    send(app.admin.unwrap(), "POST", path, headers, body.as_bytes())
}

#[track_caller]
fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

#[track_caller]
fn tool(path: &str, input: &Value) -> (u16, Value) {
    let answer = post(&App::with(&[PHOTO]), path, JSON, &input.to_string());
    (answer.status, json_of(&answer))
}

#[test]
fn lets_pictures_come_from_the_delivery_host_and_nothing_else_from_elsewhere() {
    let answer = App::with(&[PHOTO]).get_admin("/", "");
    let policy = "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                  img-src 'self' https://res.cloudinary.com; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    assert!(answer.head.contains(policy), "{}", answer.head);
    for header in [
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
    ] {
        assert!(answer.head.contains(header), "{header}\n{}", answer.head);
    }
}

#[test]
fn shows_decisions_and_refusals_without_what_could_be_replayed() {
    let app = App::with(&[PHOTO]);
    let user = json!({"user": {"objectId": "u1", "username": "ann", "sessionToken": "r:session"}});
    app.before_save("Photo", &create(json!({"picture": signed("cat", 1)})));
    let forged = format!("{}#{}", bare("dog", 1), signature("cat", 1));
    let forged = and(create(json!({"picture": forged})), user).to_string();
    let headers = format!("{JSON}X-Parse-Webhook-Key: {KEY}\r\nX-Request-Id: proxy-7\r\n");
    let path = "/triggers/Photo/beforeSave";
    app.send("POST", path, &headers, forged.as_bytes());
    app.before_save("Photo", &create(json!({"title": "no picture"})));
    app.post("/triggers/Photo/beforeSave", "no JSON");
    let text = app.get_admin("/api/overview", "").body;
    let overview: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        overview["totals"],
        json!({"accepted": 1, "refused": 2, "failed": 1})
    );
    let hook = &overview["hooks"][0];
    assert_eq!(
        json!([hook["hook"], hook["accepted"], hook["refused"]]),
        json!(["Photo.beforeSave", 1, 2])
    );
    let counts = [
        json!({"reason": "bad_signature", "count": 1}),
        json!({"reason": "required", "count": 1}),
    ];
    assert_eq!(overview["reasons"], json!(counts));
    let refusals = overview["refusals"].as_array().unwrap();
    let shown: Vec<_> = refusals
        .iter()
        .map(|r| {
            let about = json!([r["number"], r["hook"], r["field"], r["reason"], r["user"]]);
            json!([about, r["message"], r["identifier"]])
        })
        .collect();
    let required = "Photo.picture: is required, expected an identifier with its signature";
    let expected = [
        json!([
            [2, "Photo.beforeSave", "picture", "required", null],
            required,
            null
        ]),
        json!([
            [1, "Photo.beforeSave", "picture", "bad_signature", "u1"],
            "Bad signature",
            "image/upload/v1/dog.jpg"
        ]),
    ];
    assert_eq!(shown, expected);
    assert_eq!(refusals[1]["request"], "proxy-7");
    assert!(
        refusals[0]["request"]
            .as_str()
            .is_some_and(|id| id.contains('-'))
    );
    for never in ["cat", "r:session", "ann", &signature("cat", 1), SECRET, KEY] {
        assert!(!text.contains(never), "{never}\n{text}");
    }
}

#[test]
fn keeps_the_counts_of_hooks_that_a_reload_takes_away() {
    let app = App::with(&[PHOTO]);
    app.before_save("Photo", &create(json!({"picture": signed("cat", 1)})));
    app.control()
        .replace(deployment(&["class = \"Other\"\n[fields.picture]\n"]));
    let overview = json_of(&app.get_admin("/api/overview", ""));
    assert_eq!(overview["totals"]["accepted"], 1);
    assert_eq!(
        overview["hooks"],
        json!([{"hook": "Other.beforeSave", "accepted": 0, "refused": 0, "latency": null}])
    );
}

#[test]
fn says_how_long_answers_take_once_there_were_any() {
    let app = App::with(&[PHOTO]);
    let latency = || json_of(&app.get_admin("/api/overview", ""))["hooks"][0]["latency"].clone();
    assert_eq!(latency(), json!(null));
    app.post("/triggers/Photo/beforeSave", "no JSON");
    assert_eq!(latency(), json!(null), "nothing was decided");
    app.before_save("Photo", &create(json!({"title": "no picture"})));
    let latency = latency();
    let keys: Vec<_> = latency.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["median", "p95"]);
    assert_eq!(latency["median"], latency["p95"], "there was one answer");
}

#[test]
fn counts_undecided_calls_by_kind_and_not_those_of_doctor() {
    let app = App::with(&[PHOTO]);
    let path = "/triggers/Photo/beforeSave";
    for _ in 0..2 {
        app.send("POST", path, "X-Parse-Webhook-Key: wrong\r\n", b"{}");
    }
    app.post("/triggers/Unknown/beforeSave", "{}");
    app.send("GET", path, "", b"");
    let probe = format!("/functions/cloudinaryParseDoctor{}", "0".repeat(32));
    app.post(&probe, "{}");
    app.post(path, r#"{"triggerName":"beforeSave","object":5}"#);
    let overview = json_of(&app.get_admin("/api/overview", ""));
    let kind = |reason, count| json!({"reason": reason, "count": count, "last_hour": count});
    let expected = [
        kind("unauthorized", 2),
        kind("method_not_allowed", 1),
        kind("not_found", 1),
        kind("bad_request", 1),
    ];
    let by_name = |value: &Value| value["reason"].as_str().unwrap().to_owned();
    let mut undecided = overview["undecided"].as_array().unwrap().clone();
    assert_eq!(undecided[0], expected[0], "the most frequent comes first");
    undecided.sort_by_key(by_name);
    let mut expected = expected.to_vec();
    expected.sort_by_key(by_name);
    assert_eq!(undecided, expected);
    assert_eq!(overview["totals"]["failed"], 5);
    let lately = overview["minutes"].as_array().unwrap().iter();
    assert_eq!(
        lately.map(|m| m["failed"].as_u64().unwrap()).sum::<u64>(),
        5
    );
    assert!(!overview.to_string().contains("wrong"), "{overview}");
}

#[test]
fn has_no_undecided_calls_where_every_call_was_decided() {
    let app = App::with(&[PHOTO]);
    app.before_save("Photo", &create(json!({"title": "no picture"})));
    let overview = json_of(&app.get_admin("/api/overview", ""));
    assert_eq!(overview["undecided"], json!([]));
}

#[test]
fn says_where_everything_is_without_passwords_and_since_when_the_manifests_hold() {
    let app = App::with(&[PHOTO]);
    let overview = json_of(&app.get_admin("/api/overview", ""));
    assert_eq!(overview["parse_server"], json!(null));
    assert_eq!(
        overview["public_url"],
        format!("http://127.0.0.1:{}", app.address.port()),
        "port 0 stands for the bound one"
    );
    assert_eq!(overview["manifests_since"], overview["started"]);

    let mut settings = settings();
    let admin = settings.admin.as_mut().unwrap();
    admin.parse_server = Some("http://u:secret-word@parse.example/parse/".parse().unwrap());
    admin.public_url = "https://u:secret-word@hooks.example/cp/".parse().unwrap();
    let text = App::start(settings, deployment(&[PHOTO]))
        .get_admin("/api/overview", "")
        .body;
    let overview: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(overview["parse_server"], "http://u:***@parse.example/parse");
    assert_eq!(overview["public_url"], "https://u:***@hooks.example/cp");
    assert!(!text.contains("secret-word"), "{text}");
}

#[test]
fn keeps_no_signature_of_a_refused_save_in_whatever_spelling() {
    let app = App::with(&[PHOTO]);
    let signature = signature("cat", 1);
    for value in [
        json!(format!("cat.jpg#{signature}")),
        json!(format!("image/upload/v1/cat.jpg%23{signature}")),
        json!(format!(
            "https://res.cloudinary.com/demo/image/upload/s--AbCdEfGh--/v1/cat.jpg?signature={signature}"
        )),
        json!(format!(
            "{{\"public_id\":\"cat\",\"signature\":\"{signature}\"}}"
        )),
        json!([format!("image/upload/v1/cat.jpg#{signature}")]),
        json!({"signature": signature}),
    ] {
        app.before_save("Photo", &create(json!({"picture": value})));
    }
    let text = app.get_admin("/api/overview", "").body;
    let overview: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(overview["refusals"].as_array().unwrap().len(), 6);
    for never in [&*signature, "s--AbCdEfGh--"] {
        assert!(!text.contains(never), "{never}\n{text}");
    }
}

#[test]
fn shows_the_identifier_in_a_delivery_url_and_that_it_is_not_signed() {
    let url = "https://res.cloudinary.com/demo/image/upload/c_fill,w_10/v5/cat.jpg";
    let (status, answer) = tool("/api/identifier", &json!({"identifier": url}));
    assert_eq!(
        (status, &answer["valid"], &answer["identifier"]),
        (200, &json!(false), &json!("image/upload/v5/cat.jpg"))
    );
    assert_eq!(
        answer["reason"],
        "a delivery URL, which carries no signature for saving"
    );
    assert_eq!(answer.get("fields"), None);
    let elsewhere = "https://res.cloudinary.com/other/image/upload/v5/cat.jpg";
    let (_, answer) = tool("/api/identifier", &json!({"identifier": elsewhere}));
    assert_eq!(answer.get("identifier"), None);
    assert_eq!(
        answer["reason"],
        "not a delivery URL of this account: its host or its cloud name is another"
    );
}

#[test]
fn names_the_hosts_that_a_built_url_may_link_to() {
    for (cloudinary_url, hosts) in [
        ("demo", json!(["res.cloudinary.com"])),
        ("demo?private_cdn=true", json!(["demo-res.cloudinary.com"])),
        (
            "demo?secure_distribution=img.example.com",
            json!(["img.example.com"]),
        ),
        ("demo?secure=false", json!([])),
    ] {
        let mut deployment = deployment(&[PHOTO]);
        let url = format!("cloudinary://key:{SECRET}@{cloudinary_url}");
        deployment.account = Account::from_url(&url).unwrap();
        let app = App::start(settings(), deployment);
        let input = json!({"identifier": bare("cat", 5)}).to_string();
        let answer = json_of(&post(&app, "/api/url", JSON, &input));
        assert_eq!(answer["https_hosts"], hosts, "{cloudinary_url}");
    }
}

#[test]
fn says_which_secret_signed_an_identifier() {
    let parts = json!({
        "resource_type": "image", "type": "upload", "version": "5", "uploaded_at": "1970-01-01T00:00:05Z",
        "public_id": "cat", "format": "jpg",
    });
    for (secret, name) in [(SECRET, "current"), (PREVIOUS_SECRET, "previous")] {
        let identifier = format!("{}#{}", bare("cat", 5), signature_by(secret, "cat", 5));
        let taken = json!({
            "class": "Photo", "field": "picture", "verdict": "taken", "broken": [], "folder": null, "confirms": false,
        });
        let expected = json!({"valid": true, "secret": name, "fields": [taken]});
        let expected = and(expected, parts.clone());
        assert_eq!(
            tool("/api/identifier", &json!({"identifier": identifier})),
            (200, expected)
        );
    }
    let identifier = format!("{}#{}", bare("cat", 5), signature_by("other", "cat", 5));
    let reason = json!({
        "valid": false, "reason": "signature: made with none of the account's secrets", "tried": ["current", "previous"],
    });
    assert_eq!(
        tool("/api/identifier", &json!({"identifier": identifier})),
        (200, and(reason, parts))
    );
}

#[test]
fn builds_delivery_urls() {
    let base = "https://res.cloudinary.com/demo";
    for (input, url, picture) in [
        (
            json!({"identifier": bare("cat", 5)}),
            "/image/upload/v5/cat.jpg",
            Some("/image/upload/v5/cat.jpg"),
        ),
        (
            json!({"identifier": "video/upload/v5/a/clip.mov#ff", "transformation": "w_300"}),
            "/video/upload/w_300/v5/a/clip.mov",
            Some("/video/upload/w_300/v5/a/clip.jpg"),
        ),
        (
            json!({"identifier": "raw/upload/v5/a.pdf"}),
            "/raw/upload/v5/a.pdf",
            None,
        ),
    ] {
        let expected = json!({"url": format!("{base}{url}"), "picture": picture.map(|p| format!("{base}{p}")), "https_hosts": ["res.cloudinary.com"]});
        assert_eq!(tool("/api/url", &input), (200, expected), "{input}");
    }
}

#[test]
fn shows_what_is_signed_without_the_secret() {
    let input = json!({"parameters": [["timestamp", "5"], ["tags", "a&b"], ["empty", ""]]});
    let (status, answer) = tool("/api/signature", &input);
    assert_eq!(status, 200);
    assert_eq!(
        answer["string_to_sign"],
        "tags=a%26b&timestamp=5<api_secret>"
    );
    assert_eq!(answer["left_out"], json!(["empty"]));
    assert_eq!(answer["fields"]["api_key"], "123456789012345");
    assert!(!answer.to_string().contains(SECRET));
}

#[test]
fn says_what_is_wrong_with_the_input_of_a_tool() {
    let version =
        "version is not an upload parameter; signed with public_id it would make an identifier";
    for (path, input, error) in [
        (
            "/api/url",
            json!({"identifier": "cat.jpg"}),
            "identifier: expected resource_type/type/vVERSION/public_id",
        ),
        (
            "/api/signature",
            json!({"parameters": [["version", "1"]]}),
            version,
        ),
        (
            "/api/signature",
            json!({"parameters": [["a", "1"], ["a", "2"]]}),
            "a: given twice, expected once",
        ),
        (
            "/api/signature",
            json!({"parameters": [["", "1"]]}),
            "expected a name before \"=\"",
        ),
    ] {
        assert_eq!(
            tool(path, &input),
            (400, json!({"error": error})),
            "{path} {input}"
        );
    }
    for input in [
        json!({}),
        json!([]),
        json!({"identifier": 5}),
        json!({"identifier": "a", "more": 1}),
    ] {
        let (status, answer) = tool("/api/identifier", &input);
        assert_eq!(status, 400, "{input}");
        let error = answer["error"].as_str().unwrap();
        assert!(
            error.starts_with("the request is not as expected: "),
            "{error}"
        );
    }
    let long = json!({"identifier": "a".repeat(70_000)}).to_string();
    assert_eq!(
        post(&App::with(&[PHOTO]), "/api/identifier", JSON, &long).status,
        413
    );
}

#[test]
fn knows_nothing_of_the_registration_without_a_master_key() {
    let expected = json!({
        "known": false,
        "reason": "no master key: set PARSE_SERVER_URL, PARSE_SERVER_APPLICATION_ID and PARSE_SERVER_MASTER_KEY",
        "away": false,
    });
    assert_eq!(
        json_of(&App::with(&[PHOTO]).get_admin("/api/registration", "")),
        expected
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_parse_server_once_for_many_looks() {
    let parse_server = MockServer::start().await;
    for (list, rows) in [
        (
            "triggers",
            json!([{"className": "Photo", "triggerName": "beforeSave", "url": "http://u:word@old.example/x"}]),
        ),
        (
            "functions",
            json!([{"functionName": "f", "url": "http://elsewhere.example/f"}]),
        ),
    ] {
        Mock::given(method("GET"))
            .and(path(format!("/hooks/{list}")))
            .and(header("X-Parse-Master-Key", "master-key"))
            .respond_with(ResponseTemplate::new(200).set_body_json(rows))
            .expect(1)
            .mount(&parse_server)
            .await;
    }
    let url = parse_server.uri();
    let seen = tokio::task::spawn_blocking(move || {
        let app = with_hook_list(&url);
        let (first, second) = (
            app.get_admin("/api/registration", ""),
            app.get_admin("/api/registration", ""),
        );
        assert_eq!(first.body, second.body);
        json_of(&first)
    });
    let expected = json!([
        {
            "hook": "Photo.beforeSave", "state": "outdated",
            "wanted": "http://hooks.example/triggers/Photo/beforeSave", "registered": "http://u:***@old.example/x",
        },
        {"hook": "f", "state": "foreign", "wanted": null, "registered": "http://elsewhere.example/f"},
    ]);
    let seen = seen.await.unwrap();
    assert_eq!((&seen["known"], &seen["hooks"]), (&json!(true), &expected));
}

#[test]
fn says_why_parse_server_could_not_be_asked() {
    let answer =
        json_of(&with_hook_list("http://127.0.0.1:9/parse").get_admin("/api/registration", ""));
    assert_eq!(
        (&answer["known"], &answer["away"]),
        (&json!(false), &json!(true))
    );
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("http://127.0.0.1:9/parse"), "{reason}");
    assert!(!reason.contains("master-key"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn takes_a_parse_server_that_refuses_for_one_that_is_there() {
    for (status, body, is_away) in [
        (403, json!({"error": "unauthorized"}), false),
        (503, json!({"error": "no upstream"}), true),
    ] {
        let parse_server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .mount(&parse_server)
            .await;
        let url = parse_server.uri();
        let seen = tokio::task::spawn_blocking(move || {
            json_of(&with_hook_list(&url).get_admin("/api/registration", ""))
        });
        let seen = seen.await.unwrap();
        assert_eq!(
            (&seen["known"], &seen["away"]),
            (&json!(false), &json!(is_away)),
            "{status} {seen}"
        );
    }
}
