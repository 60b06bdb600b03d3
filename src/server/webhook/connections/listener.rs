//! Listeners for HTTP/1.1, with and without TLS.
//!
//! What `HttpServer` would set up, but over [`Connection`]s. No HTTP/2: Parse Server calls webhooks
//! over HTTP/1.1, and streams would need limits of their own.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::{ServiceFactory, ServiceFactoryExt as _, map_config};
use actix_tls::accept::TlsError;
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_web::App;
use actix_web::dev::{AppConfig, Extensions, ServiceRequest, ServiceResponse, fn_service};
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite};

use super::stream::{Connection, LINGER};

/// The limits of a listener and its clients.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct Limits {
    /// Threads that answer.
    pub(in crate::server) workers: usize,
    /// Connections of each thread.
    pub(in crate::server) connections: usize,
    /// Connections that the system holds until a thread takes them.
    pub(in crate::server) backlog: u32,
    /// Time after which an idle connection is closed.
    pub(in crate::server) keep_alive: Duration,
    /// Time for the head of a connection's first request.
    pub(in crate::server) read_timeout: Duration,
    /// Time for requests in flight when the listener stops, in seconds.
    pub(in crate::server) shutdown_seconds: u64,
}

/// A bound socket, with TLS if it has a configuration.
pub(in crate::server) struct Listener {
    pub(in crate::server) socket: TcpListener,
    pub(in crate::server) tls: Option<rustls::ServerConfig>,
}

/// Called with the socket of a new connection, to leave data for its requests.
pub(in crate::server) type OnConnect = Arc<dyn Fn(&dyn AsFd, &mut Extensions) + Send + Sync>;

/// Answers on `listener` with the application that `app` makes for each thread.
///
/// # Errors
/// The socket cannot be used.
pub(in crate::server) fn listen<A>(
    listener: Listener,
    limits: Limits,
    on_connect: OnConnect,
    app: impl Fn() -> App<A> + Send + Clone + 'static,
) -> std::io::Result<Server>
where
    A: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse,
            Error = actix_web::Error,
            InitError = (),
            Future: 'static,
        > + 'static,
{
    let builder = Server::build()
        .workers(limits.workers)
        .max_concurrent_connections(limits.connections)
        .backlog(limits.backlog)
        .shutdown_timeout(limits.shutdown_seconds)
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let name = "cloudinary-parse";
    let Listener { socket, tls } = listener;
    let builder = match tls {
        None => builder.listen(name, socket, move || {
            fn_service(async |stream: TcpStream| {
                let peer = stream.peer_addr().ok();
                Ok((Connection::new(stream), peer))
            })
            .and_then(http(limits, stopping.clone(), on_connect.clone(), app()))
        })?,
        Some(mut tls) => {
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
            builder.listen(name, socket, move || {
                let http = http(limits, stopping.clone(), on_connect.clone(), app());
                Acceptor::new(tls.clone())
                    .map_init_err(|()| ())
                    .map_err(TlsError::into_service_error)
                    .map(|stream: TlsStream<TcpStream>| {
                        let peer = stream.get_ref().0.peer_addr().ok();
                        (Connection::new(stream), peer)
                    })
                    .and_then(http.map_err(TlsError::Service))
            })?
        }
    };
    Ok(builder.run())
}

/// HTTP/1.1 over one kind of stream.
fn http<T, A>(
    limits: Limits,
    stopping: GracefulShutdownSignal,
    on_connect: OnConnect,
    app: App<A>,
) -> impl ServiceFactory<
    (Connection<T>, Option<SocketAddr>),
    Config = (),
    Response = (),
    Error = DispatchError,
    InitError = (),
>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    Connection<T>: AsFd,
    A: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse,
            Error = actix_web::Error,
            InitError = (),
            Future: 'static,
        > + 'static,
{
    HttpService::<Connection<T>, _, _>::build()
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        })
        .keep_alive(limits.keep_alive)
        .client_request_timeout(limits.read_timeout)
        .client_disconnect_timeout(LINGER)
        .on_connect_ext(move |connection: &Connection<T>, data| {
            data.insert(connection.close_signal());
            on_connect(connection, data);
        })
        .h1(map_config(app, |()| AppConfig::default()))
}

impl AsFd for Connection<TcpStream> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream().as_fd()
    }
}

impl AsFd for Connection<TlsStream<TcpStream>> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream().get_ref().0.as_fd()
    }
}
