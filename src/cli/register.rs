//! `register`: makes the hooks of Parse Server what the manifests say.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::Status;
use super::inputs::{self, Registration};
use super::output::complain;
use super::probe::interrupt::Interrupt;
use super::probe::temporary_hooks::TemporaryHooks;
use super::registration::registry::Registry;
use super::registration::report::{Report, Row};
use super::registration::{ComparedHook, HookState, compare, warnings};
use crate::config::Environment;
use crate::parse::client::MasterClient;
use crate::parse::hook_name::HookName;
use crate::units::parse_duration;
use change::Change;
use probe::{Found, OTHER_NODE};
use tally::Tally;

mod change;
mod probe;
mod samples;
mod tally;

/// Register the manifests' hooks at Parse Server
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cloudinary-parse register --dry-run\n  cloudinary-parse register --prune\n\nRun it beside a running service: before anything is changed, Parse Server calls the URL of each hook to be set, through temporary function hooks with random names, and nothing is stored.\nHooks that no manifest names and that point elsewhere are never touched."
)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct Register {
    /// Change nothing; exit code 2 if the hooks differ from the manifests
    #[arg(long)]
    dry_run: bool,
    /// Remove hooks under the public URL that no manifest names
    #[arg(long)]
    prune: bool,
    /// Do not have Parse Server try the URLs first
    #[arg(long)]
    no_probe: bool,
    /// Wait this long for a Parse Server or a service that is down or still starting, for example 60s
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait: Option<Duration>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    parse_duration(text).ok_or("expected a duration such as 500ms, 10s or 2m")
}

impl Register {
    /// Registers.
    ///
    /// # Errors
    /// Configuration, manifests or Parse Server; hooks that are not as they should be.
    pub(super) async fn run(self, environment: &Environment) -> anyhow::Result<Status> {
        let settings = inputs::registration(environment)?;
        let public = &settings.public_url;
        let names = settings.manifests.registered_hooks();
        let (begin, patience) = (Instant::now(), self.wait.unwrap_or_default());
        let mut registry = Registry::open(&settings.access, public, names, patience).await?;
        let left_behind = registry.take_temporary();
        let mut report = Report::new(self.json);
        registry.introduce(&mut report, public);
        report.member("dry_run", json!(self.dry_run));
        let planned: Vec<_> = registry
            .hooks
            .iter()
            .map(|hook| (hook, Change::of(hook.state, self.prune)))
            .collect();
        let set = to_set(&planned);
        let probes = !self.dry_run && !self.no_probe && !set.is_empty();
        if !self.dry_run {
            show_plan(&planned, &mut report);
        }
        warn(&mut report, &planned, &settings, &registry, probes).await;
        if self.dry_run {
            return show_drift(&planned, report);
        }
        let mut interrupt = Interrupt::catch()?;
        if probes {
            let hooks = registry.temporary_hooks();
            hooks.sweep(&left_behind).await?;
            let patience = patience.saturating_sub(begin.elapsed());
            let work = probe::probe(&hooks, public, &set, patience);
            let found = probe_until_stopped(&mut interrupt, &hooks, work).await;
            if found.context("nothing was changed")? == Found::OtherNode {
                report.warn(OTHER_NODE.to_owned());
            }
        }
        let failures = apply_all(&planned, &registry.client, &mut interrupt, &mut report).await;
        report.finish()?;
        match failures {
            0 => verify(&registry, &planned, &settings).await,
            1 => bail!("1 hook is not as it should be"),
            n => bail!("{n} hooks are not as they should be"),
        }
    }
}

/// What `work` finds. Its temporary hooks are gone afterwards, however it ends.
async fn probe_until_stopped(
    interrupt: &mut Interrupt,
    hooks: &TemporaryHooks,
    work: impl Future<Output = Result<Found, probe::Unreached>>,
) -> anyhow::Result<Found> {
    let found = interrupt.unless_stopped(work).await;
    if let Err(left) = hooks.clear().await {
        complain(left);
    }
    match found {
        Some(found) => Ok(found?),
        None => bail!("interrupted"),
    }
}

/// The hooks that Parse Server is to call from now on, or elsewhere than before.
fn to_set(planned: &Planned<'_>) -> Vec<HookName> {
    let set = planned
        .iter()
        .filter(|(_, change)| change.is_some_and(Change::sets));
    set.map(|(hook, _)| hook.name.clone()).collect()
}

type Planned<'a> = [(&'a ComparedHook, Option<Change>)];

