//! What Cloudinary is asked before a row changes.

use serde_json::{Map, Value, json};
use wiremock::ResponseTemplate;

use super::*;

/// A row with a picture, and its identifier.
fn holding(world: &World, id: &str, picture: &str) {
    world.row("Photo", id, json!({ "picture": picture }));
}

fn picture(world: &World, id: &str) -> Value {
    row(world, "Photo", id)["picture"].clone()
}

/// A verdict without what tells the kind of its asset.
fn verdict(status: &str, more: &Value) -> Value {
    let mut body = json!({"notification_type": "moderation", "moderation_status": status, "public_id": "a/cat"});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

#[track_caller]
fn assert_untouched(world: &World, service: &Service, body: &Value) {
    let before = world.state().rows.clone();
    notify(service, body);
    wait_until_done(service, 1);
    assert_eq!(world.state().rows, before);
}

#[test]
fn a_late_rename_does_not_move_the_row_of_a_new_upload() {
    let (world, _setup, service) = start_with_the_picture();
    world.asset("image/upload/b/dog");
    assert_untouched(&world, &service, &renamed("a/cat", "b/dog"));
}

#[test]
fn a_rename_to_a_name_that_is_not_there_is_not_followed() {
    let world = World::new();
    photo(&world, "1", "a/cat");
    let (_setup, service) = start(&world);
    notify(&service, &renamed("a/cat", "b/dog"));
    wait(SOON, || tried(&service, "failed") >= 1.0);
    assert_eq!(picture(&world, "1"), "image/upload/v1/a/cat.jpg");
    // Cloudinary shows it now.
    world.asset("image/upload/b/dog");
    wait(SOON, || picture(&world, "1") == "image/upload/v1/b/dog.jpg");
}

#[test]
fn a_verdict_on_a_private_asset_marks_no_public_one() {
    let (world, _setup, service) = start_with_the_picture();
    let body = verdict("rejected", &json!({"type": "private"}));
    notify(&service, &body);
    wait(SOON, || tried(&service, "failed") >= 1.0);
    assert_eq!(
        row(&world, "Photo", "1"),
        json!({"picture": "image/upload/v1/a/cat.jpg"})
    );
    assert_eq!(world.state().asked, [""; 0]);
}

#[test]
fn a_verdict_without_a_kind_is_for_the_one_asset_that_a_row_holds_and_that_exists() {
    let world = World::new();
    holding(&world, "1", "image/upload/v1/a/cat.jpg");
    holding(&world, "2", "image/private/v1/a/cat.jpg");
    holding(&world, "3", "video/private/v1/a/cat/x.mp4");
    world.asset("image/private/a/cat");
    world.asset("video/upload/a/cat");
    let (_setup, service) = start(&world);
    notify(&service, &verdict("pending", &json!({})));
    wait_until_done(&service, 1);
    assert_eq!(row(&world, "Photo", "2")["imageStatus"], "pending");
    for id in ["1", "3"] {
        assert_eq!(row(&world, "Photo", id)["imageStatus"], Value::Null, "{id}");
    }
    // Of kinds that no row holds nobody was asked.
    let mut asked = world.state().asked.clone();
    asked.sort();
    assert_eq!(asked, ["image/private/a/cat", "image/upload/a/cat"]);
}

#[test]
fn a_verdict_that_could_be_meant_for_two_assets_marks_neither() {
    let world = World::new();
    holding(&world, "1", "image/upload/v1/a/cat.jpg");
    holding(&world, "2", "image/private/v1/a/cat.jpg");
    world.asset("image/upload/a/cat");
    world.asset("image/private/a/cat");
    let (_setup, service) = start(&world);
    assert_untouched(&world, &service, &verdict("rejected", &json!({})));
}

#[test]
fn a_verdict_whose_urls_tell_the_kind_is_for_that_kind_and_nobody_is_asked() {
    let world = World::new();
    holding(&world, "1", "image/upload/v1/a/cat.jpg");
    holding(&world, "2", "image/private/v1/a/cat.jpg");
    let (_setup, service) = start(&world);
    let url = "https://res.cloudinary.com/demo/image/private/s--x--/v1/a/cat.jpg";
    notify(&service, &verdict("rejected", &json!({"secure_url": url})));
    wait_until_done(&service, 1);
    assert_eq!(
        row(&world, "Photo", "2"),
        json!({"imageStatus": "rejected"})
    );
    assert_eq!(picture(&world, "1"), "image/upload/v1/a/cat.jpg");
    assert_eq!(world.state().asked, [""; 0]);
}

#[test]
fn a_rejected_asset_without_a_kind_is_found_by_its_placeholder() {
    let world = World::new();
    holding(&world, "1", "image/upload/v1/a/cat.jpg");
    let shown = json!({"placeholder": true, "bytes": 0, "version": 9});
    world.asset_with("image/upload/a/cat", shown);
    let (_setup, service) = start(&world);
    notify(&service, &verdict("rejected", &json!({})));
    wait_until_done(&service, 1);
    assert_eq!(
        row(&world, "Photo", "1"),
        json!({"imageStatus": "rejected"})
    );
}

/// What the Admin API shows of an asset with these moderations.
fn moderated(statuses: &[&str]) -> Value {
    let each = statuses
        .iter()
        .map(|status| json!({"kind": "some", "status": status}));
    json!({"moderation_status": statuses[0], "moderation": each.collect::<Vec<_>>()})
}

#[test]
fn one_of_several_moderations_approves_nothing_and_one_rejects() {
    let (world, _setup, service) = start_with_the_picture();
    let approved = |kind: &str| {
        let mut body = moderation("approved");
        body["moderation_kind"] = json!(kind);
        body
    };
    let cases = [
        (&["approved", "queued"][..], "aws_rek", "pending"),
        (&["approved", "pending"], "google", "pending"),
        (&["approved", "approved"], "manual", "approved"),
        (&["approved", "rejected"], "perception_point", "rejected"),
    ];
    for (number, (shown, kind, expected)) in (1..).zip(cases) {
        world.asset_with("image/upload/a/cat", moderated(shown));
        notify(&service, &approved(kind));
        wait_until_done(&service, number);
        assert_eq!(
            row(&world, "Photo", "1")["imageStatus"],
            expected,
            "{shown:?}"
        );
    }
    assert_eq!(picture(&world, "1"), Value::Null);
}

#[test]
fn an_approval_waits_until_cloudinary_says_that_it_is_one() {
    let (world, _setup, service) = start_with_the_picture();
    world.state().admin_refusal = Some(ResponseTemplate::new(500));
    notify(&service, &moderation("approved"));
    wait(SOON, || tried(&service, "failed") >= 1.0);
    assert_eq!(row(&world, "Photo", "1")["imageStatus"], Value::Null);
    world.state().admin_refusal = None;
    wait(SOON, || {
        row(&world, "Photo", "1")["imageStatus"] == "approved"
    });
}

#[test]
fn an_approval_of_an_asset_that_is_gone_changes_nothing() {
    let world = World::new();
    photo(&world, "1", "a/cat");
    let (_setup, service) = start(&world);
    assert_untouched(&world, &service, &moderation("approved"));
}

#[test]
fn a_deletion_is_not_believed_while_cloudinary_does_not_answer() {
    let world = World::new();
    photo(&world, "1", "a/cat");
    let (_setup, service) = start(&world);
    world.state().admin_refusal = Some(ResponseTemplate::new(503));
    let body = json!({"notification_type": "delete", "resources": {"a/cat": {"resource_type": "image", "type": "upload"}}});
    notify(&service, &body);
    wait(SOON, || tried(&service, "failed") >= 1.0);
    assert_eq!(picture(&world, "1"), "image/upload/v1/a/cat.jpg");
    world.state().admin_refusal = None;
    wait(SOON, || row(&world, "Photo", "1") == json!({}));
}

fn uploaded(more: &Value) -> Value {
    let mut body = json!({"notification_type": "upload", "public_id": "a/cat", "version": 9, "format": "png",
        "resource_type": "image", "type": "upload", "overwritten": true});
    for (key, value) in more.as_object().unwrap_or(&Map::new()) {
        body[key] = value.clone();
    }
    body
}

#[test]
fn rows_with_an_older_version_follow_an_upload_that_overwrites_it() {
    let world = World::new();
    world.row(
        "Photo",
        "1",
        json!({"picture": "image/upload/v8/a/cat.jpg", "imageStatus": "approved", "thumbnails": ["https://h/1"], "title": "t"}),
    );
    holding(&world, "2", "image/upload/v10/a/cat.jpg");
    holding(&world, "3", "image/private/v8/a/cat.jpg");
    holding(&world, "4", "image/upload/v9/a/cat.jpg");
    world.row(
        "Album",
        "5",
        json!({"pictures": ["image/upload/v8/a/cat.jpg", "image/upload/v1/b.jpg"]}),
    );
    let (_setup, service) = start(&world);
    notify(&service, &uploaded(&Value::Null));
    wait_until_done(&service, 1);
    // Whatever was said of the old picture goes in the same write.
    assert_eq!(
        row(&world, "Photo", "1"),
        json!({"picture": "image/upload/v9/a/cat.png", "title": "t"})
    );
    for (id, expected) in [
        ("2", "image/upload/v10/a/cat.jpg"),
        ("3", "image/private/v8/a/cat.jpg"),
        ("4", "image/upload/v9/a/cat.jpg"),
    ] {
        assert_eq!(row(&world, "Photo", id), json!({ "picture": expected }));
    }
    assert_eq!(
        row(&world, "Album", "5")["pictures"],
        json!(["image/upload/v1/b.jpg", "image/upload/v9/a/cat.png"])
    );
    assert_eq!(world.state().refusals, Vec::<String>::new());
    assert_eq!(world.destroyed(), [""; 0]);
}

#[test]
fn an_overwriting_upload_that_is_moderated_leaves_its_own_status() {
    let world = World::new();
    world.row(
        "Photo",
        "1",
        json!({"picture": "image/upload/v8/a/cat.jpg", "imageStatus": "approved"}),
    );
    let (_setup, service) = start(&world);
    let pending = json!({"moderation": [{"kind": "manual", "status": "pending"}]});
    notify(&service, &uploaded(&pending));
    wait_until_done(&service, 2);
    assert_eq!(
        row(&world, "Photo", "1"),
        json!({"picture": "image/upload/v9/a/cat.png", "imageStatus": "pending"})
    );
}

#[test]
fn an_upload_that_overwrites_nothing_changes_no_identifier() {
    let world = World::new();
    holding(&world, "1", "image/upload/v8/a/cat.jpg");
    let (_setup, service) = start(&world);
    for more in [json!({"overwritten": false}), json!({"overwritten": null})] {
        notify(&service, &uploaded(&more));
    }
    assert_eq!(picture(&world, "1"), "image/upload/v8/a/cat.jpg");
    assert!(
        service
            .metric("cloudinary_parse_notifications_total{kind=\"upload\",outcome=\"ignored\"} ")
            >= 2.0
    );
}

#[test]
fn what_the_operator_can_mend_kills_no_job() {
    let (world, setup, service) = start_with_the_picture();
    let error = |status: u16, message: &str| {
        ResponseTemplate::new(status).set_body_json(json!({"error": {"message": message}}))
    };
    world.state().admin_refusal = Some(error(403, "Forbidden"));
    notify(&service, &moderation("approved"));
    for (tries, refusal) in [
        (1.0, error(423, "Processing")),
        (
            2.0,
            error(
                400,
                "Stale request - reported time is 2024-04-11 13:23:38 +0000 which is more than 1 hour ago",
            ),
        ),
    ] {
        wait(SOON, || tried(&service, "failed") >= tries);
        world.state().admin_refusal = Some(refusal);
    }
    wait(SOON, || tried(&service, "failed") >= 3.0);
    let listed = String::from_utf8(setup.run(&["cleanup", "list"]).stdout).unwrap();
    assert!(
        listed.contains("follow image/upload/a/cat (approved)"),
        "{listed}"
    );
    assert!(!listed.contains("dead"), "{listed}");
}
