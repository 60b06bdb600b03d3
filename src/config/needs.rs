//! The part of the configuration that each command needs, with every mistake in it.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

use super::parts::{
    account, admin, listener, parse_access, parse_address, public_url, queue, signing_account,
};
use super::reader::Reader;
use super::{Environment, Listener, LogFormat, Logging, Mistakes, ParseAccess, Serve};
use crate::cloudinary::account::Account;

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
        let account = signing_account(&mut reader);
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
        let account = signing_account(&mut reader);
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
