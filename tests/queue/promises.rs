//! What is destroyed, and above all what is not.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::service::{PHOTO, Setup};
use crate::world::{World, wait};

const TEN: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(1);

/// Time for a job that should do nothing to have done it.
#[track_caller]
fn wait_for_tries(service: &crate::service::Service, outcome: &str, count: f64) {
    let name = format!("cloudinary_parse_queue_tries_total{{outcome=\"{outcome}\"}} ");
    wait(GRACE + TEN, || service.metric(&name) >= count);
}

#[test]
fn a_picture_that_was_replaced_cleared_or_deleted_is_destroyed_when_its_grace_is_over() {
    let world = World::new();
    for name in ["a", "b", "c", "d"] {
        world.asset(&format!("image/upload/app/{name}"));
    }
    let setup = Setup::photo(&world);
    let service = setup.start();
    let begin = Instant::now();
    service.replaced(
        "1",
        &json!("image/upload/v1/app/a.jpg"),
        &json!("image/upload/v1/app/x.jpg"),
    );
    service.replaced("2", &json!("image/upload/v1/app/b.jpg#0000"), &json!(null));
    service.after_save(
        "Photo",
        &json!({
            "object": {"objectId": "3"},
            "original": {"objectId": "3", "picture": "image/upload/v1/app/c"},
        }),
    );
    service.deleted(
        "Photo",
        &json!({"objectId": "4", "picture": "image/upload/v1/app/d.png"}),
    );
    let mut destroyed = world.wait_for_destroyed(4, GRACE + TEN);
    destroyed.sort();
    assert_eq!(
        destroyed,
        [
            "image/upload/app/a",
            "image/upload/app/b",
            "image/upload/app/c",
            "image/upload/app/d"
        ]
    );
    for (name, when) in &world.state().destroyed {
        assert!(when.duration_since(begin) >= GRACE, "{name}");
    }
}

#[test]
fn what_is_referred_to_survives() {
    let album = "class = \"Album\"\n[fields.pictures]\nmany = true\n[fields.never]\n";
    let cases: &[(&str, &str, Value)] = &[
        (
            "another version and format",
            "Photo",
            json!({"picture": "image/upload/v2/app/it's (1).png"}),
        ),
        (
            "a row that nobody may see",
            "Photo",
            json!({"picture": "image/upload/v1/app/it's (1).jpg", "hidden": true}),
        ),
        (
            "an array in another class",
            "Album",
            json!({"pictures": ["image/upload/v1/app/o.jpg", "image/upload/v9/app/it's (1)"]}),
        ),
        (
            "a row from before the guard",
            "Photo",
            json!({"picture": "app/it's (1).jpg#0000"}),
        ),
    ];
    for (case, class, row) in cases {
        let world = World::new();
        let name = "image/upload/app/it's (1)";
        world.asset(name);
        for other in 0..30 {
            world.row(
                "Photo",
                &format!("o{other:02}"),
                json!({"picture": format!("image/upload/v1/app/it_s .1.x{other}.jpg")}),
            );
            world.row(
                "Album",
                &format!("o{other:02}"),
                json!({"pictures": [format!("image/upload/v1/app/{other}")]}),
            );
        }
        world.row(class, "zz", row.clone());
        let setup = Setup::new(&world, &[("Photo.toml", PHOTO), ("Album.toml", album)]);
        let service = setup.start();
        service.replaced(
            "1",
            &json!("image/upload/v1/app/it's (1).jpg"),
            &json!("image/upload/v1/app/x.jpg"),
        );
        wait_for_tries(&service, "referred", 1.0);
        assert_eq!(world.state().calls, Vec::<String>::new(), "{case}");
        // The same without the reference, so that it is the reference that saved it.
        world
            .state()
            .rows
            .remove(&((*class).to_owned(), "zz".to_owned()));
        service.replaced(
            "1",
            &json!("image/upload/v1/app/it's (1).jpg"),
            &json!("image/upload/v1/app/x.jpg"),
        );
        assert_eq!(world.wait_for_destroyed(1, GRACE + TEN), [name], "{case}");
    }
}

