use super::*;

const QUEUE: &str = "cloudinary-parse/app";

fn loss(asset: &str, version: Option<u64>, field: &str) -> Destroy {
    Destroy {
        asset: asset.parse().unwrap(),
        version,
        cloud: "demo".to_owned(),
        class: "Photo".to_owned(),
        field: field.to_owned(),
        object: None,
    }
}

async fn store(folder: &tempfile::TempDir) -> Store {
    let url = format!("sqlite://{}", folder.path().join("q.db").display());
    Store::open(&url, true).await.unwrap()
}

#[tokio::test]
async fn losses_of_one_asset_are_one_job_with_the_newest_version_and_the_latest_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let a = "image/upload/a";
    let both = vec![(loss(a, Some(5), "x"), 10), (loss(a, Some(3), "y"), 20)];
    store.push_losses(QUEUE, both).await.unwrap();
    for (version, run_at) in [(Some(9), 15), (None, 12), (Some(7), 30)] {
        let loss = vec![
            (loss(a, version, "z"), run_at),
            (loss("raw/upload/a", None, "x"), 5),
        ];
        store.push_losses(QUEUE, loss).await.unwrap();
    }
    let due = store.due(QUEUE, 10).await.unwrap();
    let found: Vec<_> = due
        .iter()
        .map(|due| (due.run_at, due.job.as_ref().unwrap().version))
        .collect();
    assert_eq!(found, [(5, None), (30, Some(9))]);
    assert_eq!(store.due(QUEUE, 1).await.unwrap().len(), 1);
    assert_eq!(store.due("cloudinary-parse/other", 10).await.unwrap(), []);
}

#[tokio::test]
async fn of_losses_that_are_queued_together_the_newest_version_counts() {
    let a = "image/upload/a";
    for (versions, expected) in [
        ([None, None], None),
        ([Some(3), Some(5)], Some(5)),
        ([Some(5), Some(3)], Some(5)),
        ([None, Some(3)], Some(3)),
        ([Some(3), None], Some(3)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let losses = versions.map(|version| (loss(a, version, "x"), 10));
        store.push_losses(QUEUE, losses.into()).await.unwrap();
        let due = store.due(QUEUE, 10).await.unwrap();
        let found: Vec<_> = due
            .iter()
            .map(|due| due.job.as_ref().unwrap().version)
            .collect();
        assert_eq!(found, [expected], "{versions:?}");
    }
}

#[tokio::test]
async fn what_changes_while_it_is_looked_at_is_neither_forgotten_nor_put_off() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    for asset in ["image/upload/a", "image/upload/b"] {
        store
            .push_losses(QUEUE, vec![(loss(asset, Some(1), "x"), 10)])
            .await
            .unwrap();
    }
    let seen = store.due(QUEUE, 10).await.unwrap();
    store
        .push_losses(QUEUE, vec![(loss("image/upload/a", Some(2), "x"), 10)])
        .await
        .unwrap();
    let refs: Vec<&DueJob> = seen.iter().collect();
    let unchanged = store.unchanged(&refs).await.unwrap();
    let b = seen
        .iter()
        .find(|due| due.job.as_ref().unwrap().asset.public_id == "b")
        .unwrap();
    assert_eq!(unchanged, [b.id.clone()].into());
    let again = NextTry {
        run_at: Some(99),
        error: "no\0".to_owned(),
    };
    let failed: Vec<_> = seen
        .iter()
        .map(|due| (due.clone(), again.clone()))
        .collect();
    store.fail(&failed).await.unwrap();
    let due = store.due(QUEUE, 10).await.unwrap();
    let found: Vec<_> = due.iter().map(|due| (due.run_at, due.tries)).collect();
    assert_eq!(found, [(10, 0), (99, 1)]);
    store.finish(&seen).await.unwrap();
    assert_eq!(store.due(QUEUE, 10).await.unwrap(), due);
    store.finish(&due).await.unwrap();
    assert_eq!(store.due(QUEUE, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_dead_job_is_not_due_until_its_asset_is_lost_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let push = async || {
        let loss = vec![(loss("image/upload/a", Some(1), "x"), 10)];
        store.push_losses(QUEUE, loss).await.unwrap();
    };
    push().await;
    let due = store.due(QUEUE, 10).await.unwrap().remove(0);
    let dead = NextTry {
        run_at: None,
        error: "refused".to_owned(),
    };
    store.fail(&[(due, dead)]).await.unwrap();
    assert_eq!(store.due(QUEUE, 10).await.unwrap(), []);
    let entry = store.list(QUEUE).await.unwrap().remove(0);
    assert_eq!(
        (entry.state.name(), entry.tries, entry.error.as_deref()),
        ("dead", 1, Some("refused"))
    );
    push().await;
    assert_eq!(store.due(QUEUE, 10).await.unwrap()[0].tries, 0);
}
