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
