//! The environment and `.env` as validated configuration.
//!
//! Read once, by the commands. Each command asks for the part that it needs; all mistakes in that
//! part are reported together, each naming its variable. The process environment wins over `.env`
//! in the working directory. An empty variable counts as missing.

mod environment;
mod mistake;
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
pub use variables::{ACCOUNT_OPTIONS, VARIABLES, Variable};

use parts::{
    account, admin, listener, parse_access, parse_address, public_url, queue, require_signing,
};
use reader::Reader;
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

/// What the manifests make necessary beyond what is always needed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Needs {
    /// A hook reads objects: `PARSE_SERVER_URL` and `PARSE_SERVER_APPLICATION_ID`.
    pub parse_server: bool,
    /// A hook has something done later, for which all rows are looked at: `PARSE_SERVER_MASTER_KEY`
    /// too.
    pub master_key: bool,
}

impl Environment {
    /// `CLOUDINARY_PARSE_WEBHOOKS`, default `webhooks`.
    pub fn webhooks(&self) -> PathBuf {
        let folder = Reader::new(self).text("CLOUDINARY_PARSE_WEBHOOKS");
        folder.map_or_else(|| PathBuf::from("webhooks"), PathBuf::from)
    }

    /// Logging.
    ///
    /// # Errors
    /// An unknown format.
    pub fn logging(&self) -> Result<Logging, Mistakes> {
        let mut reader = Reader::new(self);
        let format = reader.choice(
            "CLOUDINARY_PARSE_LOG_FORMAT",
            &[("text", LogFormat::Text), ("json", LogFormat::Json)],
        );
        let filter = reader.text("RUST_LOG");
        reader.finish(Logging {
            format: format.unwrap_or_default(),
            filter,
        })
    }

    /// The account alone, for commands that sign, verify and build. A URL without a secret will do.
    ///
    /// # Errors
    /// A missing or malformed `CLOUDINARY_URL`.
    pub fn account(&self) -> Result<Account, Mistakes> {
        let mut reader = Reader::new(self);
        let account = account(&mut reader);
        reader.finish_some(account)
    }

    /// `CLOUDINARY_URL` as it stands.
    pub fn cloudinary_url(&self) -> Option<SecretString> {
        Reader::new(self).secret("CLOUDINARY_URL")
    }

    /// Where the webhook listener listens.
    ///
    /// # Errors
    /// A malformed address, one TLS file without the other.
    pub fn listener(&self) -> Result<Listener, Mistakes> {
        let mut reader = Reader::new(self);
        let listener = listener(&mut reader);
        reader.finish(listener)
    }

    /// Parse Server and its master key.
    ///
    /// # Errors
    /// What is missing or malformed.
    pub fn parse_access(&self) -> Result<ParseAccess, Mistakes> {
        let mut reader = Reader::new(self);
        let access = parse_access(&mut reader);
        reader.finish_some(access)
    }

    /// Parse Server, its master key, and the URL under which Parse Server reaches this service.
    ///
    /// # Errors
    /// What is missing or malformed.
    pub fn registration(&self) -> Result<(ParseAccess, Url), Mistakes> {
        let mut reader = Reader::new(self);
        let access = parse_access(&mut reader);
        let listener = listener(&mut reader);
        let public_url = public_url(&mut reader, &listener);
        reader.finish_some(access.zip(public_url))
    }

    /// Parse Server with its master key, and an account with key and secret.
    ///
    /// # Errors
    /// What is missing or malformed.
    pub fn audit(&self) -> Result<(ParseAccess, Account), Mistakes> {
        let mut reader = Reader::new(self);
        let account = account(&mut reader);
        if let Some(account) = &account {
            require_signing(&mut reader, account);
        }
        let access = parse_access(&mut reader);
        reader.finish_some(access.zip(account))
    }

    /// Where the queue is.
    ///
    /// # Errors
    /// It is malformed.
    pub fn queue_url(&self) -> Result<SecretString, Mistakes> {
        let mut reader = Reader::new(self);
        let queue = queue(&mut reader);
        reader.finish_some(queue)
    }

    /// The queue's URL and the application whose jobs lie there.
    ///
    /// # Errors
    /// What is missing or malformed.
    pub fn queue(&self) -> Result<(SecretString, String), Mistakes> {
        let mut reader = Reader::new(self);
        let queue = queue(&mut reader);
        let application_id = reader.text("PARSE_SERVER_APPLICATION_ID");
        let application_id = match application_id {
            None => reader.missing("PARSE_SERVER_APPLICATION_ID"),
            found => found,
        };
        reader.finish_some(queue.zip(application_id))
    }

    /// The URL under which Parse Server reaches this service; `None` where
    /// [`Environment::registration`] says what is wrong with it.
    pub fn public_url(&self) -> Option<Url> {
        let mut reader = Reader::new(self);
        let listener = listener(&mut reader);
        public_url(&mut reader, &listener)
    }

    /// Everything that `serve` needs.
    ///
    /// # Errors
    /// What is missing or malformed.
    pub fn serve(&self, needs: Needs) -> Result<Serve, Mistakes> {
        let mut reader = Reader::new(self);
        let account = account(&mut reader);
        if let Some(account) = &account {
            require_signing(&mut reader, account);
        }
        let webhook_key = reader.required_secret("PARSE_SERVER_WEBHOOK_KEY");
        let webhook_key_previous = reader.secret("PARSE_SERVER_WEBHOOK_KEY_PREVIOUS");
        let listener = listener(&mut reader);
        let admin = admin(&mut reader);
        let public_url = public_url(&mut reader, &listener);
        let parse = parse_address(&mut reader, needs.parse_server || needs.master_key);
        let master_key = if needs.master_key {
            reader.required_secret("PARSE_SERVER_MASTER_KEY")
        } else {
            reader.secret("PARSE_SERVER_MASTER_KEY")
        };
        let queue = queue(&mut reader);
        let mebibytes = 1 << 20;
        let max_body = reader.size("CLOUDINARY_PARSE_MAX_BODY", 16 * mebibytes);
        let max_connections = reader.count("CLOUDINARY_PARSE_MAX_CONNECTIONS", 10_000);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workers = reader.count("CLOUDINARY_PARSE_WORKERS", cores);
        let seconds = Duration::from_secs;
        let read_timeout = reader.duration("CLOUDINARY_PARSE_READ_TIMEOUT", seconds(10));
        let answer_timeout = reader.duration("CLOUDINARY_PARSE_ANSWER_TIMEOUT", seconds(10));
        let shutdown_timeout = reader.duration("CLOUDINARY_PARSE_SHUTDOWN_TIMEOUT", seconds(8));
        let needed = account.zip(webhook_key).zip(public_url.zip(queue));
        reader.finish_some(
            needed.map(|((account, webhook_key), (public_url, queue))| Serve {
                account,
                webhook_key,
                webhook_key_previous,
                listener,
                admin,
                public_url,
                parse,
                master_key,
                queue,
                max_body,
                max_connections,
                read_timeout,
                answer_timeout,
                shutdown_timeout,
                workers,
            }),
        )
    }
}

#[cfg(test)]
mod tests;
