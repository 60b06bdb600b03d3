//! What `register`, `unregister` and `hooks` need of the configuration, every mistake in it
//! reported at once.

use std::time::Duration;

use anyhow::anyhow;

use super::registration::public_url::PublicUrl;
use crate::cloudinary::account::Account;
use crate::config::{Environment, ParseAccess, ParseAddress};
use crate::manifest::{self, Manifests};
use crate::parse::client::{RestClient, RestError};

/// What `register` and `hooks` need.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) access: ParseAccess,
    pub(crate) public_url: PublicUrl,
    pub(crate) manifests: Manifests,
}

/// The configuration of `register` and `hooks`.
pub(crate) fn registration(environment: &Environment) -> anyhow::Result<Registration> {
    let manifests = manifest::load(&environment.webhooks());
    match (access_and_public_url(environment), manifests) {
        (Ok((access, public_url)), Ok(manifests)) => Ok(Registration {
            access,
            public_url,
            manifests,
        }),
        (configuration, manifests) => {
            let mut lines = configuration.err().unwrap_or_default();
            let findings = manifests.err().unwrap_or_default();
            lines.extend(findings.iter().map(ToString::to_string));
            Err(mistakes(&lines))
        }
    }
}

/// The configuration of `audit`.
pub(crate) fn audit(
    environment: &Environment,
) -> anyhow::Result<(ParseAccess, Account, Manifests)> {
    let manifests = manifest::load(&environment.webhooks());
    match (environment.audit(), manifests) {
        (Ok((access, account)), Ok(manifests)) => Ok((access, account, manifests)),
        (configuration, manifests) => {
            let configuration = configuration.err().map_or_else(Vec::new, |found| found.0);
            let findings = manifests.err().unwrap_or_default();
            let mut lines: Vec<_> = configuration.iter().map(ToString::to_string).collect();
            lines.extend(findings.iter().map(ToString::to_string));
            Err(mistakes(&lines))
        }
    }
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
            let mistakes = configuration
                .err()
                .map_or_else(Vec::new, |mistakes| mistakes.0);
            let mut lines: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
            if let Some(Err(error)) = public_url {
                lines.push(format!(
                    "CLOUDINARY_PARSE_PUBLIC_URL: {error}: set it to where Parse Server reaches this service"
                ));
            }
            Err(lines)
        }
    }
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
