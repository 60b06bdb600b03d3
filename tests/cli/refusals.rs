//! What Parse Server and whatever stands in its place say when they refuse, and what an operator
//! reads then.

use std::net::TcpListener;

use serde_json::json;
use wiremock::ResponseTemplate;

use crate::command::CloudinaryParse;
use crate::parse_server::{MASTER_KEY, ParseServer, answer, unauthorized};

/// The last line of `register`, with Parse Server's URL as `SERVER`; nothing may have been changed.
#[track_caller]
fn error_of(server: &ParseServer, caller: &CloudinaryParse) -> String {
    let result = caller.run(&["register"]);
    assert_eq!(result.code, 1);
    assert_eq!(result.stdout, "");
    assert_eq!(server.changes(), [""; 0]);
    result.error().replace(&server.url(), "SERVER")
}

#[test]
fn names_a_wrong_master_key() {
    for (text, expected) in [
        (
            "Permission denied",
            "error: Parse Server at SERVER refuses the master key: check PARSE_SERVER_MASTER_KEY",
        ),
        (
            "unauthorized: master key is required",
            "error: Parse Server at SERVER refuses the master key: check PARSE_SERVER_MASTER_KEY (Parse Server 6 says the same when masterKeyIps lacks this machine's address; its log tells which)",
        ),
    ] {
        let refusal = answer(403, json!({"error": text}));
        let server = ParseServer::start().answers("GET", "/serverInfo", refusal, 1);
        assert_eq!(
            error_of(&server, &CloudinaryParse::against(&server)),
            expected
        );
    }
}

#[test]
fn names_a_wrong_application_id() {
    let server = ParseServer::start();
    let caller = CloudinaryParse::against(&server).env("PARSE_SERVER_APPLICATION_ID", "other");
    assert_eq!(
        error_of(&server, &caller),
        "error: Parse Server at SERVER answered \"unauthorized\": PARSE_SERVER_APPLICATION_ID is wrong, or, if Parse Server has client keys (restAPIKey, javascriptKey, clientKey), PARSE_SERVER_MASTER_KEY is"
    );
}

const IPS: &str = "error: Parse Server at SERVER takes no master key from this machine's address: add 127.0.0.1 and ::1 to its option masterKeyIps (`masterKeyIps: [\"127.0.0.1\", \"::1\"]` in new ParseServer({…}), or PARSE_SERVER_MASTER_KEY_IPS=127.0.0.1,::1); if they are there, a proxy or container network lies between, so add the address that Parse Server's log names";

#[test]
fn tells_master_key_ips_of_versions_7_to_9_by_the_content_type() {
    let refusal = answer(403, json!({"error": "unauthorized"}));
    let server = ParseServer::start().answers("GET", "/serverInfo", refusal, 1);
    assert_eq!(error_of(&server, &CloudinaryParse::against(&server)), IPS);
}

#[test]
fn tells_master_key_ips_of_version_5_by_asking_without_the_key() {
    let server = ParseServer::start().answers("GET", "/serverInfo", unauthorized(), 1);
    assert_eq!(error_of(&server, &CloudinaryParse::against(&server)), IPS);
    let last = server.requests().pop().unwrap();
    assert!(!last.headers.contains_key("x-parse-master-key"));
}

#[test]
fn names_the_read_only_master_key() {
    let refusal = json!({"code": 119, "error": "Permission denied"});
    let server = ParseServer::start().answers("POST", "/hooks/triggers", answer(400, refusal), 1);
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 1);
    let note = format!(
        "Parse Server at {} refuses changes: PARSE_SERVER_MASTER_KEY is its read-only master key, the full one is needed",
        server.url()
    );
    assert!(result.stdout.contains(&note));
    assert_eq!(result.table().last(), Some(&"2 failed"));
    assert_eq!(server.changes().len(), 1);
}

#[test]
fn names_what_is_not_a_parse_server_at_that_path() {
    let expected = |status| {
        format!(
            "error: SERVER answered {status}, and not as Parse Server does: PARSE_SERVER_URL (or CLOUDINARY_PARSE_SERVER_URL) must end in the path that Parse Server is mounted at, /parse by default"
        )
    };
    for (answered, status) in [
        (
            ResponseTemplate::new(404)
                .set_body_raw("<pre>Cannot GET /serverInfo</pre>", "text/html"),
            "404 Not Found",
        ),
        (
            ResponseTemplate::new(200).set_body_raw("<html></html>", "text/html"),
            "200 OK",
        ),
        (ResponseTemplate::new(200), "200 OK"),
        (ResponseTemplate::new(204), "204 No Content"),
        (answer(200, json!({"ok": true})), "200 OK"),
        (answer(200, json!([])), "200 OK"),
        (answer(403, json!({"error": "Forbidden"})), "403 Forbidden"),
        (ResponseTemplate::new(401), "401 Unauthorized"),
        (
            ResponseTemplate::new(500).set_body_string(MASTER_KEY),
            "500 Internal Server Error",
        ),
    ] {
        let server = ParseServer::start().answers("GET", "/serverInfo", answered, 1);
        assert_eq!(
            error_of(&server, &CloudinaryParse::against(&server)),
            expected(status)
        );
    }
}

