//! Doubles of Parse Server's `/classes`, `/aggregate` and `/schemas` and of Cloudinary, with rows
//! and assets that a test can change while a command runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::command::CloudinaryParse;
use crate::parse_server::{APPLICATION_ID, MASTER_KEY, answer, run, unauthorized};

/// Rows that Parse Server answers at most.
const MAX_LIMIT: usize = 3;
/// Assets on a page of Cloudinary's.
const PAGE: usize = 2;

/// One application and one account.
pub(crate) struct World {
    parse: MockServer,
    cloudinary: MockServer,
    contents: Arc<Mutex<Contents>>,
}

#[derive(Default)]
pub(crate) struct Contents {
    /// Class and row.
    pub(crate) rows: Vec<(String, Value)>,
    /// Columns and their types by class. What there is of `Photo` is there from the start.
    pub(crate) schemas: BTreeMap<String, BTreeMap<String, String>>,
    /// Classes whose guard is registered.
    pub(crate) guarded: Vec<String>,
    /// Kind (`image/upload`) and asset.
    pub(crate) assets: Vec<(String, Value)>,
    /// Runs before each request, told its method and path, and may answer in Parse Server's or
    /// Cloudinary's place.
    pub(crate) before: Option<Before>,
}

type Before = Box<dyn FnMut(&Request, &mut Contents) -> Option<ResponseTemplate> + Send>;

struct Side {
    contents: Arc<Mutex<Contents>>,
    is_parse: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(&Arc::default())
            .column("Photo", "picture", "String")
            .column("Photo", "list", "Array")
    }

    fn of(contents: &Arc<Mutex<Contents>>) -> Self {
        let start = |is_parse| {
            let server = run(MockServer::start());
            let side = Side {
                contents: contents.clone(),
                is_parse,
            };
            run(Mock::given(any()).respond_with(side).mount(&server));
            server
        };
        Self {
            parse: start(true),
            cloudinary: start(false),
            contents: contents.clone(),
        }
    }

    pub(crate) fn column(self, class: &str, name: &str, type_name: &str) -> Self {
        self.lock(|contents| {
            let columns = contents.schemas.entry(class.to_owned()).or_default();
            columns.insert(name.to_owned(), type_name.to_owned());
        });
        self
    }

    pub(crate) fn row(self, class: &str, row: Value) -> Self {
        self.lock(|contents| contents.rows.push((class.to_owned(), row)));
        self
    }

    /// Registers the guard of a class.
    pub(crate) fn guarded(self, class: &str) -> Self {
        self.lock(|contents| contents.guarded.push(class.to_owned()));
        self
    }

    /// An image uploaded so many days ago.
    pub(crate) fn image(self, public_id: &str, days: u64) -> Self {
        self.asset("image/upload", public_id, days)
    }

    pub(crate) fn asset(self, kind: &str, public_id: &str, days: u64) -> Self {
        let asset = asset(public_id, days);
        self.lock(|contents| contents.assets.push((kind.to_owned(), asset)));
        self
    }

    pub(crate) fn before(
        self,
        hook: impl FnMut(&Request, &mut Contents) -> Option<ResponseTemplate> + Send + 'static,
    ) -> Self {
        self.lock(|contents| contents.before = Some(Box::new(hook)));
        self
    }

    pub(crate) fn change(self, change: impl FnOnce(&mut Contents)) -> Self {
        self.lock(change);
        self
    }

    fn lock<T>(&self, work: impl FnOnce(&mut Contents) -> T) -> T {
        work(&mut self.contents.lock().unwrap())
    }

    pub(crate) fn command(&self, manifest: &str) -> CloudinaryParse {
        let account = format!(
            "cloudinary://key:secret@demo?upload_prefix={}",
            self.cloudinary.uri()
        );
        CloudinaryParse::bare()
            .manifest("Photo.toml", manifest)
            .env("CLOUDINARY_URL", &account)
            .env("PARSE_SERVER_URL", &format!("{}/parse", self.parse.uri()))
            .env("PARSE_SERVER_APPLICATION_ID", APPLICATION_ID)
            .env("PARSE_SERVER_MASTER_KEY", MASTER_KEY)
    }

    /// The public IDs left in the account.
    pub(crate) fn assets(&self) -> Vec<String> {
        let id = |(_, asset): &(String, Value)| asset["public_id"].as_str().unwrap().to_owned();
        self.lock(|contents| contents.assets.iter().map(id).collect())
    }

    /// The rows as they are now.
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.lock(|contents| contents.rows.iter().map(|(_, row)| row.clone()).collect())
    }

    pub(crate) fn asked_of_parse(&self) -> Vec<Request> {
        run(self.parse.received_requests()).unwrap()
    }

    pub(crate) fn asked_of_cloudinary(&self) -> Vec<Request> {
        run(self.cloudinary.received_requests()).unwrap()
    }
}

