//! Temporary function hooks, which make Parse Server call a URL and say what answered.
//!
//! Their names are random, so that nobody else calls them. They are removed however `doctor` ends,
//! and what a killed run left behind is removed by the next.

use std::cell::RefCell;

use futures_util::future::{FutureExt as _, LocalBoxFuture, Shared};

use super::probe_reply::{self, ProbeReply};
use crate::parse::client::{MasterClient, RegisteredHook, RestClient, RestError};
use crate::parse::hook_name::{HookName, PROBE_PREFIX, is_probe};

/// How often a hook is tried that Parse Server does not know although it was just registered:
/// another node may have answered.
const TRIES: usize = 4;

/// The temporary hooks of this run.
pub(super) struct ProbeHooks {
    client: MasterClient,
    anonymous: RestClient,
    /// The hooks that may be registered now, each with the end of its registration: removing one
    /// before that would leave it behind.
    registered: RefCell<Vec<(HookName, Shared<LocalBoxFuture<'static, ()>>)>>,
}

impl ProbeHooks {
    /// `anonymous` calls the hooks: a caller's master key would be sent to whatever answers there.
    pub(super) fn new(client: MasterClient, anonymous: RestClient) -> Self {
        Self {
            client,
            anonymous,
            registered: RefCell::default(),
        }
    }

    /// Removes what a killed run left behind and takes it out of `hooks`. Returns how many there
    /// were.
    pub(super) async fn sweep(&self, hooks: &mut Vec<RegisteredHook>) -> Result<usize, RestError> {
        let mut left: Vec<HookName> = Vec::new();
        hooks.retain(|hook| {
            let ours = is_probe_hook(&hook.name);
            if ours && !left.contains(&hook.name) {
                left.push(hook.name.clone());
            }
            !ours
        });
        for name in &left {
            self.client.delete_hook(name).await?;
        }
        Ok(left.len())
    }

    /// Lets Parse Server call `url` as it calls a function.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub(super) async fn ask(&self, url: &str) -> Result<ProbeReply, RestError> {
        let mut tries = 0;
        loop {
            let name = random_name();
            self.register(&name, url).await?;
            let reply = self.anonymous.call_function(&name.to_string()).await;
            self.remove(&name).await?;
            tries += 1;
            let reply = probe_reply::read(&reply?);
            if reply != ProbeReply::NoHandler || tries == TRIES {
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
    /// The names that could not be removed, and why the last could not.
    pub(super) async fn clear(&self) -> Result<(), (Vec<String>, RestError)> {
        let registered = self.registered.take();
        let mut failure: Option<(Vec<String>, RestError)> = None;
        for (name, end) in registered {
            end.await;
            if let Err(error) = self.client.delete_hook(&name).await {
                let mut names = failure.map_or_else(Vec::new, |(names, _)| names);
                names.push(name.to_string());
                failure = Some((names, error));
            }
        }
        failure.map_or(Ok(()), Err)
    }
}

/// 32 hex digits, unique but no secret.
pub(super) fn random_text() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// The name of a function that does not exist.
pub(super) fn random_name() -> HookName {
    HookName::Function {
        function_name: format!("{PROBE_PREFIX}{}", random_text()),
    }
}

fn is_probe_hook(name: &HookName) -> bool {
    is_probe(&name.path())
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
        assert!(is_probe_hook(&random_name()));
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
            assert!(!is_probe_hook(&function(name)), "{name}");
        }
        let trigger = HookName::Trigger {
            class_name: "cloudinaryParseDoctor0123456789abcdef0123456789abcdef".to_owned(),
            trigger_name: "beforeSave".to_owned(),
        };
        assert!(!is_probe_hook(&trigger));
    }
}
