//! Doubles of Parse Server (as it is on PostgreSQL) and of Cloudinary, with what happens to be in
//! them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value};
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

mod cloudinary;
mod parse_server;

pub(crate) const APPLICATION_ID: &str = "app-1";
pub(crate) const MASTER_KEY: &str = "master-1";
pub(crate) const SECRET: &str = "secret";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

pub(crate) struct World {
    parse: MockServer,
    cloudinary: MockServer,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(crate) struct State {
    /// Rows by class and object id. A row with `hidden` is one that ACLs hide from everybody.
    pub(crate) rows: BTreeMap<(String, String), Value>,
    /// When rows were stored.
    written: HashMap<(String, String), SystemTime>,
    pub(crate) assets: BTreeSet<String>,
    /// Versions of assets other than 1.
    pub(crate) versions: HashMap<String, u64>,
    /// Assets that were rejected: their placeholders are there.
    pub(crate) placeholders: BTreeSet<String>,
    /// How many assets each look at Cloudinary asked for.
    pub(crate) looks: Vec<usize>,
    /// What Cloudinary answers to every look instead.
    pub(crate) no_look: Option<ResponseTemplate>,
    /// Calls of the hour, and how many of them are left, as Cloudinary's answers announce them.
    pub(crate) limit: Option<(u64, u64)>,
    /// What the Admin API shows of an asset besides its public ID.
    pub(crate) shown: HashMap<String, Map<String, Value>>,
    /// Assets that the Admin API was asked for, in order.
    pub(crate) asked: Vec<String>,
    /// What the Admin API answers instead.
    pub(crate) admin_refusal: Option<ResponseTemplate>,
    /// Destroyed assets in their order, with the time.
    pub(crate) destroyed: Vec<(String, Instant)>,
    /// Every destroy call, found or not.
    pub(crate) calls: Vec<String>,
    /// Destroy calls of one asset that overlapped.
    pub(crate) overlaps: usize,
    under_way: HashMap<String, Instant>,
    /// What Parse Server takes for its master key.
    pub(crate) master_key: Option<String>,
    pub(crate) parse_down: bool,
    /// What Cloudinary answers to every destroy call instead.
    pub(crate) refusal: Option<ResponseTemplate>,
    pub(crate) delay: Duration,
    /// How long Parse Server takes to answer what rows there are.
    pub(crate) parse_delay: Duration,
    /// How often it was asked.
    pub(crate) counts: usize,
    /// How often a walk through a class began.
    pub(crate) walks: usize,
    /// Rows with `secret` that a `beforeFind` of Cloud Code's hides from `/classes`.
    pub(crate) before_find: bool,
    /// What an `afterFind` of Cloud Code's shows instead of each picture.
    pub(crate) after_find: Option<Value>,
    /// Where Parse Server finds the service's hooks.
    pub(crate) hooks: Option<String>,
    /// Runs once between a write's hook being asked and what was read before it.
    pub(crate) meanwhile: Option<(String, Value)>,
    /// What hooks answered to writes.
    pub(crate) refusals: Vec<String>,
}

impl World {
    pub(crate) fn new() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let start = |double: Double| {
            RUNTIME.block_on(async {
                let server = MockServer::start().await;
                Mock::given(any()).respond_with(double).mount(&server).await;
                server
            })
        };
        Self {
            parse: start(Double::Parse(state.clone())),
            cloudinary: start(Double::Cloudinary(state.clone())),
            state,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Stores a row, its assets included.
    pub(crate) fn row(&self, class: &str, id: &str, columns: Value) {
        let key = (class.to_owned(), id.to_owned());
        let mut state = self.state();
        state.written.insert(key.clone(), SystemTime::now());
        state.rows.insert(key, columns);
    }

    pub(crate) fn asset(&self, name: &str) {
        self.state().assets.insert(name.to_owned());
    }

    /// An asset of which the Admin API shows more.
    pub(crate) fn asset_with(&self, name: &str, shown: Value) {
        self.asset(name);
        let Value::Object(shown) = shown else {
            panic!("an object expected");
        };
        self.state().shown.insert(name.to_owned(), shown);
    }

    pub(crate) fn parse_url(&self) -> String {
        format!("{}/parse", self.parse.uri())
    }

    pub(crate) fn cloudinary_url(&self) -> String {
        format!(
            "cloudinary://key:{SECRET}@demo?upload_prefix={}",
            self.cloudinary.uri()
        )
    }

    pub(crate) fn destroyed(&self) -> Vec<String> {
        let state = self.state();
        state
            .destroyed
            .iter()
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Waits until so many assets are destroyed.
    #[track_caller]
    pub(crate) fn wait_for_destroyed(&self, count: usize, limit: Duration) -> Vec<String> {
        wait(limit, || self.destroyed().len() >= count);
        self.destroyed()
    }
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn wait(limit: Duration, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < limit, "not within {limit:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

enum Double {
    Parse(Arc<Mutex<State>>),
    Cloudinary(Arc<Mutex<State>>),
}

impl Respond for Double {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        match self {
            Self::Parse(state) => parse_server::answer(&mut state.lock().unwrap(), request),
            Self::Cloudinary(state) => cloudinary::answer(&mut state.lock().unwrap(), request),
        }
    }
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}
