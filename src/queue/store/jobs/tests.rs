use sqlx::SqlitePool;

use super::*;
use crate::cloudinary::notification_event::NotificationEvent;
use crate::queue::doubles::{QUEUE, loss, store};

fn told(public_id: &str, key: Option<&str>) -> Scheduled {
    let asset = format!("image/upload/{public_id}").parse().unwrap();
    Scheduled {
        job: Job::Follow(NotificationEvent::Deleted { asset }),
        run_at: 10,
        key: key.map(str::to_owned),
    }
}

fn lost(public_id: &str) -> Scheduled {
    Scheduled {
        job: Job::Destroy(loss(&format!("image/upload/{public_id}"), Some(1))),
        run_at: 10,
        key: None,
    }
}

fn pool(store: &Store) -> &SqlitePool {
    let Store::Sqlite(pool) = store else {
        panic!("SQLite expected");
    };
    pool
}

/// The jobs' states and times, in the order of their ids.
async fn rows(store: &Store) -> Vec<(String, i64, i64)> {
    let statement = "SELECT status, attempts, run_at FROM Jobs ORDER BY id";
    let rows = sqlx::query_as(statement).fetch_all(pool(store)).await;
    rows.unwrap()
}

async fn set(store: &Store, columns: &str) {
    let statement = format!("UPDATE Jobs SET {columns}");
    let statement = sqlx::AssertSqlSafe(statement);
    sqlx::query(statement).execute(pool(store)).await.unwrap();
}

#[tokio::test]
async fn jobs_of_both_kinds_are_on_disk_once_they_are_pushed() {
    let (_folder, store) = store().await;
    store.push(QUEUE, Vec::new()).await.unwrap();
    let jobs = vec![lost("a"), told("b", None), lost("c"), told("d", None)];
    store.push(QUEUE, jobs).await.unwrap();
    let mut listed: Vec<_> = store.list(QUEUE).await.unwrap();
    listed.sort_by_key(|job| job.job.as_ref().unwrap().summary());
    let summaries = listed.iter().map(|job| job.job.as_ref().unwrap().summary());
    let expected = [
        "destroy image/upload/a (lost by Photo.picture of -)",
        "destroy image/upload/c (lost by Photo.picture of -)",
        "follow image/upload/b (deleted)",
        "follow image/upload/d (deleted)",
    ];
    assert_eq!(summaries.collect::<Vec<_>>(), expected);
    assert_eq!(store.list("cloudinary-parse/other").await.unwrap(), []);
}

#[tokio::test]
async fn a_job_is_shown_with_its_state_and_its_error() {
    let (_folder, store) = store().await;
    store.push(QUEUE, vec![lost("a")]).await.unwrap();
    for (columns, state, error) in [
        (
            "status = 'Killed', last_result = '{\"Err\":\"no\"}'",
            JobState::Dead,
            Some("no"),
        ),
        (
            "status = 'Failed', last_result = '{\"Err\":\"AbortError: x\"}'",
            JobState::Failed,
            Some("x"),
        ),
        (
            "status = 'Queued', last_result = '5'",
            JobState::Running,
            None,
        ),
        (
            "status = 'Running', last_result = 'odd'",
            JobState::Running,
            None,
        ),
        (
            "status = 'Pending', last_result = NULL",
            JobState::Waiting,
            None,
        ),
    ] {
        set(&store, columns).await;
        let job = store.list(QUEUE).await.unwrap().remove(0);
        assert_eq!(
            (job.state, job.error.as_deref()),
            (state, error),
            "{columns}"
        );
    }
    set(&store, "job = x'7b7d'").await;
    assert_eq!(store.list(QUEUE).await.unwrap()[0].job, None);
}

#[tokio::test]
async fn only_a_job_that_waits_or_is_dead_is_retried_or_dropped() {
    for (status, moves) in [
        ("Pending", true),
        ("Failed", true),
        ("Killed", true),
        ("Queued", false),
        ("Running", false),
        ("Done", false),
    ] {
        let (_folder, store) = store().await;
        store.push(QUEUE, vec![lost("a")]).await.unwrap();
        let id = store.list(QUEUE).await.unwrap()[0].id.clone();
        set(&store, &format!("status = '{status}', attempts = 3")).await;
        assert_eq!(store.retry(QUEUE, &id).await.unwrap(), moves, "{status}");
        assert!(!store.retry("cloudinary-parse/other", &id).await.unwrap());
        let after = rows(&store).await.remove(0);
        let expected = if moves { ("Pending", 0) } else { (status, 3) };
        assert_eq!((&*after.0, after.1), expected);
        assert_eq!(after.2 > 10, moves, "{status}: {}", after.2);
        set(&store, &format!("status = '{status}'")).await;
        assert_eq!(store.delete(QUEUE, &id).await.unwrap(), moves, "{status}");
        assert_eq!(rows(&store).await.is_empty(), moves, "{status}");
    }
}

