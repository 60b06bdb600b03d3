use tempfile::TempDir;

use super::*;
use crate::cloudinary::notification_event::NotificationEvent;
use crate::queue::doubles::loss;

fn queue(create: bool) -> (TempDir, Queue) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("q.db").display());
    let open = if create { Queue::new } else { Queue::existing };
    (folder, open(url.into(), "app", Handle::current()))
}

/// What a notification without a time of its own says of an asset, sent then.
fn told(public_id: &str, digest: &str, sent: u64) -> Scheduled {
    let asset = format!("image/upload/{public_id}").parse().unwrap();
    Scheduled {
        job: Job::Follow(NotificationEvent::Deleted { asset }),
        run_at: sent,
        key: Some(NotificationKey::new(digest, 0, Some(sent)).to_string()),
    }
}

#[test]
fn a_url_of_another_kind_is_refused() {
    for url in [
        "sqlite://q.db",
        "sqlite::memory:",
        "postgres://u:p@h/d",
        "postgresql://h/d",
    ] {
        assert!(Queue::check_url(url).is_ok(), "{url}");
    }
    let expected = "expected sqlite://<file> or postgres://<user>:<password>@<host>/<database>";
    for url in [
        "",
        "q.db",
        "mysql://h/d",
        "sqlite",
        "sqlite://q.db?mode=never",
        "postgres://h:port/d",
        "file:q.db",
    ] {
        let error = Queue::check_url(url).map_err(|error| error.to_string());
        assert_eq!(error, Err(expected.to_owned()), "{url}");
    }
}

#[tokio::test]
async fn the_same_body_within_twenty_minutes_is_queued_once() {
    let (_folder, queue) = queue(true);
    for (public_id, digest, sent, jobs) in [
        ("cat", "a", 10_000, 1),
        ("cat", "a", 10_180, 1),
        ("cat", "a", 11_200, 1),
        ("dog", "b", 11_200, 2),
        ("cat", "a", 11_201, 3),
        ("cat", "c", 11_202, 4),
        ("cat", "a", 11_203, 5),
    ] {
        queue
            .push_once(told(public_id, digest, sent))
            .await
            .unwrap();
        let list = queue.list().await.unwrap();
        assert_eq!(list.len(), jobs, "{public_id} {digest} {sent}");
    }
}

#[tokio::test]
async fn a_repetition_that_arrives_as_late_as_any_is_taken_is_known() {
    let (_folder, queue) = queue(true);
    let late = |run_at| Scheduled {
        run_at,
        ..told("cat", "a", 11_000)
    };
    queue.push_once(told("cat", "a", 10_000)).await.unwrap();
    queue.push_once(late(17_500)).await.unwrap();
    assert_eq!(queue.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_body_that_tells_its_time_is_known_by_its_key_alone() {
    let (_folder, queue) = queue(true);
    let dated = |run_at| Scheduled {
        key: Some(NotificationKey::new("a", 0, None).to_string()),
        ..told("cat", "a", run_at)
    };
    for sent in [10_000, 99_000] {
        queue.push_once(dated(sent)).await.unwrap();
        assert_eq!(queue.list().await.unwrap().len(), 1);
    }
    let lost = Scheduled {
        job: Job::Destroy(loss("image/upload/a", None)),
        run_at: 10,
        key: None,
    };
    queue.push_once(lost).await.unwrap();
    assert_eq!(queue.list().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_job_is_retried_and_dropped_by_its_id() {
    let (_folder, queue) = queue(true);
    let lost = Scheduled {
        job: Job::Destroy(loss("image/upload/a", None)),
        run_at: u64::from(u32::MAX),
        key: None,
    };
    queue.push(vec![lost]).await.unwrap();
    let id = queue.list().await.unwrap()[0].id.clone();
    assert!(!queue.retry("other").await.unwrap());
    assert_eq!(queue.list().await.unwrap()[0].run_at, i64::from(u32::MAX));
    assert!(queue.retry(&id).await.unwrap());
    assert!(queue.list().await.unwrap()[0].run_at < i64::from(u32::MAX));
    assert!(!queue.drop_job("other").await.unwrap());
    assert_eq!(queue.list().await.unwrap().len(), 1);
    assert!(queue.drop_job(&id).await.unwrap());
    assert_eq!(queue.list().await.unwrap(), []);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_made_only_where_that_is_asked_for() {
    let (folder, queue) = queue(false);
    let lost = vec![told("cat", "a", 1)];
    let error = queue.push(lost).await.unwrap_err().to_string();
    assert!(error.starts_with("CLOUDINARY_PARSE_QUEUE: "), "{error}");
    assert!(!folder.path().join("q.db").exists());
}
