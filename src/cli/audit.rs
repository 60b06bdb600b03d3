//! `audit`: finds what the hooks could not see. Rows written past Parse Server or before the guard,
//! assets that are gone, assets that nothing refers to.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use clap::builder::PossibleValue;
use log::{error, warn};
use serde_json::json;

use super::inputs::rest_client;
use super::output::complain;
use super::{Status, columns};
use crate::assets::place;
use crate::cloudinary::account::Account;
use crate::cloudinary::client::ApiClient;
use crate::config::Environment;
use crate::manifest::Manifests;
use crate::units::{DURATION_FORM, parse_duration};

#[cfg(test)]
mod agreement;
mod asset_key;
mod checkpoint;
mod clients;
mod conversion;
mod destroy;
mod finding;
mod guards;
mod orphans;
mod progress;
mod row_check;
mod rows;
mod scope;
mod urls;

use checkpoint::Checkpoint;
use clients::Clients;
use finding::Finding;
use progress::Progress;

/// Each call to Parse Server or Cloudinary.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How old an orphan must be to be destroyed, if the command line does not say.
const DEFAULT_AGE: Duration = Duration::from_hours(7 * 24);

/// Compare the rows of every guarded class with the Cloudinary account: left-over signatures,
/// malformed identifiers, delivery URLs, missing assets, orphans
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cloudinary-parse audit --json > findings.jsonl\n  cloudinary-parse audit --fix urls\n  cloudinary-parse audit --destroy-orphans --older-than 7d\n\nNothing is changed without --fix or --destroy-orphans. The next run within a day resumes one that was interrupted."
)]
pub(super) struct Audit {
    /// Print JSON lines: one for each finding, and one with the sums
    #[arg(long)]
    json: bool,
    /// Correct what a report without it names: strip left-over signatures (good ones; bad ones are
    /// only reported), or store identifiers in place of this account's delivery URLs
    #[arg(long, value_enum)]
    fix: Option<Fix>,
    /// Destroy assets that nothing refers to, within the fields' `destroy_within`, after listing
    /// them and asking
    #[arg(long)]
    destroy_orphans: bool,
    /// Only orphans whose last upload is at least this old [default with --destroy-orphans: 7d]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    older_than: Option<Duration>,
    /// Destroy without asking
    #[arg(long, requires = "destroy_orphans")]
    yes: bool,
    /// Folder for the state of the run
    #[arg(long, value_name = "FOLDER", default_value = ".cloudinary-parse-audit")]
    state: PathBuf,
}

/// What is corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Fix {
    /// Strip left-over signatures.
    Strip,
    /// Turn delivery URLs into identifiers.
    Urls,
}

/// A run.
struct Run {
    clients: Clients,
    account: Account,
    manifests: Manifests,
    checkpoint: Checkpoint,
    progress: Progress,
    json: bool,
    fix: Option<Fix>,
    destroys: bool,
    older_than: Option<Duration>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let form = DURATION_FORM;
    parse_duration(text).ok_or_else(|| format!("expected {form}"))
}

impl Audit {
    /// Audits.
    ///
    /// # Errors
    /// Configuration, Parse Server or Cloudinary; state that cannot be kept.
    pub(super) async fn run(self, environment: &Environment) -> anyhow::Result<Status> {
        let (access, account, manifests) = super::inputs::audit(environment)?;
        let mut classes = manifests.classes.iter().flat_map(|class| &class.fields);
        if self.destroy_orphans && classes.all(|field| field.destroy_within.is_none()) {
            bail!(
                "--destroy-orphans: no field of any manifest has destroy_within, so nothing may be destroyed"
            );
        }
        let parse = rest_client(&access.address, TIMEOUT)?.with_master_key(&access.master_key)?;
        let cloudinary = ApiClient::new(&account, TIMEOUT)?;
        let application_id = access.address.application_id.clone();
        let sides = [parse.server(), application_id, cloudinary.api()];
        let about = about(&sides, self.fix, &manifests);
        let older_than = match self.older_than {
            None if self.destroy_orphans => Some(DEFAULT_AGE),
            older_than => older_than,
        };
        let mut run = Run {
            clients: Clients { parse, cloudinary },
            account,
            manifests,
            checkpoint: Checkpoint::open(&self.state, &about)?,
            progress: Progress::new(),
            json: self.json,
            fix: self.fix,
            destroys: self.destroy_orphans,
            older_than,
        };
        run.find().await?;
        if self.destroy_orphans {
            run.destroy(self.yes).await?;
        }
        run.finish()
    }
}