#[tokio::test]
async fn jobs_are_counted_by_what_they_wait_for() {
    let (_folder, store) = store().await;
    let jobs = ["a", "b", "c", "d", "e"].map(|id| told(id, None));
    store.push(QUEUE, jobs.into()).await.unwrap();
    store.push(QUEUE, vec![lost("f")]).await.unwrap();
    let statuses = ["Pending", "Failed", "Killed", "Running", "Done", "Pending"];
    let ids: Vec<(String,)> = sqlx::query_as("SELECT id FROM Jobs")
        .fetch_all(pool(&store))
        .await
        .unwrap();
    for ((id,), status) in ids.iter().zip(statuses) {
        sqlx::query("UPDATE Jobs SET status = $1 WHERE id = $2")
            .bind(status)
            .bind(id)
            .execute(pool(&store))
            .await
            .unwrap();
    }
    let counts = store.counts(QUEUE).await.unwrap();
    assert_eq!((counts.waiting, counts.due, counts.dead), (4, 3, 1));
    set(&store, "run_at = unixepoch() + 100").await;
    assert_eq!(store.counts(QUEUE).await.unwrap().due, 0);
}

#[tokio::test]
async fn a_job_that_is_done_stays_for_a_day() {
    let (_folder, store) = store().await;
    for (age, stays) in [(86_000, true), (86_500, false)] {
        store.push(QUEUE, vec![told("a", Some("k"))]).await.unwrap();
        set(
            &store,
            &format!("status = 'Done', done_at = unixepoch() - {age}"),
        )
        .await;
        store.sweep("cloudinary-parse/other", "w").await.unwrap();
        assert_eq!(rows(&store).await.len(), 1, "{age}");
        store.sweep(QUEUE, "w").await.unwrap();
        assert_eq!(rows(&store).await.len(), usize::from(stays), "{age}");
    }
    store.push(QUEUE, vec![lost("a")]).await.unwrap();
    set(&store, "done_at = 5").await;
    store.sweep(QUEUE, "w").await.unwrap();
    assert_eq!(rows(&store).await.len(), 1, "it is not done");
}

#[tokio::test]
async fn what_was_done_within_an_hour_is_remembered() {
    let (_folder, store) = store().await;
    store.push(QUEUE, vec![told("a", None)]).await.unwrap();
    for (columns, found) in [
        ("status = 'Done', done_at = unixepoch() - 3500", 1),
        ("status = 'Done', done_at = unixepoch() - 3700", 0),
        ("status = 'Killed', done_at = unixepoch()", 0),
    ] {
        set(&store, columns).await;
        let done = store.done_lately(QUEUE).await.unwrap();
        assert_eq!(done.len(), found, "{columns}");
        if found == 1 {
            assert_eq!(done, [told("a", None).job]);
        }
    }
}

#[tokio::test]
async fn earlier_notifications_are_those_without_a_time_of_their_own() {
    let (_folder, store) = store().await;
    let jobs = vec![told("a", Some("x-0@10")), told("b", Some("y-0"))];
    store.push(QUEUE, jobs).await.unwrap();
    let earlier = store.notifications_since(QUEUE, 10).await.unwrap();
    let keys: Vec<_> = earlier.iter().map(|(key, _)| key.to_string()).collect();
    assert_eq!(keys, ["x-0@10"]);
    assert_eq!(Job::Follow(earlier[0].1.clone()), told("a", None).job);
    assert_eq!(store.notifications_since(QUEUE, 11).await.unwrap(), []);
    let of_other = store.notifications_since("cloudinary-parse/other", 0);
    assert_eq!(of_other.await.unwrap(), []);
}

#[tokio::test]
async fn only_the_worker_that_has_a_job_puts_it_off() {
    let (_folder, store) = store().await;
    store.push(QUEUE, vec![told("a", None)]).await.unwrap();
    let id = store.list(QUEUE).await.unwrap()[0].id.clone();
    let worker = "INSERT INTO Workers (id, worker_type, storage_name) VALUES ('w', 'x', 'x')";
    let worker = sqlx::query(worker).execute(pool(&store)).await;
    worker.unwrap();
    set(&store, "lock_by = 'w'").await;
    store.postpone(&id, "other", 99).await.unwrap();
    assert_eq!(rows(&store).await[0].2, 10);
    store.postpone("other", "w", 99).await.unwrap();
    assert_eq!(rows(&store).await[0].2, 10);
    store.postpone(&id, "w", 99).await.unwrap();
    assert_eq!(rows(&store).await[0].2, 99);
}
