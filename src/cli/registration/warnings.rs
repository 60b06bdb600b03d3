//! What an operator should know before hooks are changed.

use log::info;
use reqwest::Url;

use super::public_url::PublicUrl;
use super::{ComparedHook, HookState};
use crate::cli::columns::mistakes;
use crate::cli::health_probe;
use crate::http::is_loopback;
use crate::manifest::Manifests;
use crate::parse::client::MasterClient;

/// Parse Server keeps the handlers of its hooks in memory.
pub(crate) const NODES: &str =
    "other Parse Server nodes and processes load hooks only at their next start: restart them";

/// Deleting a hook removes the handler, whoever set it.
pub(crate) const REMOVAL: &str = "removing a hook also takes Cloud Code for the same class and trigger, or function, out of force until Parse Server restarts: where there is some, restart it at once";

/// What holds for `changed` hooks, which `register` is about to add, replace or remove at a Parse
/// Server of this `version`.
pub(crate) fn of_changes(changed: &[&ComparedHook], version: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    if changed.is_empty() {
        return warnings;
    }
    warnings.push(NODES.to_owned());
    let set = names(changed, |state| state != HookState::Stale);
    if !set.is_empty() {
        // In version 5 hooks also win at the start.
        let then = if version.starts_with("5.") {
            ""
        } else {
            " until Parse Server restarts; then Cloud Code wins and the hook is not called"
        };
        warnings.push(format!(
            "if Cloud Code has a trigger or function of the same name, which Parse Server does not tell, the hook takes its place{then}: keep none for {set}"
        ));
    }
    let replaced = names(changed, |state| {
        matches!(state, HookState::Outdated | HookState::Duplicate)
    });
    if !replaced.is_empty() {
        warnings.push(format!(
            "replacing is deleting, then adding: {replaced} will be unguarded for the short gap between"
        ));
    }
    if changed.iter().any(|hook| hook.state == HookState::Stale) {
        warnings.push(REMOVAL.to_owned());
    }
    warnings
}

/// Which manifests are `samples` that nobody has adapted.
pub(crate) fn of_samples(samples: &[String]) -> Option<String> {
    let verb = match samples {
        [] => return None,
        [_] => "is a sample's",
        _ => "are samples'",
    };
    Some(format!(
        "{} {verb}, unchanged: remove the manifests that the app does not use",
        samples.join(", ")
    ))
}

fn names(hooks: &[&ComparedHook], of: impl Fn(HookState) -> bool) -> String {
    let names: Vec<_> = hooks
        .iter()
        .filter(|hook| of(hook.state))
        .map(|hook| hook.name.to_string())
        .collect();
    names.join(", ")
}

/// What is wrong with the public URL, as far as it can be told from here.
pub(crate) async fn of_public_url(public: &PublicUrl, parse_server: &Url) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Err(unhealthy) = health_probe::ask(&public.health(), true).await {
        warnings.push(format!(
            "{unhealthy}: if Parse Server gets no other answer, it refuses every save of the guarded classes"
        ));
    }
    if public.is_loopback() && !is_loopback(parse_server) {
        warnings.push(format!(
            "{public} is a loopback address: unless Parse Server runs on this machine, set CLOUDINARY_PARSE_PUBLIC_URL to where it reaches this service"
        ));
    }
    warnings
}

/// What the manifests name and Parse Server's schema has otherwise. A class or column that is merely
/// not there yet is no news to a new app.
pub(crate) async fn of_schema(client: &MasterClient, manifests: &Manifests) -> Vec<String> {
    let schemas = match client.schemas().await {
        Ok(schemas) => schemas,
        Err(error) => {
            return vec![format!(
                "the manifests are not compared with Parse Server's schema: {error}"
            )];
        }
    };
    let mut warnings = Vec::new();
    for mistake in mistakes(manifests, &schemas) {
        if mistake.is_certain() {
            let told = mistake.to_string();
            let stop = if told.ends_with('?') { "" } else { "." };
            warnings.push(format!("{told}{stop} {}", sentence(mistake.remedy())));
        } else {
            info!("{mistake} yet");
        }
    }
    warnings
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// Why a stale hook cannot be removed.
pub(crate) fn of_shared(hook: &ComparedHook) -> String {
    format!(
        "{} is left alone: it is registered as {}, which are not all ours, and Parse Server removes all or none",
        hook.name,
        hook.registered_shown()
    )
}
