//! Parse Server as it is on PostgreSQL: `/serverInfo`, `/schemas`, `/classes`, `/aggregate`.

use std::collections::HashMap;
use std::time::SystemTime;

use regex::Regex;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::{APPLICATION_ID, MASTER_KEY, State, ok};

pub(super) fn answer(state: &mut State, request: &Request) -> ResponseTemplate {
    if state.parse_down {
        return ResponseTemplate::new(503).set_body_string("down");
    }
    let header = |name: &str| request.headers.get(name)?.to_str().ok();
    assert_eq!(header("x-parse-application-id"), Some(APPLICATION_ID));
    let expected = state.master_key.as_deref().unwrap_or(MASTER_KEY);
    let master = header("x-parse-master-key") == Some(expected);
    let path = request.url.path().trim_start_matches("/parse");
    let query: HashMap<_, _> = request.url.query_pairs().into_owned().collect();
    if request.method == "PUT" {
        let path = path.strip_prefix("/classes/").unwrap().to_owned();
        return write(state, &path, request, master);
    }
    if let Some(class) = path.strip_prefix("/classes/") {
        let answer = find(state, class, &query, master);
        // Only what looks for references takes its time.
        let whole = query
            .get("where")
            .is_none_or(|filter| filter.contains("objectId"));
        if whole && query.get("limit").is_some_and(|limit| limit == "0") {
            return answer;
        }
        state.counts += 1;
        return answer.set_delay(state.parse_delay);
    }
    if !master {
        return ResponseTemplate::new(403).set_body_json(json!({"error": "Permission denied"}));
    }
    if let Some(class) = path.strip_prefix("/aggregate/") {
        return aggregate(state, class, &query);
    }
    match path {
        "/serverInfo" => ok(json!({"parseServerVersion": "9.10.0"})),
        path => match path.strip_prefix("/schemas/") {
            Some(class) => schema(state, class),
            None => ResponseTemplate::new(404).set_body_string("no such path"),
        },
    }
}

/// A write as Parse Server does it: the hook is asked, then the operations are applied.
fn write(state: &mut State, path: &str, request: &Request, master: bool) -> ResponseTemplate {
    assert!(master);
    let (class, id) = path.split_once('/').unwrap();
    if let Some((column, value)) = state.meanwhile.take() {
        let row = state
            .rows
            .get_mut(&(class.to_owned(), id.to_owned()))
            .unwrap();
        row[column] = value;
    }
    let Some(stored) = state.rows.get(&(class.to_owned(), id.to_owned())).cloned() else {
        return ResponseTemplate::new(404)
            .set_body_json(json!({"code": 101, "error": "Object not found."}));
    };
    let changes: Value = serde_json::from_slice(&request.body).unwrap();
    let mut object = stored.clone();
    for (column, value) in changes.as_object().unwrap() {
        object[column] = value.clone();
    }
    object["objectId"] = json!(id);
    let context = request.headers.get("x-parse-cloud-context");
    let context: Value = context.map_or(json!({}), |text| {
        serde_json::from_str(text.to_str().unwrap()).unwrap()
    });
    let hooks = state.hooks.as_ref().unwrap();
    let body = json!({"triggerName": "beforeSave", "master": true, "isReadOnly": false,
        "object": object, "original": stored, "context": context});
    let path = format!("/triggers/{class}/beforeSave");
    let headers = "Content-Type: application/json\r\nX-Parse-Webhook-Key: webhook-key\r\n";
    let (status, answer) =
        crate::service::send(hooks, "POST", &path, headers, &body.to_string()).unwrap();
    assert_eq!(status, 200);
    let decision: Value = serde_json::from_str(&answer).unwrap();
    if let Some(error) = decision.get("error") {
        state.refusals.push(answer);
        let error = json!({"code": 141, "error": error});
        return ResponseTemplate::new(400).set_body_json(error);
    }
    // What the hook answers is written in the place of what was asked for.
    let changes = decision.get("success").cloned().unwrap_or(changes);
    let row = state
        .rows
        .get_mut(&(class.to_owned(), id.to_owned()))
        .unwrap();
    for (column, value) in changes.as_object().unwrap() {
        let objects = value["objects"].as_array();
        match value["__op"].as_str() {
            Some("Delete") => _ = row.as_object_mut().unwrap().remove(column),
            Some("Remove") => row[column]
                .as_array_mut()
                .unwrap()
                .retain(|o| !objects.unwrap().contains(o)),
            Some("AddUnique") => row[column]
                .as_array_mut()
                .unwrap()
                .extend(objects.unwrap().clone()),
            _ => row[column] = value.clone(),
        }
    }
    ok(json!({"updatedAt": "2026-01-01T00:00:00.000Z"}))
}

