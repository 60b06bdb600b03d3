//! `check`: is the service ready to start?

use super::output::{Output, complain};
use super::{Status, serve, service};
use crate::config::Environment;

/// Check configuration and manifests, without asking anybody
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cloudinary-parse check --strict\n\nPrints every mistake and warning; exit code 1 if there is a mistake."
)]
pub(super) struct Check {
    /// Warnings are mistakes too
    #[arg(long)]
    strict: bool,
}

impl Check {
    /// Checks what `serve` would need.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn run(self, environment: &Environment) -> anyhow::Result<Status> {
        let (config, manifests) = match service::load(environment) {
            Ok(loaded) => loaded,
            Err(mistakes) => {
                for mistake in mistakes {
                    complain(mistake);
                }
                return Ok(Status::Failed);
            }
        };
        let tls = config.listener.tls.as_ref().map(serve::certificate);
        let tls = tls.transpose().err();
        if let Some(error) = &tls {
            complain(error);
        }
        for warning in &manifests.warnings {
            complain(format_args!("warning: {warning}"));
        }
        if tls.is_some() || self.strict && !manifests.warnings.is_empty() {
            return Ok(Status::Failed);
        }
        let mut output = Output::default();
        output.line(service::summary(&environment.webhooks(), &manifests));
        output.finish()?;
        Ok(Status::Done)
    }
}
