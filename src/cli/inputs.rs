//! Configuration and manifests, read the same way for every command. Every mistake of either is
//! reported in one go.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;

use super::registration::public_url::PublicUrl;
use crate::cloudinary::account::Account;
use crate::config::{Environment, Mistakes, Needs, ParseAccess, ParseAddress, Serve, TlsFiles};
use crate::manifest::{self, ManifestFinding, Manifests};
use crate::parse::client::{RestClient, RestError};
use crate::server::{Certificate, CertificateError};

/// What `register` and `hooks` need.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) access: ParseAccess,
    pub(crate) public_url: PublicUrl,
    pub(crate) manifests: Manifests,
}

/// The manifests of a folder, if they suit the account where it is known.
///
/// # Errors
/// Every mistake.
pub(crate) fn manifests(
    folder: &Path,
    account: Option<&Account>,
) -> Result<Manifests, Vec<ManifestFinding>> {
    let manifests = manifest::load(folder)?;
    if let Some(account) = account {
        manifests.check_account(account)?;
    }
    Ok(manifests)
}

/// The configuration of `serve` and its manifests.
///
/// # Errors
/// A line for each mistake.
pub(crate) fn serve(environment: &Environment) -> Result<(Serve, Manifests), Vec<String>> {
    let found = manifests(&environment.webhooks(), None);
    let config = environment.serve(Needs {
        parse_server: found.as_ref().is_ok_and(Manifests::need_parse_server),
        master_key: found.as_ref().is_ok_and(Manifests::need_queue),
    });
    let found = found.and_then(|manifests| {
        if let Ok(config) = &config {
            manifests.check_account(&config.account)?;
        }
        Ok(manifests)
    });
    both(config.map_err(|found| lines(&found)), found)
}

/// The configuration of `register` and `hooks` and their manifests.
pub(crate) fn registration(environment: &Environment) -> anyhow::Result<Registration> {
    let config = access_and_public_url(environment);
    let ((access, public_url), manifests) =
        both(config, manifests(&environment.webhooks(), None)).map_err(|lines| mistakes(&lines))?;
    Ok(Registration {
        access,
        public_url,
        manifests,
    })
}

/// The configuration of `audit` and its manifests.
pub(crate) fn audit(
    environment: &Environment,
) -> anyhow::Result<(ParseAccess, Account, Manifests)> {
    let config = environment.audit().map_err(|found| lines(&found));
    let ((access, account), manifests) =
        both(config, manifests(&environment.webhooks(), None)).map_err(|lines| mistakes(&lines))?;
    Ok((access, account, manifests))
}

/// The configuration of `unregister`.
pub(crate) fn unregistration(
    environment: &Environment,
) -> anyhow::Result<(ParseAccess, PublicUrl)> {
    access_and_public_url(environment).map_err(|lines| mistakes(&lines))
}

/// Parse Server, its master key, and the URL under which Parse Server reaches this service.
///
/// # Errors
/// A line for each mistake.
pub(crate) fn access_and_public_url(
    environment: &Environment,
) -> Result<(ParseAccess, PublicUrl), Vec<String>> {
    let public_url = environment.public_url().map(|url| PublicUrl::new(&url));
    match (environment.registration(), public_url) {
        (Ok((access, _)), Some(Ok(public_url))) => Ok((access, public_url)),
        (configuration, public_url) => {
            let mut lines = configuration.err().as_ref().map_or_else(Vec::new, lines);
            if let Some(Err(error)) = public_url {
                lines.push(format!(
                    "CLOUDINARY_PARSE_PUBLIC_URL: {error}: set it to where Parse Server reaches this service"
                ));
            }
            Err(lines)
        }
    }
}

/// The mistakes of the configuration before those of the manifests.
fn both<C>(
    config: Result<C, Vec<String>>,
    manifests: Result<Manifests, Vec<ManifestFinding>>,
) -> Result<(C, Manifests), Vec<String>> {
    match (config, manifests) {
        (Ok(config), Ok(manifests)) => Ok((config, manifests)),
        (config, manifests) => {
            let mut lines = config.err().unwrap_or_default();
            let findings = manifests.err().unwrap_or_default();
            lines.extend(findings.iter().map(ToString::to_string));
            Err(lines)
        }
    }
}

fn lines(mistakes: &Mistakes) -> Vec<String> {
    mistakes.0.iter().map(ToString::to_string).collect()
}

fn mistakes(lines: &[String]) -> anyhow::Error {
    anyhow!("the configuration is not usable:\n{}", lines.join("\n"))
}

/// A client of the configured Parse Server, whose calls take at most `timeout`.
pub(crate) fn rest_client(
    address: &ParseAddress,
    timeout: Duration,
) -> Result<RestClient, RestError> {
    let client = RestClient::new(&address.server_url, &address.application_id, timeout)?;
    match &address.rest_api_key {
        Some(key) => client.with_rest_api_key(key),
        None => Ok(client),
    }
}

/// The webhook listener's certificate.
///
/// # Errors
/// Files of no use.
pub(crate) fn certificate(files: &TlsFiles) -> Result<Certificate, CertificateError> {
    Certificate::load(&files.certificate, &files.key)
}
