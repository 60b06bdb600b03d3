//! What Cloudinary notifies of, and what becomes of the rows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use crate::postgres::Postgres;
use crate::service::{Service, Setup};
use crate::world::{SECRET, World, wait};

const FOLLOWS: &str = r#"class = "Photo"
[fields.picture]
folder = "users/{user.objectId}"
max_age = "1h"
moderation_field = "imageStatus"
on_reject = "clear"
sync = true
eager_field = "thumbnails"
on_replace = "destroy"
grace = "1s"
destroy_within = ""
"#;
const ALBUM: &str =
    "class = \"Album\"\n[fields.pictures]\nmany = true\nsync = true\non_reject = \"clear\"\n";
const SOON: Duration = Duration::from_secs(20);

fn start(world: &World) -> (Setup, Service) {
    let setup = Setup::new(world, &[("Photo.toml", FOLLOWS), ("Album.toml", ALBUM)]);
    let service = setup.start();
    world.state().hooks = Some(service.address().to_owned());
    (setup, service)
}

/// With a row that holds the picture of [`moderation`].
fn start_with_the_picture() -> (World, Setup, Service) {
    let world = World::new();
    photo(&world, "1", "a/cat");
    world.asset("image/upload/a/cat");
    let (setup, service) = start(&world);
    (world, setup, service)
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn sign(body: &str, timestamp: &str, secret: &str) -> String {
    let signature = hex::encode(Sha1::digest(format!("{body}{timestamp}{secret}")));
    format!(
        "Content-Type: application/json\r\nX-Cld-Timestamp: {timestamp}\r\nX-Cld-Signature: {signature}\r\n"
    )
}

#[track_caller]
fn notify(service: &Service, body: &Value) {
    notify_at(service, body, now());
}

/// Sent at `at`, in seconds since 1970.
#[track_caller]
fn notify_at(service: &Service, body: &Value, at: u64) {
    let body = body.to_string();
    let headers = sign(&body, &at.to_string(), SECRET);
    let answer = service.post("/cloudinary/notifications", &headers, &body);
    assert_eq!(answer, (200, "{}".to_owned()));
}

/// A row with a picture of this public ID.
fn photo(world: &World, id: &str, public_id: &str) {
    let picture = format!("image/upload/v1/{public_id}.jpg");
    world.row("Photo", id, json!({"picture": picture}));
}

fn row(world: &World, class: &str, id: &str) -> Value {
    world.state().rows[&(class.to_owned(), id.to_owned())].clone()
}

fn moderation(status: &str) -> Value {
    json!({"notification_type": "moderation", "moderation_status": status, "public_id": "a/cat", "resource_type": "image", "type": "upload"})
}

#[test]
fn rows_that_find_triggers_of_cloud_code_hide_or_change_follow_too() {
    for (secret, shown) in [
        (true, None),
        (false, Some(json!("hidden"))),
        (false, Some(json!("image/upload/v1/a/dog.jpg"))),
    ] {
        let world = World::new();
        photo(&world, "1", "a/cat");
        if secret {
            world.state().before_find = true;
            let picture = json!({"picture": "image/upload/v1/a/cat.jpg", "secret": true});
            world.row("Photo", "1", picture);
        }
        world.state().after_find = shown;
        photo(&world, "2", "a/dog");
        world.asset("image/upload/a/cat");
        let (_setup, service) = start(&world);
        notify(&service, &moderation("approved"));
        wait(SOON, || {
            row(&world, "Photo", "1")["imageStatus"] == "approved"
        });
        assert_eq!(row(&world, "Photo", "2")["imageStatus"], Value::Null);
    }
}

#[test]
fn a_field_with_one_identifier_is_searched_and_no_class_is_read_in_full() {
    let (world, _setup, service) = start_with_the_picture();
    for number in 2..30 {
        photo(&world, &number.to_string(), "a/dog");
    }
    notify(&service, &moderation("approved"));
    wait(SOON, || {
        row(&world, "Photo", "1")["imageStatus"] == "approved"
    });
    assert_eq!(world.state().walks, 0);
}

#[test]
fn moderation_eager_and_rename_reach_the_rows_that_hold_the_asset() {
    let world = World::new();
    world.row(
        "Photo",
        "1",
        json!({"picture": "image/upload/v1/a/cat.jpg", "imageStatus": "old"}),
    );
    photo(&world, "2", "a/cat/x");
    world.row(
        "Album",
        "3",
        json!({"pictures": ["image/upload/v1/a/cat.jpg", "image/upload/v1/b.jpg"]}),
    );
    world.asset("image/upload/a/cat");
    let (_setup, service) = start(&world);
    notify(&service, &moderation("approved"));
    wait(SOON, || {
        row(&world, "Photo", "1")["imageStatus"] == "approved"
    });
    let url = "https://res.cloudinary.com/demo/image/upload/c_fill/v1/a/cat.jpg";
    notify(
        &service,
        &json!({"notification_type": "eager", "public_id": "a/cat", "eager": [{"secure_url": url}]}),
    );
    wait(SOON, || {
        row(&world, "Photo", "1")["thumbnails"] == json!([url])
    });
    rename_asset(&world, "a/cat", "b/dog");
    notify(&service, &renamed("a/cat", "b/dog"));
    wait(SOON, || {
        row(&world, "Photo", "1")["picture"] == "image/upload/v1/b/dog.jpg"
    });
    wait(SOON, || {
        row(&world, "Album", "3")["pictures"]
            == json!(["image/upload/v1/b.jpg", "image/upload/v1/b/dog.jpg"])
    });
    assert_eq!(
        row(&world, "Photo", "2"),
        json!({"picture": "image/upload/v1/a/cat/x.jpg"})
    );
    assert_eq!(world.state().refusals, Vec::<String>::new());
}

/// Cloudinary's own part of a rename.
fn rename_asset(world: &World, from: &str, to: &str) {
    world.state().assets.remove(&format!("image/upload/{from}"));
    world.asset(&format!("image/upload/{to}"));
}

fn renamed(from: &str, to: &str) -> Value {
    json!({"notification_type": "rename", "resource_type": "image", "type": "upload", "from_public_id": from, "to_public_id": to})
}

#[test]
fn a_rejected_or_deleted_picture_is_taken_away() {
    let world = World::new();
    photo(&world, "1", "a/cat");
    world.row(
        "Album",
        "3",
        json!({"pictures": ["image/upload/v1/a/cat.jpg", "image/upload/v1/b.jpg"]}),
    );
    photo(&world, "4", "a/dog");
    photo(&world, "5", "a/there");
    world.asset("image/upload/a/there");
    let (_setup, service) = start(&world);
    notify(&service, &moderation("rejected"));
    wait(SOON, || {
        row(&world, "Photo", "1") == json!({"imageStatus": "rejected"})
    });
    wait(SOON, || {
        row(&world, "Album", "3")["pictures"] == json!(["image/upload/v1/b.jpg"])
    });
    notify(
        &service,
        &json!({"notification_type": "delete", "resources": [
        {"resource_type": "image", "type": "upload", "public_id": "a/dog"},
        {"resource_type": "image", "type": "upload", "public_id": "a/there"}]}),
    );
    wait(SOON, || row(&world, "Photo", "4") == json!({}));
    wait(SOON, || tried(&service, "unseen") >= 1.0);
    assert_eq!(
        row(&world, "Photo", "5"),
        json!({"picture": "image/upload/v1/a/there.jpg"})
    );
}

#[test]
fn a_client_that_is_faster_wins() {
    let (world, _setup, service) = start_with_the_picture();
    world.state().meanwhile = Some(("picture".to_owned(), json!("image/upload/v9/a/new.jpg")));
    notify(&service, &moderation("rejected"));
    wait(SOON, || !world.state().refusals.is_empty());
    assert_eq!(
        world.state().refusals,
        [r#"{"error":"Photo.picture: holds another picture by now"}"#]
    );
    assert_eq!(
        row(&world, "Photo", "1"),
        json!({"picture": "image/upload/v9/a/new.jpg"})
    );
}

/// Waits until so many jobs are done with.
#[track_caller]
fn wait_until_done(service: &Service, jobs: u32) {
    wait(SOON, || {
        ["followed", "unseen", "dropped"]
            .iter()
            .map(|outcome| tried(service, outcome))
            .sum::<f64>()
            >= f64::from(jobs)
    });
}

/// A row that holds the picture and whose status somebody has set by hand.
fn by_hand(world: &World) {
    let picture = "image/upload/v1/a/cat.jpg";
    world.row(
        "Photo",
        "1",
        json!({"picture": picture, "imageStatus": "by hand"}),
    );
}

#[test]
fn a_repeated_notification_is_done_once() {
    let (world, _setup, service) = start_with_the_picture();
    let dated = |second: u8| {
        let mut body = moderation("approved");
        body["timestamp"] = json!(format!("2026-01-01T00:00:0{second}+00:00"));
        body
    };
    notify(&service, &moderation("approved"));
    notify(&service, &dated(1));
    wait_until_done(&service, 2);
    by_hand(&world);
    // Cloudinary's retries, and one with a time of its own an hour later.
    for later in [0, 180, 540, 1_080] {
        notify_at(&service, &moderation("approved"), now() - later);
    }
    notify_at(&service, &dated(1), now() - 3_600);
    // Behind them in the queue.
    notify(&service, &renamed("a/other", "a/another"));
    wait_until_done(&service, 3);
    assert_eq!(row(&world, "Photo", "1")["imageStatus"], "by hand");
    assert!(tried(&service, "followed") < 2.5);
}

#[test]
fn postgresql_takes_a_repetition_for_done_and_no_other_failure() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let world = World::new();
    let setup = Setup::new(&world, &[("Photo.toml", FOLLOWS)])
        .env("CLOUDINARY_PARSE_QUEUE", &postgres.url());
    let service = setup.start();
    let mut dated = moderation("approved");
    dated["timestamp"] = json!("2026-01-01T00:00:01+00:00");
    notify(&service, &dated);
    notify(&service, &dated);
    let jobs = postgres.execute("SELECT count(*) FROM apalis.jobs");
    assert_eq!(jobs, "1\n");
    postgres.execute("ALTER TABLE apalis.jobs ADD CHECK (false) NOT VALID");
    dated["timestamp"] = json!("2026-01-01T00:00:02+00:00");
    let (body, at) = (dated.to_string(), now().to_string());
    let headers = sign(&body, &at, SECRET);
    let (status, _) = service.post("/cloudinary/notifications", &headers, &body);
    assert!(status >= 500, "{status}");
}

#[test]
fn a_body_without_a_time_that_comes_again_later_is_another_event() {
    let (world, _setup, service) = start_with_the_picture();
    notify_at(&service, &moderation("approved"), now() - 3_600);
    wait_until_done(&service, 1);
    by_hand(&world);
    notify(&service, &moderation("approved"));
    wait(SOON, || {
        row(&world, "Photo", "1")["imageStatus"] == "approved"
    });
}

#[test]
fn a_verdict_that_was_taken_back_and_given_again_is_no_repetition() {
    let (world, _setup, service) = start_with_the_picture();
    let start = now() - 60;
    for (number, status) in (1..).zip(["approved", "pending", "approved"]) {
        notify_at(&service, &moderation(status), start + u64::from(number));
        wait_until_done(&service, number);
        assert_eq!(row(&world, "Photo", "1")["imageStatus"], status);
    }
}

fn tried(service: &Service, outcome: &str) -> f64 {
    let name = format!("cloudinary_parse_queue_tries_total{{outcome=\"{outcome}\"}} ");
    service.metric(&name)
}

/// A notification that comes before the save, and then the save.
fn notified_before_the_save(body: &Value) -> (World, Setup, Service) {
    let world = World::new();
    photo(&world, "0", "other");
    world.asset("image/upload/a/cat");
    let (setup, service) = start(&world);
    notify(&service, body);
    wait(SOON, || tried(&service, "failed") >= 1.0);
    photo(&world, "1", "a/cat");
    (world, setup, service)
}

#[test]
fn a_notification_that_is_faster_than_the_save_waits_for_it() {
    let (world, _setup, _service) = notified_before_the_save(&moderation("pending"));
    wait(SOON, || {
        row(&world, "Photo", "1")["imageStatus"] == "pending"
    });
}

#[test]
fn a_verdict_that_had_to_wait_for_the_save_does_not_overrule_a_later_one() {
    let verdict = |status: &str, second: u8| {
        let mut body = moderation(status);
        body["timestamp"] = json!(format!("2026-01-01T00:00:0{second}+00:00"));
        body
    };
    let (world, _setup, service) = notified_before_the_save(&verdict("pending", 1));
    notify(&service, &verdict("approved", 2));
    wait(SOON, || {
        tried(&service, "dropped") + tried(&service, "followed") >= 2.0
    });
    assert_eq!(row(&world, "Photo", "1")["imageStatus"], "approved");
}

#[test]
fn what_cloudinary_did_not_sign_now_is_refused() {
    let world = World::new();
    let (_setup, service) = start(&world);
    let body = moderation("approved").to_string();
    let unauthorized = (401, r#"{"error":"unauthorized"}"#.to_owned());
    let (now, post) = (now(), |headers: &str, body: &str| {
        service.post("/cloudinary/notifications", headers, body)
    });
    for (headers, body) in [
        (String::new(), body.as_str()),
        (sign(&body, &now.to_string(), "another"), &body),
        (sign(&body, &now.to_string(), SECRET), "{}"),
        (sign(&body, &(now - 7300).to_string(), SECRET), &body),
        (sign(&body, &(now + 400).to_string(), SECRET), &body),
        (sign(&body, &format!("+{now}"), SECRET), &body),
        (
            sign(&body, &now.to_string(), SECRET).replace("X-Cld-Timestamp", "X-Other"),
            &body,
        ),
        (
            sign(&body, &now.to_string(), SECRET).replace("X-Cld-Signature", "X-Cld-Signature_v2"),
            &body,
        ),
        (sign(&body, &now.to_string(), SECRET).to_uppercase(), &body),
    ] {
        assert_eq!(post(&headers, body), unauthorized, "{headers}");
    }
    for body in ["", "[]", "5", "{", "{}x"] {
        let headers = sign(body, &now.to_string(), SECRET);
        assert_eq!(
            post(&headers, body),
            (400, r#"{"error":"bad request"}"#.to_owned()),
            "{body}"
        );
    }
    let unknown = r#"{"notification_type":"create_folder"}"#;
    assert_eq!(
        post(&sign(unknown, &(now - 7000).to_string(), SECRET), unknown),
        (200, "{}".to_owned())
    );
    assert!(
        service.metric("cloudinary_parse_notifications_total{kind=\"other\",outcome=\"ignored\"} ")
            >= 1.0
    );
}

#[test]
fn the_log_says_what_to_set_for_what_is_refused() {
    let world = World::new();
    let (_setup, service) = start(&world);
    let mut body = moderation("approved");
    let now = now().to_string();
    let post = |headers: &str, body: &Value| {
        let answer = service.post("/cloudinary/notifications", headers, &body.to_string());
        assert_eq!(answer, (401, r#"{"error":"unauthorized"}"#.to_owned()));
    };
    body["signature_key"] = json!("123456789012345");
    post(&sign(&body.to_string(), &now, "another"), &body);
    let v2 = sign(&body.to_string(), &now, SECRET).replace("X-Cld-Signature", "X-Cld-Signature_v2");
    post(&v2, &body);
    body["signature_key"] = json!("forged\nline");
    post(&sign(&body.to_string(), &now, "another"), &body);
    let log = service.log();
    for line in [
        "bad signature; its signature_key is 123456789012345: set CLOUDINARY_NOTIFICATION_SECRET to the secret of that key",
        "it shows only X-Cld-Signature_v2: set the trigger's auth_scheme to `default` or `legacy_hmac`",
    ] {
        assert_eq!(log.matches(line).count(), 1, "{line}\n{log}");
    }
    assert!(!log.contains("forged"), "{log}");
}

#[test]
fn a_secret_for_notifications_is_taken_for_them() {
    let (world, setup, service) = start_with_the_picture();
    drop(service);
    let setup = setup.env("CLOUDINARY_NOTIFICATION_SECRET", "of the oldest key");
    let service = setup.start();
    world.state().hooks = Some(service.address().to_owned());
    let body = moderation("pending").to_string();
    let headers = sign(&body, &now().to_string(), "of the oldest key");
    let answer = service.post("/cloudinary/notifications", &headers, &body);
    assert_eq!(answer, (200, "{}".to_owned()));
    wait(SOON, || {
        row(&world, "Photo", "1")["imageStatus"] == "pending"
    });
}

/// What Cloudinary proves is in `proof.rs`; here are the claims.
mod proof;
