//! `hooks`: what is registered, and what should be.

use std::time::Duration;

use super::registration::HookState;
use super::registration::registry::Registry;
use super::registration::report::{Report, Row};
use super::{Status, inputs};
use crate::config::Environment;

/// Show the registered webhooks and compare them with the manifests
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cloudinary-parse hooks --json")]
pub(super) struct Hooks {
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

impl Hooks {
    /// Shows them.
    ///
    /// # Errors
    /// Configuration, manifests or Parse Server.
    pub(super) async fn run(self, environment: &Environment) -> anyhow::Result<Status> {
        let settings = inputs::registration(environment)?;
        let public = settings.public_url;
        let registry = Registry::open(
            &settings.access,
            &public,
            settings.manifests.registered_hooks(),
            Duration::ZERO,
        )
        .await?;
        let mut report = Report::new(self.json);
        registry.introduce(&mut report, &public);
        for hook in &registry.hooks {
            let note = match hook.state {
                HookState::Outdated | HookState::Duplicate => Some(hook.registered_shown()),
                HookState::Shared => Some("not all of them ours".to_owned()),
                HookState::Current | HookState::Missing | HookState::Stale | HookState::Foreign => {
                    None
                }
            };
            report.row(Row {
                state: hook.state.as_str(),
                hook,
                note: note.as_deref(),
            });
        }
        if registry.hooks.is_empty() {
            report.line("no hooks");
        }
        report.finish()?;
        Ok(Status::Done)
    }
}
