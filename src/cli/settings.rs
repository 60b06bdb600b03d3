//! The part of the configuration that each command needs.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use reqwest::Url;
use secrecy::SecretString;

use super::logging::LogFormat;
use super::registration::public_url::PublicUrl;
use crate::manifest::Manifests;

/// Where Parse Server is and how to be believed there.
#[derive(Debug)]
pub(crate) struct ParseAccess {
    /// `CLOUDINARY_PARSE_SERVER_URL`, or `PARSE_SERVER_URL`.
    pub(crate) server_url: Url,
    /// `PARSE_SERVER_APPLICATION_ID`
    pub(crate) application_id: String,
    /// `PARSE_SERVER_MASTER_KEY`
    pub(crate) master_key: SecretString,
}

/// What `register` and `hooks` need.
#[derive(Debug)]
pub(crate) struct Registration {
    /// Parse Server.
    pub(crate) parse: ParseAccess,
    /// `CLOUDINARY_PARSE_PUBLIC_URL`
    pub(crate) public_url: PublicUrl,
    /// The hooks to register.
    pub(crate) manifests: Manifests,
}

fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

fn need(name: &str) -> anyhow::Result<String> {
    var(name).with_context(|| format!("{name} is missing"))
}

pub(crate) fn registration() -> anyhow::Result<Registration> {
    let (parse, public_url) = parse_access_and_public_url()?;
    let folder = var("CLOUDINARY_PARSE_WEBHOOKS").unwrap_or_else(|| "webhooks".into());
    Ok(Registration {
        parse,
        public_url,
        manifests: placeholder(Path::new(&folder))?,
    })
}

pub(crate) fn parse_access() -> anyhow::Result<ParseAccess> {
    let url = var("CLOUDINARY_PARSE_SERVER_URL").or(var("PARSE_SERVER_URL"));
    Ok(ParseAccess {
        server_url: url.context("PARSE_SERVER_URL is missing")?.parse()?,
        application_id: need("PARSE_SERVER_APPLICATION_ID")?,
        master_key: need("PARSE_SERVER_MASTER_KEY")?.into(),
    })
}

pub(crate) fn parse_access_and_public_url() -> anyhow::Result<(ParseAccess, PublicUrl)> {
    let (bind, _) = listener()?;
    let url = var("CLOUDINARY_PARSE_PUBLIC_URL").unwrap_or_else(|| format!("http://{bind}"));
    let public = PublicUrl::new(&url.parse()?).context("CLOUDINARY_PARSE_PUBLIC_URL")?;
    Ok((parse_access()?, public))
}

pub(crate) fn listener() -> anyhow::Result<(SocketAddr, bool)> {
    let bind = var("CLOUDINARY_PARSE_BIND").unwrap_or_else(|| "127.0.0.1:8080".into());
    Ok((bind.parse()?, var("CLOUDINARY_PARSE_TLS_CERT").is_some()))
}

pub(crate) fn log_format() -> anyhow::Result<LogFormat> {
    Ok(match var("CLOUDINARY_PARSE_LOG_FORMAT").as_deref() {
        Some("json") => LogFormat::Json,
        _ => LogFormat::Text,
    })
}

pub(crate) fn log_filter() -> Option<String> {
    var("RUST_LOG")
}

fn placeholder(folder: &Path) -> anyhow::Result<Manifests> {
    use crate::manifest::*;
    let mut m = Manifests::default();
    let mut files: Vec<_> = std::fs::read_dir(folder)?
        .filter_map(|e| Some(e.ok()?.path()))
        .collect();
    files.sort();
    for f in files {
        let t: toml::Table = std::fs::read_to_string(f)?.parse()?;
        if let Some(name) = t.get("function").and_then(|v| v.as_str()) {
            m.functions.push(FunctionManifest {
                name: name.into(),
                access: Access::Public,
                limit: Limit::default(),
                action: Action::DeliveryUrl(DeliveryUrl {
                    source: None,
                    url: serde_json::Map::new(),
                    accept: vec![],
                }),
            });
        } else if let Some(class) = t.get("class").and_then(|v| v.as_str()) {
            m.classes.push(ClassManifest {
                class: class.into(),
                trust_master_key: false,
                fields: vec![],
            });
        }
    }
    Ok(m)
}