pub(crate) fn asset(public_id: &str, days: u64) -> Value {
    let uploaded = unix_time() - days * 86_400;
    json!({"public_id": public_id, "format": "jpg", "version": uploaded, "bytes": 1_000_000,
        "width": 1, "height": 1, "created_at": "2020-01-01T00:00:00Z"})
}

pub(crate) fn unix_time() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

pub(crate) fn param(request: &Request, name: &str) -> Option<String> {
    let mut pairs = request.url.query_pairs();
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

impl Respond for Side {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut contents = self.contents.lock().unwrap();
        if let Some(mut before) = contents.before.take() {
            let answered = before(request, &mut contents);
            contents.before = Some(before);
            if let Some(answer) = answered {
                return answer;
            }
        }
        let path = request.url.path().to_owned();
        let path: Vec<_> = path.trim_start_matches('/').split('/').collect();
        if self.is_parse {
            parse(request, &path, &mut contents)
        } else {
            cloudinary(request, &path, &mut contents.assets)
        }
    }
}

fn parse(request: &Request, path: &[&str], contents: &mut Contents) -> ResponseTemplate {
    let Contents {
        rows,
        schemas,
        guarded,
        ..
    } = contents;
    let header = |name: &str| Some(request.headers.get(name)?.to_str().unwrap().to_owned());
    if header("x-parse-application-id").as_deref() != Some(APPLICATION_ID) {
        return unauthorized();
    }
    let master = header("x-parse-master-key").as_deref() == Some(MASTER_KEY);
    match (request.method.as_str(), path) {
        ("GET", ["parse", "serverInfo"]) if master => {
            answer(200, json!({"parseServerVersion": "9.10.0"}))
        }
        ("GET", ["parse", "serverInfo"]) => answer(403, json!({"error": "Permission denied"})),
        ("GET", ["parse", "classes", class]) if param(request, "count").is_some() => {
            let count = rows.iter().filter(|(of, _)| of == class).count();
            answer(200, json!({"results": [], "count": count}))
        }
        ("GET", ["parse", "schemas" | "aggregate", ..] | ["parse", "hooks", _]) if !master => {
            answer(403, json!({"error": "Permission denied"}))
        }
        ("GET", ["parse", "hooks", "functions"]) => answer(200, json!([])),
        ("GET", ["parse", "hooks", "triggers"]) => {
            let hooks = guarded.iter().map(|class| {
                let url = format!("http://service:8080/triggers/{class}/beforeSave");
                json!({"className": class, "triggerName": "beforeSave", "url": url})
            });
            answer(200, hooks.collect())
        }
        ("GET", ["parse", "schemas"]) => {
            let schemas: Vec<_> = schemas.iter().map(schema).collect();
            answer(200, json!({ "results": schemas }))
        }
        ("GET", ["parse", "schemas", class]) => {
            let error = format!("Class {class} does not exist.");
            let missing = answer(400, json!({"code": 103, "error": error}));
            let known = schemas.get_key_value(*class);
            known.map_or(missing, |known| answer(200, schema(known)))
        }
        ("GET", ["parse", "aggregate", class]) => {
            let of_class: Vec<_> = rows.iter().filter(|(of, _)| of == class).collect();
            let columns = schemas.get(*class).cloned().unwrap_or_default();
            aggregate(request, &of_class, &columns)
        }
        (method, ["parse", "classes", class, id]) => {
            let mut rows = rows
                .iter_mut()
                .filter(|(of, row)| of == class && row["objectId"] == *id);
            let Some((_, row)) = rows.next() else {
                return answer(404, json!({"code": 101, "error": "Object not found."}));
            };
            if method == "PUT" {
                let columns: Map<String, Value> = request.body_json().unwrap();
                row.as_object_mut().unwrap().extend(columns);
            }
            answer(200, row.clone())
        }
        _ => panic!("unexpected {} {}", request.method, request.url),
    }
}

fn schema((class, columns): (&String, &BTreeMap<String, String>)) -> Value {
    let fields: Map<_, _> = columns
        .iter()
        .map(|(name, type_name)| (name.clone(), json!({ "type": type_name })))
        .collect();
    json!({"className": class, "fields": fields, "classLevelPermissions": {}})
}

