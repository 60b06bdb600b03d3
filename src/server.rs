//! The HTTP listeners: the webhook listener for Parse Server, the admin listener for operators.
//!
//! Parse Server takes a 204, any 3xx and a 200 without well-formed JSON for "allowed", so every
//! answer of the webhook listener is either a hook's decision or a status of 400 and above with a
//! short JSON text.

mod admin;
mod catch_panic;
mod metrics;
mod request_error;
mod served_hooks;
mod state;
mod webhook;

use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::App;
use actix_web::dev::{Extensions, Server as ActixServer, ServerHandle, ServiceRequest, fn_service};
use arc_swap::ArcSwap;
use futures_util::FutureExt as _;
use futures_util::future::{self, OptionFuture};
use reqwest::Url;
use secrecy::SecretString;

use crate::clock::unix_time;
use crate::hooks::Roles;

pub use admin::HookList;
pub use served_hooks::Deployment;
pub(crate) use webhook::request_id::current as current_request;
pub use webhook::{Certificate, CertificateError, PemError, WebhookKeys};

use admin::access::AdminAccess;
use admin::state::AdminState;
use metrics::{History, Metrics, RecentRefusals};
use served_hooks::Routes;
use state::State;
use webhook::body::{self, ConnectionStart};
use webhook::connections::{self, ConnectionGuard, Limits, Listener, file_limit};

/// How long an idle connection of Parse Server is kept. Closing one may cut off a request that is on
/// its way, which Parse Server would report as a refused save, so it happens rarely. Connections
/// without the webhook key are not kept at all.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Connections that the system holds until a worker accepts them.
const BACKLOG: u32 = 4096;

/// The settings of the listeners.
#[derive(Debug)]
pub struct Settings {
    /// Address of the webhook listener. Port 0 takes any free port.
    pub bind: SocketAddr,
    /// The admin listener, unless it is off.
    pub admin: Option<AdminSettings>,
    /// Accepted values of `X-Parse-Webhook-Key`.
    pub webhook_keys: WebhookKeys,
    /// Path of the public URL, which a proxy may leave on the requests that it forwards. Ends without
    /// a slash.
    pub public_path: String,
    /// Largest accepted body, in bytes.
    pub max_body: usize,
    /// Connections of all workers together.
    pub max_connections: usize,
    /// Time within which a request's head and body must arrive.
    pub read_timeout: Duration,
    /// Time for the hook after that.
    pub answer_timeout: Duration,
    /// Time for requests in flight when the service stops.
    pub shutdown_timeout: Duration,
    /// Threads that answer.
    pub workers: usize,
    /// Certificate and key of the webhook listener.
    pub tls: Option<rustls::ServerConfig>,
}

/// The admin listener.
#[derive(Debug)]
pub struct AdminSettings {
    /// Its address.
    pub bind: SocketAddr,
    /// Required in `Authorization: Bearer …` or to sign in to the console. Without one, the console
    /// answers only requests whose `Host` is this machine.
    pub token: Option<SecretString>,
    /// Where the console looks up which hooks are registered, if a master key is known.
    pub hook_list: Option<HookList>,
    /// Parse Server's URL, if it is known.
    pub parse_server: Option<Url>,
    /// Where Parse Server reaches the webhook listener. Port 0 stands for the bound port.
    pub public_url: Url,
}

/// Both listeners, bound but not yet answering.
pub struct Server {
    state: Arc<State>,
    webhook: ActixServer,
    admin: Option<ActixServer>,
    webhook_address: SocketAddr,
    admin_address: Option<SocketAddr>,
}

/// Replaces the hooks of a running server, and stops it.
#[derive(Clone)]
pub struct Control {
    state: Arc<State>,
    handles: Vec<ServerHandle>,
}

