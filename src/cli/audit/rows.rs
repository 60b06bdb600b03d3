//! Checks the rows of every guarded class, notes what they refer to, and looks those assets up in
//! Cloudinary.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::asset_key::keys_of;
use super::finding::{Cell, Finding};
use super::row_check::{RowCheck, check};
use super::scope::{self, Kind};
use super::urls::{CHANGED, UrlAssets, UrlCell};
use super::{Fix, Run};
use crate::assets::place::places_of;
use crate::cloudinary::asset_name::AssetName;
use crate::cloudinary::client::BATCH;
use crate::cloudinary::identifier::Identifier;
use crate::manifest::ClassManifest;
use crate::parse::client::{Row, Rows};

/// Cells and identifiers of a page, by the public ID that they refer to.
type Lookups = BTreeMap<String, Vec<(Cell, String)>>;

impl Run {
    /// Reads all rows from where the checkpoint says.
    pub(super) async fn read_rows(&mut self) -> anyhow::Result<()> {
        let classes = self.manifests.classes.clone();
        let mut total = self.checkpoint.position.counts.rows;
        for class in classes.iter().skip(self.checkpoint.position.classes) {
            let name = &class.class;
            total += self
                .clients
                .parse(async |parse| parse.count(name).await)
                .await?;
        }
        let done = self.checkpoint.position.counts.rows;
        self.progress.begin("rows", done, Some(total));
        for class in classes.iter().skip(self.checkpoint.position.classes) {
            let after = self.checkpoint.position.after.take();
            let mut rows = Rows::of(&class.class, scope::columns(class)).after(after);
            while let Some(page) = self.clients.next(&mut rows).await? {
                self.check_page(class, &page).await?;
                self.checkpoint.position.after = page.last().map(|(id, _)| id.clone());
                self.checkpoint.position.counts.rows += page.len() as u64;
                self.checkpoint.save()?;
                self.progress.done(page.len());
            }
            self.checkpoint.position.classes += 1;
            self.checkpoint.position.after = None;
            self.checkpoint.save()?;
        }
        Ok(())
    }

    async fn check_page(
        &mut self,
        class: &ClassManifest,
        page: &[(String, Row)],
    ) -> anyhow::Result<()> {
        let mut lookups: Vec<(Kind, Lookups)> =
            scope::kinds().map(|kind| (kind, Lookups::new())).collect();
        let places: Vec<_> = places_of(class).collect();
        let mut url_cells: Vec<UrlCell<'_>> = Vec::new();
        let mut url_assets = UrlAssets::default();
        for (id, row) in page {
            for key in keys_of(&places, row) {
                self.checkpoint.add_key(key)?;
            }
            for field in &class.fields {
                let cell = Cell {
                    class: class.class.clone(),
                    object_id: id.clone(),
                    field: field.name.clone(),
                };
                let raw = row.get(&field.name).map(|raw| &**raw);
                let mut checked = check(&self.account, field, &cell, raw);
                let urls = std::mem::take(&mut checked.urls);
                self.note(&cell, checked, raw, &mut lookups).await?;
                if let (Some(raw), false) = (raw, urls.is_empty()) {
                    let cell = self.url_cell(cell, field, raw, urls);
                    url_assets.want(&cell);
                    url_cells.push(cell);
                }
            }
        }
        for asset in url_assets.wanted() {
            if let Some((_, pending)) = lookups.iter_mut().find(|(kind, _)| *kind == asset.kind()) {
                pending.entry(asset.public_id.clone()).or_default();
            }
        }
        for (kind, pending) in lookups {
            self.look_up(kind, pending, &mut url_assets).await?;
        }
        for cell in url_cells {
            self.convert(cell, &url_assets).await?;
        }
        Ok(())
    }

    async fn note(
        &mut self,
        cell: &Cell,
        checked: RowCheck,
        raw: Option<&RawValue>,
        lookups: &mut [(Kind, Lookups)],
    ) -> anyhow::Result<()> {
        for finding in &checked.findings {
            self.report(finding)?;
        }
        self.checkpoint.position.counts.identifiers += checked.identifiers.len() as u64;
        for text in checked.identifiers {
            let Ok(identifier) = Identifier::parse(&text) else {
                continue;
            };
            let kind = (identifier.resource_type, identifier.delivery_type);
            if let Some((_, pending)) = lookups.iter_mut().find(|(known, _)| *known == kind) {
                let public_id = identifier.public_id.to_owned();
                pending
                    .entry(public_id)
                    .or_default()
                    .push((cell.clone(), text));
            }
        }
        match (checked.stripped, raw) {
            (Some(stripped), Some(raw)) if self.fix == Some(Fix::Strip) => {
                self.strip(cell, raw, &stripped).await
            }
            _ => Ok(()),
        }
    }

    /// Looks assets up, a hundred at a time, and reports those that Cloudinary does not have, or of
    /// which it has only a placeholder. What URLs deliver is noted.
    async fn look_up(
        &mut self,
        kind: Kind,
        pending: Lookups,
        url_assets: &mut UrlAssets,
    ) -> anyhow::Result<()> {
        let (resource_type, delivery_type) = kind;
        let ids: Vec<&String> = pending.keys().collect();
        let mut missing = Vec::new();
        for batch in ids.chunks(BATCH) {
            let asked = batch.iter().map(|id| id.as_str());
            let found = self
                .clients
                .cloudinary(&self.progress, async |api| {
                    api.assets(resource_type, delivery_type, asked.clone())
                        .await
                })
                .await?;
            let states: BTreeMap<&str, bool> = found
                .iter()
                .map(|asset| (&*asset.public_id, asset.is_placeholder()))
                .collect();
            for id in batch {
                let state = states.get(id.as_str()).copied();
                if state != Some(false) {
                    missing.extend(pending[*id].iter().map(|cell| (cell, state)));
                }
            }
            for asset in found {
                url_assets.note(AssetName::of(kind, &asset.public_id), asset);
            }
        }
        for ((cell, identifier), state) in missing {
            let (cell, identifier) = (cell.clone(), identifier.clone());
            self.report(&match state {
                Some(_) => Finding::Placeholder { cell, identifier },
                None => Finding::MissingAsset { cell, identifier },
            })?;
        }
        Ok(())
    }

    /// Stores a value without its signatures, unless it has changed since. A registered guard would
    /// also refuse to replace a new picture with the old one.
    async fn strip(
        &mut self,
        cell: &Cell,
        seen: &RawValue,
        stripped: &Value,
    ) -> anyhow::Result<()> {
        let Cell {
            class,
            object_id,
            field,
        } = cell;
        let result = if self.is_unchanged(cell, seen).await? {
            let columns = json!({ (field): stripped });
            let written = self.clients.parse.write(class, object_id, &columns).await;
            written.map_err(|error| error.to_string())
        } else {
            Err(CHANGED.to_owned())
        };
        let cell = cell.clone();
        self.report(&match result {
            Ok(()) => Finding::Stripped { cell },
            Err(reason) => Finding::NotStripped { cell, reason },
        })
    }
}