#[test]
fn a_new_version_or_another_format_is_no_replacement_and_queues_nothing() {
    let world = World::new();
    let setup = Setup::photo(&world);
    let service = setup.start();
    service.replaced(
        "1",
        &json!("image/upload/v1/app/a.jpg"),
        &json!("image/upload/v2/app/a.png"),
    );
    service.replaced(
        "1",
        &json!("image/upload/v1/app/a.jpg"),
        &json!("image/upload/v1/app/a.jpg"),
    );
    service.replaced(
        "1",
        &json!("not an identifier"),
        &json!("image/upload/v1/app/a.jpg"),
    );
    service.replaced("1", &json!({"odd": true}), &json!(5));
    service.after_save(
        "Photo",
        &json!({"object": {"objectId": "new", "picture": "image/upload/v1/app/a.jpg"}}),
    );
    assert!(
        service
            .metric("cloudinary_parse_queue_pushes_total{outcome=\"accepted\"} ")
            .abs()
            < 0.5
    );
}

#[test]
fn a_picture_that_is_attached_again_within_its_grace_survives() {
    let world = World::new();
    world.asset("image/upload/app/a");
    let setup = Setup::photo(&world);
    let service = setup.start();
    service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
    world.row(
        "Photo",
        "2",
        json!({"picture": "image/upload/v1/app/a.jpg"}),
    );
    wait_for_tries(&service, "referred", 1.0);
    assert_eq!(world.state().calls, Vec::<String>::new());
}

#[test]
fn a_picture_that_is_attached_to_a_row_while_the_rows_after_it_are_read_survives() {
    let world = World::new();
    world.asset("image/upload/app/a");
    for number in 10..55 {
        let pictures = json!({"pictures": [format!("image/upload/v1/app/{number}.jpg")]});
        world.row("Album", &number.to_string(), pictures);
    }
    world.state().parse_delay = Duration::from_secs(1);
    let setup = Setup::new(
        &world,
        &[
            ("Photo.toml", PHOTO),
            (
                "Album.toml",
                "class = \"Album\"\n[fields.pictures]\nmany = true\n",
            ),
        ],
    );
    let service = setup.start();
    service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
    wait(GRACE + TEN, || world.state().counts >= 4);
    world.row(
        "Album",
        "10",
        json!({"pictures": ["image/upload/v2/app/a.png"]}),
    );
    let tries = "cloudinary_parse_queue_tries_total{outcome=\"referred\"} ";
    wait(TEN * 3, || service.metric(tries) >= 1.0);
    assert_eq!(world.state().calls, Vec::<String>::new());
}

#[test]
fn nothing_outside_destroy_within_is_ever_destroyed_even_if_it_was_queued_before() {
    let world = World::new();
    for name in ["app/a", "application/a", "b", "App/c"] {
        world.asset(&format!("image/upload/{name}"));
    }
    let setup = Setup::photo(&world);
    let service = setup.start();
    for name in ["application/a", "b", "App/c"] {
        service.replaced(
            "1",
            &json!(format!("image/upload/v1/{name}.jpg")),
            &json!(null),
        );
    }
    assert!(
        service
            .metric("cloudinary_parse_queue_pushes_total{outcome=\"accepted\"} ")
            .abs()
            < 0.5
    );
    service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
    service.kill();
    setup.manifest("Photo.toml", &PHOTO.replace("app/", "elsewhere/"));
    let service = setup.start();
    wait_for_tries(&service, "dropped", 1.0);
    assert_eq!(world.state().calls, Vec::<String>::new());
}

#[test]
fn a_queue_restored_from_an_old_backup_harms_nothing() {
    let world = World::new();
    world.asset("image/upload/app/a");
    world.asset("image/upload/app/b");
    let setup = Setup::photo(&world);
    setup.manifest("Photo.toml", &PHOTO.replace("1s", "4s"));
    let service = setup.start();
    service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
    service.replaced("2", &json!("image/upload/v1/app/b.jpg"), &json!(null));
    service.kill();
    let files: Vec<_> = ["queue.db", "queue.db-wal"]
        .iter()
        .map(|name| {
            (
                setup.folder.path().join(name),
                setup.folder.path().join(format!("backup-{name}")),
            )
        })
        .filter(|(file, _)| file.exists())
        .collect();
    for (file, backup) in &files {
        std::fs::copy(file, backup).unwrap();
    }
    let service = setup.start();
    world.wait_for_destroyed(2, Duration::from_secs(20));
    service.kill();
    // Uploaded and attached again since.
    world.asset("image/upload/app/a");
    world.row(
        "Photo",
        "3",
        json!({"picture": "image/upload/v5/app/a.jpg"}),
    );
    let _ = std::fs::remove_file(setup.folder.path().join("queue.db-shm"));
    for (file, backup) in &files {
        std::fs::copy(backup, file).unwrap();
    }
    let service = setup.start();
    wait_for_tries(&service, "referred", 1.0);
    wait_for_tries(&service, "not_found", 1.0);
    assert!(world.state().assets.contains("image/upload/app/a"));
}

