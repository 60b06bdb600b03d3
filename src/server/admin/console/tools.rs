//! The console's tools do what the commands `verify`, `url` and `sign` do, for operators without a
//! shell on this machine.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::clock::unix_time;
use crate::cloudinary::delivery_url::{UrlError, delivery_origins, identifier_url};
use crate::cloudinary::diagnosis::diagnose;
use crate::cloudinary::identifier::{Identifier, ResourceType};
use crate::cloudinary::upload::explain_signature;
use crate::hooks::{Verdict, verdicts};
use crate::server::admin::response;
use crate::server::admin::state::AdminState;
use crate::server::request_error::RequestError;
use crate::server::served_hooks::Routes;
use crate::server::webhook::body;
use crate::server::webhook::request_headers::check_json;

/// Largest input, in bytes.
const MAX_BODY: usize = 64 << 10;

/// What a tool answers at a time in seconds since 1970, or what is wrong with its input.
pub(in crate::server::admin) type Tool<I> = fn(&I, &Routes, u64) -> Result<Value, String>;

/// What `POST /api/identifier` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::server::admin) struct ToDiagnose {
    identifier: String,
    /// The objectId of the user who saves it.
    #[serde(default)]
    user: String,
}

/// What `POST /api/url` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::server::admin) struct ToDeliver {
    identifier: String,
    /// As in a URL.
    #[serde(default)]
    transformation: String,
    #[serde(default)]
    sign: bool,
}

/// What `POST /api/signature` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::server::admin) struct ToSign {
    parameters: Vec<(String, String)>,
}

/// Runs a tool on the input that a request has as its body.
pub(in crate::server::admin) async fn run<I: DeserializeOwned>(
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
    tool: Tool<I>,
) -> Result<HttpResponse, RequestError> {
    check_json(request.headers())?;
    let timeout = state.server.read_timeout;
    let body = body::read(&request, payload.into_inner(), MAX_BODY, timeout).await?;
    let routes = state.server.routes.load();
    let input = serde_json::from_slice(&body);
    let answer = input
        .map_err(|error| format!("the request is not as expected: {error}"))
        .and_then(|input| tool(&input, &routes, unix_time()));
    Ok(match answer {
        Ok(answer) => response::json(StatusCode::OK, &answer),
        Err(error) => response::json(StatusCode::BAD_REQUEST, &json!({"error": error})),
    })
}

/// The identifier's parts, and if its signature is valid, which guarded fields would accept it.
#[allow(clippy::unnecessary_wraps, reason = "other tools can fail")]
pub(in crate::server::admin) fn examine(
    input: &ToDiagnose,
    routes: &Routes,
    now: u64,
) -> Result<Value, String> {
    let diagnosis = diagnose(&routes.account, &input.identifier);
    let mut answer = diagnosis.to_json();
    if diagnosis.is_valid
        && let Ok(identifier) = Identifier::parse(&input.identifier)
    {
        let user_id = Some(input.user.as_str()).filter(|id| !id.is_empty());
        let mut classes: Vec<_> = routes.guarded().collect();
        classes.sort_by_key(|class| &class.class);
        let verdicts = classes
            .into_iter()
            .flat_map(|class| verdicts(class, &identifier, user_id, now));
        answer["fields"] = verdicts.map(|verdict| verdict_json(&verdict)).collect();
    }
    Ok(answer)
}

fn verdict_json(verdict: &Verdict<'_>) -> Value {
    let broken: Vec<_> = verdict
        .broken
        .iter()
        .map(|broken| json!({"rule": broken.reason.as_str(), "expected": broken.expected}))
        .collect();
    let outcome = match (broken.is_empty(), verdict.depends_on_user) {
        (false, _) => "refused",
        (true, true) => "depends_on_user",
        (true, false) => "taken",
    };
    json!({
        "class": verdict.class.class,
        "field": verdict.field.name,
        "verdict": outcome,
        "broken": broken,
        "folder": verdict.field.folder.as_ref().map(ToString::to_string),
        "confirms": verdict.field.confirm.is_some(),
    })
}

/// A delivery URL, and that of a picture which shows the asset.
pub(in crate::server::admin) fn deliver(
    input: &ToDeliver,
    routes: &Routes,
    now: u64,
) -> Result<Value, String> {
    let identifier = Identifier::parse(&input.identifier);
    let identifier = identifier.map_err(|error| format!("identifier: {error}"))?;
    let mut options = Map::new();
    if !input.transformation.is_empty() {
        let transformation = input.transformation.as_str().into();
        options.insert("raw_transformation".into(), transformation);
    }
    if input.sign {
        options.insert("sign_url".into(), true.into());
    }
    let build = |options: &Map<String, Value>| {
        let built = identifier_url(&routes.account, &identifier, options, now);
        built.map_err(|error: UrlError| error.to_string())
    };
    let url = build(&options)?;
    let picture = match identifier.resource_type {
        ResourceType::Image => Some(url.clone()),
        ResourceType::Video => {
            // Cloudinary delivers a frame of it.
            options.insert("format".into(), "jpg".into());
            Some(build(&options)?)
        }
        ResourceType::Raw => None,
    };
    let hosts = delivery_origins(&routes.account).into_iter();
    let hosts: Vec<_> = hosts
        .filter_map(|origin| Some(origin.strip_prefix("https://")?.to_owned()))
        .collect();
    Ok(json!({"url": url, "picture": picture, "https_hosts": hosts}))
}

/// The fields of a signed upload, and the string that was signed.
pub(in crate::server::admin) fn sign(
    input: &ToSign,
    routes: &Routes,
    now: u64,
) -> Result<Value, String> {
    let account = &routes.account;
    let explanation = explain_signature(account, &input.parameters, now);
    let explanation = explanation.map_err(|error| error.to_string())?;
    Ok(json!({
        "fields": explanation.fields,
        "string_to_sign": explanation.string_to_sign,
        "signature_algorithm": account.signature_algorithm.name(),
        "signature_version": account.signature_version.number(),
        "left_out": explanation.left_out,
        "note": explanation.note,
    }))
}
