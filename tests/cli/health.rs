use serde_json::json;
use wiremock::ResponseTemplate;

use crate::command::CloudinaryParse;
use crate::parse_server::{ParseServer, answer};

#[test]
fn asks_the_service_that_runs_here() {
    let service =
        ParseServer::start().answers("GET", "/health", answer(200, json!({"status": "ok"})), 1);
    let result = CloudinaryParse::bare().run(&["health", "--url", &service.url()]);
    assert_eq!(
        (result.code, &*result.stdout, &*result.stderr),
        (0, "ok\n", "")
    );
}

#[test]
fn fails_unless_the_service_says_that_it_serves() {
    for (answered, status) in [
        (
            answer(503, json!({"status": "ok"})),
            "503 Service Unavailable",
        ),
        (answer(200, json!({"status": "down"})), "200 OK"),
        (answer(200, json!([])), "200 OK"),
        (ResponseTemplate::new(200).set_body_string("ok"), "200 OK"),
        (
            ResponseTemplate::new(302).insert_header("Location", "http://127.0.0.1:1"),
            "302 Found",
        ),
    ] {
        let service = ParseServer::start().answers("GET", "/health", answered, 1);
        let result = CloudinaryParse::bare().run(&["health", "--url", &service.url()]);
        assert_eq!((result.code, &*result.stdout), (1, ""));
        let expected = format!(
            "error: {}/health answered {status}, not as cloudinary-parse does",
            service.url()
        );
        assert_eq!(result.error(), expected);
    }
}

#[test]
fn fails_when_nobody_listens() {
    for bind in ["127.0.0.1:1", "0.0.0.0:1"] {
        let result = CloudinaryParse::bare()
            .env("CLOUDINARY_PARSE_BIND", bind)
            .run(&["health"]);
        assert_eq!((result.code, &*result.stdout), (1, ""));
        assert_eq!(
            result.error(),
            "error: http://127.0.0.1:1/health does not answer: tcp connect error: Connection refused (os error 111)"
        );
    }
}

#[test]
fn does_not_guess_the_port_that_the_system_chose() {
    let result = CloudinaryParse::bare()
        .env("CLOUDINARY_PARSE_BIND", "127.0.0.1:0")
        .run(&["health"]);
    assert_eq!(result.code, 1);
    assert_eq!(
        result.error(),
        "error: CLOUDINARY_PARSE_BIND has port 0: say --url with the port that the log names"
    );
}

#[test]
fn answers_in_json() {
    let service =
        ParseServer::start().answers("GET", "/health", answer(200, json!({"status": "ok"})), 1);
    let result = CloudinaryParse::bare().run(&["health", "--json", "--url", &service.url()]);
    let url = format!("{}/health", service.url());
    let said: serde_json::Value = serde_json::from_str(&result.stdout).unwrap();
    assert_eq!(
        (result.code, said),
        (0, json!({"healthy": true, "url": url, "error": null}))
    );
    let result = CloudinaryParse::bare().run(&["health", "--json", "--url", "http://127.0.0.1:1"]);
    let said: serde_json::Value = serde_json::from_str(&result.stdout).unwrap();
    assert_eq!((result.code, &said["healthy"]), (1, &json!(false)));
}
