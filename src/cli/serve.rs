//! `serve`: answers Parse Server.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use log::{error, info, warn};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::settings::rest_client;
use super::{Status, service};
use crate::cloudinary::account::Account;
use crate::cloudinary::rest::ApiClient;
use crate::config::{Environment, ParseAddress, Serve as Config, TlsFiles};
use crate::manifest::{self, Manifests};
use crate::server::{AdminSettings, Control, Deployment, HookList, Server, Settings, WebhookKeys};

/// Answer Parse Server's webhooks until SIGTERM or SIGINT
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cloudinary-parse serve\n\nSIGHUP loads changed manifests; a broken set leaves the old one in force."
)]
pub(super) struct Serve {}

/// What reloading needs again.
struct Source {
    folder: PathBuf,
    account: Account,
    parse: Option<ParseAddress>,
}

impl Serve {
    /// Serves.
    ///
    /// # Errors
    /// Every mistake of configuration and manifests, or a listener that cannot be bound.
    pub(super) fn run(environment: &Environment) -> anyhow::Result<Status> {
        let folder = environment.webhooks();
        let (config, manifests) = load(environment)?;
        quiet_panics();
        let source = Source {
            folder,
            account: config.account.clone(),
            parse: config.parse.clone(),
        };
        let deployment = source.deployment(manifests)?;
        let settings = settings(config)?;
        actix_web::rt::System::new().block_on(serve(settings, deployment, source))?;
        Ok(Status::Done)
    }
}

fn load(environment: &Environment) -> anyhow::Result<(Config, Manifests)> {
    let (config, manifests) = service::load(environment)
        .map_err(|mistakes| anyhow!("cannot serve:\n{}", mistakes.join("\n")))?;
    for warning in &manifests.warnings {
        warn!("{warning}");
    }
    Ok((config, manifests))
}

fn settings(config: Config) -> anyhow::Result<Settings> {
    let hook_list = hook_list(&config)?;
    Ok(Settings {
        bind: config.listener.bind,
        admin: config.admin.map(|admin| AdminSettings {
            bind: admin.bind,
            token: admin.token,
            hook_list,
        }),
        webhook_keys: WebhookKeys::new(config.webhook_key, config.webhook_key_previous),
        public_path: config.public_url.path().trim_end_matches('/').to_owned(),
        max_body: config.max_body,
        max_connections: config.max_connections,
        read_timeout: config.read_timeout,
        answer_timeout: config.answer_timeout,
        shutdown_timeout: config.shutdown_timeout,
        workers: config.workers,
        tls: config.listener.tls.as_ref().map(tls).transpose()?,
    })
}

/// What the console needs to see the registered hooks.
fn hook_list(config: &Config) -> anyhow::Result<Option<HookList>> {
    let (Some(address), Some(key)) = (&config.parse, &config.master_key) else {
        return Ok(None);
    };
    let client = rest_client(address, Duration::from_secs(5))?.with_master_key(key)?;
    Ok(Some(HookList::new(client, config.public_url.clone())))
}

pub(super) fn tls(files: &TlsFiles) -> anyhow::Result<rustls::ServerConfig> {
    let certificate = || format!("CLOUDINARY_PARSE_TLS_CERT: {}", files.certificate.display());
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .with_context(certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .with_context(|| format!("CLOUDINARY_PARSE_TLS_KEY: {}", files.key.display()))?;
    rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .with_context(certificate)
}

impl Source {
    fn deployment(&self, manifests: Manifests) -> anyhow::Result<Deployment> {
        let client = |address: &ParseAddress| {
            // A hook's own deadline is shorter or longer; this one keeps a lost answer from holding a connection for ever.
            rest_client(address, Duration::from_secs(30))
        };
        let confirms = manifests.confirm_assets();
        let cloudinary = confirms.then(|| ApiClient::new(&self.account, Duration::from_secs(30)));
        Ok(Deployment {
            account: self.account.clone(),
            manifests,
            cloudinary: cloudinary.transpose()?,
            parse_server: self.parse.as_ref().map(client).transpose()?,
        })
    }

    /// Puts the manifests as they are now in force, or says why not.
    fn reload(&self, control: &Control) {
        let loaded = manifest::load(&self.folder).and_then(|manifests| {
            manifests.check_account(&self.account)?;
            Ok(manifests)
        });
        let manifests = match loaded {
            Ok(manifests) if manifests.need_parse_server() && self.parse.is_none() => {
                error!("manifests not loaded, the old ones stay: PARSE_SERVER_URL and PARSE_SERVER_APPLICATION_ID are needed");
                return;
            }
            Ok(manifests) => manifests,
            Err(findings) => {
                error!("manifests not loaded, the old ones stay: {} mistakes", findings.len());
                for finding in findings {
                    error!("{finding}");
                }
                return;
            }
        };
        for warning in &manifests.warnings {
            warn!("{warning}");
        }
        match self.deployment(manifests) {
            Ok(deployment) => {
                control.replace(deployment);
                info!("manifests loaded");
            }
            Err(error) => error!("manifests not loaded, the old ones stay: {error:#}"),
        }
    }
}

async fn serve(settings: Settings, deployment: Deployment, source: Source) -> anyhow::Result<()> {
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let hangup = signal(SignalKind::hangup())?;
    let stop = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    let server = Server::build(settings, deployment)?;
    info!("webhook listener on {scheme}://{}", server.webhook_address());
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
    loop {
        tokio::select! {
            Some(()) = hangup.recv() => source.reload(&control),
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    info!("stopping: requests in flight are finished");
    control.stop().await;
}

/// A panic's message may hold what it panicked about; its place is enough to mend it.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        error!("panic at {place}");
    }));
}