#[test]
fn names_a_missing_mount_path() {
    let server = ParseServer::start();
    let caller = CloudinaryParse::against(&server).env("PARSE_SERVER_URL", &server.origin());
    assert_eq!(
        error_of(&server, &caller),
        format!(
            "error: {} answered 404 Not Found, and not as Parse Server does: PARSE_SERVER_URL (or CLOUDINARY_PARSE_SERVER_URL) must end in the path that Parse Server is mounted at, /parse by default",
            server.origin()
        )
    );
}

#[test]
fn names_other_states() {
    for (answered, expected) in [
        (
            ResponseTemplate::new(301)
                .insert_header("Location", "https://api.example.com/parse/serverInfo"),
            "error: SERVER redirects to https://api.example.com/parse/serverInfo: set PARSE_SERVER_URL (or CLOUDINARY_PARSE_SERVER_URL) to where Parse Server really is",
        ),
        (
            ResponseTemplate::new(502).set_body_raw("<html>", "text/html"),
            "error: Parse Server at SERVER is not available: its proxy answered 502 Bad Gateway",
        ),
        (
            answer(
                500,
                json!({"code": 1, "error": "Invalid server state: starting"}),
            ),
            "error: Parse Server at SERVER is not ready: its state is \"starting\" (its log says more if this lasts)",
        ),
        (
            answer(429, json!({"code": 100, "error": "Too many requests."})),
            "error: Parse Server at SERVER refused: Too many requests. (code 100)",
        ),
    ] {
        let server = ParseServer::start().answers("GET", "/serverInfo", answered, 1);
        assert_eq!(
            error_of(&server, &CloudinaryParse::against(&server)),
            expected
        );
    }
}

#[test]
fn does_not_follow_redirects_with_the_key() {
    let target = ParseServer::start();
    let redirect = ResponseTemplate::new(307).insert_header("Location", target.url().as_str());
    let server = ParseServer::start().answers("GET", "/serverInfo", redirect, 1);
    CloudinaryParse::against(&server).run(&["hooks"]);
    assert!(target.requests().is_empty());
}

#[test]
fn names_a_parse_server_that_is_down() {
    let server = ParseServer::start();
    for (url, cause) in [
        (
            "http://127.0.0.1:1/parse",
            "tcp connect error: Connection refused (os error 111)",
        ),
        (
            "http://u:secret@127.0.0.1:1/parse/",
            "tcp connect error: Connection refused (os error 111)",
        ),
    ] {
        let caller = CloudinaryParse::against(&server).env("PARSE_SERVER_URL", url);
        let shown = if url.contains('@') {
            "http://u:***@127.0.0.1:1/parse"
        } else {
            url
        };
        assert_eq!(
            error_of(&server, &caller),
            format!(
                "error: cannot connect to Parse Server at {shown}: {cause} (is it running? PARSE_SERVER_URL, or CLOUDINARY_PARSE_SERVER_URL, says where)"
            )
        );
    }
}

#[test]
fn names_a_parse_server_that_hangs_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/parse", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            drop(connection);
        }
    });
    let server = ParseServer::start();
    let caller = CloudinaryParse::against(&server).env("PARSE_SERVER_URL", &url);
    let error = error_of(&server, &caller);
    let expected = format!("error: the connection to Parse Server at {url} broke: ");
    assert!(error.starts_with(&expected), "{error}");
}

#[test]
fn keeps_the_keys_to_itself_even_when_it_traces() {
    let server = ParseServer::start();
    let caller = CloudinaryParse::against(&server).env("RUST_LOG", "trace");
    for arguments in [&["register"][..], &["hooks", "--json"], &["unregister"]] {
        let result = caller.run(arguments);
        assert_eq!(result.code, 0);
        assert!(result.stderr.contains("TRACE") || result.stderr.contains("DEBUG"));
        for text in [&result.stdout, &result.stderr] {
            assert!(!text.contains(MASTER_KEY), "{text}");
        }
    }
}
