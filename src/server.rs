//! The HTTP listeners: the webhook listener that Parse Server calls, the admin listener that
//! operators look at.
//!
//! Parse Server takes a 204, any 3xx and a 200 without well-formed JSON for "allowed", so every
//! answer here is either a decision of a hook or a status of 400 and above with a short JSON text.

mod admin;
mod catch_panic;
mod metrics;
mod request_error;
mod served_hooks;
mod state;
mod webhook;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::App;
use actix_web::dev::{Extensions, Server as ActixServer, ServerHandle, ServiceRequest, fn_service};
use arc_swap::ArcSwap;
use futures_util::FutureExt as _;
use secrecy::SecretString;

use crate::clock::unix_time;
use crate::hooks::Roles;

pub use admin::HookList;
pub use served_hooks::{Deployment, Hook};
pub(crate) use webhook::request_id::current as current_request;
pub use webhook::{Certificate, CertificateError, PemError, WebhookKeys};

use admin::{Access, Console};
use metrics::{History, Metrics, Refusals};
use served_hooks::Routes;
use state::State;
use webhook::body::ConnectionStart;
use webhook::connections::{self, Limits, Listener, Slot, Socket, file_limit};

/// How long an idle connection of Parse Server's is kept, in seconds. Closing one can meet a
/// request under way, which Parse Server would report as a refused save, so it is rare; connections
/// that showed no key are not kept at all.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Connections that the system holds until a worker takes them.
const BACKLOG: u32 = 4096;

/// What the listeners need to know.
#[derive(Debug)]
pub struct Settings {
    /// Address of the webhook listener; port 0 works.
    pub bind: SocketAddr,
    /// The admin listener, unless it is off.
    pub admin: Option<AdminSettings>,
    /// Accepted values of `X-Parse-Webhook-Key`.
    pub webhook_keys: WebhookKeys,
    /// Path of the public URL, under which proxies may forward requests; without a slash at its
    /// end.
    pub public_path: String,
    /// Largest accepted body, in bytes.
    pub max_body: usize,
    /// Connections of all workers together.
    pub max_connections: usize,
    /// Time for a request's head and body to arrive.
    pub read_timeout: Duration,
    /// Time for a hook's work after that.
    pub answer_timeout: Duration,
    /// Time for requests in flight when the process is told to stop.
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
    /// Needed in `Authorization: Bearer …` or to sign in to the console, if set. Without it the
    /// console answers only under names of this machine.
    pub token: Option<SecretString>,
    /// Where the console finds out which hooks are registered, if it may.
    pub hook_list: Option<HookList>,
}

/// Both listeners, bound but not yet answering.
pub struct Server {
    state: Arc<State>,
    webhook: ActixServer,
    admin: Option<ActixServer>,
    webhook_address: SocketAddr,
    admin_address: Option<SocketAddr>,
}

/// Replaces a running server's hooks and stops it.
#[derive(Clone)]
pub struct Control {
    state: Arc<State>,
    handles: Vec<ServerHandle>,
}

impl Server {
    /// Binds the listeners.
    ///
    /// # Errors
    /// An address that cannot be bound; the message names it.
    pub fn build(settings: Settings, deployment: Deployment) -> std::io::Result<Self> {
        let metrics = Metrics::new();
        let started = unix_time();
        let state = Arc::new(State {
            routes: ArcSwap::from_pointee(Routes::new(deployment, &metrics, None)),
            keys: settings.webhook_keys,
            public_path: settings.public_path,
            max_body: settings.max_body,
            read_timeout: settings.read_timeout,
            answer_timeout: settings.answer_timeout,
            roles: Roles::default(),
            metrics,
            started,
            history: History::new(started),
            refusals: Refusals::default(),
            stopping: AtomicBool::new(false),
        });
        let listener = bind(settings.bind)?;
        let webhook_address = listener.local_addr()?;
        let connections = file_limit::make_room(settings.max_connections);
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
        let (answering, counting) = (state.clone(), state.clone());
        let on_connect = move |socket: &dyn Socket, data: &mut Extensions| {
            data.insert(ConnectionStart::now());
            data.insert(Slot::take(socket, share, &counting.metrics));
        };
        let listener = Listener {
            socket: listener,
            tls: settings.tls,
        };
        let webhook = connections::listen(listener, limits, on_connect, move || {
            let state = answering.clone();
            // No extractors: taking a request apart by hand costs less.
            App::new().default_service(fn_service(move |request: ServiceRequest| {
                let answered = webhook::answer(request, state.clone());
                answered.map(Ok::<_, actix_web::Error>)
            }))
        })?;
        let (admin, admin_address) = match settings.admin {
            Some(admin) => {
                let listener = bind(admin.bind)?;
                let address = listener.local_addr()?;
                let mut hooks = admin.hook_list;
                if let Some(hooks) = &mut hooks {
                    hooks.bound(webhook_address.port());
                }
                let console = Console {
                    access: Access::new(admin.token),
                    hooks,
                };
                let server = admin::listen(listener, state.clone(), console, timeout)?;
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

    /// A handle that outlives [`Server::run`].
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
    /// A listener that broke.
    pub async fn run(self) -> std::io::Result<()> {
        match self.admin {
            Some(admin) => {
                let listeners = futures_util::future::try_join(self.webhook, admin);
                tokio::select! {
                    result = listeners => result.map(|_| ()),
                    () = metrics::keep_history(&self.state) => Ok(()),
                }
            }
            None => self.webhook.await,
        }
    }
}

impl Control {
    /// Puts other hooks in force; requests under way finish with the ones they began with.
    pub fn replace(&self, deployment: Deployment) {
        let before = self.state.routes.load();
        let routes = Routes::new(deployment, &self.state.metrics, Some(&**before));
        self.state.routes.store(Arc::new(routes));
    }

    /// Stops accepting, closes idle connections, lets requests in flight finish within the shutdown
    /// time.
    pub async fn stop(&self) {
        self.state.stopping.store(true, Ordering::Relaxed);
        for handle in &self.handles {
            handle.stop(true).await;
        }
    }
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let message = format!("cannot listen on {address}: {error}");
        std::io::Error::new(error.kind(), message)
    })
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
