//! The console's tools: what the commands `verify`, `url` and `sign` do, for whoever has no shell
//! there.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cloudinary::account::Account;
use crate::cloudinary::delivery_url::{UrlError, identifier_url};
use crate::cloudinary::diagnosis::diagnose;
use crate::cloudinary::identifier::{Identifier, ResourceType};
use crate::cloudinary::upload::explain_signature;
use crate::hooks::{Opinion, opinions};
use crate::server::served_hooks::Routes;

/// What `POST /api/identifier` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToDiagnose {
    identifier: String,
    /// The objectId of the user who saves it.
    #[serde(default)]
    user: String,
}

/// What `POST /api/url` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToDeliver {
    identifier: String,
    /// As it stands in a URL.
    #[serde(default)]
    transformation: String,
    #[serde(default)]
    sign: bool,
}

/// What `POST /api/signature` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToSign {
    parameters: Vec<(String, String)>,
}

/// Runs the tool at `path` under `/api/`. `now` in seconds since 1970.
///
/// # Errors
/// What is wrong with the input, to be shown.
pub(super) fn run(path: &str, body: &[u8], routes: &Routes, now: u64) -> Result<Value, String> {
    let account = &routes.account;
    match path {
        "/api/identifier" => Ok(examine(&read(body)?, routes, now)),
        "/api/url" => deliver(&read(body)?, account, now),
        _ => sign(&read(body)?, account, now),
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("the request is not as expected: {error}"))
}

/// The identifier's parts, and if its signature is good, what each guarded field would say to it.
fn examine(input: &ToDiagnose, routes: &Routes, now: u64) -> Value {
    let diagnosis = diagnose(&routes.account, &input.identifier);
    let mut answer = diagnosis.to_json();
    if diagnosis.is_valid
        && let Ok(identifier) = Identifier::parse(&input.identifier)
    {
        let user_id = Some(input.user.as_str()).filter(|id| !id.is_empty());
        let mut classes: Vec<_> = routes.guarded().collect();
        classes.sort_by_key(|class| &class.class);
        let opinions = classes
            .into_iter()
            .flat_map(|class| opinions(class, &identifier, user_id, now));
        answer["fields"] = opinions.map(|opinion| opinion_json(&opinion)).collect();
    }
    answer
}

fn opinion_json(opinion: &Opinion<'_>) -> Value {
    let broken: Vec<_> = opinion
        .broken
        .iter()
        .map(|broken| json!({"rule": broken.reason.as_str(), "expected": broken.expected}))
        .collect();
    let verdict = match (broken.is_empty(), opinion.depends_on_user) {
        (false, _) => "refused",
        (true, true) => "depends_on_user",
        (true, false) => "taken",
    };
    json!({
        "class": opinion.class.class,
        "field": opinion.field.name,
        "verdict": verdict,
        "broken": broken,
        "folder": opinion.field.folder.as_ref().map(ToString::to_string),
        "confirms": opinion.field.confirm.is_some(),
    })
}

fn deliver(input: &ToDeliver, account: &Account, now: u64) -> Result<Value, String> {
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
        let built = identifier_url(account, &identifier, options, now);
        built.map_err(|error: UrlError| error.to_string())
    };
    let url = build(&options)?;
    let picture = match identifier.resource_type {
        ResourceType::Image => Some(url.clone()),
        ResourceType::Video => {
            // Cloudinary makes a still of it.
            options.insert("format".into(), "jpg".into());
            Some(build(&options)?)
        }
        ResourceType::Raw => None,
    };
    Ok(json!({"url": url, "picture": picture}))
}

fn sign(input: &ToSign, account: &Account, now: u64) -> Result<Value, String> {
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
