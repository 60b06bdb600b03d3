//! Cloudinary: `ping`, one resource, `destroy`.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use super::{State, ok};

pub(super) fn answer(state: &mut State, request: &Request) -> ResponseTemplate {
    if request.url.path().ends_with("/ping") {
        return ok(json!({"status": "ok"}));
    }
    if let Some(name) = request.url.path().strip_prefix("/v1_1/demo/resources/") {
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
    let found = state.assets.remove(&name);
    if found {
        state.destroyed.push((name, now));
    }
    let result = if found { "ok" } else { "not found" };
    ok(json!({ "result": result })).set_delay(state.delay)
}