/// What an audit is about: one of something else cannot use its checkpoint.
fn about(sides: &[String], fix: Option<Fix>, manifests: &Manifests) -> String {
    let fix = fix.and_then(|fix| fix.to_possible_value());
    let fix = fix.as_ref().map(PossibleValue::get_name);
    let fields = place::places(&manifests.classes);
    let fields = fields
        .iter()
        .map(|place| (&place.class, &place.column, &place.path, place.many));
    let prefixes = scope::prefixes(manifests);
    let prefixes = prefixes.iter().map(|prefix| {
        let (resource_type, delivery_type) = prefix.kind;
        (resource_type.name(), delivery_type.name(), &prefix.text)
    });
    let (fields, prefixes): (Vec<_>, Vec<_>) = (fields.collect(), prefixes.collect());
    json!([sides, fix, fields, prefixes]).to_string()
}

impl Run {
    /// Finds and reports; changes nothing but what is to be fixed.
    async fn find(&mut self) -> anyhow::Result<()> {
        self.clients.prove().await?;
        if self.checkpoint.is_resumed() {
            complain("resuming the audit that was interrupted");
        }
        self.check_columns().await?;
        if self.fix == Some(Fix::Urls) {
            self.check_guards().await?;
        }
        for field in scope::without_folder(&self.manifests) {
            warn!(
                "{field} has neither a folder nor destroy_within, so its assets are not looked for"
            );
        }
        self.read_rows().await?;
        // A key that was changed meanwhile hides rows, whose assets would look like orphans.
        self.clients.prove().await?;
        self.list_assets().await?;
        self.report_orphans()
    }

    /// Checks the manifests against Parse Server's schemas. A class or column that does not exist
    /// refers to nothing, so all assets of the one that was meant would look like orphans.
    async fn check_columns(&self) -> anyhow::Result<()> {
        let schemas = self.clients.parse(async |parse| parse.schemas().await);
        let mistakes = columns::mistakes(&self.manifests, &schemas.await?);
        if self.destroys && !mistakes.is_empty() {
            let lines: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
            bail!(
                "--destroy-orphans: nothing is destroyed, because what is in use is unknown: correct the manifests, or create what is missing\n{}",
                lines.join("\n")
            );
        }
        for mistake in mistakes {
            if mistake.is_certain() {
                error!("{mistake} ({})", mistake.remedy());
            } else {
                warn!("{mistake}");
            }
        }
        Ok(())
    }

    fn report(&mut self, finding: &Finding) -> anyhow::Result<()> {
        self.checkpoint.position.counts.count(finding);
        if self.json {
            self.progress.line(serde_json::to_string(finding)?);
        } else {
            self.progress.line(finding);
        }
        Ok(())
    }

    /// Whether the operator wants `count` assets destroyed.
    fn confirms(&self, count: u64, yes: bool) -> bool {
        if yes {
            return true;
        }
        if !std::io::stdin().is_terminal() {
            complain(format_args!(
                "nothing is destroyed: pass --yes to destroy without being asked (assets: {count})"
            ));
            return false;
        }
        self.progress.pause(|| {
            let mut error = std::io::stderr();
            let _ = write!(error, "Permanently destroy {count} assets? Type yes: ");
            let _ = error.flush();
            let mut answer = String::new();
            std::io::stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes"
        })
    }

    fn finish(self) -> anyhow::Result<Status> {
        let counts = self.checkpoint.position.counts.clone();
        let mut progress = self.progress;
        if self.json {
            progress.line(json!({ "summary": counts }));
        } else {
            progress.line(&counts);
        }
        progress
            .finish()
            .finish()
            .context("cannot write the result")?;
        let left = self.checkpoint.remove();
        let left = left.context("cannot remove the audit's state")?;
        if !left.is_empty() {
            let left = checkpoint::list(&left);
            complain(format_args!(
                "the folder of --state is kept, because it holds other files: {left}"
            ));
        }
        let failed = counts.not_stripped + counts.not_rewritten > 0;
        Ok(if failed { Status::Failed } else { Status::Done })
    }
}
