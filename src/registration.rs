//! What is registered at Parse Server, compared with what the manifests name.

use std::collections::{BTreeMap, btree_map::Entry};

use reqwest::Url;

use public_url::{PublicUrl, shown};

use crate::parse::client::RegisteredHook;
use crate::parse::hook_name::HookName;

pub(crate) mod public_url;

/// A hook that a manifest names, that is registered, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ComparedHook {
    /// What it is for.
    pub(crate) name: HookName,
    /// The URL it should have; `None` if no manifest names it.
    pub(crate) wanted: Option<String>,
    /// The URLs it has.
    pub(crate) registered: Vec<String>,
    /// How the two compare.
    pub(crate) state: HookState,
}

/// How a hook's registration compares with the manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookState {
    /// As it should be.
    Current,
    /// Named by a manifest, not registered.
    Missing,
    /// Named by a manifest, registered with another URL.
    Outdated,
    /// Named by a manifest, registered more than once.
    Duplicate,
    /// Under our public URL, named by no manifest.
    Stale,
    /// Stale, but somebody else's URL is registered for the same hook too, and Parse Server deletes
    /// both or none.
    Shared,
    /// Somebody else's.
    Foreign,
}

impl ComparedHook {
    /// Its registered URLs as they may be shown.
    pub(crate) fn registered_shown(&self) -> String {
        let urls: Vec<_> = self.registered.iter().map(|url| shown(url)).collect();
        urls.join(", ")
    }
}

impl HookState {
    /// One word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Missing => "missing",
            Self::Outdated => "outdated",
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::Shared => "shared",
            Self::Foreign => "foreign",
        }
    }
}

/// Compares: the wanted hooks in their order, then all others by name.
pub(crate) fn compare(
    public: &PublicUrl,
    wanted: Vec<HookName>,
    registered: Vec<RegisteredHook>,
) -> Vec<ComparedHook> {
    let mut rest: BTreeMap<HookName, Vec<String>> = BTreeMap::new();
    for hook in registered {
        match rest.entry(hook.name) {
            Entry::Vacant(entry) => _ = entry.insert(vec![hook.url]),
            Entry::Occupied(mut entry) => entry.get_mut().push(hook.url),
        }
    }
    let mut hooks: Vec<_> = wanted
        .into_iter()
        .map(|name| {
            let registered = rest.remove(&name).unwrap_or_default();
            let wanted = public.of(&name);
            ComparedHook {
                state: state_of_wanted(&wanted, &registered),
                wanted: Some(wanted),
                name,
                registered,
            }
        })
        .collect();
    hooks.extend(rest.into_iter().map(|(name, registered)| ComparedHook {
        state: state_of_unwanted(public, &registered),
        wanted: None,
        name,
        registered,
    }));
    hooks
}

fn state_of_wanted(wanted: &str, registered: &[String]) -> HookState {
    match registered {
        [] => HookState::Missing,
        [url] if same_url(url, wanted) => HookState::Current,
        [_] => HookState::Outdated,
        _ => HookState::Duplicate,
    }
}

fn state_of_unwanted(public: &PublicUrl, registered: &[String]) -> HookState {
    let ours = registered.iter().filter(|url| public.contains(url)).count();
    match ours {
        0 => HookState::Foreign,
        _ if ours == registered.len() => HookState::Stale,
        _ => HookState::Shared,
    }
}

/// Whether two texts name one URL, however they are written (`http://H:80` is `http://h/`).
pub(crate) fn same_url(a: &str, b: &str) -> bool {
    a == b || matches!((Url::parse(a), Url::parse(b)), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str) -> HookName {
        HookName::function(name)
    }

    fn state(wanted: bool, urls: &[&str]) -> HookState {
        let public = PublicUrl::new(&"http://h".parse().unwrap()).unwrap();
        let wanted = if wanted {
            vec![function("f")]
        } else {
            Vec::new()
        };
        let registered = urls.iter().map(|url| RegisteredHook {
            name: function("f"),
            url: (*url).to_owned(),
        });
        let hooks = compare(&public, wanted, registered.collect());
        assert_eq!(hooks.len(), 1);
        hooks[0].state
    }

    #[test]
    fn tells_the_states_of_named_hooks_apart() {
        for (urls, expected) in [
            (&[][..], HookState::Missing),
            (&["http://h/functions/f"], HookState::Current),
            (&["http://H:80/functions/f"], HookState::Current),
            (&["http://h/functions/F"], HookState::Outdated),
            (&["http://h/functions/f/"], HookState::Outdated),
            (&["http://elsewhere/f"], HookState::Outdated),
            (&["not a url"], HookState::Outdated),
            (
                &["http://h/functions/f", "http://h/functions/f"],
                HookState::Duplicate,
            ),
            (
                &["http://h/functions/f", "http://elsewhere/f"],
                HookState::Duplicate,
            ),
        ] {
            assert_eq!(state(true, urls), expected, "{urls:?}");
        }
    }

    #[test]
    fn tells_the_states_of_other_hooks_apart() {
        for (urls, expected) in [
            (&["http://h/functions/f"][..], HookState::Stale),
            (&["http://h/anything"], HookState::Stale),
            (&["http://h/a", "http://h/b"], HookState::Stale),
            (&["http://h/a", "http://elsewhere/b"], HookState::Shared),
            (&["http://elsewhere/b"], HookState::Foreign),
            (&["http://h.example.com/functions/f"], HookState::Foreign),
            (&[""], HookState::Foreign),
        ] {
            assert_eq!(state(false, urls), expected, "{urls:?}");
        }
    }

    #[test]
    fn keeps_a_function_and_a_trigger_of_one_name_apart() {
        let public = PublicUrl::new(&"http://h".parse().unwrap()).unwrap();
        let trigger = HookName::trigger("f", "beforeSave");
        let registered = vec![RegisteredHook {
            name: trigger.clone(),
            url: "http://elsewhere".into(),
        }];
        let hooks = compare(&public, vec![function("f")], registered);
        let states: Vec<_> = hooks
            .into_iter()
            .map(|hook| (hook.name, hook.state))
            .collect();
        assert_eq!(
            states,
            [
                (function("f"), HookState::Missing),
                (trigger, HookState::Foreign)
            ]
        );
    }
}
