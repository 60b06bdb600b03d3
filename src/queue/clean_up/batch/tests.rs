//! Batches against doubles of Parse Server, whose class has no rows, and of Cloudinary.

use std::sync::Arc;

use serde_json::{Value, json};
use wiremock::matchers::body_string_contains;
use wiremock::{Mock, ResponseTemplate};

use super::*;
use crate::queue::doubles::{Doubles, QUEUE, answer, loss, store};
use crate::queue::health::{Dependency, Health};
use crate::queue::store::{JobState, Store};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\non_replace = \"destroy\"\ngrace = \"0s\"\ndestroy_within = \"app/\"\n";

struct World {
    doubles: Doubles,
    health: Health,
    rate_limit: RateLimit,
    store: Store,
    _folder: Arc<tempfile::TempDir>,
}

impl World {
    /// No row refers to anything, and Cloudinary has what is asked for.
    async fn new(assets: &[&str]) -> Self {
        let doubles = Doubles::start().await;
        doubles.has_class(json!({})).await;
        let there = |id: &&str| json!({"public_id": id, "version": 1, "bytes": 9});
        let page = json!({"resources": assets.iter().map(there).collect::<Value>()});
        doubles
            .cloudinary_answers("GET", "/resources/image/upload", answer(200, page))
            .await;
        let (folder, store) = store().await;
        Self {
            doubles,
            health: Health::new(),
            rate_limit: RateLimit::default(),
            store,
            _folder: Arc::new(folder),
        }
    }

    /// What Cloudinary answers when it is to destroy this asset.
    async fn destroys(&self, public_id: &str, answer: ResponseTemplate) {
        let id = public_id.replace('/', "%2F");
        Mock::given(body_string_contains(format!("public_id={id}&")))
            .respond_with(answer)
            .mount(&self.doubles.cloudinary)
            .await;
    }

    async fn lose(&self, assets: &[&str]) {
        let losses = assets.iter().map(|id| {
            let asset = format!("image/upload/{id}");
            (loss(&asset, Some(1)), 10)
        });
        self.store
            .push_losses(QUEUE, losses.collect())
            .await
            .unwrap();
    }

    async fn due(&self) -> Vec<DueJob> {
        self.store.due(QUEUE, 100).await.unwrap()
    }

    async fn run(&self, due: Vec<DueJob>) -> Result<(), String> {
        let batch = Batch {
            plan: &self.doubles.plan(PHOTO),
            rate_limit: &self.rate_limit,
            settlement: Settlement {
                health: &self.health,
                store: &self.store,
            },
            lock: &Lock::Alone,
        };
        batch.run(due).await.map_err(|error| error.to_string())
    }

    /// What is left of the jobs: by public ID, with tries and error.
    async fn left(&self) -> Vec<(String, JobState, i64, String)> {
        let jobs = self.store.list(QUEUE).await.unwrap().into_iter();
        let mut left: Vec<_> = jobs
            .map(|job| {
                let error = job.error.unwrap_or_default();
                let asset = match job.job {
                    Some(crate::queue::job::Job::Destroy(job)) => job.asset.public_id,
                    _ => "?".to_owned(),
                };
                (asset, job.state, job.tries, error)
            })
            .collect();
        left.sort_by(|a, b| a.0.cmp(&b.0));
        left
    }

