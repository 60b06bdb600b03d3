//! `cleanup list | retry | drop`.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::service::Setup;
use crate::world::{World, wait};

fn jobs(setup: &Setup) -> Vec<Value> {
    let output = setup.run(&["cleanup", "list", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    answer["jobs"].as_array().unwrap().clone()
}

#[test]
fn a_job_that_is_refused_is_dead_after_five_tries_shown_retried_and_dropped() {
    let world = World::new();
    world.asset("image/upload/app/a");
    let refusal = json!({"error": {"message": "Invalid public_id"}});
    world.state().refusal = Some(ResponseTemplate::new(400).set_body_json(refusal));
    let setup = Setup::photo(&world);
    let service = setup.start();
    service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
    wait(Duration::from_secs(70), || {
        jobs(&setup).iter().any(|job| job["state"] == "dead")
    });
    let dead = &jobs(&setup)[0];
    assert_eq!(
        (&dead["state"], &dead["tries"]),
        (&json!("dead"), &json!(5))
    );
    assert!(
        dead["error"]
            .as_str()
            .unwrap()
            .ends_with("Invalid public_id"),
        "{dead}"
    );
    assert_eq!(dead["job"]["asset"], "image/upload/app/a");
    assert_eq!(world.state().calls.len(), 5);
    wait(Duration::from_secs(10), || {
        service.metric("cloudinary_parse_queue_jobs{state=\"dead\"} ") >= 1.0
    });
    world.state().refusal = None;
    let id = dead["id"].as_str().unwrap();
    let retried = setup.run(&["cleanup", "retry", id]);
    assert_eq!(
        String::from_utf8(retried.stdout).unwrap(),
        format!("{id} is retried\n")
    );
    world.wait_for_destroyed(1, Duration::from_secs(20));
    wait(Duration::from_secs(10), || jobs(&setup).is_empty());
}

#[test]
fn a_dropped_job_is_never_done_and_an_unknown_one_is_an_error() {
    let world = World::new();
    world.asset("image/upload/app/a");
    let setup = Setup::photo(&world);
    setup.manifest("Photo.toml", &crate::service::PHOTO.replace("1s", "5s"));
    let service = setup.start();
    service.replaced("1", &json!("image/upload/v1/app/a.jpg"), &json!(null));
    let job = &jobs(&setup)[0];
    assert_eq!(job["state"], "waiting");
    let id = job["id"].as_str().unwrap();
    let table = String::from_utf8(setup.run(&["cleanup", "list"]).stdout).unwrap();
    assert!(
        table.contains("destroy image/upload/app/a (lost by Photo.picture of 1)"),
        "{table}"
    );
    assert_eq!(setup.run(&["cleanup", "drop", id]).status.code(), Some(0));
    let again = setup.run(&["cleanup", "drop", "--json", id]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(
        serde_json::from_slice::<Value>(&again.stdout).unwrap(),
        json!({"dropped": [], "missing": [id]})
    );
    assert_eq!(
        String::from_utf8(again.stderr).unwrap(),
        format!(
            "error: no such job, or it is running: {id}\nnext: `cloudinary-parse cleanup list` shows the jobs, `cloudinary-parse doctor` whether the queue is in order\n"
        )
    );
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(world.state().calls, Vec::<String>::new());
}

#[test]
fn a_queue_that_is_not_there_is_not_made_by_looking_at_it() {
    let world = World::new();
    let setup = Setup::photo(&world);
    assert_eq!(setup.run(&["cleanup", "list"]).status.code(), Some(1));
    assert!(!setup.queue_file().exists());
    assert_eq!(setup.run(&["cleanup"]).status.code(), Some(64));
    assert_eq!(setup.run(&["cleanup", "retry"]).status.code(), Some(64));
}
