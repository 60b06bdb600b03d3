//! Clean-up under `RUST_LOG=trace`, tries that fail included: no secret is in its log.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::service::Setup;
use crate::world::{SECRET, World, wait};

const API_SECRET: &str = "marked-api-secret";
const MASTER_KEY: &str = "marked-master-key";
const QUEUE_PASSWORD: &str = "marked-queue-password";
const SIGNATURE: &str = "0123456789abcdef0123456789abcdef01234567";

const LONG: Duration = Duration::from_secs(40);

#[track_caller]
fn assert_clean(text: &str) {
    let basic = BASE64_STANDARD.encode(format!("key:{API_SECRET}"));
    for secret in [API_SECRET, MASTER_KEY, QUEUE_PASSWORD, SIGNATURE, &basic] {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

fn setup(world: &World) -> Setup {
    world.state().master_key = Some(MASTER_KEY.to_owned());
    let account = format!(":{SECRET}@");
    let url = world
        .cloudinary_url()
        .replace(&account, &format!(":{API_SECRET}@"));
    Setup::photo(world)
        .env("RUST_LOG", "trace")
        .env("CLOUDINARY_URL", &url)
        .env("PARSE_SERVER_MASTER_KEY", MASTER_KEY)
}

#[test]
fn none_is_in_the_log_of_a_clean_up() {
    let world = World::new();
    world.asset("image/upload/app/a");
    let setup = setup(&world);
    world.state().master_key = Some("another".to_owned());
    let service = setup.start();
    service.replaced(
        "1",
        &json!(format!("image/upload/v1/app/a.jpg#{SIGNATURE}")),
        &json!(null),
    );
    wait(LONG, || service.log().contains("refuses the master key"));
    assert_clean(&service.ready().1.to_string());
    world.state().master_key = Some(MASTER_KEY.to_owned());
    world.wait_for_destroyed(1, LONG);
    world.asset("image/upload/app/b");
    world.state().refusal = Some(ResponseTemplate::new(500).set_body_string("no"));
    service.replaced("2", &json!("image/upload/v1/app/b.jpg"), &json!(null));
    wait(LONG, || world.state().calls.len() >= 2);
    let log = service.log();
    assert!(
        log.contains("TRACE"),
        "the log says less than it can:\n{log}"
    );
    assert_clean(&log);
    let listed = setup.run(&["cleanup", "list"]);
    assert_clean(&String::from_utf8_lossy(&listed.stdout));
    assert_clean(&String::from_utf8_lossy(&listed.stderr));
}

#[test]
fn the_password_of_a_queue_that_cannot_be_reached_is_not_said() {
    let world = World::new();
    let queue = format!("postgres://user:{QUEUE_PASSWORD}@127.0.0.1:1/queue");
    let setup = setup(&world).env("CLOUDINARY_PARSE_QUEUE", &queue);
    let listed = setup.run(&["cleanup", "list"]);
    assert_eq!(listed.status.code(), Some(1));
    assert_clean(&String::from_utf8_lossy(&listed.stdout));
    assert_clean(&String::from_utf8_lossy(&listed.stderr));
}