#[test]
fn a_queue_that_is_pointed_at_another_account_destroys_nothing_there() {
    let world = World::new();
    world.asset("image/upload/app/a");
    let setup = Setup::photo(&world);
    let service = setup.start();
    service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
    service.kill();
    let setup = setup.env(
        "CLOUDINARY_URL",
        &world.cloudinary_url().replace("@demo", "@other"),
    );
    let service = setup.start();
    wait_for_tries(&service, "dropped", 1.0);
    assert_eq!(world.state().calls, Vec::<String>::new());
}

#[test]
fn an_asset_that_is_held_in_any_shape_survives() {
    let other = "class = \"Other\"\n[fields.picture]\n[fields.pictures]\nmany = true\n";
    for (id, row) in [
        (
            "my cat ü 猫",
            json!({"picture": "https://res.cloudinary.com/demo/image/upload/s--x--/w_10/v1/app/my%20cat%20%C3%BC%20%E7%8C%AB.jpg"}),
        ),
        (
            "cat",
            json!({"picture": "https://proxy.example/?url=https%3A%2F%2Fres.cloudinary.com%2Fdemo%2Fimage%2Fupload%2Fapp%252Fcat"}),
        ),
        (
            "cat",
            json!({"pictures": [["image/upload/v1/app/cat.jpg"]]}),
        ),
        (
            "cat",
            json!({"pictures": [{"pic": "image/upload/v9/app/cat"}]}),
        ),
        (
            "cat",
            json!({"pictures": [5, {"a": {"b": ["https://res.cloudinary.com/demo/image/upload/app/cat.jpg"]}}]}),
        ),
    ] {
        let world = World::new();
        let name = format!("image/upload/app/{id}");
        world.asset(&name);
        world.asset("image/upload/app/free");
        world.row(
            "Other",
            "1",
            json!({"picture": "image/upload/v1/app/x.jpg", "pictures": []}),
        );
        world.row("Other", "2", row.clone());
        let setup = Setup::new(&world, &[("Photo.toml", PHOTO), ("Other.toml", other)]);
        let service = setup.start();
        for id in [id, "free"] {
            service.replaced(
                "1",
                &json!(format!("image/upload/v1/app/{id}.jpg")),
                &json!(null),
            );
        }
        wait_for_tries(&service, "referred", 1.0);
        assert_eq!(
            world.wait_for_destroyed(1, TEN),
            ["image/upload/app/free"],
            "{row}"
        );
        assert_eq!(world.state().calls, ["image/upload/app/free"], "{row}");
    }
}

#[test]
fn a_new_upload_under_a_lost_name_survives_but_a_rejected_one_s_placeholder_does_not() {
    let world = World::new();
    for name in ["old", "anew", "later"] {
        world.asset(&format!("image/upload/app/{name}"));
    }
    world
        .state()
        .placeholders
        .insert("image/upload/app/rejected".to_owned());
    for (name, version) in [("old", 5), ("anew", 6), ("later", 7), ("rejected", 9)] {
        let name = format!("image/upload/app/{name}");
        world.state().versions.insert(name, version);
    }
    let setup = Setup::photo(&world);
    let service = setup.start();
    for (id, version) in [
        ("old", 5),
        ("anew", 5),
        ("later", 5),
        ("rejected", 5),
        ("later", 7),
    ] {
        let picture = json!(format!("image/upload/v{version}/app/{id}.jpg"));
        service.replaced("1", &picture, &json!(null));
    }
    wait_for_tries(&service, "uploaded_anew", 1.0);
    let mut destroyed = world.wait_for_destroyed(3, TEN);
    destroyed.sort();
    assert_eq!(
        destroyed,
        [
            "image/upload/app/later",
            "image/upload/app/old",
            "image/upload/app/rejected"
        ]
    );
    wait(TEN, || {
        setup.run(&["cleanup", "list"]).stdout == b"no jobs\n"
    });
    assert!(world.state().assets.contains("image/upload/app/anew"));
}

