//! Delivery URLs in an identifier's place: which identifiers they could be, and with `--fix urls`
//! the write.

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::conversion::{Kept, asset_of, identifier};
use super::finding::{Cell, Finding};
use super::row_check::shown;
use super::{Fix, Run};
use crate::clock::unix_time;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::client::Asset;
use crate::manifest::GuardedField;
use crate::parse::client::RestError;
use crate::parse::signed_write::{OVERTAKEN, SignedWrite};

/// Longest part of a URL that a report repeats, in characters.
const SHOWN: usize = 250;

/// What Cloudinary has of the assets that the URLs of a page deliver.
#[derive(Default)]
pub(super) struct UrlAssets {
    wanted: HashSet<AssetName>,
    found: HashMap<AssetName, Asset>,
}

/// A field of a row that holds URLs.
pub(super) struct UrlCell<'p> {
    pub(super) cell: Cell,
    pub(super) field: &'p GuardedField,
    /// What it holds, as stored.
    pub(super) raw: &'p RawValue,
    /// Each URL, and which asset it delivers.
    pub(super) urls: Vec<(String, Result<AssetName, Kept>)>,
}

impl UrlAssets {
    /// Wants to know of the assets that URLs deliver.
    pub(super) fn want(&mut self, cell: &UrlCell<'_>) {
        let names = cell.urls.iter().filter_map(|(_, name)| name.as_ref().ok());
        self.wanted.extend(names.cloned());
    }

    pub(super) fn wanted(&self) -> impl Iterator<Item = &AssetName> {
        self.wanted.iter()
    }

    /// Takes in an asset, if a URL delivers it.
    pub(super) fn note(&mut self, name: AssetName, asset: Asset) {
        if self.wanted.contains(&name) {
            self.found.insert(name, asset);
        }
    }
}

impl Run {
    pub(super) fn url_cell<'p>(
        &self,
        cell: Cell,
        field: &'p GuardedField,
        raw: &'p RawValue,
        urls: Vec<String>,
    ) -> UrlCell<'p> {
        let urls = urls.into_iter().map(|url| {
            let name = asset_of(&self.account, &url);
            (url, name)
        });
        UrlCell {
            cell,
            field,
            raw,
            urls: urls.collect(),
        }
    }

    /// Reports what becomes of the URLs of a field, and rewrites it if that is wanted.
    pub(super) async fn convert(
        &mut self,
        cell: UrlCell<'_>,
        assets: &UrlAssets,
    ) -> anyhow::Result<()> {
        let UrlCell {
            cell,
            field,
            raw,
            urls,
        } = cell;
        let mut identifiers: HashMap<String, String> = HashMap::new();
        for (url, name) in urls {
            let becomes = name.and_then(|name| identifier(field, &name, assets.found.get(&name)));
            let (cell, shown) = (cell.clone(), without_secrets(&url));
            self.report(&match becomes {
                Ok(identifier) => {
                    identifiers.insert(url, identifier.clone());
                    Finding::DeliveryUrl {
                        cell,
                        url: shown,
                        identifier,
                    }
                }
                Err(kept) => Finding::KeptUrl {
                    cell,
                    url: shown,
                    reason: kept.to_string(),
                },
            })?;
        }
        if self.fix != Some(Fix::Urls) || identifiers.is_empty() {
            return Ok(());
        }
        let result = self.rewrite(&cell, raw, &identifiers).await?;
        self.report(&match result {
            Ok(()) => Finding::Rewritten { cell },
            Err(reason) => Finding::NotRewritten { cell, reason },
        })
    }

    /// Stores identifiers in place of their URLs, as a write that the guard lets through only while
    /// the row holds what was read.
    async fn rewrite(
        &self,
        cell: &Cell,
        raw: &RawValue,
        identifiers: &HashMap<String, String>,
    ) -> anyhow::Result<Result<(), String>> {
        let Cell {
            class,
            object_id,
            field,
        } = cell;
        if !self.is_unchanged(cell, raw).await? {
            return Ok(Err(CHANGED.to_owned()));
        }
        let stored: Value = serde_json::from_str(raw.get())?;
        let new = with_identifiers(stored.clone(), identifiers);
        let (from, to) = match (&stored, &new) {
            (Value::String(from), Value::String(to)) => (from.clone(), to.clone()),
            _ => (raw.get().to_owned(), new.to_string()),
        };
        let write = SignedWrite {
            class,
            object_id,
            field,
            from: &from,
            to: &to,
        };
        let secret = self.account.secrets.first();
        let secret = secret.context("CLOUDINARY_URL has no secret")?;
        let context = write.context(secret, unix_time());
        let parse = &self.clients.parse;
        let columns = json!({ (field): new });
        let written = parse.write_in_context(class, object_id, &columns, &context);
        Ok(match written.await {
            Ok(()) => Ok(()),
            Err(RestError::Refused { message, .. }) if message.contains(OVERTAKEN) => {
                Err(CHANGED.to_owned())
            }
            Err(error) => Err(error.to_string()),
        })
    }

    /// Whether a field still holds what was read.
    pub(super) async fn is_unchanged(&self, cell: &Cell, seen: &RawValue) -> anyhow::Result<bool> {
        let Cell {
            class,
            object_id,
            field,
        } = cell;
        let row = self
            .clients
            .parse(async |parse| parse.row(class, object_id, &[field]).await)
            .await?;
        let now = row.as_ref().and_then(|row| row.get(field));
        Ok(now.is_some_and(|now| now.get() == seen.get()))
    }
}

/// Why a row was left alone.
pub(super) const CHANGED: &str = "it has changed since it was read";

/// A text, or an array with other texts in it; the rest stays in its place.
fn with_identifiers(stored: Value, identifiers: &HashMap<String, String>) -> Value {
    match stored {
        Value::String(text) => identifiers.get(&text).cloned().unwrap_or(text).into(),
        Value::Array(elements) => elements
            .into_iter()
            .map(|element| match element {
                Value::String(_) => with_identifiers(element, identifiers),
                other => other,
            })
            .collect(),
        other => other,
    }
}

/// A URL as a report shows it: tokens, passwords and signatures are left out.
fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("//").unwrap_or(("", url));
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or_default();
    let segments = path.split('/').map(|segment| {
        let is_signature = segment.starts_with("s--") && segment.ends_with("--");
        if is_signature { "s--…--" } else { segment }
    });
    let path = segments.collect::<Vec<_>>().join("/");
    shown(&format!("{scheme}//{host}{path}"), SHOWN)
}
