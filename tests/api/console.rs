//! What the console's API answers.

use std::time::Duration;

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
    app.before_save("Photo", &and(create(json!({"picture": forged})), user));
    app.before_save("Photo", &create(json!({"title": "no picture"})));
    app.post("/triggers/Photo/beforeSave", "no JSON");
    let text = app.get_admin("/api/overview", "").body;
    let overview: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        overview["totals"],
        json!({"accepted": 1, "refused": 2, "failed": 1})
    );
    assert_eq!(
        overview["hooks"],
        json!([{"hook": "Photo.beforeSave", "accepted": 1, "refused": 2}])
    );
    let counts = [
        json!({"reason": "bad_signature", "count": 1}),
        json!({"reason": "required", "count": 1}),
    ];
    assert_eq!(overview["reasons"], json!(counts));
    let refusals = overview["refusals"].as_array().unwrap();
    let shown: Vec<_> = refusals
        .iter()
        .map(|r| json!([r["hook"], r["field"], r["reason"], r["user"]]))
        .collect();
    let expected = [
        json!(["Photo.beforeSave", "picture", "required", null]),
        json!(["Photo.beforeSave", "picture", "bad_signature", "u1"]),
    ];
    assert_eq!(shown, expected);
    for never in [
        "dog",
        "cat",
        "r:session",
        "ann",
        &signature("cat", 1),
        SECRET,
        KEY,
    ] {
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
        json!([{"hook": "Other.beforeSave", "accepted": 0, "refused": 0}])
    );
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
        let expected = json!({"url": format!("{base}{url}"), "picture": picture.map(|p| format!("{base}{p}"))});
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
    assert_eq!(answer["known"], false);
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("http://127.0.0.1:9/parse"), "{reason}");
    assert!(!reason.contains("master-key"), "{reason}");
}
