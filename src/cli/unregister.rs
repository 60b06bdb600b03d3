//! `unregister`: removes the hooks that point to this service.

use anyhow::Context as _;
use reqwest::Url;

use super::public_url::PublicUrl;
use super::registration::State;
use super::registry::Registry;
use super::report::{Report, Row};
use super::{Status, settings};

/// Remove every hook under the public URL from Parse Server, whether a manifest names it or not
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cloudinary-parse unregister --url http://old-host:8080\n\nSaves of the classes are no longer checked from then on."
)]
pub struct Unregister {
    /// Remove the hooks under this URL instead [default: CLOUDINARY_PARSE_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

impl Unregister {
    /// Removes them.
    ///
    /// # Errors
    /// Configuration or Parse Server; hooks that could not be removed.
    pub async fn run(self) -> anyhow::Result<Status> {
        let (access, public) = match &self.url {
            Some(url) => (settings::parse_access()?, PublicUrl::new(url).context("--url")?),
            None => settings::parse_access_and_public_url()?,
        };
        let registry = Registry::open(&access, &public, Vec::new()).await?;
        let mut report = Report::new(self.json);
        registry.introduce(&mut report, &public);
        let with = |state| registry.hooks.iter().filter(move |hook| hook.state == state);
        for hook in with(State::Shared) {
            report.warn(super::warnings::of_shared(hook));
        }
        if with(State::Stale).next().is_some() {
            report.warn(super::warnings::NODES.to_owned());
            report.warn(super::warnings::REMOVAL.to_owned());
        }
        let (mut removed, mut failed) = (0_usize, 0_usize);
        for hook in with(State::Stale) {
            let result = registry.client.delete_hook(&hook.name).await;
            let note = result.as_ref().err().map(ToString::to_string);
            let state = if result.is_ok() { "removed" } else { "failed" };
            report.row(Row { state, hook, note: note.as_deref() });
            match result {
                Ok(()) => removed += 1,
                Err(_) => failed += 1,
            }
        }
        let left = with(State::Shared).count();
        report.line(&format!("{removed} removed"));
        report.finish()?;
        if failed + left > 0 {
            anyhow::bail!("{} hooks under {public} are still registered", failed + left);
        }
        Ok(Status::Done)
    }
}
