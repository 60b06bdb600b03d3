//! Listeners for HTTP/1.1, with and without TLS.
//!
//! What `HttpServer` would set up, but over [`Connection`]s. No HTTP/2: Parse Server calls webhooks
//! over HTTP/1.1, and streams would have to be bounded by rules of their own.

use std::net::TcpListener;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::{HttpService, Request, Response, body::BoxBody};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt as _, map_config};
use actix_tls::accept::TlsError;
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_web::dev::{AppConfig, Extensions, fn_service};
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite};

use super::stream::{self, Connection, Socket};

/// What a listener allows itself and its clients.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct Limits {
    /// Threads.
    pub(in crate::server) workers: usize,
    /// Connections of each thread.
    pub(in crate::server) connections: usize,
    /// Connections that the system holds until a thread takes them.
    pub(in crate::server) backlog: u32,
    /// Idle connections are closed after it.
    pub(in crate::server) keep_alive: Duration,
    /// Time for the first request's head.
    pub(in crate::server) read_timeout: Duration,
    /// Time for requests in flight at the end, in seconds.
    pub(in crate::server) shutdown_seconds: u64,
}

/// A bound socket, and its TLS.
pub(in crate::server) struct Listener {
    pub(in crate::server) socket: TcpListener,
    pub(in crate::server) tls: Option<rustls::ServerConfig>,
}

/// Called with a connection's socket when it is accepted, to leave data for its requests.
pub(in crate::server) trait OnConnect:
    Fn(&dyn Socket, &mut Extensions) + Send + Clone + 'static
{
}

impl<F: Fn(&dyn Socket, &mut Extensions) + Send + Clone + 'static> OnConnect for F {}

/// Answers on `listener` with what `app` makes in each thread.
///
/// # Errors
/// The socket cannot be used.
pub(in crate::server) fn listen<F, I, S, B>(
    listener: Listener,
    limits: Limits,
    on_connect: impl OnConnect,
    app: F,
) -> std::io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Future: 'static,
    S::Error: Into<Response<BoxBody>> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
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
    let builder: ServerBuilder = match tls {
        None => builder.listen(name, socket, move || {
            let http = http(limits, stopping.clone(), on_connect.clone(), app());
            fn_service(async |stream: TcpStream| {
                let peer = stream.peer_addr().ok();
                Ok((Connection::new(stream), peer))
            })
            .and_then(http)
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

type Accepted<T> = (Connection<T>, Option<std::net::SocketAddr>);

/// HTTP/1.1 over one kind of stream.
fn http<T, I, S, B>(
    limits: Limits,
    stopping: GracefulShutdownSignal,
    on_connect: impl OnConnect,
    app: I,
) -> impl ServiceFactory<
    Accepted<T>,
    Config = (),
    Response = (),
    Error = actix_http::error::DispatchError,
    InitError = (),
>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    Connection<T>: Socket,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Future: 'static,
    S::Error: Into<Response<BoxBody>> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
{
    HttpService::<Connection<T>, _, _>::build()
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        })
        .keep_alive(limits.keep_alive)
        .client_request_timeout(limits.read_timeout)
        .client_disconnect_timeout(stream::LINGER)
        .on_connect_ext(move |connection: &Connection<T>, data| {
            data.insert(connection.closing());
            on_connect(connection, data);
        })
        .h1(map_config(app, |()| AppConfig::default()))
}

impl Socket for Connection<TcpStream> {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.stream().as_fd()
    }
}

impl Socket for Connection<TlsStream<TcpStream>> {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.stream().get_ref().0.as_fd()
    }
}