#[test]
fn an_asset_of_a_kind_that_the_field_does_not_take_is_never_queued_nor_destroyed() {
    let world = World::new();
    for name in [
        "raw/authenticated/app/backups/db.zip",
        "image/private/app/a",
        "image/upload/app/a",
    ] {
        world.asset(name);
    }
    let setup = Setup::photo(&world);
    let service = setup.start();
    for name in [
        "raw/authenticated/v1/app/backups/db.zip",
        "image/private/v1/app/a.jpg",
    ] {
        service.replaced("1", &json!(name), &json!(null));
        service.deleted("Photo", &json!({"objectId": "1", "picture": name}));
    }
    let pushes = "cloudinary_parse_queue_pushes_total{outcome=\"accepted\"} ";
    assert!(service.metric(pushes).abs() < 0.5);
    // A version of this program that did not look at the kind has queued it.
    let loss = |name: &str| json!({"job": "destroy", "asset": name, "cloud": "demo", "class": "Photo", "field": "picture"});
    queue_as_before(&setup, &loss("raw/authenticated/app/backups/db.zip"));
    queue_as_before(&setup, &loss("image/upload/app/a"));
    wait_for_tries(&service, "dropped", 1.0);
    // Its jobs do not say which upload was lost: it was there before they were queued.
    assert_eq!(world.wait_for_destroyed(1, TEN), ["image/upload/app/a"]);
    assert_eq!(world.state().calls, ["image/upload/app/a"]);
}

