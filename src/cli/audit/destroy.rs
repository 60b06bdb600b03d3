//! Destroys orphans after the operator has agreed. References to each are counted again right before
//! it is destroyed.

use std::collections::HashMap;

use anyhow::bail;

use super::Run;
use super::asset_key::{AssetKey, keys_of};
use super::finding::{Finding, Orphan};
use super::scope::{self, Kind};
use crate::assets::fate::Upload;
use crate::assets::place::places_of;
use crate::clock::unix_time;
use crate::cloudinary::client::{BATCH, Destroyed};
use crate::parse::client::Rows;

/// Orphans for which references are counted in one reading of all rows.
const SCAN: usize = 10_000;

/// How far Parse Server's clock may be behind this one, in seconds.
const CLOCK_SKEW: u64 = 300;

/// Orphans by key, until a row refers to them.
type Candidates = HashMap<AssetKey, (Kind, Orphan)>;

impl Run {
    /// Destroys the orphans that were reported as destroyable, if the operator wants it.
    pub(super) async fn destroy(&mut self, yes: bool) -> anyhow::Result<()> {
        let total = self.checkpoint.position.counts.destroyable;
        if total == 0 {
            return Ok(());
        }
        if self.checkpoint.position.counts.rows == 0 {
            bail!(
                "nothing is destroyed: no guarded class has a row, so everything looks like an orphan; is PARSE_SERVER_APPLICATION_ID the right application?"
            );
        }
        if !self.confirms(total, yes) {
            return Ok(());
        }
        self.progress.begin("destroying", 0, Some(total));
        let mut orphans = self.checkpoint.orphans()?;
        loop {
            let mut candidates = Candidates::new();
            for orphan in orphans.by_ref() {
                let orphan = orphan?;
                let Some(kind) = orphan.kind().filter(|_| self.may_destroy(&orphan)) else {
                    continue;
                };
                candidates.insert(AssetKey::of(kind, &orphan.public_id), (kind, orphan));
                if candidates.len() == SCAN {
                    break;
                }
            }
            if candidates.is_empty() {
                return Ok(());
            }
            self.destroy_some(candidates).await?;
        }
    }

    /// Counts the references to these orphans again in all rows, then destroys those that still
    /// have none.
    async fn destroy_some(&mut self, mut candidates: Candidates) -> anyhow::Result<()> {
        let started = unix_time();
        self.count_again(&mut candidates, None).await?;
        for kind in scope::kinds() {
            let mut of_kind: Vec<AssetKey> = candidates
                .iter()
                .filter(|(_, (known, _))| *known == kind)
                .map(|(key, _)| *key)
                .collect();
            of_kind.sort_unstable();
            for batch in of_kind.chunks(BATCH) {
                let mut last: Candidates = batch
                    .iter()
                    .filter_map(|key| Some((*key, candidates.remove(key)?)))
                    .collect();
                // Reading all rows may have taken long.
                let since = started.saturating_sub(CLOCK_SKEW);
                self.count_again(&mut last, Some(since)).await?;
                let orphans = last.into_values().map(|(_, orphan)| orphan).collect();
                self.destroy_batch(kind, orphans).await?;
            }
        }
        Ok(())
    }

    /// Drops the candidates that a row refers to: any row, or those written `since`. The key is
    /// proved before and after, because a wrong one hides rows.
    async fn count_again(
        &mut self,
        candidates: &mut Candidates,
        since: Option<u64>,
    ) -> anyhow::Result<()> {
        self.clients.prove().await?;
        for class in self.manifests.classes.clone() {
            let places: Vec<_> = places_of(&class).collect();
            let mut rows = Rows::of(&class.class, scope::columns(&class));
            if let Some(since) = since {
                rows = rows.written_since(since);
            }
            while let Some(page) = self.clients.next(&mut rows).await? {
                let referred = page.iter().flat_map(|(_, row)| keys_of(&places, row));
                for key in referred {
                    if let Some((_, orphan)) = candidates.remove(&key) {
                        self.keep(orphan, "a row refers to it now")?;
                    }
                }
            }
        }
        self.clients.prove().await
    }

    async fn destroy_batch(&mut self, kind: Kind, orphans: Vec<Orphan>) -> anyhow::Result<()> {
        let (resource_type, delivery_type) = kind;
        if orphans.is_empty() {
            return Ok(());
        }
        let ids = orphans.iter().map(|orphan| &*orphan.public_id);
        let found = self
            .clients
            .cloudinary(&self.progress, async |api| {
                api.assets(resource_type, delivery_type, ids.clone()).await
            })
            .await?;
        let newest = self.newest();
        for orphan in orphans {
            let mut found = found.iter();
            let asset = found.find(|asset| asset.public_id == orphan.public_id);
            if matches!(
                Upload::after_time(asset, newest),
                Upload::New | Upload::Unknown
            ) {
                self.keep(orphan, "it has been uploaded again")?;
                continue;
            }
            let id = &*orphan.public_id;
            let destroyed = self
                .clients
                .cloudinary(&self.progress, async |api| {
                    api.destroy(resource_type, delivery_type, id, unix_time())
                        .await
                })
                .await?;
            self.progress.done(1);
            match destroyed {
                Destroyed::Now => self.report(&Finding::Destroyed { asset: orphan })?,
                Destroyed::Before => self.keep(orphan, "it was already gone")?,
            }
        }
        Ok(())
    }

    fn keep(&mut self, asset: Orphan, reason: &str) -> anyhow::Result<()> {
        self.report(&Finding::Kept {
            asset,
            reason: reason.to_owned(),
        })
    }
}
