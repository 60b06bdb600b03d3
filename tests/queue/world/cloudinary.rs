//! Cloudinary: `ping`, one resource, many resources, `destroy`.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use super::{State, ok};

pub(super) fn answer(state: &mut State, request: &Request) -> ResponseTemplate {
    if request.url.path().ends_with("/ping") {
        return ok(json!({"status": "ok"}));
    }
    let one = request.url.path().strip_prefix("/v1_1/demo/resources/");
    if let Some(name) = one.filter(|name| name.split('/').count() > 2) {
        state.asked.push(name.to_owned());
        if let Some(refusal) = &state.admin_refusal {
            return refusal.clone();
        }
        return if state.assets.contains(name) {
            let mut asset = json!({"public_id": name.splitn(3, '/').nth(2).unwrap()});
            for (key, value) in state.shown.get(name).into_iter().flatten() {
                asset[key] = value.clone();
            }
            ok(asset)
        } else {
            ResponseTemplate::new(404)
                .set_body_json(json!({"error": {"message": "Resource not found"}}))
        };
    }
    if let Some(kind) = request.url.path().strip_prefix("/v1_1/demo/resources/") {
        return list(state, kind, request);
    }
    let form: HashMap<String, String> = {
        let body = String::from_utf8(request.body.clone()).unwrap();
        let url = reqwest::Url::parse(&format!("http://h/?{body}")).unwrap();
        url.query_pairs().into_owned().collect()
    };
    assert_eq!(form["invalidate"], "true");
    assert_eq!(form["api_key"], "key");
    assert_eq!(form["signature"].len(), 40);
    let path = request.url.path().trim_start_matches("/v1_1/demo/");
    let resource_type = path.trim_end_matches("/destroy");
    let name = format!("{resource_type}/{}/{}", form["type"], form["public_id"]);
    state.calls.push(name.clone());
    if let Some(refusal) = &state.refusal {
        return refusal.clone();
    }
    let now = Instant::now();
    let before = state.under_way.insert(name.clone(), now + state.delay);
    state.overlaps += usize::from(before.is_some_and(|until| until > now));
    let found = state.assets.remove(&name) || state.placeholders.remove(&name);
    if found {
        state.destroyed.push((name, now));
    }
    let result = if found { "ok" } else { "not found" };
    ok(json!({ "result": result })).set_delay(state.delay)
}

fn list(state: &mut State, kind: &str, request: &Request) -> ResponseTemplate {
    let ids: Vec<_> = request
        .url
        .query_pairs()
        .filter(|(name, _)| name == "public_ids[]")
        .map(|(_, id)| id.into_owned())
        .collect();
    state.looks.push(ids.len());
    assert!(ids.len() <= 100);
    if let Some(answer) = &state.no_look {
        return answer.clone();
    }
    let there = ids.iter().filter_map(|id| {
        let name = format!("{kind}/{id}");
        let version = state.versions.get(&name).copied().unwrap_or(1);
        if state.placeholders.contains(&name) {
            return Some(
                json!({"public_id": id, "version": version, "bytes": 0, "placeholder": true}),
            );
        }
        let there = state.assets.contains(&name);
        there.then(|| json!({"public_id": id, "version": version, "bytes": 9}))
    });
    let answer = ok(json!({"resources": there.collect::<Vec<_>>()}));
    let Some((limit, left)) = &mut state.limit else {
        return answer;
    };
    *left -= 1;
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3600);
    let reset = jiff::fmt::rfc2822::to_string(&soon.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
    answer
        .insert_header("X-FeatureRateLimit-Limit", limit.to_string())
        .insert_header("X-FeatureRateLimit-Remaining", left.to_string())
        .insert_header("X-FeatureRateLimit-Reset", reset)
}
