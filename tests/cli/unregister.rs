use crate::command::CloudinaryParse;
use crate::parse_server::ParseServer;

fn server() -> ParseServer {
    ParseServer::start()
        .trigger(
            "Photo",
            "beforeSave",
            "http://127.0.0.1:1/cp/triggers/Photo/beforeSave",
        )
        .function("gone", "http://127.0.0.1:1/cp/functions/gone")
        .function("near", "http://127.0.0.1:1/cpx/functions/near")
        .function("old", "http://127.0.0.1:11/functions/old")
}

#[test]
fn removes_what_lies_under_the_public_url() {
    let server = server();
    let result = CloudinaryParse::against(&server).run(&["unregister"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        result.table(),
        [
            "removed     Photo.beforeSave  http://127.0.0.1:1/cp/triggers/Photo/beforeSave",
            "removed     gone              http://127.0.0.1:1/cp/functions/gone",
            "2 removed",
        ]
    );
    assert_eq!(
        server.changes(),
        [
            r#"PUT /parse/hooks/triggers/Photo/beforeSave {"__op":"Delete"}"#,
            r#"PUT /parse/hooks/functions/gone {"__op":"Delete"}"#,
        ]
    );
}

#[test]
fn a_dry_run_shows_what_would_be_removed_and_changes_nothing() {
    for (url, code, expected) in [
        (
            "http://127.0.0.1:1/cp",
            2,
            &[
                "to remove   Photo.beforeSave  http://127.0.0.1:1/cp/triggers/Photo/beforeSave",
                "to remove   gone              http://127.0.0.1:1/cp/functions/gone",
                "2 to remove",
            ][..],
        ),
        ("http://127.0.0.1:1/c", 0, &["0 to remove"]),
    ] {
        let server = server();
        let result =
            CloudinaryParse::against(&server).run(&["unregister", "--dry-run", "--url", url]);
        assert_eq!((result.code, &*result.table()), (code, expected));
        assert_eq!(server.changes(), [""; 0], "{url}");
    }
}

#[test]
fn removes_what_lies_under_an_older_url() {
    for (url, expected) in [
        (
            "http://127.0.0.1:11",
            &[r#"PUT /parse/hooks/functions/old {"__op":"Delete"}"#][..],
        ),
        (
            "http://127.0.0.1:11/functions/",
            &[r#"PUT /parse/hooks/functions/old {"__op":"Delete"}"#],
        ),
        ("http://127.0.0.1:11/func", &[]),
        ("http://127.0.0.1:1/c", &[]),
        ("http://127.0.0.1", &[]),
    ] {
        let server = server();
        let result = CloudinaryParse::against(&server).run(&["unregister", "--url", url]);
        assert_eq!(result.code, 0);
        assert_eq!(server.changes(), expected, "{url}");
    }
}

#[test]
fn needs_no_manifests() {
    let server = server();
    let caller = CloudinaryParse::against(&server);
    std::fs::remove_dir_all(caller.directory().join("webhooks")).unwrap();
    assert_eq!(caller.run(&["unregister"]).code, 0);
}

#[test]
fn leaves_a_hook_that_is_not_ours_alone_and_fails() {
    let server = server().function("gone", "http://elsewhere/gone");
    let result = CloudinaryParse::against(&server).run(&["unregister"]);
    assert_eq!(result.code, 1);
    assert_eq!(
        result.error(),
        "error: 1 hook under http://127.0.0.1:1/cp is still registered"
    );
    assert_eq!(
        server.changes(),
        [r#"PUT /parse/hooks/triggers/Photo/beforeSave {"__op":"Delete"}"#]
    );
}

#[test]
fn refuses_a_wildcard_as_the_older_url() {
    let server = server();
    let result = CloudinaryParse::against(&server).run(&["unregister", "--url", "http://0.0.0.0"]);
    assert_eq!(result.code, 1);
    assert_eq!(
        result.error(),
        "error: --url: http://0.0.0.0 is a wildcard address, which Parse Server cannot call"
    );
}