async fn warn(
    report: &mut Report,
    planned: &Planned<'_>,
    settings: &Registration,
    registry: &Registry,
    probes: bool,
) {
    let changed: Vec<_> = planned
        .iter()
        .filter_map(|(hook, change)| change.map(|_| *hook))
        .collect();
    // What Parse Server itself finds there is worth more than what can be seen from here.
    let of_url = if probes {
        Vec::new()
    } else {
        let parse_server = &settings.access.address.server_url;
        warnings::of_public_url(&settings.public_url, parse_server).await
    };
    let shared = planned
        .iter()
        .filter(|(hook, _)| hook.state == HookState::Shared);
    let of_shared = shared.map(|(hook, _)| warnings::of_shared(hook));
    let samples = samples::unchanged(&settings.manifests, &to_set(planned));
    for text in warnings::of_changes(&changed, &registry.version)
        .into_iter()
        .chain(warnings::of_samples(&samples))
        .chain(of_url)
        .chain(of_shared)
        .chain(warnings::of_schema(&registry.client, &settings.manifests).await)
    {
        report.warn(text);
    }
}

/// The state of a hook that stays as it is.
fn settled(state: HookState) -> &'static str {
    match state {
        HookState::Current => "unchanged",
        other => other.as_str(),
    }
}

fn note(hook: &ComparedHook, change: Option<Change>) -> Option<String> {
    match (hook.state, change) {
        (HookState::Outdated | HookState::Duplicate, _) => {
            Some(format!("was {}", hook.registered_shown()))
        }
        (HookState::Stale, None) => Some("no manifest names it; --prune removes it".to_owned()),
        (HookState::Shared, _) => Some("no manifest names it; not ours alone".to_owned()),
        (HookState::Foreign, _) => Some("not ours, untouched".to_owned()),
        _ => None,
    }
}

fn show_plan(planned: &Planned<'_>, report: &mut Report) {
    for (hook, change) in planned {
        if let Some(change) = change {
            let note = note(hook, Some(*change));
            report.preview(Row {
                state: change.planned(),
                hook,
                note: note.as_deref(),
            });
        }
    }
    if planned.iter().any(|(_, change)| change.is_some()) {
        report.line("");
    }
}

fn show_drift(planned: &Planned<'_>, mut report: Report) -> anyhow::Result<Status> {
    let mut tally = Tally::default();
    for (hook, change) in planned {
        let state = change.map_or_else(|| settled(hook.state), Change::planned);
        let note = note(hook, *change);
        report.row(Row {
            state,
            hook,
            note: note.as_deref(),
        });
        tally.count(state);
    }
    let drift = planned
        .iter()
        .any(|(hook, _)| !matches!(hook.state, HookState::Current | HookState::Foreign));
    report.member("drift", json!(drift));
    let verdict = if drift { "drift" } else { "no drift" };
    report.line(&format!("\n{verdict}: {}", tally.text()));
    report.finish()?;
    Ok(if drift { Status::Drift } else { Status::Done })
}

/// Does what is planned and shows every hook as it then is. Returns how many failed.
/// A signal takes effect between two hooks, because one that is being replaced guards nothing.
async fn apply_all(
    planned: &Planned<'_>,
    client: &MasterClient,
    interrupt: &mut Interrupt,
    report: &mut Report,
) -> usize {
    let mut tally = Tally::default();
    let mut failures = 0;
    let mut hopeless = false;
    for (hook, change) in planned {
        let mut note = note(hook, *change);
        hopeless |= interrupt.has_come();
        let state = match change {
            None => settled(hook.state),
            Some(_) if hopeless => {
                note = Some("not tried".to_owned());
                "failed"
            }
            Some(change) => match change.apply(client, hook).await {
                Ok(()) => change.done(),
                Err(error) => {
                    hopeless = !error.is_about_one_hook();
                    note = Some(error.to_string());
                    "failed"
                }
            },
        };
        failures += usize::from(state == "failed");
        tally.count(state);
        report.row(Row {
            state,
            hook,
            note: note.as_deref(),
        });
    }
    report.line(&format!("\n{}", tally.text()));
    failures
}

/// Reads back what was changed: another run may have been at work.
async fn verify(
    registry: &Registry,
    planned: &Planned<'_>,
    settings: &Registration,
) -> anyhow::Result<Status> {
    if planned.iter().all(|(_, change)| change.is_none()) {
        return Ok(Status::Done);
    }
    let names = settings.manifests.registered_hooks();
    let hooks = compare(&settings.public_url, names, registry.client.hooks().await?);
    let wrong: Vec<_> = hooks
        .iter()
        .filter(|hook| hook.wanted.is_some() && hook.state != HookState::Current)
        .map(|hook| hook.name.to_string())
        .collect();
    if !wrong.is_empty() {
        bail!(
            "somebody else changed {} at the same time: run register again",
            wrong.join(", ")
        );
    }
    Ok(Status::Done)
}
