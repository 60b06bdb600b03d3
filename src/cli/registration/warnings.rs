//! What an operator should know before hooks are changed.

use reqwest::Url;

use super::public_url::PublicUrl;
use super::{ComparedHook, HookState};
use crate::cli::health_probe;
use crate::http::is_loopback;

/// Parse Server keeps the handlers of its hooks in memory.
pub(crate) const NODES: &str =
    "other Parse Server nodes and processes load hooks only at their next start: restart them";

/// Deleting a hook removes the handler, whoever set it.
pub(crate) const REMOVAL: &str = "removing a hook also takes Cloud Code for the same class and trigger, or function, out of force until Parse Server restarts";

/// What holds for `changed` hooks, which `register` is about to add, replace or remove.
pub(crate) fn of_changes(changed: &[&ComparedHook]) -> Vec<String> {
    let mut warnings = Vec::new();
    if changed.is_empty() {
        return warnings;
    }
    warnings.push(NODES.to_owned());
    let set = names(changed, |state| state != HookState::Stale);
    if !set.is_empty() {
        warnings.push(format!(
            "a hook takes the place of Cloud Code for the same class and trigger, or function, until Parse Server restarts; then Cloud Code wins and the hook is not called: keep no Cloud Code for {set}"
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

/// Why a stale hook cannot be removed.
pub(crate) fn of_shared(hook: &ComparedHook) -> String {
    format!(
        "{} is left alone: it is registered as {}, which are not all ours, and Parse Server removes all or none",
        hook.name,
        hook.registered_shown()
    )
}
