use serde_json::{Value, json};

use crate::command::CloudinaryParse;
use crate::parse_server::ParseServer;

#[test]
fn shows_every_hook_with_its_state() {
    let server = ParseServer::start()
        .function("url", "http://a/x")
        .function("url", "http://b/x")
        .function("foreign\u{1b}[2J", "not a url")
        .trigger(
            "Old",
            "beforeSave",
            "http://127.0.0.1:1/cp/triggers/Old/beforeSave",
        );
    let result = CloudinaryParse::against(&server).run(&["hooks"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        result.table(),
        [
            "missing     Photo.beforeSave  http://127.0.0.1:1/cp/triggers/Photo/beforeSave",
            "duplicate   url               http://127.0.0.1:1/cp/functions/url  (http://a/x, http://b/x)",
            "stale       Old.beforeSave    http://127.0.0.1:1/cp/triggers/Old/beforeSave",
            "foreign     foreign\u{fffd}[2J       not a url",
        ]
    );
    assert_eq!(server.changes(), [""; 0]);
}

#[test]
fn speaks_json_to_scripts() {
    let server = ParseServer::start().function("url", "http://u:secret@a/x");
    let result = CloudinaryParse::against(&server).run(&["hooks", "--json"]);
    assert_eq!(result.code, 0);
    let document: Value = serde_json::from_str(&result.stdout).unwrap();
    assert_eq!(
        document["hooks"],
        json!([
            {
                "className": "Photo",
                "triggerName": "beforeSave",
                "state": "missing",
                "url": "http://127.0.0.1:1/cp/triggers/Photo/beforeSave",
                "registered": [],
            },
            {
                "functionName": "url",
                "state": "outdated",
                "url": "http://127.0.0.1:1/cp/functions/url",
                "registered": ["http://u:***@a/x"],
                "note": "http://u:***@a/x",
            },
        ])
    );
}
