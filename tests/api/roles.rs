//! `access = { role = "…" }`: Parse Server is asked with the caller's session, and believed for a
//! while.

use std::time::Duration;

use cloudinary_parse::hooks::ParseServer;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::app::{App, and, call_by, deployment, settings};

const EDITORS: &str = r#"
function = "sign"
action = "sign_upload"
access = { role = "editors" }
[upload]
tags = "a"
"#;
const CHECK_LATER: &str = "Cannot check the role editors, try again later";

/// A Parse Server in whose answers `u1` has the session `r:secret`.
struct Roles {
    runtime: tokio::runtime::Runtime,
    server: MockServer,
}

impl Roles {
    fn none() -> Roles {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(MockServer::start());
        Roles { runtime, server }
    }

    /// Roles that hold the user.
    fn of_user(self, roles: &[(&str, &str)]) -> Roles {
        let user = json!({"__type": "Pointer", "className": "_User", "objectId": "u1"});
        self.answer(&json!({ "users": user }), 0, results(roles))
    }

    /// Roles that hold one of those roles.
    fn above(self, ids: &[&str], roles: &[(&str, &str)]) -> Roles {
        let pointers = ids
            .iter()
            .map(|id| json!({"__type": "Pointer", "className": "_Role", "objectId": id}));
        let pointers: Vec<Value> = pointers.collect();
        self.answer(&json!({"roles": {"$in": pointers}}), 0, results(roles))
    }

    fn answer(self, filter: &Value, skip: usize, answer: ResponseTemplate) -> Roles {
        let mock = Mock::given(method("GET"))
            .and(path("/parse/roles"))
            .and(header("X-Parse-Application-Id", "app"))
            .and(header("X-Parse-Session-Token", "r:secret"))
            .and(query_param("where", filter.to_string()))
            .and(query_param("skip", skip.to_string()))
            .respond_with(answer);
        self.runtime.block_on(mock.mount(&self.server));
        self
    }

    fn always(self, answer: ResponseTemplate) -> Roles {
        let mock = Mock::given(method("GET")).respond_with(answer);
        self.runtime.block_on(mock.mount(&self.server));
        self
    }

    fn client(&self) -> ParseServer {
        client(&self.server.uri())
    }

    fn app(&self) -> App {
        App::with_parse_server(&[EDITORS], self.client())
    }

    fn asked(&self) -> usize {
        let requests = self.runtime.block_on(self.server.received_requests());
        requests.unwrap_or_default().len()
    }
}

fn client(origin: &str) -> ParseServer {
    let url = format!("{origin}/parse").parse().unwrap();
    ParseServer::new(&url, "app", Duration::from_secs(5)).unwrap()
}

fn results(roles: &[(&str, &str)]) -> ResponseTemplate {
    let rows = roles
        .iter()
        .map(|(id, name)| json!({"objectId": id, "name": name, "createdAt": "x"}));
    ResponseTemplate::new(200).set_body_json(json!({"results": rows.collect::<Vec<_>>()}))
}

fn called(app: &App) -> Value {
    app.call("sign", &call_by("u1", json!({})))
}

#[track_caller]
fn assert_refused(app: &App, text: &str) {
    assert_eq!(called(app), json!({ "error": text }));
}

#[test]
fn a_holder_of_the_role_is_let_through() {
    let roles = Roles::none().of_user(&[("a", "authors"), ("e", "editors")]);
    assert_eq!(called(&roles.app())["success"]["tags"], "a");
    assert_eq!(roles.asked(), 1);
}

#[test]
fn a_role_is_held_by_the_holders_of_the_roles_in_it() {
    let roles = Roles::none()
        .of_user(&[("a", "authors"), ("b", "bosses")])
        .above(&["a", "b"], &[("c", "staff")])
        .above(&["c"], &[("e", "editors")]);
    assert_eq!(called(&roles.app())["success"]["tags"], "a");
    assert_eq!(roles.asked(), 3);
}

#[test]
fn roles_that_hold_each_other_end_the_search() {
    let roles = Roles::none()
        .of_user(&[("a", "authors")])
        .above(&["a"], &[("b", "bosses"), ("a", "authors")])
        .above(&["b"], &[("a", "authors"), ("b", "bosses")]);
    assert_refused(&roles.app(), "Needs the role editors");
    assert_eq!(roles.asked(), 3);
}

#[test]
fn whoever_does_not_hold_the_role_is_refused() {
    for held in [
        &[][..],
        &[("x", "Editors")],
        &[("x", "editors ")],
        &[("x", "subeditors")],
    ] {
        let roles = Roles::none().of_user(held).above(&["x"], &[]);
        assert_refused(&roles.app(), "Needs the role editors");
    }
}

