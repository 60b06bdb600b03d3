//! Whether every guarded class has its guard registered.
//!
//! Parse Server's REST API has no write on a condition. The guard is what makes one of a write that
//! carries a proof: it lets that write through only while the row holds what it was made for.

use anyhow::bail;

use super::Run;
use crate::parse::hook_name::{BEFORE_SAVE, HookName};

impl Run {
    /// Refuses to go on if Parse Server does not call the guard of a class. Whether Cloud Code calls
    /// that of its own class cannot be seen.
    pub(super) async fn check_guards(&self) -> anyhow::Result<()> {
        let registered = self.clients.parse(async |parse| parse.hooks().await);
        let registered = registered.await?;
        let is_registered = |name: &HookName| {
            let path = name.path();
            let mut hooks = registered.iter();
            hooks.any(|hook| hook.name == *name && hook.url.ends_with(&path))
        };
        let names = self.manifests.registered_hooks();
        let missing: Vec<_> = names
            .iter()
            .filter_map(|name| match name {
                HookName::Trigger {
                    class_name,
                    trigger_name,
                } if trigger_name == BEFORE_SAVE && !is_registered(name) => Some(&**class_name),
                _ => None,
            })
            .collect();
        if !missing.is_empty() {
            bail!(
                "--fix urls: Parse Server does not call the guard of {}, so a client's save at the same moment could be overwritten: start serve, run cloudinary-parse register, and try again",
                missing.join(", ")
            );
        }
        Ok(())
    }
}
