//! `doctor`: finds what is wrong between this service, Parse Server and Cloudinary, and what to do
//! about it.

use std::time::Duration;

use super::Status;
use super::inputs::rest_client;
use super::output::complain;
use super::probe::interrupt::Interrupt;
use super::probe::reachability::Reachability;
use super::probe::temporary_hooks::{self, TemporaryHooks};
use super::registration::public_url::PublicUrl;
use super::registration::{ComparedHook, HookState, compare};
use crate::config::{Environment, ParseAccess};
use crate::manifest::Manifests;
use crate::parse::client::{MasterClient, RestClient, RestError};
use crate::parse::hook_name::HookName;
use clock::Span;
use cloudinary::Ping;
use metrics_probe::MetricsProbe;
use reachability::Findings;
use report::{Check, Report};
use setup::Setup;

mod account;
mod callers;
mod clean_up;
mod clock;
mod cloud_code;
mod cloudinary;
mod metrics_probe;
mod notifications;
mod parse_server;
mod queue;
mod reachability;
mod report;
mod rows;
mod setup;

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Find what is wrong between this service, Parse Server and Cloudinary
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cloudinary-parse doctor --offline\n\nRun it beside a running service. ✓ works, ✗ does not, ! is a warning, – was not tried; exit code 1 if there is a ✗.\nIt registers function hooks with random names and removes them again; nothing is stored."
)]
pub(super) struct Doctor {
    /// Do not contact Cloudinary
    #[arg(long)]
    offline: bool,
    /// Print one JSON object instead of lines
    #[arg(long)]
    json: bool,
}

/// The configured Parse Server, and when `/health` was asked and what it said.
struct ParseServer {
    anonymous: RestClient,
    master: MasterClient,
    span: Span,
    health: Result<Option<u64>, RestError>,
}

impl ParseServer {
    async fn ask(access: &ParseAccess) -> Result<Self, RestError> {
        let anonymous = rest_client(&access.address, TIMEOUT)?;
        let master = anonymous.clone().with_master_key(&access.master_key)?;
        let (span, health) = Span::of(anonymous.health()).await;
        Ok(Self {
            anonymous,
            master,
            span,
            health,
        })
    }
}

impl Doctor {
    /// Checks everything that can be checked.
    ///
    /// # Errors
    /// Standard output cannot be written, or signals cannot be caught.
    pub(super) async fn run(self, environment: &Environment) -> anyhow::Result<Status> {
        let mut report = Report::new(self.json);
        let setup = Setup::examine(environment, &mut report);
        let ping = Ping::send(setup.account.as_ref(), self.offline).await;
        let server = match &setup.access {
            Some(access) => Some(ParseServer::ask(access).await),
            None => None,
        };
        let (finished, cleared) = match server {
            Some(Ok(server)) => {
                tell_clocks(Some(&server), &ping, &mut report);
                let (master, anonymous) = (server.master.clone(), server.anonymous.clone());
                let temporary = TemporaryHooks::new(master, anonymous);
                let checks = check_parse_server(&server, &setup, &ping, &temporary, &mut report);
                let finished = Interrupt::catch()?.unless_stopped(checks).await.is_some();
                (finished, temporary.clear().await)
            }
            other => {
                tell_clocks(None, &ping, &mut report);
                match other.and_then(Result::err) {
                    Some(error) => {
                        report.bad(Check::ParseServer, &error, parse_server::remedy(&error));
                    }
                    None => report.skipped(Check::ParseServer, "not asked: see \"configuration\""),
                }
                skip_hooks("not tried: see \"configuration\"", &mut report);
                rows::skip("not tried: see \"configuration\"", &mut report);
                tell_others(&ping, &setup, &mut report).await;
                report.skipped(Check::UploadSize, "not tried: see \"configuration\"");
                (true, Ok(()))
            }
        };
        let healthy = report.finish()?;
        if let Err(left) = &cleared {
            complain(left);
        }
        if !finished {
            complain("interrupted: not everything was checked");
        }
        Ok(if healthy && finished && cleared.is_ok() {
            Status::Done
        } else {
            Status::Failed
        })
    }
}

fn tell_clocks(server: Option<&ParseServer>, ping: &Ping, report: &mut Report) {
    const CHECK: Check = Check::ParseServerClock;
    match server.map(|server| (server.span, &server.health)) {
        Some((span, Ok(date))) => clock::compare(CHECK, "Parse Server", span, *date, report),
        _ => report.skipped(CHECK, "not told: see \"Parse Server\""),
    }
    ping.tell_clock(report);
}

