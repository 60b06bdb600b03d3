//! The assets of the account that no row refers to.

use std::io::Write as _;

use anyhow::bail;
use log::info;
use reqwest::StatusCode;

use super::Run;
use super::finding::{Finding, Orphan};
use super::scope::{self, AssetPrefix};
use crate::clock::unix_time;
use crate::cloudinary::client::{ApiError, Asset, AssetPage};

/// How often the listing of one prefix is begun.
const TIMES: u32 = 5;

fn is_expired_cursor(error: &ApiError) -> bool {
    matches!(error, ApiError::Refused { status, message, .. }
        if *status == StatusCode::BAD_REQUEST && message.contains("next_cursor"))
}

impl Run {
    /// Lists the assets of every prefix from where the checkpoint says.
    pub(super) async fn list_assets(&mut self) -> anyhow::Result<()> {
        let prefixes = scope::prefixes(&self.manifests);
        self.progress
            .begin("assets", self.checkpoint.position.counts.assets, None);
        for prefix in prefixes.iter().skip(self.checkpoint.position.prefixes) {
            let mut begun = 1;
            loop {
                let page = self.next_page(prefix, &mut begun).await?;
                self.progress.done(page.assets.len());
                for asset in page.assets {
                    self.note_asset(prefix, asset)?;
                }
                self.checkpoint.position.cursor = page.next_cursor;
                if self.checkpoint.position.cursor.is_none() {
                    break;
                }
                self.checkpoint.save()?;
            }
            self.checkpoint.end_prefix()?;
        }
        Ok(())
    }

    /// The next page of a prefix. Cursors expire while a rate limit is waited for, or before an
    /// interrupted run is resumed; then the prefix is listed anew.
    async fn next_page(
        &mut self,
        prefix: &AssetPrefix,
        begun: &mut u32,
    ) -> anyhow::Result<AssetPage> {
        let (resource_type, delivery_type) = prefix.kind;
        loop {
            let cursor = self.checkpoint.position.cursor.as_deref();
            let page = self.clients.cloudinary(&self.progress, async |api| {
                let prefix = &prefix.text;
                match api.list(resource_type, delivery_type, prefix, cursor).await {
                    Err(error) if cursor.is_some() && is_expired_cursor(&error) => Ok(None),
                    page => page.map(Some),
                }
            });
            if let Some(page) = page.await? {
                return Ok(page);
            }
            if *begun == TIMES {
                bail!(
                    "Cloudinary's cursors expire before all assets within {:?} are listed",
                    prefix.text
                );
            }
            *begun += 1;
            info!(
                "Cloudinary no longer takes the cursor: {:?} is listed anew",
                prefix.text
            );
            self.checkpoint.restart_prefix()?;
        }
    }

    fn note_asset(&mut self, prefix: &AssetPrefix, asset: Asset) -> std::io::Result<()> {
        let uploaded_at = asset.uploaded_at();
        // Cloudinary may read a prefix in its own way; what does not begin with it is not in scope.
        if !asset.public_id.starts_with(&prefix.text) {
            return Ok(());
        }
        self.checkpoint.position.counts.assets += 1;
        self.checkpoint.add_asset(&Orphan {
            resource_type: prefix.kind.0.name().to_owned(),
            delivery_type: prefix.kind.1.name().to_owned(),
            public_id: asset.public_id,
            bytes: asset.bytes,
            uploaded_at,
        })
    }

    /// Notes the assets that nothing refers to, then reports them.
    pub(super) fn report_orphans(&mut self) -> anyhow::Result<()> {
        let newest = self.newest();
        let mut orphans = self.checkpoint.new_orphans()?;
        self.checkpoint.unreferenced(|asset| {
            if newest.is_some_and(|newest| asset.uploaded_at.is_none_or(|at| at > newest)) {
                return Ok(());
            }
            serde_json::to_writer(&mut orphans, asset)?;
            orphans.write_all(b"\n")
        })?;
        orphans.flush()?;
        for asset in self.checkpoint.orphans()? {
            let asset = asset?;
            let destroyable = self.may_destroy(&asset);
            self.report(&Finding::Orphan { asset, destroyable })?;
        }
        Ok(())
    }

    pub(super) fn may_destroy(&self, asset: &Orphan) -> bool {
        let kind = asset.kind();
        kind.is_some_and(|kind| scope::may_destroy(&self.manifests, kind, &asset.public_id))
    }

    /// The last moment at which an orphan may have been uploaded.
    pub(super) fn newest(&self) -> Option<u64> {
        let age = self.older_than?;
        Some(unix_time().saturating_sub(age.as_secs()))
    }
}