#[test]
fn more_roles_than_one_answer_holds_are_read_to_the_end() {
    let many: Vec<_> = (0..100)
        .map(|n| (format!("id{n}"), format!("role{n}")))
        .collect();
    let many: Vec<_> = many.iter().map(|(id, name)| (&**id, &**name)).collect();
    let user = json!({"users": {"__type": "Pointer", "className": "_User", "objectId": "u1"}});
    let roles = Roles::none()
        .of_user(&many)
        .answer(&user, 100, results(&[("e", "editors")]));
    assert_eq!(called(&roles.app())["success"]["tags"], "a");
}

#[test]
fn an_answer_is_believed_for_a_while() {
    let roles = Roles::none().of_user(&[("e", "editors")]);
    let app = roles.app();
    for _ in 0..5 {
        assert_eq!(called(&app)["success"]["tags"], "a");
    }
    assert_eq!(roles.asked(), 1);
    // Of another user it says nothing.
    assert_eq!(
        app.call("sign", &call_by("u2", json!({}))),
        json!({"error": CHECK_LATER})
    );
}

#[test]
fn needs_a_session_that_the_master_key_does_not_replace() {
    let roles = Roles::none().of_user(&[("e", "editors")]);
    let app = roles.app();
    for body in [
        json!({"params": {}}),
        json!({"params": {}, "master": true}),
        json!({"params": {}, "user": {"objectId": "u1"}}),
        json!({"params": {}, "user": {"objectId": "u1", "sessionToken": ""}}),
        json!({"params": {}, "user": {"objectId": "u1", "sessionToken": 5}}),
        json!({"params": {}, "user": {"sessionToken": "r:secret"}}),
    ] {
        assert_eq!(
            app.call("sign", &body),
            json!({"error": "Needs an authenticated user"}),
            "{body}"
        );
    }
    assert_eq!(roles.asked(), 0);
}

#[test]
fn a_session_that_has_ended_is_none() {
    let ended = json!({"code": 209, "error": "Invalid session token"});
    let roles = Roles::none().always(ResponseTemplate::new(400).set_body_json(ended));
    assert_refused(&roles.app(), "Needs an authenticated user");
}

#[test]
fn what_parse_server_does_not_say_is_refused_and_asked_again() {
    let forbidden =
        json!({"code": 119, "error": "Permission denied for action find on class _Role."});
    for answer in [
        ResponseTemplate::new(500).set_body_string("x"),
        ResponseTemplate::new(502),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(json!({"results": [{"name": "editors"}]})),
        ResponseTemplate::new(200).set_body_json(json!({"results": "editors"})),
        ResponseTemplate::new(403).set_body_json(json!({"error": "unauthorized"})),
        ResponseTemplate::new(400).set_body_json(forbidden),
        ResponseTemplate::new(302).insert_header("Location", "/elsewhere"),
    ] {
        let roles = Roles::none().always(answer);
        let app = roles.app();
        assert_refused(&app, CHECK_LATER);
        assert_refused(&app, CHECK_LATER);
        assert_eq!(roles.asked(), 2);
    }
}

#[test]
fn a_parse_server_that_is_down_is_refused_readably() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    assert_refused(
        &App::with_parse_server(&[EDITORS], client(&origin)),
        CHECK_LATER,
    );
}

#[test]
fn a_parse_server_that_does_not_answer_in_time_is_a_503() {
    let roles =
        Roles::none().always(results(&[("e", "editors")]).set_delay(Duration::from_secs(20)));
    let mut settings = settings();
    settings.answer_timeout = Duration::from_millis(300);
    let mut deployment = deployment(&[EDITORS]);
    deployment.parse_server = Some(roles.client());
    let app = App::start(settings, deployment);
    let answer = app.post(
        "/functions/sign",
        &and(call_by("u1", json!({})), json!({})).to_string(),
    );
    assert_eq!(
        (answer.status, &*answer.body),
        (503, r#"{"error":"timed out, try again"}"#)
    );
}

#[test]
fn refusals_are_counted_by_their_reason() {
    let roles = Roles::none().of_user(&[]);
    let app = roles.app();
    assert_refused(&app, "Needs the role editors");
    let metrics = app.get_admin("/metrics", "").body;
    let line = r#"cloudinary_parse_decisions_total{hook="sign",field="",outcome="refused",reason="needs_role"} 1"#;
    assert!(metrics.contains(line), "{metrics}");
}
