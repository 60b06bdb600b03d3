//! `.env`: what it is to say, and what one that exists lacks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use super::questions::{PUBLIC_URL, usable_account};
use super::{Init, write};
use crate::cli::output::Output;
use crate::config::Environment;

const FILE: &str = ".env";
const PLACEHOLDER: &str = "cloudinary://<api_key>:<api_secret>@<cloud_name>";

/// Parse Server's webhook key.
pub(super) enum WebhookKey {
    /// Set already, in the environment or in `.env`.
    Known,
    /// Made by this command.
    New(String),
}

/// A line of `.env`.
struct Line {
    comment: &'static str,
    name: String,
    value: String,
    /// Set already.
    is_known: bool,
    /// What may be printed in the value's place.
    shown: Option<&'static str>,
}

impl Line {
    /// What is given, else what is set already, else what is shown in its place.
    fn new(
        environment: &Environment,
        comment: &'static str,
        name: &str,
        given: Option<String>,
        shown: Option<&'static str>,
    ) -> Self {
        let known = environment.setting(name);
        let is_known = known.is_some();
        let (name, value) = match (given, known) {
            (Some(value), _) => (name.to_owned(), value),
            (None, Some((name, value))) => (name, value.to_owned()),
            (None, None) => (name.to_owned(), shown.unwrap_or_default().to_owned()),
        };
        Self {
            comment,
            name,
            value,
            is_known,
            shown,
        }
    }
}

/// `.env` as it is to be, or as it is to be completed.
pub(super) struct DotenvFile {
    lines: Vec<Line>,
    exists: bool,
}

impl DotenvFile {
    /// What `init` and the environment say.
    ///
    /// # Errors
    /// `CLOUDINARY_URL` of the environment cannot be used.
    pub(super) fn new(
        init: &Init,
        environment: &Environment,
        key: &WebhookKey,
    ) -> anyhow::Result<Self> {
        let line =
            |comment, name, given, shown| Line::new(environment, comment, name, given, shown);
        let exposed = |secret: &'_ Option<SecretString>| {
            secret
                .as_ref()
                .map(|secret| secret.expose_secret().to_owned())
        };
        let cloudinary_url = exposed(&init.cloudinary_url);
        let master_key = exposed(&init.master_key);
        let webhook_key = match key {
            WebhookKey::Known => None,
            WebhookKey::New(key) => Some(key.clone()),
        };
        let mut lines = vec![
            line(
                "# From Cloudinary's console.",
                "CLOUDINARY_URL",
                cloudinary_url,
                Some(PLACEHOLDER),
            ),
            line(
                "\n# As in Parse Server.",
                "PARSE_SERVER_URL",
                init.parse_server.clone(),
                None,
            ),
            line(
                "",
                "PARSE_SERVER_APPLICATION_ID",
                init.application_id.clone(),
                None,
            ),
            line(
                "# For `register` and `doctor`.",
                "PARSE_SERVER_MASTER_KEY",
                master_key,
                Some(""),
            ),
            line(
                "# The same text as Parse Server's webhookKey.",
                "PARSE_SERVER_WEBHOOK_KEY",
                webhook_key,
                None,
            ),
        ];
        let (bind, public_url) = listener(init.public_url.as_deref());
        let comment = "\n# Where Parse Server reaches this service, and where it listens.";
        if let Some(url) = &public_url {
            lines.push(line(
                comment,
                "CLOUDINARY_PARSE_PUBLIC_URL",
                Some(url.clone()),
                None,
            ));
        }
        if let Some(bind) = &bind {
            let comment = public_url.map_or(comment, |_| "");
            lines.push(line(
                comment,
                "CLOUDINARY_PARSE_BIND",
                Some(bind.clone()),
                None,
            ));
        }
        let exists = fs::symlink_metadata(FILE).is_ok();
        let account = lines.first().filter(|line| line.name == "CLOUDINARY_URL");
        if let Some(line) = account.filter(|line| !exists && line.value != PLACEHOLDER) {
            usable_account(&line.value).map_err(|error| anyhow!("CLOUDINARY_URL: {error}"))?;
        }
        Ok(Self { lines, exists })
    }

    /// Writes it, or prints what it lacks.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&self, output: &mut Output) -> anyhow::Result<()> {
        if !self.exists {
            write::new_file(&PathBuf::from(FILE), &self.text(), write::Readers::Owner)?;
            output.line("wrote .env, which you alone may read");
            return Ok(());
        }
        let lacks: Vec<_> = self.lines.iter().filter(|line| !line.is_known).collect();
        if lacks.is_empty() {
            output.line("left .env as it is; it lacks nothing");
            return Ok(());
        }
        output.line("left .env as it is; it lacks:\n");
        for line in lacks {
            let value = line.shown.unwrap_or(&line.value);
            output.line(format_args!("    {}", assignment(&line.name, value)));
        }
        output.line("");
        Ok(())
    }

    /// What has to be filled in before the service can do its work.
    pub(super) fn to_fill_in(&self) -> Vec<&str> {
        let empty = self.lines.iter().filter(|line| {
            let is_filled = !line.value.is_empty() && line.value != PLACEHOLDER;
            !is_filled || (self.exists && !line.is_known)
        });
        empty.map(|line| &*line.name).collect()
    }

    fn text(&self) -> String {
        let mut text = "# What cloudinary-parse reads; the environment wins over it. It holds secrets: keep it out of version control.\n".to_owned();
        for line in &self.lines {
            if !line.comment.is_empty() {
                text += line.comment;
                text.push('\n');
            }
            text += &assignment(&line.name, &line.value);
            text.push('\n');
        }
        text
    }
}

/// Where the service listens and what it is called by, where the defaults do not do.
fn listener(public_url: Option<&str>) -> (Option<String>, Option<String>) {
    let Some(url) = public_url.filter(|url| *url != PUBLIC_URL) else {
        return (None, None);
    };
    let parsed = Url::parse(url).ok();
    // Behind a proxy that speaks TLS the service's own port is the proxy's business.
    let own = parsed.filter(|parsed| parsed.scheme() == "http");
    let bind = own.and_then(|parsed| {
        let host = match parsed.host_str() {
            Some(address) if is_loopback(&parsed) && address != "localhost" => address,
            _ if is_loopback(&parsed) => "127.0.0.1",
            _ => "0.0.0.0",
        };
        parsed.port().map(|port| format!("{host}:{port}"))
    });
    (bind, Some(url.to_owned()))
}

/// Whether a URL leads to this machine alone.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
            address.is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

/// `NAME=value`, quoted where that is needed.
fn assignment(name: &str, value: &str) -> String {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@%+,=?&~<>{}[]!*()^".contains(&byte);
    if value.bytes().all(is_plain) {
        format!("{name}={value}")
    } else if value.contains(['\'', '\n']) {
        let mut quoted = String::new();
        for character in value.chars() {
            match character {
                '"' | '\\' | '$' => quoted.extend(['\\', character]),
                '\n' => quoted += "\\n",
                other => quoted.push(other),
            }
        }
        format!("{name}=\"{quoted}\"")
    } else {
        format!("{name}='{value}'")
    }
}

/// Whether there is a folder that `git` keeps and that would take `.env` in.
pub(super) fn is_in_version_control() -> bool {
    Path::new(".git").exists()
        && !fs::read_to_string(".gitignore")
            .is_ok_and(|text| text.lines().any(|line| line.trim() == FILE))
}

#[cfg(test)]
mod tests;
