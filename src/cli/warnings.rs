//! What an operator should know before hooks are changed.

use reqwest::Url;

use super::health;
use super::public_url::PublicUrl;
use super::registration::{Hook, State};
use crate::parse::rest::is_loopback;

/// Parse Server keeps the handlers of its hooks in memory.
pub const NODES: &str = "Parse Server loads hooks when it starts: every other process and node of it has to be restarted to see the change";

/// Deleting a hook removes the handler, whoever set it.
pub const REMOVAL: &str = "removing a hook removes Cloud Code for the same class and trigger, or of the same function name, until Parse Server restarts; from then on nothing checks these saves";

/// What holds for `changed` hooks, which `register` is about to add, replace or remove.
pub fn of_changes(changed: &[&Hook]) -> Vec<String> {
    let mut warnings = Vec::new();
    if changed.is_empty() {
        return warnings;
    }
    warnings.push(NODES.to_owned());
    let set = names(changed, |state| state != State::Stale);
    if !set.is_empty() {
        warnings.push(format!(
            "a hook takes the place of Cloud Code for the same class and trigger, or function, until Parse Server restarts; then Cloud Code wins and the hook is not called: there must be none for {set}"
        ));
    }
    let replaced = names(changed, |state| {
        matches!(state, State::Outdated | State::Duplicate)
    });
    if !replaced.is_empty() {
        warnings.push(format!(
            "to replace is to delete, then to add: for a short gap {replaced} will be unguarded"
        ));
    }
    if changed.iter().any(|hook| hook.state == State::Stale) {
        warnings.push(REMOVAL.to_owned());
    }
    warnings
}

fn names(hooks: &[&Hook], of: impl Fn(State) -> bool) -> String {
    let names: Vec<_> = hooks
        .iter()
        .filter(|hook| of(hook.state))
        .map(|hook| hook.name.to_string())
        .collect();
    names.join(", ")
}

/// What is wrong with the public URL, as far as it can be told from here.
pub async fn of_public_url(public: &PublicUrl, parse_server: &Url) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Err(unhealthy) = health::ask(&public.health(), true).await {
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
pub fn of_shared(hook: &Hook) -> String {
    format!(
        "{}: {} are registered for it, not all of them ours, and Parse Server removes all or none: left alone",
        hook.name,
        hook.registered_shown()
    )
}