async fn check_parse_server(
    server: &ParseServer,
    setup: &Setup,
    ping: &Ping,
    temporary: &TemporaryHooks,
    report: &mut Report,
) {
    if let Err(error) = &server.health {
        report.bad(Check::ParseServer, error, parse_server::remedy(error));
        skip_hooks("not tried: see \"Parse Server\"", report);
        rows::skip("not tried: see \"Parse Server\"", report);
        tell_others(ping, setup, report).await;
        return report.skipped(Check::UploadSize, "not tried: see \"Parse Server\"");
    }
    if parse_server::prove(&server.master, setup.manifests.as_ref(), report).await {
        check_hooks(server, setup, temporary, report).await;
        match &setup.manifests {
            Some(manifests) => rows::tell(&server.master, manifests, report).await,
            None => rows::skip("not tried: see \"manifests\"", report),
        }
    } else {
        skip_hooks("not tried: see \"master key\"", report);
        rows::skip("not tried: see \"master key\"", report);
    }
    tell_others(ping, setup, report).await;
    parse_server::tell_upload_size(&server.anonymous, report).await;
}

fn skip_hooks(why: &str, report: &mut Report) {
    for check in [
        Check::PublicUrl,
        Check::WebhookKey,
        Check::Hooks,
        Check::CloudCode,
    ] {
        report.skipped(check, why);
    }
}

async fn check_hooks(
    server: &ParseServer,
    setup: &Setup,
    temporary: &TemporaryHooks,
    report: &mut Report,
) {
    let (Some(public), Some(manifests)) = (&setup.public_url, &setup.manifests) else {
        return skip_hooks("not tried: see \"configuration\" and \"manifests\"", report);
    };
    let hooks = match registered(server, public, manifests, temporary).await {
        Ok(hooks) => hooks,
        Err(error) => {
            report.bad(Check::Hooks, &error, parse_server::remedy(&error));
            for check in [Check::PublicUrl, Check::WebhookKey, Check::CloudCode] {
                report.skipped(check, "not tried: see \"hooks\"");
            }
            return;
        }
    };
    let wanted = manifests.registered_hooks();
    let reached = Findings(Reachability::probe(temporary, public, &wanted).await);
    reached.tell_public_url(public, report).await;
    reached
        .tell_key(public, setup.webhook_key.as_ref(), report)
        .await;
    parse_server::tell_hooks(&hooks, reached.obstacle(), &reached.0.missing, report);
    // Only a public URL on this machine certainly belongs to the service whose metrics are read.
    let admin = setup.admin.as_ref().filter(|_| public.is_loopback());
    let metrics = admin.and_then(MetricsProbe::new);
    let asked: Vec<_> = hooks
        .iter()
        .filter(|hook| hook.state == HookState::Current && reached.0.served.contains(&hook.name))
        // Hooks after a save or around a delete cannot be tried without storing a row.
        .filter(|hook| !matches!(&hook.name, HookName::Trigger { trigger_name, .. } if trigger_name != "beforeSave"))
        .collect();
    callers::tell(&server.master, manifests, metrics.as_ref(), report).await;
    match reached.obstacle() {
        Some(obstacle) => {
            report.skipped(
                Check::CloudCode,
                format_args!("not tried: see \"{obstacle}\""),
            );
        }
        None => check_cloud_code(server, manifests, &asked, metrics.as_ref(), report).await,
    }
}

/// The hooks, without those that a killed run left behind.
async fn registered(
    server: &ParseServer,
    public: &PublicUrl,
    manifests: &Manifests,
    temporary: &TemporaryHooks,
) -> Result<Vec<ComparedHook>, RestError> {
    let (registered, left_behind) = temporary_hooks::set_apart(server.master.hooks().await?);
    temporary.sweep(&left_behind).await?;
    Ok(compare(public, manifests.registered_hooks(), registered))
}

/// Tries each of the `asked` hooks, which are registered rightly and served.
async fn check_cloud_code(
    server: &ParseServer,
    manifests: &Manifests,
    asked: &[&ComparedHook],
    metrics: Option<&MetricsProbe>,
    report: &mut Report,
) {
    if manifests.registered_hooks().is_empty() {
        return;
    }
    if asked.is_empty() {
        return report.skipped(Check::CloudCode, "not tried: see \"hooks\"");
    }
    let mut good = true;
    for hook in asked {
        good &= match &hook.name {
            HookName::Trigger { class_name, .. } => {
                let mut classes = manifests.classes.iter();
                match classes.find(|class| class.class == *class_name) {
                    Some(class) => cloud_code::try_class(&server.master, class, report).await,
                    None => true,
                }
            }
            HookName::Function { function_name } => {
                let mut functions = manifests.functions.iter();
                match functions.find(|function| function.name == *function_name) {
                    Some(function) => {
                        cloud_code::try_function(&server.anonymous, function, metrics, report).await
                    }
                    None => true,
                }
            }
        };
    }
    if good {
        report.good(Check::CloudCode, "none stands before this service's hooks");
    }
}

/// What does not depend on Parse Server.
async fn tell_others(ping: &Ping, setup: &Setup, report: &mut Report) {
    ping.tell(report);
    let counters = metrics_probe::counters(setup.admin.as_ref()).await;
    clean_up::tell(setup.manifests.as_ref(), &counters, report);
    notifications::tell(setup, &counters, report);
    queue::tell(setup, report).await;
}
