//! Doubles of Parse Server and Cloudinary for tests of what asks them, and a queue on disk.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::plan::Plan;
use super::store::Store;
use crate::assets::destroy::Destroy;
use crate::cloudinary::account::Account;
use crate::cloudinary::client::ApiClient;
use crate::manifest;
use crate::parse::client::RestClient;

pub(super) const QUEUE: &str = "cloudinary-parse/app";

pub(super) struct Doubles {
    pub(super) parse: MockServer,
    pub(super) cloudinary: MockServer,
}

impl Doubles {
    /// Neither has anything.
    pub(super) async fn start() -> Self {
        let (parse, cloudinary) = (MockServer::start().await, MockServer::start().await);
        let missing = json!({"error": {"message": "Resource not found"}});
        Mock::given(any())
            .respond_with(answer(404, missing))
            .with_priority(u8::MAX)
            .mount(&cloudinary)
            .await;
        Self { parse, cloudinary }
    }

    pub(super) fn plan(&self, class: &str) -> Plan {
        let limit = Duration::from_secs(20);
        let url = self.parse.uri().parse().unwrap();
        let parse = RestClient::new(&url, "app", limit).unwrap();
        let prefix = self.cloudinary.uri();
        let account = format!("cloudinary://key:secret@demo?upload_prefix={prefix}");
        let account = Account::from_url(&account).unwrap();
        Plan {
            classes: manifest::parse(&[("Class.toml", class)]).unwrap().classes,
            parse: parse.with_master_key(&SecretString::from("m")).unwrap(),
            cloudinary: ApiClient::new(&account, limit).unwrap(),
            account,
        }
    }

    /// Parse Server takes the master key, and has a class with these columns.
    pub(super) async fn has_class(&self, fields: Value) {
        let info = json!({"parseServerVersion": "9.10.0"});
        self.parse_answers("GET", "/serverInfo", answer(200, info))
            .await;
        let schema = json!({"className": "Photo", "fields": fields});
        self.parse_answers("GET", "/schemas/Photo", answer(200, schema))
            .await;
    }

    pub(super) async fn parse_answers(&self, verb: &str, to: &str, answer: ResponseTemplate) {
        respond(&self.parse, verb, to, answer).await;
    }

    /// To a path below `/v1_1/demo`.
    pub(super) async fn cloudinary_answers(&self, verb: &str, to: &str, answer: ResponseTemplate) {
        let to = format!("/v1_1/demo{to}");
        respond(&self.cloudinary, verb, &to, answer).await;
    }

    /// The paths that Parse Server was asked for, without `/serverInfo`.
    pub(super) async fn asked_of_parse(&self) -> Vec<String> {
        let asked = self.parse.received_requests().await.unwrap();
        let asked = asked
            .iter()
            .map(|r| format!("{} {}", r.method, r.url.path()));
        asked
            .filter(|asked| !asked.ends_with("/serverInfo"))
            .collect()
    }

    /// The paths below `/v1_1/demo` that Cloudinary was asked for.
    pub(super) async fn asked_of_cloudinary(&self) -> Vec<String> {
        let asked = self.cloudinary.received_requests().await.unwrap();
        let path = |url: &reqwest::Url| url.path().trim_start_matches("/v1_1/demo").to_owned();
        asked.iter().map(|request| path(&request.url)).collect()
    }
}

async fn respond(server: &MockServer, verb: &str, to: &str, answer: ResponseTemplate) {
    let call = Mock::given(method(verb)).and(path(to));
    call.respond_with(answer).mount(server).await;
}

pub(super) fn answer(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

pub(super) async fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("q.db").display());
    let store = Store::open(&url, true).await.unwrap();
    (folder, store)
}

/// A loss of the picture of a Photo.
pub(super) fn loss(asset: &str, version: Option<u64>) -> Destroy {
    Destroy {
        asset: asset.parse().unwrap(),
        version,
        cloud: "demo".to_owned(),
        class: "Photo".to_owned(),
        field: "picture".to_owned(),
        object: None,
    }
}