impl Server {
    /// Binds the listeners.
    ///
    /// # Errors
    /// An address cannot be bound. The message names it.
    pub fn build(settings: Settings, deployment: Deployment) -> std::io::Result<Self> {
        let metrics = Metrics::new();
        let started = unix_time();
        let state = Arc::new(State {
            routes: ArcSwap::from_pointee(Routes::new(deployment, &metrics, None, started)),
            keys: settings.webhook_keys,
            public_path: settings.public_path,
            max_body: settings.max_body,
            read_timeout: settings.read_timeout,
            answer_timeout: settings.answer_timeout,
            roles: Roles::default(),
            metrics,
            started,
            history: History::new(started),
            refusals: RecentRefusals::default(),
            is_stopping: AtomicBool::new(false),
        });
        let listener = bind(settings.bind, "CLOUDINARY_PARSE_BIND")?;
        let webhook_address = listener.local_addr()?;
        let connections = file_limit::raise(settings.max_connections);
        let share = (connections / settings.workers).max(1);
        let timeout = whole_seconds(settings.shutdown_timeout);
        let limits = Limits {
            workers: settings.workers,
            connections: share,
            backlog: BACKLOG,
            keep_alive: KEEP_ALIVE,
            read_timeout: settings.read_timeout,
            shutdown_seconds: timeout,
        };
        let guarded = state.clone();
        let on_connect = Arc::new(move |socket: &dyn AsFd, data: &mut Extensions| {
            data.insert(ConnectionStart::now());
            data.insert(ConnectionGuard::new(socket, share, &guarded.metrics));
        });
        let listener = Listener {
            socket: listener,
            tls: settings.tls,
        };
        let shared = state.clone();
        let webhook = connections::listen(listener, limits, on_connect, move || {
            let state = shared.clone();
            // A plain service costs less than a handler with extractors.
            App::new().default_service(fn_service(move |request: ServiceRequest| {
                let answered = webhook::answer(request, state.clone());
                answered.map(Ok::<_, actix_web::Error>)
            }))
        })?;
        let (admin, admin_address) = match settings.admin {
            Some(admin) => {
                let listener = bind(admin.bind, "CLOUDINARY_PARSE_ADMIN_BIND")?;
                let address = listener.local_addr()?;
                let admin = AdminState {
                    access: AdminAccess::new(admin.token),
                    hook_list: admin.hook_list,
                    parse_server: admin.parse_server,
                    public_url: with_bound_port(admin.public_url, webhook_address.port()),
                    server: state.clone(),
                };
                let server = admin::listen(listener, admin, timeout)?;
                (Some(server), Some(address))
            }
            None => (None, None),
        };
        Ok(Server {
            state,
            webhook,
            admin,
            webhook_address,
            admin_address,
        })
    }

    /// Where the webhook listener listens.
    pub fn webhook_address(&self) -> SocketAddr {
        self.webhook_address
    }

    /// Where the admin listener listens.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// A handle for use while [`Server::run`] runs.
    pub fn control(&self) -> Control {
        let servers = [Some(&self.webhook), self.admin.as_ref()];
        let handles = servers.into_iter().flatten().map(ActixServer::handle);
        Control {
            state: self.state.clone(),
            handles: handles.collect(),
        }
    }

    /// Answers until [`Control::stop`].
    ///
    /// # Errors
    /// A listener failed.
    pub async fn run(self) -> std::io::Result<()> {
        let admin = OptionFuture::from(self.admin).map(Option::transpose);
        let state = &self.state;
        tokio::select! {
            result = future::try_join(self.webhook, admin) => result.map(|_| ()),
            () = body::remind() => Ok(()),
            () = state.history.keep(|| state.metrics.totals()) => Ok(()),
        }
    }
}

impl Control {
    /// Serves other hooks from now on. Requests in flight finish with those they began with.
    pub fn replace(&self, deployment: Deployment) {
        let before = self.state.routes.load();
        let routes = Routes::new(
            deployment,
            &self.state.metrics,
            Some(&**before),
            unix_time(),
        );
        self.state.routes.store(Arc::new(routes));
    }

    /// Stops accepting, closes idle connections, and gives requests in flight the shutdown time to
    /// finish.
    pub async fn stop(&self) {
        self.state.is_stopping.store(true, Ordering::Relaxed);
        for handle in &self.handles {
            handle.stop(true).await;
        }
    }
}

fn bind(address: SocketAddr, variable: &str) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let message = format!("{variable}: cannot listen on {address}: {error}");
        std::io::Error::new(error.kind(), message)
    })
}

/// Puts the bound port in place of port 0.
fn with_bound_port(mut url: Url, port: u16) -> Url {
    if url.port() == Some(0) {
        // Only a URL without a port fails, and this one has a port.
        let _ = url.set_port(Some(port));
    }
    url
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
