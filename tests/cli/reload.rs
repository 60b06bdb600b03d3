//! SIGHUP under load: changed manifests come into force, broken ones do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde_json::json;

use crate::command::CloudinaryParse;
use crate::parse_server::ParseServer;
use crate::running::{Asked, Running, ask, client};

const NOTE: &str = "class = \"Note\"\n[fields.picture]\n";
const FORGED: &str =
    r#"{"object":{"picture":"image/upload/v1/cat.jpg#0000000000000000000000000000000000000000"}}"#;
const BAD_SIGNATURE: &str = r#"{"error":"Bad signature"}"#;

/// Guards `Photo.picture` and serves `url`.
fn service(server: &ParseServer) -> CloudinaryParse {
    CloudinaryParse::against(server)
}

fn write(service: &CloudinaryParse, name: &str, text: &str) {
    std::fs::write(service.directory().join("webhooks").join(name), text).unwrap();
}

/// Saves one after another until it is told to stop; the answers other than the right one.
struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<(usize, Vec<String>)>>,
}

impl Load {
    fn of(running: &Running) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..4).map(|_| {
            let (stop, asked) = (
                stop.clone(),
                running.webhook("/triggers/Photo/beforeSave", FORGED),
            );
            std::thread::spawn(move || saves(&stop, &asked))
        });
        Load {
            threads: threads.collect(),
            stop,
        }
    }

    fn finish(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let results = self
            .threads
            .into_iter()
            .map(|thread| thread.join().unwrap());
        results.fold((0, Vec::new()), |(count, mut wrong), (more, others)| {
            wrong.extend(others);
            (count + more, wrong)
        })
    }
}

fn saves(stop: &AtomicBool, asked: &Asked<'_>) -> (usize, Vec<String>) {
    let client = client(None);
    let (mut count, mut wrong) = (0, Vec::new());
    while !stop.load(Ordering::Relaxed) {
        count += 1;
        match ask(&client, asked) {
            Ok((status, _, body)) if status == 200 && body == BAD_SIGNATURE => {}
            Ok((status, _, body)) => wrong.push(format!("{status} {body}")),
            Err(error) => wrong.push(format!("{error:?}")),
        }
    }
    (count, wrong)
}

#[test]
fn changed_manifests_come_into_force_and_no_request_is_lost() {
    let server = ParseServer::start();
    let service = service(&server);
    let mut running = Running::start(&service);
    assert_eq!(running.post("/triggers/Note/beforeSave", FORGED).0, 404);
    let load = Load::of(&running);
    for round in 0..20 {
        write(&service, "Note.toml", NOTE);
        running.hang_up();
        running.wait_for("manifests loaded");
        let refused = (200, BAD_SIGNATURE.to_owned());
        assert_eq!(
            running.post("/triggers/Note/beforeSave", FORGED),
            refused,
            "{round}"
        );
        std::fs::remove_file(service.directory().join("webhooks/Note.toml")).unwrap();
        running.hang_up();
        running.wait_for("manifests loaded");
        assert_eq!(
            running.post("/triggers/Note/beforeSave", FORGED).0,
            404,
            "{round}"
        );
    }
    let (count, wrong) = load.finish();
    assert!(count > 40, "{count}");
    assert_eq!(wrong, [""; 0]);
    running.stop();
}

#[test]
fn a_broken_set_leaves_the_old_one_in_force_and_says_why() {
    let server = ParseServer::start();
    let service = service(&server);
    let mut running = Running::start(&service);
    write(
        &service,
        "Note.toml",
        "class = \"Note\"\n[fields.picture]\nrequird = true\n",
    );
    write(&service, "Photo.toml", "class = \"Photo\"\n");
    write(&service, "url.toml", "function = \"url\"\naction = \n");
    running.hang_up();
    running.wait_for("manifests not loaded, the old ones stay: 3 mistakes");
    running.wait_for("webhooks/Note.toml:3: unknown key `requird`");
    running.wait_for("webhooks/Photo.toml:1: ");
    running.wait_for("webhooks/url.toml:2: ");
    let refused = (200, BAD_SIGNATURE.to_owned());
    assert_eq!(running.post("/triggers/Photo/beforeSave", FORGED), refused);
    assert_eq!(running.post("/triggers/Note/beforeSave", FORGED).0, 404);
    let call = json!({"params": {}, "user": {"objectId": "u1"}}).to_string();
    assert_eq!(running.post("/functions/url", &call).0, 200);
    write(&service, "Note.toml", NOTE);
    write(
        &service,
        "Photo.toml",
        "class = \"Photo\"\n[fields.picture]\n",
    );
    write(
        &service,
        "url.toml",
        "function = \"url\"\naction = \"delivery_url\"\n",
    );
    running.hang_up();
    running.wait_for("manifests loaded");
    assert_eq!(running.post("/triggers/Note/beforeSave", FORGED), refused);
}

