//! The parts of a configuration that several commands need. `None` where a mistake was noted.

use std::path::PathBuf;

use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use crate::cloudinary::account::Account;
use crate::database_url;

use super::reader::Reader;
use super::{Admin, Listener, ParseAccess, ParseAddress, TlsFiles};

const ADMIN_TOKEN: &str = "CLOUDINARY_PARSE_ADMIN_TOKEN";

/// Characters that cannot be guessed at the rate at which the admin listener answers.
const SHORTEST_ADMIN_TOKEN: usize = 16;

/// The account, which may lack key and secret.
pub(super) fn account(reader: &mut Reader<'_>) -> Option<Account> {
    let account = account_of_url(reader);
    with_further_secrets(reader, account)
}

/// An account whose URL has key and secret.
pub(super) fn signing_account(reader: &mut Reader<'_>) -> Option<Account> {
    let account = account_of_url(reader).and_then(|account| {
        if account.api_key.is_some() && !account.secrets.is_empty() {
            return Some(account);
        }
        let expected =
            "expected cloudinary://<api_key>:<api_secret>@<cloud_name> with key and secret";
        reader.mistake("CLOUDINARY_URL", expected)
    });
    with_further_secrets(reader, account)
}

fn account_of_url(reader: &mut Reader<'_>) -> Option<Account> {
    let url = reader.required_secret("CLOUDINARY_URL")?;
    let account = Account::from_url(url.expose_secret().trim_end_matches('/'));
    account.map_or_else(|error| reader.mistake("CLOUDINARY_URL", error), Some)
}

/// Adds the secrets that verify. Without an account they are read for their mistakes.
fn with_further_secrets(reader: &mut Reader<'_>, account: Option<Account>) -> Option<Account> {
    let previous = reader.secret("CLOUDINARY_API_SECRET_PREVIOUS");
    let notification = reader.secret("CLOUDINARY_NOTIFICATION_SECRET");
    let mut account = account?;
    if let Some(secret) = previous {
        account = account.with_previous_secret(secret);
    }
    if let Some(secret) = notification {
        account = account.with_notification_secret(secret);
    }
    Some(account)
}

pub(super) fn parse_address(reader: &mut Reader<'_>, needed: bool) -> Option<ParseAddress> {
    let own = reader.url("CLOUDINARY_PARSE_SERVER_URL");
    let shared = reader.url("PARSE_SERVER_URL");
    let application_id = reader.text("PARSE_SERVER_APPLICATION_ID");
    let rest_api_key = reader.secret("PARSE_SERVER_REST_API_KEY");
    let server_url = own.or(shared);
    if needed {
        if server_url.is_none() && !reader.is_set("PARSE_SERVER_URL") {
            let _: Option<()> = reader.missing("PARSE_SERVER_URL");
        }
        if application_id.is_none() {
            let _: Option<()> = reader.missing("PARSE_SERVER_APPLICATION_ID");
        }
    }
    let (server_url, application_id) = server_url.zip(application_id)?;
    Some(ParseAddress {
        server_url,
        application_id,
        rest_api_key,
    })
}

pub(super) fn parse_access(reader: &mut Reader<'_>) -> Option<ParseAccess> {
    let address = parse_address(reader, true);
    let master_key = reader.required_secret("PARSE_SERVER_MASTER_KEY");
    let (address, master_key) = address.zip(master_key)?;
    Some(ParseAccess {
        address,
        master_key,
    })
}

pub(super) fn queue(reader: &mut Reader<'_>) -> Option<SecretString> {
    const QUEUE: &str = "CLOUDINARY_PARSE_QUEUE";
    if !reader.is_set(QUEUE) {
        return Some("sqlite://cloudinary-parse.db".into());
    }
    let url = reader.secret(QUEUE)?;
    if database_url::is_known(url.expose_secret()) {
        Some(url)
    } else {
        reader.mistake(QUEUE, format_args!("expected {}", database_url::FORM))
    }
}

pub(super) fn listener(reader: &mut Reader<'_>) -> Listener {
    let bind = reader.address("CLOUDINARY_PARSE_BIND", ([127, 0, 0, 1], 8080));
    let certificate = reader.text("CLOUDINARY_PARSE_TLS_CERT").map(PathBuf::from);
    let key = reader.text("CLOUDINARY_PARSE_TLS_KEY").map(PathBuf::from);
    let tls = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (Some(_), None) => reader.missing("CLOUDINARY_PARSE_TLS_KEY"),
        (None, Some(_)) => reader.missing("CLOUDINARY_PARSE_TLS_CERT"),
        (None, None) => None,
    };
    Listener { bind, tls }
}

pub(super) fn admin(reader: &mut Reader<'_>) -> Option<Admin> {
    const BIND: &str = "CLOUDINARY_PARSE_ADMIN_BIND";
    let token = admin_token(reader);
    if reader.text(BIND).as_deref() == Some("off") {
        return None;
    }
    let bind = reader.address(BIND, ([127, 0, 0, 1], 9090));
    if !bind.ip().is_loopback() && !reader.is_set(ADMIN_TOKEN) {
        let expected = format!("is missing: {BIND} is {bind}, which is not a loopback address");
        return reader.mistake(ADMIN_TOKEN, expected);
    }
    Some(Admin { bind, token })
}

/// Checked even where the listener is off: the token would be in force as soon as it is on.
fn admin_token(reader: &mut Reader<'_>) -> Option<SecretString> {
    let token = reader.secret(ADMIN_TOKEN)?;
    if token.expose_secret().chars().count() < SHORTEST_ADMIN_TOKEN {
        let expected = format!("expected at least {SHORTEST_ADMIN_TOKEN} characters");
        return reader.mistake(ADMIN_TOKEN, expected);
    }
    Some(token)
}

pub(super) fn public_url(reader: &mut Reader<'_>, listener: &Listener) -> Option<Url> {
    const PUBLIC_URL: &str = "CLOUDINARY_PARSE_PUBLIC_URL";
    if reader.is_set(PUBLIC_URL) {
        return reader.url(PUBLIC_URL);
    }
    let scheme = if listener.tls.is_some() {
        "https"
    } else {
        "http"
    };
    Url::parse(&format!("{scheme}://{}", listener.bind)).ok()
}
