//! The environment and `.env` as validated configuration.
//!
//! Read once, by the commands. Each command asks for the part that it needs; all mistakes in that
//! part are reported together, each naming its variable. The process environment wins over `.env`
//! in the working directory. An empty variable counts as missing.

mod environment;
mod mistake;
mod needs;
mod parts;
mod reader;
mod value;
mod variables;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

use crate::cloudinary::account::Account;

pub use environment::Environment;
pub use mistake::{Mistake, Mistakes};
pub use needs::Needs;
pub use variables::{ACCOUNT_OPTIONS, VARIABLES, Variable};

pub(crate) use value::parse_url;

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Logging.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Logging {
    /// `CLOUDINARY_PARSE_LOG_FORMAT`, default `text`.
    pub format: LogFormat,
    /// `RUST_LOG`, default `info`.
    pub filter: Option<String>,
}

/// Where Parse Server is.
#[derive(Debug, Clone)]
pub struct ParseAddress {
    /// `CLOUDINARY_PARSE_SERVER_URL`, or `PARSE_SERVER_URL`.
    pub server_url: Url,
    /// `PARSE_SERVER_APPLICATION_ID`
    pub application_id: String,
    /// `PARSE_SERVER_REST_API_KEY`: a Parse Server with client keys refuses session requests
    /// without one.
    pub rest_api_key: Option<SecretString>,
}

/// Where Parse Server is and how to be believed there.
#[derive(Debug)]
pub struct ParseAccess {
    /// The address.
    pub address: ParseAddress,
    /// `PARSE_SERVER_MASTER_KEY`
    pub master_key: SecretString,
}

/// The webhook listener's own address.
#[derive(Debug, Clone)]
pub struct Listener {
    /// `CLOUDINARY_PARSE_BIND`, default `127.0.0.1:8080`.
    pub bind: SocketAddr,
    /// `CLOUDINARY_PARSE_TLS_CERT` and `CLOUDINARY_PARSE_TLS_KEY`, both or neither.
    pub tls: Option<TlsFiles>,
}

/// PEM files of the webhook listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// `CLOUDINARY_PARSE_TLS_CERT`: the chain, the own certificate first.
    pub certificate: PathBuf,
    /// `CLOUDINARY_PARSE_TLS_KEY`
    pub key: PathBuf,
}

/// The admin listener.
#[derive(Debug)]
pub struct Admin {
    /// `CLOUDINARY_PARSE_ADMIN_BIND`, default `127.0.0.1:9090`.
    pub bind: SocketAddr,
    /// `CLOUDINARY_PARSE_ADMIN_TOKEN`, required unless the address is a loopback one.
    pub token: Option<SecretString>,
}

/// What `serve` needs.
#[derive(Debug)]
pub struct Serve {
    /// `CLOUDINARY_URL` with `CLOUDINARY_API_SECRET_PREVIOUS`.
    pub account: Account,
    /// `PARSE_SERVER_WEBHOOK_KEY`
    pub webhook_key: SecretString,
    /// `PARSE_SERVER_WEBHOOK_KEY_PREVIOUS`
    pub webhook_key_previous: Option<SecretString>,
    /// The webhook listener.
    pub listener: Listener,
    /// The admin listener, unless `CLOUDINARY_PARSE_ADMIN_BIND` is `off`.
    pub admin: Option<Admin>,
    /// `CLOUDINARY_PARSE_PUBLIC_URL`, default `http://<bind>`.
    pub public_url: Url,
    /// Parse Server, where hooks read objects.
    pub parse: Option<ParseAddress>,
    /// `PARSE_SERVER_MASTER_KEY`, for clean-up and for the console's list of registered hooks.
    pub master_key: Option<SecretString>,
    /// `CLOUDINARY_PARSE_QUEUE`, default `sqlite://cloudinary-parse.db`.
    pub queue: SecretString,
    /// `CLOUDINARY_PARSE_MAX_BODY`, default 16 MiB, in bytes.
    pub max_body: usize,
    /// `CLOUDINARY_PARSE_MAX_CONNECTIONS`, default 10000.
    pub max_connections: usize,
    /// `CLOUDINARY_PARSE_READ_TIMEOUT`, default 10 s.
    pub read_timeout: Duration,
    /// `CLOUDINARY_PARSE_ANSWER_TIMEOUT`, default 10 s.
    pub answer_timeout: Duration,
    /// `CLOUDINARY_PARSE_SHUTDOWN_TIMEOUT`, default 8 s.
    pub shutdown_timeout: Duration,
    /// `CLOUDINARY_PARSE_WORKERS`, default the number of cores.
    pub workers: usize,
}

#[cfg(test)]
mod tests;