#[test]
fn a_set_that_needs_what_is_not_configured_is_not_loaded() {
    let service = CloudinaryParse::bare()
        .env("CLOUDINARY_URL", "cloudinary://key:secret@demo")
        .manifest("Photo.toml", "class = \"Photo\"\n[fields.picture]\n");
    let mut running = Running::start(&service);
    write(
        &service,
        "sign.toml",
        "function = \"sign\"\naction = \"sign_upload\"\naccess = { role = \"editors\" }\n",
    );
    running.hang_up();
    running.wait_for("PARSE_SERVER_URL and PARSE_SERVER_APPLICATION_ID are needed by a manifest: set them and restart");
    assert_eq!(running.post("/functions/sign", "{}").0, 404);
}

#[test]
fn what_is_registered_otherwise_is_said_after_a_reload() {
    let server = ParseServer::start()
        .trigger(
            "Photo",
            "beforeSave",
            "http://127.0.0.1:1/cp/triggers/Photo/beforeSave",
        )
        .function("url", "http://elsewhere.example/functions/url")
        .function("old", "http://127.0.0.1:1/cp/functions/old")
        .function("foreign", "http://elsewhere.example/functions/foreign");
    let service = service(&server);
    let mut running = Running::start(&service);
    write(&service, "Note.toml", NOTE);
    running.hang_up();
    running.wait_for("Note.beforeSave is not registered: run `cloudinary-parse register`");
    running.wait_for("url is registered as http://elsewhere.example/functions/url: run `cloudinary-parse register`");
    running.wait_for(
        "old is registered as http://127.0.0.1:1/cp/functions/old, but no manifest names it",
    );
    let log = running.stop();
    assert!(!log.contains("foreign"), "{log}");
    assert_eq!(server.changes(), [""; 0]);
}

#[test]
fn what_is_registered_as_it_should_be_is_said_too() {
    let server = ParseServer::start()
        .trigger(
            "Photo",
            "beforeSave",
            "http://127.0.0.1:1/cp/triggers/Photo/beforeSave",
        )
        .function("url", "http://127.0.0.1:1/cp/functions/url");
    let service = service(&server);
    let mut running = Running::start(&service);
    running.hang_up();
    running.wait_for("Parse Server's hooks are those of the manifests");
}

#[test]
fn without_a_master_key_the_log_says_that_nothing_was_compared() {
    let service = CloudinaryParse::bare()
        .env("CLOUDINARY_URL", "cloudinary://key:secret@demo")
        .env("CLOUDINARY_PARSE_PUBLIC_URL", "http://127.0.0.1:1/cp")
        .env("PARSE_SERVER_URL", "http://127.0.0.1:1/parse")
        .env("PARSE_SERVER_APPLICATION_ID", "app")
        .manifest("Photo.toml", "class = \"Photo\"\n[fields.picture]\n");
    let mut running = Running::start(&service);
    running.hang_up();
    running.wait_for("not compared with what is registered: PARSE_SERVER_MASTER_KEY: is missing");
}

#[test]
fn a_parse_server_that_is_down_does_not_hinder_a_reload() {
    let server = ParseServer::start();
    let service = service(&server).env("PARSE_SERVER_URL", "http://127.0.0.1:1/parse");
    let mut running = Running::start(&service);
    write(&service, "Note.toml", NOTE);
    running.hang_up();
    running.wait_for("manifests loaded");
    assert_eq!(
        running.post("/triggers/Note/beforeSave", FORGED).1,
        BAD_SIGNATURE
    );
    running.wait_for("not compared with what is registered: cannot connect to Parse Server at http://127.0.0.1:1/parse");
}
