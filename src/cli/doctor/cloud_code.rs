//! Whether Parse Server asks the registered hooks, or runs Cloud Code instead.
//!
//! A guarded class is tried with a save that cannot be stored: its context is one that every guard
//! of this service refuses, and its guarded fields are of a type that Parse Server refuses, but
//! only after `beforeSave`. So the refusal shows who decided.

use serde_json::{Value, json};

use super::metrics_probe::MetricsProbe;
use super::report::{Check, Report};
use crate::cli::probe::temporary_hooks::{random_name, random_text};
use crate::manifest::{Access, ClassManifest, FunctionManifest};
use crate::parse::client::{MasterClient, Reply, RestClient, RestError};

/// A type that Parse Server does not have. A field name that it refuses would not do: Cloud Code's
/// objects lose such fields, and the rest is stored.
const IMPOSSIBLE_TYPE: &str = "cloudinary-parse doctor";

const RELOAD: &str = "remove it from the Cloud Code, or, if there is none, restart Parse Server: it loads hooks only at its start";

/// Who decided about a save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decider {
    Guard,
    /// Parse Server's own checks: no hook, or Cloud Code, let it through.
    Unguarded,
    /// No one refused it; the id of the row that was stored.
    Stored(String),
    /// Something else; its message.
    Other(String),
}

/// Tries the guard of a class. Returns `false` if it was certainly not asked.
pub(super) async fn try_class(
    client: &MasterClient,
    manifest: &ClassManifest,
    report: &mut Report,
) -> bool {
    let class = manifest.class.as_str();
    if let Some(why) = why_not(client, class).await {
        report.skipped(Check::CloudCode, format_args!("{class}.beforeSave: {why}"));
        return true;
    }
    let problem = match try_save(client, manifest).await {
        Ok(Decider::Guard) => return true,
        Ok(Decider::Unguarded) => "Parse Server does not ask this service, although the hook is registered: Cloud Code has the same trigger for this class".to_owned(),
        Ok(Decider::Stored(id)) => stored(client, class, &id).await,
        Ok(Decider::Other(text)) => format!("something else than this service decides, with {text:?}"),
        Err(error) => format!("cannot be tried: {error}"),
    };
    report.bad(
        Check::CloudCode,
        format_args!("{class}.beforeSave: {problem}"),
        RELOAD,
    );
    false
}

/// Why a class is not tried.
pub(super) async fn why_not(client: &MasterClient, class: &str) -> Option<String> {
    match client.has_class(class).await {
        Ok(true) if class == "_Product" => Some("not tried".to_owned()),
        Ok(true) => None,
        Ok(false) => Some("not tried, the class does not exist yet".to_owned()),
        Err(error) => Some(format!("not tried: {error}")),
    }
}

/// Tries a save that cannot be stored.
pub(super) async fn try_save(
    client: &MasterClient,
    manifest: &ClassManifest,
) -> Result<Decider, RestError> {
    let class = manifest.class.as_str();
    let mut row = own_columns(class);
    for field in &manifest.fields {
        row[&field.name] = json!({"__type": IMPOSSIBLE_TYPE});
    }
    // By the name the service knows that the refusal is held against nobody.
    let context = json!({"cloudinary": random_name().to_string()});
    let reply = client.try_create(class, &row, &context).await?;
    Ok(decider(class, &reply))
}

/// What Parse Server demands of a row before it calls `beforeSave`.
fn own_columns(class: &str) -> Value {
    match class {
        "_User" => json!({"username": random_text(), "password": random_text()}),
        "_Role" => json!({"name": random_text(), "ACL": {}}),
        "_Installation" => json!({"installationId": random_text(), "deviceType": "doctor"}),
        _ => json!({}),
    }
}

pub(super) async fn stored(client: &MasterClient, class: &str, id: &str) -> String {
    let what =
        "Cloud Code stands before this service, and stored a row that should have been refused";
    match client.delete_row(class, id).await {
        Ok(()) => format!("{what}; the row is deleted again"),
        Err(error) => format!("{what}: delete {class} {id} ({error})"),
    }
}

fn decider(class: &str, reply: &Reply) -> Decider {
    if reply.status.is_success() {
        let id = reply.body["objectId"].as_str().unwrap_or_default();
        return Decider::Stored(id.to_owned());
    }
    let text = match &reply.body["error"] {
        Value::String(text) => text.clone(),
        Value::Object(answer) => format!("status {}", answer.get("status").unwrap_or(&Value::Null)),
        _ => format!("status {}", reply.status),
    };
    match reply.body["code"].as_i64() {
        Some(141) if text.starts_with(&format!("{class}: context.cloudinary:")) => Decider::Guard,
        Some(111) => Decider::Unguarded,
        _ => Decider::Other(text),
    }
}

