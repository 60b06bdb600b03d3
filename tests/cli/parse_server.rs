//! A double of Parse Server's hooks API, which answers as version 9.10.0 was seen to.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::{any, method, path, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const APPLICATION_ID: &str = "app-id-1";
pub(crate) const MASTER_KEY: &str = "master-key-1";

/// Parse Server, mounted at `/parse`.
pub(crate) struct ParseServer {
    server: MockServer,
    rows: Arc<Mutex<Vec<Value>>>,
    finds: Arc<Mutex<Vec<Finding>>>,
}

/// What Parse Server says of a call to a URL that ends so, before its query. `None`: of any other.
type Finding = (Option<&'static str>, Value);

/// How the names of temporary hooks begin.
const TEMPORARY: &str = "cloudinaryParseDoctor";

impl ParseServer {
    pub(crate) fn start() -> Self {
        let server = run(MockServer::start());
        let rows = Arc::new(Mutex::new(Vec::new()));
        let finds = Arc::new(Mutex::new(Vec::new()));
        let hooks = Hooks {
            rows: rows.clone(),
            finds: finds.clone(),
        };
        run(Mock::given(any()).respond_with(hooks).mount(&server));
        Self {
            server,
            rows,
            finds,
        }
    }

    /// Says so of every call of a temporary hook. What is not told otherwise is a service that
    /// serves everything.
    pub(crate) fn finds(self, said: Value) -> Self {
        self.finds.lock().unwrap().push((None, said));
        self
    }

    /// Says so of a call of a temporary hook whose URL ends so.
    pub(crate) fn finds_at(self, end: &'static str, said: Value) -> Self {
        self.finds.lock().unwrap().push((Some(end), said));
        self
    }

    /// The URLs, without the labels, that it was had to call.
    pub(crate) fn tried(&self) -> Vec<String> {
        let added = self.requests().into_iter().filter(is_about_temporary);
        let added = added.filter(|request| request.url.path() == "/parse/hooks/functions");
        added
            .map(|request| {
                let row: Value = request.body_json().unwrap();
                let (url, label) = row["url"].as_str().unwrap().split_once('?').unwrap();
                let name = row["functionName"].as_str().unwrap();
                assert_eq!(label, format!("probe={name}"));
                match url.split_once(TEMPORARY) {
                    Some((before, _)) => format!("{before}…"),
                    None => url.to_owned(),
                }
            })
            .collect()
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/parse", self.server.uri())
    }

    /// Its address without a path.
    pub(crate) fn origin(&self) -> String {
        self.server.uri()
    }

    /// Registers a function as somebody has before the test, even twice.
    pub(crate) fn function(self, name: &str, url: &str) -> Self {
        self.row(json!({"functionName": name, "url": url}))
    }

    /// Registers a trigger as somebody has before the test, even twice.
    pub(crate) fn trigger(self, class: &str, trigger: &str, url: &str) -> Self {
        self.row(json!({"className": class, "triggerName": trigger, "url": url}))
    }

    fn row(self, row: Value) -> Self {
        self.rows.lock().unwrap().push(row);
        self
    }

    /// Answers the next `times` requests of this method and path (below the mount path) so, those
    /// about temporary hooks apart.
    pub(crate) fn answers(
        self,
        verb: &str,
        at: &str,
        answer: ResponseTemplate,
        times: u64,
    ) -> Self {
        let mock = Mock::given(method(verb))
            .and(path(format!("/parse{at}")))
            .and(|request: &Request| !is_about_temporary(request))
            .respond_with(answer)
            .up_to_n_times(times)
            .with_priority(1);
        run(mock.mount(&self.server));
        self
    }

    /// Answers every call of a function so.
    pub(crate) fn answers_calls(self, answer: ResponseTemplate) -> Self {
        self.answers_some_calls(answer, u64::MAX)
    }

    /// Answers the next `times` calls of a function so.
    pub(crate) fn answers_some_calls(self, answer: ResponseTemplate, times: u64) -> Self {
        let mock = Mock::given(method("POST"))
            .and(path_regex("^/parse/functions/"))
            .respond_with(answer)
            .up_to_n_times(times)
            .with_priority(1);
        run(mock.mount(&self.server));
        self
    }

    /// `name url` of what is registered, in Parse Server's order.
    pub(crate) fn registered(&self) -> Vec<String> {
        let rows = self.rows.lock().unwrap();
        rows.iter()
            .map(|row| match row["functionName"].as_str() {
                Some(name) => format!("{name} {}", row["url"].as_str().unwrap()),
                None => format!(
                    "{}.{} {}",
                    row["className"].as_str().unwrap(),
                    row["triggerName"].as_str().unwrap(),
                    row["url"].as_str().unwrap()
                ),
            })
            .collect()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        run(self.server.received_requests()).unwrap()
    }

    /// `METHOD path body` of the requests that change something, temporary hooks apart.
    pub(crate) fn changes(&self) -> Vec<String> {
        self.requests()
            .iter()
            .filter(|request| request.method.as_str() != "GET" && !is_about_temporary(request))
            .map(|request| {
                let body = String::from_utf8_lossy(&request.body);
                format!("{} {} {body}", request.method, request.url.path())
            })
            .collect()
    }
}

/// Drives wiremock, whose servers run on threads of their own.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

/// An answer in Parse Server's form.
pub(crate) fn answer(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// 403 as Express sends it when Parse Server ends the response itself.
pub(crate) fn unauthorized() -> ResponseTemplate {
    ResponseTemplate::new(403).set_body_bytes(r#"{"error":"unauthorized"}"#)
}

fn is_about_temporary(request: &Request) -> bool {
    let named = |row: Value| row["functionName"].as_str().is_some_and(is_temporary);
    request.url.path().contains(TEMPORARY) || request.body_json().is_ok_and(named)
}

fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY)
}

/// What Parse Server says of an answer of the service that was no success.
pub(crate) fn answered(status: u16, text: &str) -> Value {
    json!({"code": 141, "error": {"status": status, "text": text, "headers": {}}})
}

/// What Parse Server says of a call that came to nothing.
pub(crate) fn failed(cause: &str) -> Value {
    json!({"code": 141, "error": cause})
}

struct Hooks {
    rows: Arc<Mutex<Vec<Value>>>,
    finds: Arc<Mutex<Vec<Finding>>>,
}

impl Hooks {
    /// The answer to a call of a function that is registered as a temporary hook.
    fn call(&self, name: &str) -> ResponseTemplate {
        let rows = self.rows.lock().unwrap();
        let Some(row) = rows.iter().find(|row| row["functionName"] == *name) else {
            return answer(400, failed(&format!("Invalid function: \"{name}\"")));
        };
        let (url, _) = row["url"].as_str().unwrap().split_once('?').unwrap();
        let finds = self.finds.lock().unwrap();
        let found = finds
            .iter()
            .find(|(end, _)| end.is_none_or(|end| url.ends_with(end)));
        let said = match found {
            Some((_, said)) => said.clone(),
            None if url.contains(TEMPORARY) => answered(404, r#"{"error":"not found"}"#),
            None => answered(400, r#"{"error":"bad request"}"#),
        };
        let status = if said.get("error").is_some() {
            400
        } else {
            200
        };
        answer(status, said)
    }
}

impl Respond for Hooks {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let header = |name: &str| Some(request.headers.get(name)?.to_str().unwrap().to_owned());
        if header("x-parse-application-id").as_deref() != Some(APPLICATION_ID) {
            return unauthorized();
        }
        let path: Vec<_> = request
            .url
            .path()
            .trim_start_matches('/')
            .split('/')
            .collect();
        let ["parse", path @ ..] = &path[..] else {
            return ResponseTemplate::new(404).set_body_raw("<pre>Cannot GET</pre>", "text/html");
        };
        if let ("POST", ["functions", name]) = (request.method.as_str(), path) {
            assert_eq!(header("x-parse-master-key"), None, "shown to the URL");
            return self.call(name);
        }
        if header("x-parse-master-key").as_deref() != Some(MASTER_KEY) {
            return answer(403, json!({"error": "Permission denied"}));
        }
        let mut rows = self.rows.lock().unwrap();
        match (request.method.as_str(), path) {
            ("GET", ["serverInfo"]) => answer(200, json!({"parseServerVersion": "9.10.0"})),
            ("GET", ["schemas"]) => answer(
                200,
                json!({"results": [{"className": "Photo", "fields": {"picture": {"type": "String"}}}]}),
            ),
            ("GET", ["hooks", list]) => {
                let list: Vec<_> = rows.iter().filter(|row| is_in(row, list)).collect();
                answer(200, json!(list))
            }
            ("POST", ["hooks", _]) => {
                let row: Value = request.body_json().unwrap();
                if rows.iter().any(|known| same_hook(known, &row)) {
                    return answer(
                        400,
                        json!({"code": 143, "error": "function name: f already exists"}),
                    );
                }
                rows.push(row.clone());
                answer(200, row)
            }
            ("PUT", ["hooks", "functions", name]) => {
                delete(&mut rows, &json!({"functionName": name}))
            }
            ("PUT", ["hooks", "triggers", class, trigger]) => delete(
                &mut rows,
                &json!({"className": class, "triggerName": trigger}),
            ),
            _ => panic!("unexpected {} {}", request.method, request.url),
        }
    }
}

fn is_in(row: &Value, list: &str) -> bool {
    row.get("functionName").is_some() == (list == "functions")
}

fn same_hook(a: &Value, b: &Value) -> bool {
    ["functionName", "className", "triggerName"]
        .iter()
        .all(|key| a.get(key) == b.get(key))
}

fn delete(rows: &mut Vec<Value>, hook: &Value) -> ResponseTemplate {
    let before = rows.len();
    rows.retain(|row| !same_hook(row, hook));
    if rows.len() == before {
        answer(404, json!({"code": 101, "error": "Object not found."}))
    } else {
        answer(200, json!({}))
    }
}
