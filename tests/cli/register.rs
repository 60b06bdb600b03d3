use serde_json::{Value, json};

use crate::command::CloudinaryParse;
use crate::parse_server::{APPLICATION_ID, MASTER_KEY, ParseServer};

pub(crate) const TRIGGER: &str = "http://127.0.0.1:1/cp/triggers/Photo/beforeSave";
pub(crate) const FUNCTION: &str = "http://127.0.0.1:1/cp/functions/url";

/// Parse Server as a finished `register` leaves it.
pub(crate) fn registered() -> ParseServer {
    ParseServer::start()
        .trigger("Photo", "beforeSave", TRIGGER)
        .function("url", FUNCTION)
}

#[test]
fn adds_what_is_missing() {
    let server = ParseServer::start();
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        result.stdout,
        format!(
            "Parse Server  {} (9.10.0)
public URL    http://127.0.0.1:1/cp

to add      Photo.beforeSave  {TRIGGER}
to add      url               {FUNCTION}

added       Photo.beforeSave  {TRIGGER}
added       url               {FUNCTION}

2 added
",
            server.url()
        )
    );
    assert_eq!(
        server.changes(),
        [
            format!(
                r#"POST /parse/hooks/triggers {{"className":"Photo","triggerName":"beforeSave","url":"{TRIGGER}"}}"#
            ),
            format!(r#"POST /parse/hooks/functions {{"functionName":"url","url":"{FUNCTION}"}}"#),
        ]
    );
}

#[test]
fn sends_the_keys_in_parse_servers_headers() {
    let server = ParseServer::start();
    CloudinaryParse::against(&server).run(&["register"]);
    for request in server.requests() {
        assert_eq!(request.headers["x-parse-application-id"], APPLICATION_ID);
        // Parse Server would show it to whatever answers at the URL.
        if !request.url.path().starts_with("/parse/functions/") {
            assert_eq!(request.headers["x-parse-master-key"], MASTER_KEY);
        }
        assert!(!request.headers.contains_key("x-parse-session-token"));
    }
}

#[test]
fn changes_nothing_the_second_time() {
    let server = registered();
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        result.table(),
        [
            format!("unchanged   Photo.beforeSave  {TRIGGER}"),
            format!("unchanged   url               {FUNCTION}"),
            "2 unchanged".to_owned(),
        ]
    );
    assert_eq!(server.changes(), [""; 0]);
}

#[test]
fn replaces_another_url_by_deleting_and_adding() {
    let server = ParseServer::start()
        .trigger("Photo", "beforeSave", "http://user:secret@old:8080/Photo")
        .function("url", FUNCTION);
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        result.table(),
        [
            format!(
                "to replace  Photo.beforeSave  {TRIGGER}  (was http://user:***@old:8080/Photo)"
            ),
            format!(
                "replaced    Photo.beforeSave  {TRIGGER}  (was http://user:***@old:8080/Photo)"
            ),
            format!("unchanged   url               {FUNCTION}"),
            "1 replaced, 1 unchanged".to_owned(),
        ]
    );
    assert_eq!(
        server.changes(),
        [
            r#"PUT /parse/hooks/triggers/Photo/beforeSave {"__op":"Delete"}"#.to_owned(),
            format!(
                r#"POST /parse/hooks/triggers {{"className":"Photo","triggerName":"beforeSave","url":"{TRIGGER}"}}"#
            ),
        ]
    );
}

#[test]
fn replaces_two_rows_for_one_hook_by_one() {
    for other in [FUNCTION, "http://old/url"] {
        let server = registered().function("url", other);
        let result = CloudinaryParse::against(&server).run(&["register"]);
        assert_eq!(result.code, 0);
        assert_eq!(
            server.registered(),
            [
                format!("Photo.beforeSave {TRIGGER}"),
                format!("url {FUNCTION}")
            ]
        );
        assert!(
            result
                .stdout
                .contains(&format!("(was {FUNCTION}, {other})")),
            "{}",
            result.stdout
        );
    }
}

#[test]
fn never_touches_what_is_not_ours() {
    let others = [
        ("url2", "http://127.0.0.1:11/cp/functions/url"),
        ("url3", "http://127.0.0.1:1/cpx/functions/url"),
        ("url4", "https://127.0.0.1:1/cp/functions/url"),
        ("url5", "not a url"),
    ];
    let mut server = registered();
    for (name, url) in others {
        server = server.function(name, url);
    }
    let result = CloudinaryParse::against(&server).run(&["register", "--prune"]);
    assert_eq!(result.code, 0);
    assert_eq!(server.changes(), [""; 0]);
    assert_eq!(result.table().last(), Some(&"2 unchanged, 4 foreign"));
}

