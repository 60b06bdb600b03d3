//! `unregister`: removes the hooks that point to this service.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::Url;
use serde_json::json;

use super::registration::public_url::PublicUrl;
use super::registration::registry::Registry;
use super::registration::report::{Report, Row};
use super::registration::{ComparedHook, HookState, warnings};
use super::{Status, inputs};
use crate::config::Environment;

/// Remove every hook under the public URL from Parse Server
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cloudinary-parse unregister --url http://old-host:8080\n\nFrom then on, saves of the classes are not checked."
)]
pub(super) struct Unregister {
    /// Remove the hooks under this URL instead, for instance an older public URL
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// Change nothing, show what would be removed; exit code 2 if there is something
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

impl Unregister {
    /// Removes them.
    ///
    /// # Errors
    /// Configuration or Parse Server; hooks that could not be removed.
    pub(super) async fn run(self, environment: &Environment) -> anyhow::Result<Status> {
        let (access, public) = match &self.url {
            Some(url) => (
                environment.parse_access()?,
                PublicUrl::new(url).context("--url")?,
            ),
            None => inputs::unregistration(environment)?,
        };
        let registry = Registry::open(&access, &public, Vec::new(), Duration::ZERO).await?;
        let mut report = Report::new(self.json);
        registry.introduce(&mut report, &public);
        report.member("dry_run", json!(self.dry_run));
        let with = |state| {
            registry
                .hooks
                .iter()
                .filter(move |hook| hook.state == state)
        };
        for hook in with(HookState::Shared) {
            report.warn(warnings::of_shared(hook));
        }
        if with(HookState::Stale).next().is_some() {
            report.warn(warnings::NODES.to_owned());
            report.warn(warnings::REMOVAL.to_owned());
        }
        if self.dry_run {
            return show_removals(&registry.hooks, report);
        }
        let (mut removed, mut failed) = (0_usize, 0_usize);
        for hook in with(HookState::Stale) {
            let result = registry.client.delete_hook(&hook.name).await;
            let note = result.as_ref().err().map(ToString::to_string);
            let state = if result.is_ok() { "removed" } else { "failed" };
            report.row(Row {
                state,
                hook,
                note: note.as_deref(),
            });
            match result {
                Ok(()) => removed += 1,
                Err(_) => failed += 1,
            }
        }
        let left = with(HookState::Shared).count();
        let gap = if removed + failed > 0 { "\n" } else { "" };
        report.line(&format!("{gap}{removed} removed"));
        report.finish()?;
        match failed + left {
            0 => Ok(Status::Done),
            1 => bail!("1 hook under {public} is still registered"),
            n => bail!("{n} hooks under {public} are still registered"),
        }
    }
}

fn show_removals(hooks: &[ComparedHook], mut report: Report) -> anyhow::Result<Status> {
    let stale = hooks.iter().filter(|hook| hook.state == HookState::Stale);
    let mut count = 0_usize;
    for hook in stale {
        report.row(Row {
            state: "to remove",
            hook,
            note: None,
        });
        count += 1;
    }
    let gap = if count > 0 { "\n" } else { "" };
    report.line(&format!("{gap}{count} to remove"));
    report.finish()?;
    Ok(if count > 0 {
        Status::Drift
    } else {
        Status::Done
    })
}
