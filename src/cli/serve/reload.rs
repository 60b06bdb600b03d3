//! What may change under a running service: manifests and certificate.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use log::{error, info, warn};
use secrecy::SecretString;

use super::later::Later;
use crate::cli::inputs::{self, rest_client};
use crate::cli::registration::public_url::PublicUrl;
use crate::cli::registration::registry::Registry;
use crate::cli::registration::{ComparedHook, HookState};
use crate::cloudinary::account::Account;
use crate::cloudinary::client::ApiClient;
use crate::config::{ParseAccess, ParseAddress};
use crate::manifest::{ManifestFinding, Manifests};
use crate::parse::hook_name::HookName;
use crate::server::{Certificate, Control, Deployment};

/// What loading again needs.
pub(super) struct Source {
    pub(super) folder: PathBuf,
    pub(super) account: Account,
    pub(super) parse: Option<ParseAddress>,
    pub(super) master_key: Option<SecretString>,
    pub(super) later: Later,
    pub(super) certificate: Option<Arc<Certificate>>,
    /// For the comparison with what is registered; `Err` is why there is none.
    pub(super) registration: Result<Arc<(ParseAccess, PublicUrl)>, String>,
}

impl Source {
    /// The manifests with what they work with.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub(super) fn deployment(&self, manifests: Manifests) -> anyhow::Result<Deployment> {
        let client = |address: &ParseAddress| {
            // A hook's own deadline is shorter or longer; this one keeps a lost answer from holding
            // a connection for ever.
            rest_client(address, Duration::from_secs(30))
        };
        let queue = self
            .later
            .apply(&manifests, &self.account, self.parse.as_ref())?;
        let confirms = manifests.confirm_assets();
        let cloudinary = confirms.then(|| ApiClient::new(&self.account, Duration::from_secs(30)));
        Ok(Deployment {
            account: self.account.clone(),
            manifests,
            queue,
            cloudinary: cloudinary.transpose()?,
            parse_server: self.parse.as_ref().map(client).transpose()?,
            master_key: self.master_key.clone(),
        })
    }

    /// Puts manifests and certificate as they are now in force, or says why not.
    pub(super) fn reload(&self, control: &Control) {
        self.renew_certificate();
        match self.load() {
            Ok((deployment, wanted)) => {
                control.replace(deployment);
                info!("manifests loaded");
                self.report_drift(wanted);
            }
            Err(mistakes) => {
                let count = match mistakes.len() {
                    1 => "1 mistake".to_owned(),
                    more => format!("{more} mistakes"),
                };
                error!("manifests not loaded, the old ones stay: {count}");
                for mistake in mistakes {
                    error!("{mistake}");
                }
            }
        }
    }

    /// Reads the certificate again if its files have changed.
    pub(super) fn renew_certificate(&self) {
        match self.certificate.as_ref().map(|c| c.renew()) {
            None | Some(Ok(false)) => {}
            Some(Ok(true)) => info!("certificate loaded"),
            Some(Err(error)) => error!("certificate not loaded, the old one stays: {error}"),
        }
    }

    fn load(&self) -> Result<(Deployment, Vec<HookName>), Vec<String>> {
        let texts = |findings: Vec<ManifestFinding>| -> Vec<String> {
            findings.iter().map(ToString::to_string).collect()
        };
        let manifests = inputs::manifests(&self.folder, Some(&self.account)).map_err(texts)?;
        if manifests.need_parse_server() && self.parse.is_none() {
            let needed = "PARSE_SERVER_URL and PARSE_SERVER_APPLICATION_ID are needed by a manifest: set them and restart";
            return Err(vec![needed.to_owned()]);
        }
        for warning in &manifests.warnings {
            warn!("{warning}");
        }
        let wanted = manifests.registered_hooks();
        let deployment = self.deployment(manifests);
        let deployment = deployment.map_err(|error| vec![format!("{error:#}")])?;
        Ok((deployment, wanted))
    }

    /// Compares with what is registered while requests are answered.
    fn report_drift(&self, wanted: Vec<HookName>) {
        match &self.registration {
            Ok(registration) => {
                let registration = registration.clone();
                actix_web::rt::spawn(async move {
                    let (access, public) = &*registration;
                    log_drift(access, public, wanted).await;
                });
            }
            Err(reason) => info!("not compared with what is registered: {reason}"),
        }
    }
}

async fn log_drift(access: &ParseAccess, public: &PublicUrl, wanted: Vec<HookName>) {
    let registry = match Registry::open(access, public, wanted, Duration::ZERO).await {
        Ok(registry) => registry,
        Err(error) => {
            warn!("not compared with what is registered: {error}");
            return;
        }
    };
    let drifts: Vec<_> = registry.hooks.iter().filter_map(drift).collect();
    if drifts.is_empty() {
        info!("Parse Server's hooks are those of the manifests");
    }
    for drift in drifts {
        warn!("{drift}");
    }
}

/// How a hook's registration differs from the manifests, and what mends it.
fn drift(hook: &ComparedHook) -> Option<String> {
    let urls = hook.registered_shown();
    let (difference, remedy) = match hook.state {
        HookState::Current | HookState::Foreign => return None,
        HookState::Missing => ("is not registered".to_owned(), "register"),
        HookState::Outdated => (format!("is registered as {urls}"), "register"),
        HookState::Duplicate => (format!("is registered twice: {urls}"), "register"),
        HookState::Stale | HookState::Shared => (
            format!("is registered as {urls}, but no manifest names it, so every call is refused"),
            "register --prune",
        ),
    };
    let name = &hook.name;
    Some(format!(
        "{name} {difference}: run `cloudinary-parse {remedy}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(state: HookState, registered: &[&str]) -> ComparedHook {
        ComparedHook {
            name: HookName::function("url"),
            wanted: None,
            registered: registered.iter().map(|url| (*url).to_owned()).collect(),
            state,
        }
    }

    #[test]
    fn says_what_differs_and_what_mends_it() {
        for (state, urls, expected) in [
            (HookState::Current, &["http://h/functions/url"][..], None),
            (HookState::Foreign, &["http://elsewhere"], None),
            (
                HookState::Missing,
                &[],
                Some("url is not registered: run `cloudinary-parse register`"),
            ),
            (
                HookState::Outdated,
                &["http://u:p@old/url"],
                Some("url is registered as http://u:***@old/url: run `cloudinary-parse register`"),
            ),
            (
                HookState::Duplicate,
                &["http://a", "http://b"],
                Some(
                    "url is registered twice: http://a, http://b: run `cloudinary-parse register`",
                ),
            ),
            (
                HookState::Stale,
                &["http://h/functions/url"],
                Some(
                    "url is registered as http://h/functions/url, but no manifest names it, so every call is refused: run `cloudinary-parse register --prune`",
                ),
            ),
        ] {
            assert_eq!(drift(&hook(state, urls)).as_deref(), expected);
        }
    }
}
