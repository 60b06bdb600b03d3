//! The first two checks, and what the others need: as much of configuration and manifests as is
//! usable.

use secrecy::{ExposeSecret as _, SecretString};

use super::account;
use super::report::{Check, Report};
use crate::cli::registration::public_url::PublicUrl;
use crate::cli::{inputs, remarks};
use crate::cloudinary::account::Account;
use crate::config::{Admin, Environment, Mistake, Needs, ParseAccess, Serve, VARIABLES, Variable};
use crate::manifest::Manifests;

/// What the checks work with; what is absent has its ✗ already.
pub(super) struct Setup {
    pub(super) access: Option<ParseAccess>,
    pub(super) account: Option<Account>,
    pub(super) public_url: Option<PublicUrl>,
    pub(super) manifests: Option<Manifests>,
    pub(super) webhook_key: Option<SecretString>,
    pub(super) admin: Option<Admin>,
    /// The queue's URL and the application whose jobs lie there.
    pub(super) queue: Option<(SecretString, String)>,
}

impl Setup {
    /// Checks configuration and manifests.
    pub(super) fn examine(environment: &Environment, report: &mut Report) -> Self {
        let serve = environment.serve(Needs {
            parse_server: true,
            master_key: true,
        });
        let access = environment.parse_access();
        let public_url = environment.public_url().map(|url| PublicUrl::new(&url));
        let mut mistakes: Vec<&Mistake> = Vec::new();
        for found in [serve.as_ref().err(), access.as_ref().err()] {
            for mistake in found.into_iter().flat_map(|mistakes| &mistakes.0) {
                if !mistakes.contains(&mistake) {
                    mistakes.push(mistake);
                }
            }
        }
        for mistake in &mistakes {
            report.bad(Check::Configuration, mistake, &remedy(mistake));
        }
        let mut usable = mistakes.is_empty();
        if let Some(Err(error)) = &public_url {
            usable = false;
            report.bad(
                Check::Configuration,
                format_args!("CLOUDINARY_PARSE_PUBLIC_URL: {error}"),
                "set it to the URL under which Parse Server reaches this service",
            );
        }
        usable &= tls_is_usable(serve.as_ref().ok(), report);
        if usable {
            report.good(Check::Configuration, "complete");
        }
        let account = environment.account().ok();
        if let Some(warning) = account.as_ref().and_then(remarks::version_warning) {
            report.warning(Check::Configuration, warning, "leave signature_version out");
        }
        for warning in environment
            .cloudinary_url()
            .iter()
            .flat_map(|url| account::warnings(url.expose_secret()))
        {
            report.warning(
                Check::Configuration,
                warning,
                "copy CLOUDINARY_URL from the Cloudinary console, under API Keys, and add options as docs/reference.md lists them",
            );
        }
        let manifests = examine_manifests(environment, account.as_ref(), report);
        let (webhook_key, admin) = serve
            .ok()
            .map_or((None, None), |serve| (Some(serve.webhook_key), serve.admin));
        Self {
            access: access.ok(),
            account,
            public_url: public_url.and_then(Result::ok),
            manifests,
            webhook_key,
            admin,
            queue: environment.queue().ok(),
        }
    }
}

fn remedy(mistake: &Mistake) -> String {
    if mistake.message.starts_with("is missing") {
        let mut variables = VARIABLES.iter();
        let is_named = |variable: &Variable| variable.name == mistake.variable;
        if variables.any(|variable| is_named(variable) && variable.is_secret) {
            let name = &mistake.variable;
            return format!(
                "set it in the environment or in .env, or name a file that holds it in {name}_FILE"
            );
        }
        "set it in the environment or in .env".to_owned()
    } else if mistake.variable == ".env" {
        "values with spaces, quotes, $ or # go in single quotes".to_owned()
    } else {
        "correct it in the environment or in .env; the environment wins".to_owned()
    }
}

fn tls_is_usable(serve: Option<&Serve>, report: &mut Report) -> bool {
    let files = serve.and_then(|serve| serve.listener.tls.as_ref());
    match files.map(inputs::certificate) {
        Some(Err(error)) => {
            report.bad(
                Check::Configuration,
                &error,
                "name PEM files that this user can read: the certificate's chain and its private key",
            );
            false
        }
        Some(Ok(_)) | None => true,
    }
}

fn examine_manifests(
    environment: &Environment,
    account: Option<&Account>,
    report: &mut Report,
) -> Option<Manifests> {
    const CORRECT: &str = "correct the file; `cloudinary-parse check --strict` reads it again";
    let folder = environment.webhooks();
    match inputs::manifests(&folder, account) {
        Ok(manifests) => {
            for warning in &manifests.warnings {
                report.bad(Check::Manifests, warning, CORRECT);
            }
            if manifests.warnings.is_empty() {
                report.good(Check::Manifests, remarks::summary(&folder, &manifests));
            }
            Some(manifests)
        }
        Err(findings) => {
            for finding in findings {
                report.bad(Check::Manifests, finding, CORRECT);
            }
            None
        }
    }
}