#[test]
fn reports_stale_hooks_and_removes_them_on_demand() {
    let stale = "http://127.0.0.1:1/cp/functions/gone";
    let server = registered().function("gone", stale);
    let caller = CloudinaryParse::against(&server);
    let result = caller.run(&["register"]);
    assert_eq!(result.code, 0);
    assert!(result.table().contains(&&*format!(
        "stale       gone              {stale}  (no manifest names it; --prune removes it)"
    )));
    assert_eq!(server.changes(), [""; 0]);
    let result = caller.run(&["register", "--prune"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        result.table(),
        [
            format!("to remove   gone              {stale}"),
            format!("unchanged   Photo.beforeSave  {TRIGGER}"),
            format!("unchanged   url               {FUNCTION}"),
            format!("removed     gone              {stale}"),
            "2 unchanged, 1 removed".to_owned(),
        ]
    );
    assert_eq!(
        server.changes(),
        [r#"PUT /parse/hooks/functions/gone {"__op":"Delete"}"#]
    );
}

#[test]
fn leaves_a_stale_hook_that_is_not_ours_alone() {
    let server = registered()
        .function("gone", "http://127.0.0.1:1/cp/functions/gone")
        .function("gone", "http://elsewhere/gone");
    let result = CloudinaryParse::against(&server).run(&["register", "--prune"]);
    assert_eq!(result.code, 0);
    assert_eq!(server.changes(), [""; 0]);
    assert!(result.stderr.contains("gone is left alone: it is registered as http://127.0.0.1:1/cp/functions/gone, http://elsewhere/gone"));
}

#[test]
fn a_dry_run_only_looks() {
    let stale = "http://127.0.0.1:1/cp/functions/gone";
    for (server, code, verdict) in [
        (ParseServer::start(), 2, "drift: 2 to add"),
        (registered(), 0, "no drift: 2 unchanged"),
        (
            registered().function("x", "http://elsewhere"),
            0,
            "no drift: 2 unchanged, 1 foreign",
        ),
        (
            registered().function("gone", stale),
            2,
            "drift: 2 unchanged, 1 stale",
        ),
        (
            registered().function("url", "http://old"),
            2,
            "drift: 1 unchanged, 1 to replace",
        ),
    ] {
        let result = CloudinaryParse::against(&server).run(&["register", "--dry-run"]);
        assert_eq!(result.code, code, "{verdict}");
        assert_eq!(result.table().last(), Some(&verdict));
        assert_eq!(server.changes(), [""; 0]);
    }
}

#[test]
fn a_dry_run_shows_what_prune_would_remove() {
    let server = registered().function("gone", "http://127.0.0.1:1/cp/functions/gone");
    let result = CloudinaryParse::against(&server).run(&["register", "--dry-run", "--prune"]);
    assert_eq!(result.code, 2);
    assert_eq!(
        result.table().last(),
        Some(&"drift: 2 unchanged, 1 to remove")
    );
    assert_eq!(server.changes(), [""; 0]);
}

#[test]
fn speaks_json_to_scripts() {
    let server = registered().function("gone", "http://127.0.0.1:1/cp/functions/gone");
    let result = CloudinaryParse::against(&server).run(&["register", "--dry-run", "--json"]);
    assert_eq!(result.code, 2);
    let document: Value = serde_json::from_str(&result.stdout).unwrap();
    let warning = "http://127.0.0.1:1/cp/health does not answer: tcp connect error: Connection refused (os error 111): if Parse Server gets no other answer, it refuses every save of the guarded classes";
    assert_eq!(
        document,
        json!({
            "parse_server": server.url(),
            "parse_server_version": "9.10.0",
            "public_url": "http://127.0.0.1:1/cp",
            "dry_run": true,
            "drift": true,
            "warnings": [warning],
            "hooks": [
                {"className": "Photo", "triggerName": "beforeSave", "state": "unchanged", "url": TRIGGER, "registered": [TRIGGER]},
                {"functionName": "url", "state": "unchanged", "url": FUNCTION, "registered": [FUNCTION]},
                {
                    "functionName": "gone",
                    "state": "stale",
                    "url": null,
                    "registered": ["http://127.0.0.1:1/cp/functions/gone"],
                    "note": "no manifest names it; --prune removes it",
                },
            ],
        })
    );
}

#[test]
fn reaches_parse_server_where_this_service_does() {
    let server = ParseServer::start();
    let result = CloudinaryParse::against(&server)
        .env("PARSE_SERVER_URL", "http://127.0.0.1:1/parse")
        .env("CLOUDINARY_PARSE_SERVER_URL", &format!("{}/", server.url()))
        .run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn sets_no_hooks_for_a_class_that_cloud_code_calls_from_and_prunes_those_that_it_still_has() {
    let manifest = "class = \"Photo\"\ncalled_from = \"cloud_code\"\n[fields.picture]\non_replace = \"destroy\"\non_delete = \"destroy\"\ngrace = \"1h\"\ndestroy_within = \"\"\n";
    let against =
        |server: &ParseServer| CloudinaryParse::against(server).manifest("Photo.toml", manifest);
    let server = ParseServer::start().function("url", FUNCTION);
    let result = against(&server).run(&["register"]);
    assert_eq!(result.code, 0, "{}", result.stderr);
    assert_eq!(server.changes(), [""; 0]);

    let server = registered();
    let result = against(&server).run(&["register", "--dry-run"]);
    assert_eq!(result.code, 2, "{}", result.stderr);
    assert!(
        result.stdout.contains(&format!(
            "stale       Photo.beforeSave  {TRIGGER}  (no manifest names it; --prune removes it)"
        )),
        "{}",
        result.stdout
    );
    let result = against(&server).run(&["register", "--prune"]);
    assert_eq!(result.code, 0, "{}", result.stderr);
    assert_eq!(
        server.changes(),
        [r#"PUT /parse/hooks/triggers/Photo/beforeSave {"__op":"Delete"}"#]
    );
    assert!(
        result.stderr.contains("removing a hook also takes Cloud Code for the same class and trigger, or function, out of force until Parse Server restarts: where there is some, restart it at once"),
        "{}",
        result.stderr
    );
}
