//! A double of Parse Server's hooks API, which answers as version 9.10.0 was seen to.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const APPLICATION_ID: &str = "app-id-1";
pub(crate) const MASTER_KEY: &str = "master-key-1";

/// Parse Server, mounted at `/parse`.
pub(crate) struct ParseServer {
    server: MockServer,
    rows: Arc<Mutex<Vec<Value>>>,
}

impl ParseServer {
    pub(crate) fn start() -> Self {
        let server = run(MockServer::start());
        let rows = Arc::new(Mutex::new(Vec::new()));
        let hooks = Hooks { rows: rows.clone() };
        run(Mock::given(any()).respond_with(hooks).mount(&server));
        Self { server, rows }
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

    /// Answers the next `times` requests of this method and path (below the mount path) so.
    pub(crate) fn answers(
        self,
        verb: &str,
        at: &str,
        answer: ResponseTemplate,
        times: u64,
    ) -> Self {
        let mock = Mock::given(method(verb))
            .and(path(format!("/parse{at}")))
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

    /// `METHOD path body` of the requests that change something.
    pub(crate) fn changes(&self) -> Vec<String> {
        self.requests()
            .iter()
            .filter(|request| request.method.as_str() != "GET")
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

struct Hooks {
    rows: Arc<Mutex<Vec<Value>>>,
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
