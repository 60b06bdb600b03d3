//! Temporary function hooks, which make Parse Server call a URL and say what answered.
//!
//! Their names are random, so that nobody else calls them. They are removed however the command
//! ends, and what a killed run left behind is removed by the next.

use std::cell::RefCell;

use futures_util::future::{FutureExt as _, LocalBoxFuture, Shared};
use log::debug;
use serde_json::json;

use super::reply::{self, ProbeReply};
use crate::parse::client::{MasterClient, RegisteredHook, RestClient, RestError};
use crate::parse::hook_name::{HookName, PROBE_PREFIX, PROBE_QUERY, is_probe};

/// How often a hook is registered anew that Parse Server does not know: another run may have
/// removed it as left behind.
const HOOKS: usize = 4;

/// How often each of them is called: it is known only to the node that registered it, and another
/// may answer.
const CALLS: usize = 5;

/// The temporary hooks of this run.
pub(crate) struct TemporaryHooks {
    client: MasterClient,
    anonymous: RestClient,
    /// The hooks that may be registered now, each with the end of its registration: removing one
    /// before that would leave it behind.
    registered: RefCell<Vec<(HookName, Shared<LocalBoxFuture<'static, ()>>)>>,
}

/// Hooks that could not be removed.
#[derive(Debug, thiserror::Error)]
#[error("temporary hooks are left, which the next doctor or register removes: {} ({error})", names.join(", "))]
pub(crate) struct LeftBehind {
    names: Vec<String>,
    /// Why the last could not.
    error: RestError,
}

impl TemporaryHooks {
    /// `anonymous` calls the hooks: a caller's master key would be sent to whatever answers there.
    pub(crate) fn new(client: MasterClient, anonymous: RestClient) -> Self {
        Self {
            client,
            anonymous,
            registered: RefCell::default(),
        }
    }

    /// Removes what a killed run left behind.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub(crate) async fn sweep(&self, left_behind: &[HookName]) -> Result<(), RestError> {
        for name in left_behind {
            self.client.delete_hook(name).await?;
        }
        match left_behind.len() {
            0 => {}
            left => debug!("temporary hooks of an earlier run removed: {left}"),
        }
        Ok(())
    }

    /// Lets Parse Server call `url` as it calls a function.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub(crate) async fn ask(&self, url: &str) -> Result<ProbeReply, RestError> {
        for _ in 0..HOOKS {
            let name = random_name();
            self.register(&name, &labelled(url, &name)).await?;
            let reply = self.call(&name).await;
            self.remove(&name).await?;
            match reply? {
                ProbeReply::NoHandler => {}
                reply => return Ok(reply),
            }
        }
        Ok(ProbeReply::NoHandler)
    }

    async fn call(&self, name: &HookName) -> Result<ProbeReply, RestError> {
        let (name, params) = (name.to_string(), json!({}));
        let mut calls = 0;
        loop {
            let reply = reply::read(&self.anonymous.call_function(&name, &params).await?);
            calls += 1;
            if reply != ProbeReply::NoHandler || calls == CALLS {
                return Ok(reply);
            }
        }
    }

    async fn register(&self, name: &HookName, url: &str) -> Result<(), RestError> {
        let (client, hook, to) = (self.client.clone(), name.clone(), url.to_owned());
        // A task of its own, so that an interrupted run can wait for it and then remove the hook.
        let task = tokio::spawn(async move { client.create_hook(&hook, &to).await });
        let (tell, told) = tokio::sync::oneshot::channel();
        let end = async move {
            if let Ok(result) = task.await {
                // Err: the run was interrupted and no longer waits.
                let _ = tell.send(result);
            }
        };
        let end = end.boxed_local().shared();
        self.registered
            .borrow_mut()
            .push((name.clone(), end.clone()));
        end.await;
        told.await.unwrap_or(Ok(false))?;
        Ok(())
    }

    async fn remove(&self, name: &HookName) -> Result<(), RestError> {
        self.client.delete_hook(name).await?;
        self.registered
            .borrow_mut()
            .retain(|(other, _)| other != name);
        Ok(())
    }

    /// Removes what is still registered.
    ///
    /// # Errors
    /// [`LeftBehind`]
    pub(crate) async fn clear(&self) -> Result<(), LeftBehind> {
        let registered = self.registered.take();
        let mut left: Option<LeftBehind> = None;
        for (name, end) in registered {
            end.await;
            if let Err(error) = self.client.delete_hook(&name).await {
                let mut names = left.map_or_else(Vec::new, |left| left.names);
                names.push(name.to_string());
                left = Some(LeftBehind { names, error });
            }
        }
        left.map_or(Ok(()), Err)
    }
}

/// 32 hex digits, unique but no secret.
pub(crate) fn random_text() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// The name of a function that does not exist.
pub(crate) fn random_name() -> HookName {
    HookName::Function {
        function_name: format!("{PROBE_PREFIX}{}", random_text()),
    }
}

/// The hooks that are not temporary, and the names of those that are.
pub(crate) fn set_apart(hooks: Vec<RegisteredHook>) -> (Vec<RegisteredHook>, Vec<HookName>) {
    let (temporary, others): (Vec<_>, Vec<_>) =
        hooks.into_iter().partition(|hook| is_temporary(&hook.name));
    let mut names: Vec<_> = temporary.into_iter().map(|hook| hook.name).collect();
    names.sort();
    names.dedup();
    (others, names)
}

/// Whether it is one of `doctor` or `register`.
pub(crate) fn is_temporary(name: &HookName) -> bool {
    is_probe(&name.path())
}

/// `url` with the label by which this service knows that the call is held against nobody, whatever
/// it answers. No hook's URL has a query of its own.
fn labelled(url: &str, name: &HookName) -> String {
    format!("{url}?{PROBE_QUERY}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str) -> HookName {
        HookName::Function {
            function_name: name.to_owned(),
        }
    }

    #[test]
    fn knows_its_own_names() {
        assert!(is_temporary(&random_name()));
        assert_ne!(random_name(), random_name());
    }

    #[test]
    fn takes_no_hook_of_an_app_for_its_own() {
        for name in [
            "cloudinaryParseDoctor",
            "cloudinaryParseDoctor0123456789abcdef0123456789abcde",
            "cloudinaryParseDoctor0123456789abcdef0123456789abcdef0",
            "cloudinaryParseDoctor0123456789ABCDEF0123456789abcdef",
            "xcloudinaryParseDoctor0123456789abcdef0123456789abcdef",
        ] {
            assert!(!is_temporary(&function(name)), "{name}");
        }
        let trigger = HookName::Trigger {
            class_name: "cloudinaryParseDoctor0123456789abcdef0123456789abcdef".to_owned(),
            trigger_name: "beforeSave".to_owned(),
        };
        assert!(!is_temporary(&trigger));
    }
}
