//! What happens while somebody is down: saves go on, and the trouble shows.

use std::time::Duration;

use serde_json::json;
use wiremock::ResponseTemplate;

use crate::service::{Service, Setup};
use crate::world::{World, wait};

const LONG: Duration = Duration::from_secs(40);
const AT_ONCE: Duration = Duration::from_secs(2);

fn lose(service: &Service, name: &str) -> Duration {
    service.replaced(
        "1",
        &json!(format!("image/upload/v1/app/{name}.jpg")),
        &json!(null),
    )
}

#[track_caller]
fn wait_for_trouble(service: &Service, dependency: &str, text: &str) {
    wait(LONG, || {
        let (status, body) = service.ready();
        let trouble = body["checks"][dependency].as_str().unwrap_or_default();
        status == 503 && body["status"] == "not ready" && trouble.contains(text)
    });
    let name = format!("cloudinary_parse_queue_dependency_up{{dependency=\"{dependency}\"}} ");
    assert!(service.metric(&name).abs() < 0.5);
}

#[track_caller]
fn wait_for_readiness(service: &Service) {
    wait(LONG, || service.ready().0 == 200);
    let body = service.ready().1;
    let expected =
        json!({"listener": "ok", "queue": "ok", "parse_server": "ok", "cloudinary": "ok"});
    assert_eq!(body, json!({"status": "ready", "checks": expected}));
}

#[test]
fn parse_server_down_keeps_everything_and_is_made_up_for() {
    let world = World::new();
    world.asset("image/upload/app/a");
    world.state().parse_down = true;
    let setup = Setup::photo(&world);
    let service = setup.start();
    assert!(lose(&service, "a") < AT_ONCE);
    wait_for_trouble(&service, "parse_server", "not available");
    assert_eq!(world.state().calls, Vec::<String>::new());
    world.state().parse_down = false;
    world.wait_for_destroyed(1, LONG);
    wait_for_readiness(&service);
}

#[test]
fn cloudinary_down_is_made_up_for() {
    let world = World::new();
    world.asset("image/upload/app/a");
    world.state().refusal = Some(ResponseTemplate::new(502).set_body_string("<html>"));
    let setup = Setup::photo(&world);
    let service = setup.start();
    assert!(lose(&service, "a") < AT_ONCE);
    wait_for_trouble(&service, "cloudinary", "502");
    world.state().refusal = None;
    world.wait_for_destroyed(1, LONG);
    wait_for_readiness(&service);
}

#[test]
fn a_wrong_master_key_destroys_nothing_although_classes_answers_it_and_the_job_waits() {
    let world = World::new();
    world.asset("image/upload/app/hidden");
    world.asset("image/upload/app/free");
    world.row(
        "Photo",
        "h",
        json!({"picture": "image/upload/v1/app/hidden.jpg", "hidden": true}),
    );
    world.state().master_key = Some("another".to_owned());
    let setup = Setup::photo(&world);
    let service = setup.start();
    lose(&service, "hidden");
    lose(&service, "free");
    wait_for_trouble(&service, "parse_server", "PARSE_SERVER_MASTER_KEY");
    wait(LONG, || {
        service.metric("cloudinary_parse_queue_tries_total{outcome=\"failed\"} ") >= 2.0
    });
    assert_eq!(world.state().calls, Vec::<String>::new());
    world.state().master_key = None;
    assert_eq!(world.wait_for_destroyed(1, LONG), ["image/upload/app/free"]);
    wait_for_readiness(&service);
    assert_eq!(world.destroyed(), ["image/upload/app/free"]);
}

#[test]
fn a_locked_queue_lets_saves_through_and_shows_it() {
    let world = World::new();
    let setup = Setup::photo(&world);
    let service = setup.start();
    wait_for_readiness(&service);
    let lock = lock(&setup);
    assert!(lose(&service, "a") < Duration::from_secs(7));
    wait(LONG, || service.log().contains("ERROR"));
    wait_for_trouble(&service, "queue", "CLOUDINARY_PARSE_QUEUE");
    assert!(service.metric("cloudinary_parse_queue_pushes_total{outcome=\"failed\"} ") >= 1.0);
    drop(lock);
    wait_for_readiness(&service);
    world.asset("image/upload/app/b");
    lose(&service, "b");
    world.wait_for_destroyed(1, LONG);
}

/// Another process's lock, held until the answer is dropped.
fn lock(setup: &Setup) -> std::process::Child {
    let script = "import sqlite3,sys,time\nc=sqlite3.connect(sys.argv[1],isolation_level=None)\nc.execute('begin immediate')\nprint('locked',flush=True)\nsys.stdin.read()\n";
    let mut child = std::process::Command::new("python3")
        .args(["-c", script, &setup.queue_file().display().to_string()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    assert_eq!(line, "locked\n");
    child
}

#[test]
fn a_queue_that_cannot_be_opened_lets_saves_through_and_is_opened_when_it_can() {
    let world = World::new();
    world.asset("image/upload/app/b");
    let setup = Setup::photo(&world).env("CLOUDINARY_PARSE_QUEUE", "sqlite://missing/queue.db");
    let service = setup.start();
    assert!(lose(&service, "a") < Duration::from_secs(7));
    wait_for_trouble(&service, "queue", "");
    std::fs::create_dir(setup.folder.path().join("missing")).unwrap();
    wait_for_readiness(&service);
    lose(&service, "b");
    world.wait_for_destroyed(1, LONG);
}

#[test]
fn a_rate_limit_is_waited_for() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.asset(&format!("image/upload/app/{name}"));
    }
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(20);
    let reset = jiff::fmt::rfc2822::to_string(&soon.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
    let limited = ResponseTemplate::new(420)
        .insert_header("X-FeatureRateLimit-Reset", reset.as_str())
        .set_body_json(json!({"error": {"message": "Rate Limit Exceeded"}}));
    world.state().refusal = Some(limited);
    let setup = Setup::photo(&world);
    let service = setup.start();
    lose(&service, "a");
    wait(LONG, || world.state().calls.len() == 1);
    world.state().refusal = None;
    lose(&service, "b");
    lose(&service, "c");
    world.wait_for_destroyed(3, LONG + LONG);
    assert!(jiff::Timestamp::now() >= soon);
    assert_eq!(world.state().calls.len(), 4);
}
