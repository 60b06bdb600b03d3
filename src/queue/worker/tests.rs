use secrecy::SecretString;
use serde_json::json;
use tokio::runtime::Handle;

use super::*;
use crate::queue::doubles::{Doubles, answer};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n";

fn queue(folder: &tempfile::TempDir) -> Queue {
    let url = format!("sqlite://{}", folder.path().join("q.db").display());
    Queue::new(SecretString::from(url), "app", Handle::current())
}

/// Waits for something that a task does.
async fn until_holds(mut holds: impl FnMut() -> bool) {
    let waits = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_mins(1), waits).await;
    assert!(waited.is_ok(), "it never held");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_counts_by_the_plan_in_force_and_ends_when_it_is_stopped() {
    let (folder, doubles) = (tempfile::tempdir().unwrap(), Doubles::start().await);
    doubles.has_class(json!({})).await;
    let queue = queue(&folder);
    let worker = Worker::start(queue.clone(), doubles.plan(PHOTO));
    until_holds(|| !queue.health().jobs().is_empty()).await;
    let classes = || worker.context.plan.load().classes.len();
    assert_eq!(classes(), 1);
    let mut plan = doubles.plan(PHOTO);
    plan.classes.clear();
    worker.replace(plan);
    assert_eq!(classes(), 0);
    // The worker's tasks hold the context as long as they run.
    assert!(Arc::strong_count(&worker.context) > 1);
    worker.stop();
    until_holds(|| Arc::strong_count(&worker.context) == 1).await;
}

#[tokio::test]
async fn the_master_key_and_a_cloudinary_in_trouble_are_asked_at_once() {
    for (status, troubled, asked) in [(200, false, 0), (200, true, 1), (403, false, 0)] {
        let (folder, doubles) = (tempfile::tempdir().unwrap(), Doubles::start().await);
        let body = if status == 200 {
            json!({"parseServerVersion": "9.10.0"})
        } else {
            json!({"error": "unauthorized"})
        };
        doubles
            .parse_answers("GET", "/serverInfo", answer(status, body))
            .await;
        let pong = answer(200, json!({"status": "ok"}));
        doubles.cloudinary_answers("GET", "/ping", pong).await;
        let context = Arc::new(Context::new(queue(&folder), doubles.plan(PHOTO)));
        let health = context.health().clone();
        if troubled {
            health.report(Dependency::Cloudinary, Some(&"full"));
        }
        health.report(Dependency::ParseServer, Some(&"not asked"));
        let not_asked = Some("not asked".to_owned());
        let proves = tokio::spawn(prove(context));
        until_holds(|| health.trouble(Dependency::ParseServer) != not_asked).await;
        until_holds(|| health.trouble(Dependency::Cloudinary).is_none()).await;
        let trouble = health.trouble(Dependency::ParseServer);
        assert_eq!(trouble.is_none(), status == 200, "{trouble:?}");
        proves.abort();
        let pings = doubles.asked_of_cloudinary().await;
        assert_eq!(pings.len(), asked, "{status} {troubled}");
    }
}
