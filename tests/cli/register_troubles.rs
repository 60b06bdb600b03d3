//! `register` against a Parse Server that fails in between, other registrations at the same time,
//! and readers that go away.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use wiremock::ResponseTemplate;

use crate::command::CloudinaryParse;
use crate::parse_server::{ParseServer, answer};
use crate::register::{FUNCTION, TRIGGER, registered};

#[test]
fn tries_again_to_add_what_it_has_deleted() {
    let server = registered().function("url", "http://old").answers(
        "POST",
        "/hooks/functions",
        ResponseTemplate::new(502),
        2,
    );
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        server.registered(),
        [
            format!("Photo.beforeSave {TRIGGER}"),
            format!("url {FUNCTION}")
        ]
    );
}

#[test]
fn says_what_is_unguarded_when_it_cannot_add_again() {
    let server = registered().function("url", "http://old").answers(
        "POST",
        "/hooks/functions",
        ResponseTemplate::new(502),
        3,
    );
    let caller = CloudinaryParse::against(&server);
    let result = caller.run(&["register"]);
    assert_eq!(result.code, 1);
    let note = format!(
        "it may be unregistered now, and then nothing guards it until register succeeds: Parse Server at {} is not available: its proxy answered 502 Bad Gateway",
        server.url()
    );
    assert!(result.stdout.contains(&note), "{}", result.stdout);
    assert_eq!(result.error(), "error: 1 hook is not as it should be");
    assert_eq!(server.registered(), [format!("Photo.beforeSave {TRIGGER}")]);
    assert_eq!(caller.run(&["register"]).code, 0);
    assert_eq!(
        server.registered(),
        [
            format!("Photo.beforeSave {TRIGGER}"),
            format!("url {FUNCTION}")
        ]
    );
}

#[test]
fn takes_an_existing_hook_with_our_url_for_its_own() {
    let exists = json!({"code": 143, "error": "class Photo already has trigger beforeSave"});
    let server = registered().answers("GET", "/hooks/triggers", answer(200, json!([])), 1);
    let server = server.answers("POST", "/hooks/triggers", answer(400, exists), 1);
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 0);
    assert_eq!(result.table().last(), Some(&"1 added, 1 unchanged"));
}

#[test]
fn notices_that_somebody_registers_another_url_at_the_same_time() {
    let exists = json!({"code": 143, "error": "class Photo already has trigger beforeSave"});
    let server = ParseServer::start()
        .function("url", FUNCTION)
        .trigger("Photo", "beforeSave", "http://elsewhere")
        .answers("GET", "/hooks/triggers", answer(200, json!([])), 1)
        .answers("POST", "/hooks/triggers", answer(400, exists), 1);
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 1);
    assert!(
        result
            .stdout
            .contains("somebody else registers it at the same time")
    );
}

#[test]
fn reads_back_what_it_has_changed() {
    let added = json!({"functionName": "url", "url": FUNCTION});
    let server = ParseServer::start()
        .trigger("Photo", "beforeSave", TRIGGER)
        .answers("POST", "/hooks/functions", answer(200, added), 1);
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 1);
    assert_eq!(
        result.error(),
        "error: somebody else changed url at the same time: run register again"
    );
}

#[test]
fn one_refused_hook_does_not_keep_the_others_from_being_registered() {
    let refused = json!({"code": 143, "error": "invalid hook declaration"});
    let server = ParseServer::start().answers("POST", "/hooks/triggers", answer(400, refused), 1);
    let result = CloudinaryParse::against(&server).run(&["register"]);
    assert_eq!(result.code, 1);
    assert_eq!(server.registered(), [format!("url {FUNCTION}")]);
    assert_eq!(result.table().last(), Some(&"1 failed, 1 added"));
}

#[test]
fn finishes_its_work_when_nobody_reads_the_result() {
    let server = ParseServer::start();
    let caller = CloudinaryParse::against(&server);
    let script = r#"{ "$0" register; echo $? >code; } | true"#;
    let mut shell = assert_cmd::Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_cloudinary-parse")]);
    shell.envs(
        caller
            .command()
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    shell.current_dir(caller.directory()).assert().success();
    let code = std::fs::read_to_string(caller.directory().join("code")).unwrap();
    assert_eq!(code, "0\n");
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn finishes_its_work_when_the_result_cannot_be_written() {
    let server = ParseServer::start();
    let caller = CloudinaryParse::against(&server);
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cloudinary-parse"));
    command
        .arg("register")
        .stdout(full)
        .current_dir(caller.directory())
        .env_clear();
    command.envs(
        caller
            .command()
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        stderr.lines().rev().nth(1),
        Some("error: cannot write the result: No space left on device (os error 28)")
    );
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn waits_for_a_parse_server_that_starts() {
    let starting = json!({"code": 1, "error": "Invalid server state: starting"});
    let server = ParseServer::start().answers("GET", "/serverInfo", answer(500, starting), 1);
    let result = CloudinaryParse::against(&server).run(&["register", "--wait", "60s"]);
    assert_eq!(result.code, 0);
    assert_eq!(server.registered().len(), 2);
}

#[test]
fn does_not_wait_for_a_wrong_key_to_become_right() {
    let server = ParseServer::start();
    let result = CloudinaryParse::against(&server)
        .env("PARSE_SERVER_MASTER_KEY", "wrong")
        .run(&["register", "--wait", "60s"]);
    assert_eq!(result.code, 1);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_signal_lets_the_hook_at_hand_be_finished_and_leaves_the_others() {
    let added = json!({"className": "Photo", "triggerName": "beforeSave", "url": TRIGGER});
    let slowly = answer(200, added).set_delay(Duration::from_secs(1));
    let server = ParseServer::start().answers("POST", "/hooks/triggers", slowly, 1);
    let caller = CloudinaryParse::against(&server);
    let mut command = caller.process();
    command
        .arg("register")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    while server.changes().is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut kill = Command::new("kill");
    assert!(
        kill.args(["-s", "INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let table: Vec<_> = stdout
        .lines()
        .rev()
        .take(4)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(
        table,
        [
            "1 added, 1 failed",
            &*format!("failed      url               {FUNCTION}  (not tried)"),
            &*format!("added       Photo.beforeSave  {TRIGGER}"),
        ]
    );
    assert_eq!(server.registered(), [""; 0]);
}
