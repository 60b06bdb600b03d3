//! `serve`: answers Parse Server.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use log::{error, info, warn};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;

use super::inputs::rest_client;
use super::{Status, inputs, remarks};
use crate::config::{Environment, Serve as Config};
use crate::manifest::Manifests;
use crate::server::{
    AdminSettings, Certificate, Control, Deployment, HookList, Server, Settings, WebhookKeys,
};

use later::Later;
use reload::Source;

mod later;
mod reload;

/// How often the certificate's files are looked at.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(10);

/// How long a database may take to finish what a stopped job has begun.
const JOBS_STOP: Duration = Duration::from_secs(1);

/// Answer Parse Server's webhooks until SIGTERM or SIGINT
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cloudinary-parse serve\n\nSIGHUP loads changed manifests; a broken set leaves the old one in force.\nA changed TLS certificate is loaded within 10 seconds."
)]
pub(super) struct Serve {}

impl Serve {
    /// Serves.
    ///
    /// # Errors
    /// Every mistake of configuration and manifests, or a listener that cannot be bound.
    pub(super) fn run(environment: &Environment) -> anyhow::Result<Status> {
        let folder = environment.webhooks();
        let (config, manifests) = load(environment)?;
        quiet_panics();
        let files = config.listener.tls.as_ref();
        // Of its own, so that jobs wait for requests as little as requests for jobs.
        let jobs = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("jobs")
            .enable_all()
            .build()?;
        let source = Source {
            folder,
            account: config.account.clone(),
            parse: config.parse.clone(),
            master_key: config.master_key.clone(),
            later: Later::new(
                config.queue.clone(),
                config.master_key.clone(),
                jobs.handle().clone(),
            ),
            certificate: files.map(inputs::certificate).transpose()?.map(Arc::new),
            registration: inputs::access_and_public_url(environment)
                .map(Arc::new)
                .map_err(|mistakes| mistakes.join("; ")),
        };
        let deployment = source.deployment(manifests)?;
        let settings = listeners(config, source.certificate.clone())?;
        let served = actix_web::rt::System::new().block_on(serve(settings, deployment, source));
        jobs.shutdown_timeout(JOBS_STOP);
        served?;
        Ok(Status::Done)
    }
}

fn load(environment: &Environment) -> anyhow::Result<(Config, Manifests)> {
    let (config, manifests) = inputs::serve(environment)
        .map_err(|mistakes| anyhow!("cannot serve:\n{}", mistakes.join("\n")))?;
    for warning in remarks::warnings(&config.account, &manifests) {
        warn!("{warning}");
    }
    Ok((config, manifests))
}

fn listeners(config: Config, certificate: Option<Arc<Certificate>>) -> anyhow::Result<Settings> {
    let hook_list = hook_list(&config)?;
    Ok(Settings {
        bind: config.listener.bind,
        admin: config.admin.map(|admin| AdminSettings {
            bind: admin.bind,
            token: admin.token,
            hook_list,
            parse_server: config.parse.map(|parse| parse.server_url),
            public_url: config.public_url.clone(),
        }),
        webhook_keys: WebhookKeys::new(config.webhook_key, config.webhook_key_previous),
        public_path: config.public_url.path().trim_end_matches('/').to_owned(),
        max_body: config.max_body,
        max_connections: config.max_connections,
        read_timeout: config.read_timeout,
        answer_timeout: config.answer_timeout,
        shutdown_timeout: config.shutdown_timeout,
        workers: config.workers,
        tls: certificate.map(Certificate::server_config),
    })
}

/// What the console needs to see the registered hooks.
fn hook_list(config: &Config) -> anyhow::Result<Option<HookList>> {
    let (Some(address), Some(key)) = (&config.parse, &config.master_key) else {
        return Ok(None);
    };
    let client = rest_client(address, Duration::from_secs(5))?.with_master_key(key)?;
    Ok(Some(HookList::new(client)))
}

/// Logs what is guarded and served, so that a manifest that was not found is missed.
fn log_hooks(manifests: &Manifests) {
    let guarded = manifests.classes.iter().flat_map(|class| {
        let fields = class.fields.iter();
        fields.map(move |field| format!("{}.{}", class.class, field.name))
    });
    let guarded: Vec<_> = guarded.collect();
    let functions = manifests.functions.iter();
    let functions: Vec<_> = functions.map(|function| &*function.name).collect();
    for (what, names) in [
        ("guards", guarded.join(", ")),
        ("serves the functions", functions.join(", ")),
    ] {
        if !names.is_empty() {
            info!("{what} {names}");
        }
    }
}

async fn serve(settings: Settings, deployment: Deployment, source: Source) -> anyhow::Result<()> {
    let scheme = if settings.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let hangup = signal(SignalKind::hangup())?;
    let stop = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    ];
    log_hooks(&deployment.manifests);
    let server = Server::build(settings, deployment)?;
    info!(
        "webhook listener on {scheme}://{}",
        server.webhook_address()
    );
    if let Some(address) = server.admin_address() {
        info!("admin listener on http://{address}");
    }
    let control = server.control();
    let signals = actix_web::rt::spawn(follow_signals(control, source, hangup, stop));
    let result = server.run().await;
    signals.abort();
    info!("stopped");
    Ok(result?)
}

async fn follow_signals(control: Control, source: Source, mut hangup: Signal, stop: [Signal; 2]) {
    let [mut terminate, mut interrupt] = stop;
    let mut look = tokio::time::interval(CERTIFICATE_CHECK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(()) = hangup.recv() => source.reload(&control),
            _ = look.tick(), if source.certificate.is_some() => source.renew_certificate(),
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    info!("stopping: requests in flight are finished");
    source.later.stop();
    control.stop().await;
}

/// A panic's message may hold what it panicked about; its place is enough to mend it.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, ToString::to_string);
        error!("panic at {place}");
    }));
}