/// Puts a job into the queue as versions of this program without batches did, without a lost
/// version.
fn queue_as_before(setup: &Setup, job: &Value) {
    let script = "import sqlite3,sys,time\nalphabet='0123456789ABCDEFGHJKMNPQRSTVWXYZ'\nms=int(time.time()*1000)\n\
        id=''.join(alphabet[(ms>>5*i)&31] for i in range(9,-1,-1))+sys.argv[3]\n\
        c=sqlite3.connect(sys.argv[1])\n\
        c.execute('insert into Jobs(job,id,job_type,status,attempts,max_attempts,run_at,priority) values(?,?,?,?,0,99,0,0)',(sys.argv[2].encode(),id,'cloudinary-parse/app-1','Pending'))\n\
        c.commit()\n";
    let text = job.to_string();
    let tail = format!("{:0>16}", text.len());
    let status = std::process::Command::new("python3")
        .args([
            "-c",
            script,
            &setup.queue_file().display().to_string(),
            &text,
            &tail,
        ])
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn without_an_answer_of_cloudinary_s_nothing_is_destroyed_and_the_job_waits() {
    let world = World::new();
    world.asset("image/upload/app/a");
    world.state().no_look = Some(wiremock::ResponseTemplate::new(500));
    let setup = Setup::photo(&world);
    let service = setup.start();
    service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
    wait_for_tries(&service, "failed", 2.0);
    assert_eq!(world.state().calls, Vec::<String>::new());
    world.state().no_look = None;
    world.wait_for_destroyed(1, TEN * 2);
}

#[test]
fn what_the_operator_must_mend_kills_no_job() {
    for (status, message) in [
        (403, "unsupported IP address"),
        (423, "cloud_name demo is disabled"),
        (
            400,
            "Stale request - reported time is 2026-11-30 10:00:00 UTC which is more than 1 hour ago",
        ),
    ] {
        let world = World::new();
        world.asset("image/upload/app/a");
        let refusal = wiremock::ResponseTemplate::new(status)
            .set_body_json(json!({"error": {"message": message}}));
        world.state().refusal = Some(refusal);
        let setup = Setup::photo(&world);
        let service = setup.start();
        service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
        for tries in 1..=6 {
            wait(TEN * 2, || world.state().calls.len() >= tries);
            let list = String::from_utf8(setup.run(&["cleanup", "list"]).stdout).unwrap();
            for id in list.lines().filter_map(|line| line.split("  ").next()) {
                setup.run(&["cleanup", "retry", id]);
            }
        }
        assert_eq!(
            service.ready().1["checks"]["cloudinary"]
                .as_str()
                .map(|text| text.contains(message)),
            Some(true)
        );
        world.state().refusal = None;
        world.wait_for_destroyed(1, TEN * 2);
    }
}

#[test]
fn half_of_cloudinary_s_hourly_calls_is_left_to_confirm() {
    let world = World::new();
    world.asset("image/upload/app/a");
    world.asset("image/upload/app/b");
    world.state().limit = Some((10, 6));
    let setup = Setup::photo(&world);
    let service = setup.start();
    service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
    world.wait_for_destroyed(1, TEN);
    service.replaced("1", &json!("image/upload/v1/app/b.jpg"), &json!(null));
    wait_for_tries(&service, "failed", 1.0);
    assert_eq!(world.destroyed(), ["image/upload/app/a"]);
    assert_eq!(world.state().looks, [1]);
    let list = String::from_utf8(setup.run(&["cleanup", "list"]).stdout).unwrap();
    assert!(
        list.contains("half of Cloudinary's hourly calls is used up"),
        "{list}"
    );
}

#[test]
fn rows_that_a_before_find_of_cloud_code_hides_count() {
    let world = World::new();
    world.state().before_find = true;
    world.asset("image/upload/app/a");
    world.asset("image/upload/app/b");
    world.row(
        "Photo",
        "1",
        json!({"picture": "image/upload/v1/app/x.jpg"}),
    );
    world.row(
        "Photo",
        "2",
        json!({"picture": "image/upload/v1/app/a.jpg", "secret": true}),
    );
    let setup = Setup::photo(&world);
    let service = setup.start();
    for name in ["a", "b"] {
        service.replaced(
            "1",
            &json!(format!("image/upload/v1/app/{name}.jpg")),
            &json!(null),
        );
    }
    wait_for_tries(&service, "referred", 1.0);
    assert_eq!(world.wait_for_destroyed(1, TEN), ["image/upload/app/b"]);
}

#[test]
fn a_picture_that_an_after_find_of_cloud_code_masks_counts() {
    for shown in [
        json!("hidden"),
        json!(null),
        json!("image/upload/v1/app/c.jpg"),
    ] {
        let world = World::new();
        world.state().after_find = Some(shown);
        world.asset("image/upload/app/a");
        world.asset("image/upload/app/b");
        let held = json!({"picture": "image/upload/v1/app/a.jpg"});
        world.row("Photo", "1", held.clone());
        world.row("Photo", "2", held);
        let setup = Setup::photo(&world);
        let service = setup.start();
        for name in ["a", "b"] {
            let lost = json!(format!("image/upload/v1/app/{name}.jpg"));
            service.replaced("3", &lost, &json!(null));
        }
        wait_for_tries(&service, "referred", 1.0);
        assert_eq!(world.wait_for_destroyed(1, TEN), ["image/upload/app/b"]);
    }
}

#[test]
fn losses_of_one_asset_are_one_job_and_many_that_are_due_share_a_walk_and_looks_of_a_hundred() {
    let world = World::new();
    let album = "class = \"Album\"\n[fields.pictures]\nmany = true\non_replace = \"destroy\"\ngrace = \"2s\"\ndestroy_within = \"app/\"\n";
    for number in 0..250 {
        world.asset(&format!("image/upload/app/{number}"));
    }
    for row in 0..40 {
        world.row(
            "Album",
            &format!("{row:02}"),
            json!({"pictures": [format!("image/upload/v1/app/{}.jpg", row * 100)]}),
        );
    }
    let setup = Setup::new(&world, &[("Album.toml", album)]);
    let service = setup.start();
    for _ in 0..3 {
        let all: Vec<_> = (0..250)
            .map(|number| format!("image/upload/v1/app/{number}.jpg"))
            .collect();
        let body = json!({"object": {"objectId": "1", "pictures": []}, "original": {"objectId": "1", "pictures": all}});
        service.after_save("Album", &body);
    }
    let list: Value =
        serde_json::from_slice(&setup.run(&["cleanup", "list", "--json"]).stdout).unwrap();
    assert_eq!(list["jobs"].as_array().unwrap().len(), 250);
    world.wait_for_destroyed(247, TEN * 2);
    let state = world.state();
    assert_eq!((state.calls.len(), state.walks), (247, 1));
    assert_eq!(state.looks, [100, 100, 47]);
}

#[test]
fn a_hundred_saves_that_toggle_one_row_make_at_most_one_walk_for_each_of_its_assets() {
    let world = World::new();
    // A list is not searched, but walked for.
    let album = "class = \"Album\"\n[fields.pictures]\nmany = true\non_replace = \"destroy\"\ngrace = \"5s\"\ndestroy_within = \"app/\"\n";
    let pictures = ["a", "b"].map(|name| {
        world.asset(&format!("image/upload/app/{name}"));
        json!([format!("image/upload/v1/app/{name}.jpg")])
    });
    let setup = Setup::new(&world, &[("Album.toml", album)]);
    let service = setup.start();
    for save in 0..100 {
        let (before, after) = (&pictures[save % 2], &pictures[(save + 1) % 2]);
        world.row("Album", "1", json!({ "pictures": after }));
        let body = json!({"object": {"objectId": "1", "pictures": after}, "original": {"objectId": "1", "pictures": before}});
        service.after_save("Album", &body);
    }
    let list: Value =
        serde_json::from_slice(&setup.run(&["cleanup", "list", "--json"]).stdout).unwrap();
    assert_eq!(list["jobs"].as_array().unwrap().len(), 2);
    assert_eq!(world.wait_for_destroyed(1, TEN * 2), ["image/upload/app/b"]);
    wait_for_tries(&service, "referred", 1.0);
    let state = world.state();
    assert_eq!(state.calls.len(), 1);
    assert!((1..=2).contains(&state.walks), "{}", state.walks);
}

#[test]
fn a_loss_while_its_asset_is_looked_at_starts_its_grace_anew() {
    let world = World::new();
    world.asset("image/upload/app/a");
    world.row(
        "Photo",
        "1",
        json!({"picture": "image/upload/v1/app/x.jpg"}),
    );
    world.state().parse_delay = Duration::from_secs(3);
    let setup = Setup::photo(&world);
    let service = setup.start();
    service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
    wait(GRACE + TEN, || world.state().counts >= 1);
    setup.manifest("Photo.toml", &PHOTO.replace("1s", "1h"));
    let hangup = std::process::Command::new("kill")
        .args(["-HUP", &service.id().to_string()])
        .status();
    assert!(hangup.unwrap().success());
    wait(TEN, || service.log().contains("manifests loaded"));
    service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(world.state().calls, Vec::<String>::new());
    let list: Value =
        serde_json::from_slice(&setup.run(&["cleanup", "list", "--json"]).stdout).unwrap();
    assert_eq!(list["jobs"][0]["state"], "waiting");
}

#[test]
fn what_references_name_is_in_use_and_what_lies_beside_it_is_not() {
    let world = World::new();
    for name in ["cover", "slide", "caption"] {
        world.asset(&format!("image/upload/app/{name}"));
    }
    world.row("Story", "1", json!({
        "cover": "https://res.cloudinary.com/demo/image/upload/app/cover.jpg",
        "slides": {"items": [{"image": "image/upload/v1/app/slide.jpg", "caption": "image/upload/v1/app/caption.jpg"}]},
    }));
    let story =
        "class = \"Story\"\nreferences = [\"cover\", \"slides.items.image\", \"missing\"]\n";
    let setup = Setup::new(&world, &[("Photo.toml", PHOTO), ("Story.toml", story)]);
    let service = setup.start();
    for name in ["cover", "slide", "caption"] {
        service.replaced(
            "1",
            &json!(format!("image/upload/v1/app/{name}.jpg")),
            &json!(null),
        );
    }
    wait_for_tries(&service, "referred", 2.0);
    assert_eq!(
        world.wait_for_destroyed(1, TEN),
        ["image/upload/app/caption"]
    );
    assert_eq!(world.state().calls.len(), 1);
}