/// Calls a function without a session, and with a parameter that none accepts. Returns `false` if this service was certainly not asked.
pub(super) async fn try_function(
    client: &RestClient,
    function: &FunctionManifest,
    metrics: Option<&MetricsProbe>,
    report: &mut Report,
) -> bool {
    let name = &function.name;
    let before = match metrics {
        Some(metrics) => metrics.decisions(name).await,
        None => None,
    };
    let expected = match function.access {
        Access::User | Access::Role(_) => Some("Needs an authenticated user"),
        Access::Master => Some("Needs the master key"),
        Access::Public => None,
    };
    if before.is_none() && expected.is_none() {
        report.skipped(
            Check::CloudCode,
            format_args!("{name}: not tried, because a public function answers every caller"),
        );
        return true;
    }
    // So the service knows that the refusal is held against nobody.
    let label = json!({random_name().to_string(): true});
    let reply = client.call_function(name, &label).await;
    let after = match metrics {
        Some(metrics) => metrics.decisions(name).await,
        None => None,
    };
    let problem = match reply {
        Ok(reply) => foreign(&reply, expected, before.zip(after)),
        Err(error @ RestError::ClientKey { .. }) => Some(error.to_string()),
        Err(error) => Some(format!("cannot be called: {error}")),
    };
    let Some(problem) = problem else {
        return true;
    };
    report.bad(Check::CloudCode, format_args!("{name}: {problem}"), RELOAD);
    false
}

/// What shows that this service did not answer. `decisions`: how many it had made before and
/// after.
fn foreign(reply: &Reply, expected: Option<&str>, decisions: Option<(u64, u64)>) -> Option<String> {
    let text = reply.body["error"].as_str();
    if text.is_some_and(|text| text.starts_with("Invalid function")) {
        return Some("Parse Server does not know it, although it is registered".to_owned());
    }
    if decisions.is_some_and(|(before, after)| after <= before) {
        return Some("Parse Server does not ask this service, although the hook is registered: Cloud Code has a function of this name".to_owned());
    }
    if expected.is_some() && text != expected {
        let said = text.map_or_else(
            || format!("status {}", reply.status),
            |text| format!("{text:?}"),
        );
        return Some(format!(
            "something else than this service answers, with {said}"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    fn reply(status: u16, body: Value) -> Reply {
        Reply {
            status: StatusCode::from_u16(status).unwrap(),
            body,
            date: None,
        }
    }

    #[test]
    fn knows_who_decided_about_a_save() {
        let other = |text: &str| Decider::Other(text.to_owned());
        for (status, body, expected) in [
            (
                400,
                json!({"code": 141, "error": "Photo: context.cloudinary: expected an object of signatures by field"}),
                Decider::Guard,
            ),
            (
                400,
                json!({"code": 111, "error": "This is not a valid cloudinary-parse doctor"}),
                Decider::Unguarded,
            ),
            (
                201,
                json!({"objectId": "abc", "createdAt": "x"}),
                Decider::Stored("abc".to_owned()),
            ),
            (
                400,
                json!({"code": 141, "error": "Note: context.cloudinary: expected"}),
                other("Note: context.cloudinary: expected"),
            ),
            (
                400,
                json!({"code": 142, "error": "no title"}),
                other("no title"),
            ),
            (
                400,
                json!({"code": 141, "error": {"status": 404}}),
                other("status 404"),
            ),
            (502, Value::Null, other("status 502 Bad Gateway")),
        ] {
            assert_eq!(decider("Photo", &reply(status, body)), expected);
        }
    }

    #[test]
    fn believes_the_count_more_than_the_text() {
        let refused = reply(
            400,
            json!({"code": 141, "error": "Needs an authenticated user"}),
        );
        let expected = Some("Needs an authenticated user");
        assert_eq!(foreign(&refused, expected, None), None);
        assert_eq!(foreign(&refused, expected, Some((4, 5))), None);
        assert!(foreign(&refused, expected, Some((4, 4))).is_some());
    }

    #[test]
    fn notices_other_answers() {
        for (status, body, expected) in [
            (
                200,
                json!({"result": {}}),
                "something else than this service answers, with status 200 OK",
            ),
            (
                400,
                json!({"code": 141, "error": "login first"}),
                "something else than this service answers, with \"login first\"",
            ),
            (
                400,
                json!({"code": 141, "error": "Invalid function: \"f\""}),
                "Parse Server does not know it, although it is registered",
            ),
        ] {
            let problem = foreign(&reply(status, body), Some("Needs the master key"), None);
            assert_eq!(problem.as_deref(), Some(expected));
        }
    }
}
