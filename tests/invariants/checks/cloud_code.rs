//! Cloud Code is answered what a webhook is, but for what its object keeps by itself.

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::manifest::ClassManifest;

use super::json::{Json, Members, all};
use super::reference::Class;
use super::webhook::{self, Answer};

/// `body` is a webhook's; the same save is judged once more as Cloud Code's.
pub(super) fn check(body: &[u8]) {
    let Some(call) = from_cloud_code(body) else {
        return;
    };
    let account = super::account();
    for (class, manifest) in webhook::CLASSES.iter().zip(webhook::manifests()) {
        let hook = webhook::serve(class, manifest, &account, body);
        let ours = webhook::serve(class, manifest, &account, &call);
        match (&hook, &ours) {
            (None, None) => {}
            (Some(Answer::Refused(hook)), Some(Answer::Refused(ours))) => assert_eq!(hook, ours),
            (
                Some(Answer::Accepted {
                    text,
                    to_confirm,
                    left_out,
                }),
                Some(Answer::Accepted {
                    text: own,
                    to_confirm: asked,
                    left_out: left,
                }),
            ) => {
                assert_eq!((to_confirm, left_out), (asked, left));
                holds_what_is_ours_alone(manifest, body, text, own);
                refuses_paths(class, manifest, &account, body);
            }
            _ => panic!("{hook:?}\n{ours:?}\n{}", String::from_utf8_lossy(&call)),
        }
    }
}

/// Whether a body has keys that only the npm package sends.
pub(super) fn is_meant(body: &[u8]) -> bool {
    let members = Json::parse(body).and_then(Json::members);
    let says = |members: &Members, name| !all(members, name).is_empty();
    members.is_some_and(|m| says(&m, "calledFrom") || says(&m, "dottedKeys"))
}

/// The body with what the npm package adds; `None` for what is no object, or says who calls
/// already.
fn from_cloud_code(body: &[u8]) -> Option<Vec<u8>> {
    with_keys(body, "[]")
}

fn with_keys(body: &[u8], dotted: &str) -> Option<Vec<u8>> {
    let members = Json::parse(body)?.members()?;
    if members.is_empty() || is_meant(body) {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?.trim_start();
    let rest = text.strip_prefix('{')?;
    let call = format!("{{\"calledFrom\":\"cloud_code\",\"dottedKeys\":{dotted},{rest}");
    Some(call.into_bytes())
}

/// Each guarded field is set to what a webhook's answer writes, or already holds it, and no other
/// key is named.
fn holds_what_is_ours_alone(manifest: &ClassManifest, body: &[u8], hook: &str, own: &str) {
    let success = |answer: &str| -> Vec<(Vec<u8>, String)> {
        let answer = Json::parse(answer.as_bytes()).and_then(Json::members);
        let answer = answer.expect("an object");
        let own = all(&answer, "success").first().map(|own| {
            let members = own.members().expect("an object");
            members
                .into_iter()
                .map(|(name, value)| (name, value.0.to_owned()))
        });
        own.into_iter().flatten().collect()
    };
    let (hook, own_writes) = (success(hook), success(own));
    assert!(own == "{}" || !own_writes.is_empty(), "{own}");
    let request = Json::parse(body)
        .and_then(Json::members)
        .expect("a request");
    let object = all(&request, "object")[0].members().expect("an object");
    let original = all(&request, "original")
        .first()
        .and_then(|value| value.members());
    let of = |writes: &[(Vec<u8>, String)], name: &str| {
        let write = writes.iter().find(|(key, _)| key == name.as_bytes());
        write.map(|(_, value)| value.clone())
    };
    let mut known = Vec::new();
    for field in &manifest.fields {
        known.push(&*field.name);
        match (of(&hook, &field.name), of(&own_writes, &field.name)) {
            (Some(theirs), Some(ours)) => assert_eq!(theirs, ours),
            (Some(theirs), None) => assert_eq!(sent(&object, &field.name), Some(theirs), "{own}"),
            (None, Some(ours)) => panic!("{ours} is set where a webhook sets nothing"),
            (None, None) => {}
        }
        let follow = &field.follow;
        for column in [&follow.moderation_field, &follow.eager_field]
            .into_iter()
            .flatten()
        {
            known.push(column);
            match (of(&hook, column), of(&own_writes, column)) {
                (Some(theirs), Some(ours)) => assert_eq!(theirs, ours),
                (Some(theirs), None) => assert_eq!(sent(&object, column), Some(theirs), "{own}"),
                (None, Some(ours)) => {
                    let stored = original
                        .as_ref()
                        .and_then(|original| sent(original, column));
                    assert_eq!(ours, stored.unwrap_or_else(|| "null".to_owned()), "{own}");
                }
                (None, None) => {}
            }
        }
    }
    for (name, _) in &own_writes {
        assert!(known.iter().any(|known| known.as_bytes() == name), "{own}");
    }
}

fn sent(object: &Members<'_>, name: &str) -> Option<String> {
    all(object, name).last().map(|value| value.0.to_owned())
}

/// The same save with an operation on a path into a guarded field.
fn refuses_paths(class: &Class, manifest: &ClassManifest, account: &Account, body: &[u8]) {
    for field in &manifest.fields {
        let dotted = format!("[\"a.b\",\"{}.0\"]", field.name);
        let call = with_keys(body, &dotted).expect("it was taken without");
        let answer = webhook::serve(class, manifest, account, &call);
        assert!(matches!(answer, Some(Answer::Refused(_))), "{answer:?}");
    }
}