fn schema(state: &State, class: &str) -> ResponseTemplate {
    let rows = state.rows.iter().filter(|((of, _), _)| of == class);
    let columns = rows.flat_map(|(_, row)| row.as_object().unwrap());
    let fields: serde_json::Map<_, _> = columns
        .map(|(name, value)| {
            let type_name = match value {
                Value::Array(_) => "Array",
                Value::Object(_) => "Object",
                _ => "String",
            };
            (name.clone(), json!({ "type": type_name }))
        })
        .collect();
    if fields.is_empty() {
        return ResponseTemplate::new(400)
            .set_body_json(json!({"code": 103, "error": "Class does not exist."}));
    }
    ok(json!({"className": class, "fields": fields}))
}

/// As PostgreSQL would: a regular expression on an array is an error, and so is a missing column.
fn find(
    state: &State,
    class: &str,
    query: &HashMap<String, String>,
    master: bool,
) -> ResponseTemplate {
    let internal = || {
        ResponseTemplate::new(500)
            .set_body_json(json!({"code": 1, "error": "Internal server error."}))
    };
    let filter: Value = query
        .get("where")
        .map_or(json!({}), |text| serde_json::from_str(text).unwrap());
    let rows: Vec<_> = state
        .rows
        .iter()
        .filter(|((of, _), _)| of == class)
        .collect();
    let mut found = Vec::new();
    let missing =
        |column: &str| !rows.is_empty() && !rows.iter().any(|(_, row)| row.get(column).is_some());
    for (key, row) in &rows {
        let id = &key.1;
        let mut matches = master || row.get("hidden").is_none();
        matches &= !state.before_find || row.get("secret").is_none();
        for (column, condition) in filter.as_object().unwrap() {
            if column == "objectId" {
                assert_eq!(condition, &json!({"$exists": true}));
                continue;
            }
            if column == "updatedAt" {
                let since = condition["$gte"]["iso"].as_str().unwrap();
                let since = SystemTime::from(since.parse::<jiff::Timestamp>().unwrap());
                matches &= state.written[key] >= since;
                continue;
            }
            if missing(column) {
                return internal();
            }
            let value = row.get(column).filter(|value| !value.is_null());
            matches &= match (value, condition.get("$regex")) {
                (Some(Value::Array(_)), Some(_)) => return internal(),
                (Some(Value::String(text)), Some(pattern)) => Regex::new(pattern.as_str().unwrap())
                    .unwrap()
                    .is_match(text),
                (value, None) => condition == &json!({"$exists": true}) && value.is_some(),
                (_, Some(_)) => false,
            };
        }
        if matches {
            let mut row = (*row).clone();
            row["objectId"] = json!(id);
            if let Some(shown) = &state.after_find {
                row["picture"] = shown.clone();
            }
            found.push(row);
        }
    }
    // A server may be set to answer fewer rows than were asked for.
    let count = found.len();
    let limit = query.get("limit").map_or(7, |limit| limit.parse().unwrap());
    found.truncate(limit.min(7));
    ok(json!({"results": found, "count": count}))
}

/// The stages that the service uses, as PostgreSQL does them: no find trigger sees them.
fn aggregate(state: &mut State, class: &str, query: &HashMap<String, String>) -> ResponseTemplate {
    let pipeline: Value = serde_json::from_str(&query["pipeline"]).unwrap();
    let operand = |name: &str| {
        let mut last_first = pipeline.as_array().unwrap().iter().rev();
        last_first.find_map(|stage| stage.get(name))
    };
    let rows = state.rows.iter().filter(|((of, _), _)| of == class);
    if operand("$group").is_some() {
        let results = match rows.count() {
            0 => json!([]),
            total => json!([{"objectId": null, "total": total}]),
        };
        return ok(json!({ "results": results }));
    }
    let filter = operand("$match").cloned().unwrap_or_default();
    let after = filter["objectId"]["$gt"].as_str();
    let only = filter["objectId"]["$gte"].as_str();
    assert_eq!(only, filter["objectId"]["$lte"].as_str());
    let since = filter["updatedAt"]["$gte"].as_str();
    let since = since.map(|since| SystemTime::from(since.parse::<jiff::Timestamp>().unwrap()));
    let columns = operand("$project").unwrap().as_object().unwrap();
    let limit = operand("$limit").unwrap().as_u64().unwrap();
    let found = rows
        .filter(|(key, _)| after.is_none_or(|after| key.1.as_str() > after))
        .filter(|(key, _)| only.is_none_or(|only| key.1 == only))
        .filter(|(key, _)| since.is_none_or(|since| state.written[*key] >= since))
        .take(usize::try_from(limit).unwrap().min(7));
    let found: Vec<Value> = found
        .map(|((_, id), row)| {
            let row = row.as_object().unwrap().iter();
            let mut row: serde_json::Map<_, _> = row
                .filter(|(name, _)| columns.contains_key(*name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            row.insert("objectId".to_owned(), json!(id));
            Value::Object(row)
        })
        .collect();
    state.counts += 1;
    state.walks += usize::from(after.is_none() && since.is_none() && only.is_none());
    ok(json!({ "results": found })).set_delay(state.parse_delay)
}