    fn tried(&self, outcome: &str) -> u64 {
        let mut text = String::new();
        self.health.encode(&mut text).unwrap();
        let name = format!("cloudinary_parse_queue_tries_total{{outcome=\"{outcome}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.map_or(0, |count| count.parse().unwrap())
    }

    async fn destroy_calls(&self) -> usize {
        let asked = self.doubles.asked_of_cloudinary().await;
        asked
            .iter()
            .filter(|path| *path == "/image/destroy")
            .count()
    }
}

fn ok() -> ResponseTemplate {
    answer(200, json!({"result": "ok"}))
}

fn refused(status: u16, message: &str) -> ResponseTemplate {
    answer(status, json!({"error": {"message": message}}))
}

#[tokio::test]
async fn an_asset_that_cloudinary_refuses_to_destroy_holds_up_no_other() {
    let world = World::new(&["app/a", "app/b", "app/c"]).await;
    world.destroys("app/a", ok()).await;
    world.destroys("app/b", refused(400, "no such type")).await;
    let gone = answer(200, json!({"result": "not found"}));
    world.destroys("app/c", gone).await;
    world.lose(&["app/a", "app/b", "app/c"]).await;
    assert_eq!(world.run(world.due().await).await, Ok(()));
    let api = world.doubles.cloudinary.uri();
    let error = format!("Cloudinary at {api}/v1_1/demo answered 400 Bad Request: no such type");
    assert_eq!(
        world.left().await,
        [("app/b".to_owned(), JobState::Failed, 1, error)]
    );
    assert_eq!(
        ["destroyed", "not_found", "failed", "dead"].map(|outcome| world.tried(outcome)),
        [1, 1, 1, 0]
    );
    assert_eq!(world.health.trouble(Dependency::Cloudinary), None);
}

#[tokio::test]
async fn an_outage_of_cloudinary_s_fails_what_is_not_decided_and_is_noted() {
    for lost in [&["app/a", "app/b"][..], &["app/b"]] {
        let world = World::new(&["app/a", "app/b"]).await;
        world.destroys("app/a", ok()).await;
        let down = refused(500, "General Error");
        world.destroys("app/b", down).await;
        world.lose(lost).await;
        assert_eq!(world.run(world.due().await).await, Ok(()));
        let left = world.left().await;
        assert_eq!(left.len(), 1);
        let (asset, state, tries, error) = &left[0];
        assert_eq!((&**asset, *state, *tries), ("app/b", JobState::Failed, 1));
        // Of two calls at once the last one counts.
        if lost.len() == 1 {
            let trouble = world.health.trouble(Dependency::Cloudinary);
            assert_eq!(trouble.as_ref(), Some(error));
        }
    }
}

#[tokio::test]
async fn a_job_that_is_refused_for_the_fifth_time_is_dead() {
    for (tries, state, outcome) in [(3, JobState::Failed, "failed"), (4, JobState::Dead, "dead")] {
        let world = World::new(&["app/a"]).await;
        world.destroys("app/a", refused(400, "no")).await;
        world.lose(&["app/a"]).await;
        let mut due = world.due().await;
        due[0].tries = tries;
        assert_eq!(world.run(due).await, Ok(()));
        let left = world.left().await;
        assert_eq!(
            (left[0].1, left[0].2),
            (state, i64::try_from(tries).unwrap() + 1)
        );
        assert_eq!(world.tried(outcome), 1);
    }
}

#[tokio::test]
async fn what_was_lost_again_while_it_was_looked_at_is_not_destroyed() {
    let world = World::new(&["app/a", "app/b"]).await;
    world.destroys("app/b", ok()).await;
    world.lose(&["app/a", "app/b"]).await;
    let seen = world.due().await;
    let again = vec![(loss("image/upload/app/a", Some(1)), 20)];
    world.store.push_losses(QUEUE, again).await.unwrap();
    assert_eq!(world.run(seen).await, Ok(()));
    assert_eq!(
        world.left().await,
        [("app/a".to_owned(), JobState::Waiting, 0, String::new())]
    );
    assert_eq!(world.destroy_calls().await, 1);
}

#[tokio::test]
async fn jobs_that_are_unwanted_or_cannot_be_read_are_settled_without_a_call() {
    let world = World::new(&[]).await;
    world.lose(&["app/a", "other/b"]).await;
    let mut due = world.due().await;
    due.retain(|due| due.job.as_ref().unwrap().asset.public_id == "app/a");
    due[0].job = None;
    let unwanted = world.due().await.into_iter();
    due.extend(unwanted.filter(|due| due.job.as_ref().unwrap().asset.public_id == "other/b"));
    assert_eq!(world.run(due).await, Ok(()));
    assert_eq!(
        world.left().await,
        [(
            "app/a".to_owned(),
            JobState::Dead,
            1,
            "cannot be read".to_owned()
        )]
    );
    assert_eq!((world.tried("dropped"), world.tried("dead")), (1, 1));
    assert_eq!(world.doubles.asked_of_cloudinary().await, [""; 0]);
    assert_eq!(world.doubles.asked_of_parse().await, [""; 0]);
}

#[tokio::test]
async fn while_a_rate_limit_is_known_nothing_is_asked() {
    let world = World::new(&["app/a"]).await;
    world.lose(&["app/a"]).await;
    let limit = crate::cloudinary::client::ApiError::RateLimited {
        api: String::new(),
        reset: None,
    };
    world.rate_limit.failure(&limit, unix_time());
    assert_eq!(world.run(world.due().await).await, Ok(()));
    let left = world.left().await;
    assert_eq!(left[0].3, "Cloudinary's rate limit is reached");
    assert_eq!(world.doubles.asked_of_parse().await, [""; 0]);
}

#[tokio::test]
async fn several_jobs_that_fail_together_are_all_tried_again() {
    let world = World::new(&[]).await;
    let ids: Vec<String> = (0..12).map(|number| format!("app/{number:02}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    world.lose(&ids).await;
    let failure = JobFailure::outage("down");
    let settlement = Settlement {
        health: &world.health,
        store: &world.store,
    };
    settlement.fail(world.due().await, &failure).await.unwrap();
    let left = world.left().await;
    assert_eq!(left.len(), 12);
    for (_, state, tries, error) in left {
        assert_eq!((state, tries, &*error), (JobState::Failed, 1, "down"));
    }
    assert_eq!(world.tried("failed"), 12);
    let due = world.due().await;
    assert_eq!(due, [], "they are tried later");
}

#[tokio::test]
async fn what_cloudinary_has_anew_or_no_longer_is_settled_before_any_call_to_destroy() {
    let world = World::new(&["app/a"]).await;
    world.lose(&["app/gone"]).await;
    let newer = vec![(loss("image/upload/app/a", Some(0)), 10)];
    world.store.push_losses(QUEUE, newer).await.unwrap();
    assert_eq!(world.run(world.due().await).await, Ok(()));
    assert_eq!(world.left().await, []);
    assert_eq!(
        (world.tried("uploaded_anew"), world.tried("not_found")),
        (1, 1)
    );
    assert_eq!(world.destroy_calls().await, 0);
}