/// What Parse Server on `PostgreSQL` makes of a pipeline.
fn aggregate(
    request: &Request,
    rows: &[&(String, Value)],
    columns: &BTreeMap<String, String>,
) -> ResponseTemplate {
    let pipeline: Value = serde_json::from_str(&param(request, "pipeline").unwrap()).unwrap();
    let stage = |name: &str| {
        let stages = pipeline.as_array().unwrap().iter();
        stages.rev().find_map(|stage| stage.get(name)).cloned()
    };
    let filter = stage("$match").unwrap_or_default();
    let after = filter["objectId"]["$gt"].as_str().unwrap_or_default();
    let since = filter["updatedAt"]["$gte"].as_str().unwrap_or_default();
    assert_eq!(stage("$sort"), Some(json!({"objectId": 1})));
    let limit = usize::try_from(stage("$limit").unwrap().as_u64().unwrap()).unwrap();
    let project = stage("$project").unwrap();
    let project: Vec<_> = project.as_object().unwrap().keys().collect();
    let is_known = |name: &&&String| name.as_str() == "objectId" || columns.contains_key(**name);
    if let Some(unknown) = project.iter().find(|name| !is_known(name)) {
        let error = format!("column \"{unknown}\" does not exist");
        return answer(400, json!({"code": 102, "error": error}));
    }
    let mut found: Vec<_> = rows
        .iter()
        .map(|(_, row)| row)
        .filter(|row| row["objectId"].as_str().unwrap() > after)
        .filter(|row| row["updatedAt"].as_str().unwrap_or_default() >= since)
        .collect();
    found.sort_by_key(|row| row["objectId"].as_str().unwrap());
    found.truncate(limit.min(MAX_LIMIT));
    let projected: Vec<Map<String, Value>> = found
        .iter()
        .map(|row| {
            let stored = project.iter().filter(|name| !row[name.as_str()].is_null());
            stored
                .map(|name| ((*name).clone(), row[name.as_str()].clone()))
                .collect()
        })
        .collect();
    answer(200, json!({ "results": projected }))
}

fn cloudinary(
    request: &Request,
    path: &[&str],
    assets: &mut Vec<(String, Value)>,
) -> ResponseTemplate {
    match (request.method.as_str(), path) {
        ("GET", ["v1_1", "demo", "resources", resource_type, delivery_type]) => {
            let kind = format!("{resource_type}/{delivery_type}");
            let of_kind = assets
                .iter()
                .filter(|(of, _)| *of == kind)
                .map(|(_, asset)| asset);
            let id = |asset: &Value| asset["public_id"].as_str().unwrap().to_owned();
            let pairs = request.url.query_pairs();
            let asked: Vec<_> = pairs
                .filter(|(key, _)| key == "public_ids[]")
                .map(|(_, id)| id.into_owned())
                .collect();
            if !asked.is_empty() {
                let found: Vec<_> = of_kind.filter(|asset| asked.contains(&id(asset))).collect();
                return answer(200, json!({ "resources": found }));
            }
            let prefix = param(request, "prefix").unwrap_or_default();
            let start = param(request, "next_cursor").map_or(0, |cursor| cursor.parse().unwrap());
            let found: Vec<_> = of_kind
                .filter(|asset| id(asset).starts_with(&prefix))
                .collect();
            let page: Vec<_> = found.iter().skip(start).take(PAGE).collect();
            let mut body = json!({ "resources": page });
            if start + PAGE < found.len() {
                body["next_cursor"] = json!((start + PAGE).to_string());
            }
            answer(200, body)
        }
        ("POST", ["v1_1", "demo", resource_type, "destroy"]) => {
            let url = format!("http://h/?{}", String::from_utf8_lossy(&request.body));
            let form: reqwest::Url = url.parse().unwrap();
            let field = |name: &str| {
                form.query_pairs()
                    .find(|(key, _)| key == name)
                    .unwrap()
                    .1
                    .into_owned()
            };
            let kind = format!("{resource_type}/{}", field("type"));
            let before = assets.len();
            assets.retain(|(of, asset)| *of != kind || asset["public_id"] != field("public_id"));
            let result = if assets.len() < before {
                "ok"
            } else {
                "not found"
            };
            answer(200, json!({ "result": result }))
        }
        _ => panic!("unexpected {} {}", request.method, request.url),
    }
}
