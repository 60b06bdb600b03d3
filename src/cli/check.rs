//! `check`: is the service ready to start?

use serde_json::json;

use super::output::{Output, complain};
use super::{Status, inputs, remarks};
use crate::config::Environment;

/// Check configuration and manifests, without network access
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cloudinary-parse check --strict\n\nPrints every mistake and warning. The exit code is 1 if there is a mistake."
)]
pub(super) struct Check {
    /// Treat warnings as mistakes
    #[arg(long)]
    strict: bool,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Checks what `serve` would need.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn run(self, environment: &Environment) -> anyhow::Result<Status> {
        let (mut mistakes, warnings, notes, summary) = match inputs::serve(environment) {
            Ok((config, manifests)) => {
                let tls = config.listener.tls.as_ref().map(inputs::certificate);
                let error = tls.transpose().err();
                let mistakes = error.map(|error| error.to_string());
                let summary = remarks::summary(&environment.webhooks(), &manifests);
                (
                    Vec::from_iter(mistakes),
                    remarks::warnings(&config.account, &manifests),
                    remarks::notes(&manifests),
                    summary,
                )
            }
            Err(mistakes) => (mistakes, Vec::new(), Vec::new(), String::new()),
        };
        let ready = mistakes.is_empty() && (!self.strict || warnings.is_empty());
        let mut output = Output::default();
        if self.json {
            output.line(format_args!(
                "{:#}",
                json!({"ready": ready, "mistakes": mistakes, "warnings": warnings, "notes": notes})
            ));
        } else {
            mistakes.extend(warnings.iter().map(|warning| format!("warning: {warning}")));
            mistakes.extend(notes.iter().map(|note| format!("note: {note}")));
            for mistake in mistakes {
                complain(mistake);
            }
            if ready {
                output.line(summary);
            }
        }
        output.finish()?;
        Ok(if ready { Status::Done } else { Status::Failed })
    }
}
