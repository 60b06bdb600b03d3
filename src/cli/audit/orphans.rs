//! The assets of the account that no row refers to.

use std::io::Write as _;

use anyhow::bail;
use log::info;
use reqwest::StatusCode;

use super::finding::{Finding, Orphan};
use super::scope::{self, Place};
use super::{Run, unix_time};
use crate::cloudinary::client::{ApiError, Asset, Page};

/// How often one place is begun.
const TIMES: u32 = 5;

fn is_expired_cursor(error: &ApiError) -> bool {
    matches!(error, ApiError::Refused { status, message, .. }
        if *status == StatusCode::BAD_REQUEST && message.contains("next_cursor"))
}

impl Run {
    /// Lists the assets of every place from where the state says.
    pub(super) async fn list_assets(&mut self) -> anyhow::Result<()> {
        let places = scope::places(&self.manifests);
        self.progress
            .begin("assets", self.state.position.counts.assets, None);
        for place in places.iter().skip(self.state.position.places) {
            let mut begun = 1;
            loop {
                let page = self.next_page(place, &mut begun).await?;
                self.progress.done(page.assets.len());
                for asset in page.assets {
                    self.note_asset(place, asset)?;
                }
                self.state.position.cursor = page.next_cursor;
                if self.state.position.cursor.is_none() {
                    break;
                }
                self.state.save()?;
            }
            self.state.end_place()?;
        }
        Ok(())
    }

    /// The next page of a place. Cursors expire, of a run that was broken off and while a rate
    /// limit is waited for; then the place is listed anew.
    async fn next_page(&mut self, place: &Place, begun: &mut u32) -> anyhow::Result<Page> {
        let (resource_type, delivery_type) = place.kind;
        loop {
            let cursor = self.state.position.cursor.as_deref();
            let page = self.sources.cloudinary(&self.progress, async |api| {
                let prefix = &place.prefix;
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
                    "Cloudinary's cursors expire before the assets below {:?} are listed",
                    place.prefix
                );
            }
            *begun += 1;
            info!(
                "Cloudinary no longer takes the cursor: {:?} is listed anew",
                place.prefix
            );
            self.state.begin_place_anew()?;
        }
    }

    fn note_asset(&mut self, place: &Place, asset: Asset) -> std::io::Result<()> {
        let uploaded_at = asset.uploaded_at();
        // Whatever Cloudinary takes a prefix for, nothing outside of it is ours to judge.
        if !asset.public_id.starts_with(&place.prefix) {
            return Ok(());
        }
        self.state.position.counts.assets += 1;
        self.state.add_asset(&Orphan {
            resource_type: place.kind.0.name().to_owned(),
            delivery_type: place.kind.1.name().to_owned(),
            public_id: asset.public_id,
            bytes: asset.bytes,
            uploaded_at,
        })
    }

    /// Notes the assets that nothing refers to, then reports them.
    pub(super) fn report_orphans(&mut self) -> anyhow::Result<()> {
        let newest = self.newest();
        let mut orphans = self.state.new_orphans()?;
        self.state.unreferenced(|asset| {
            if newest.is_some_and(|newest| asset.uploaded_at.is_none_or(|at| at > newest)) {
                return Ok(());
            }
            serde_json::to_writer(&mut orphans, asset)?;
            orphans.write_all(b"\n")
        })?;
        orphans.flush()?;
        for asset in self.state.orphans()? {
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
