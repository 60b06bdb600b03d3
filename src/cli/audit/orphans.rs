//! The assets of the account that no row refers to.

use std::io::Write as _;

use super::finding::{Finding, Orphan};
use super::plan::{self, Place};
use super::{Run, unix_time};
use crate::cloudinary::rest::Asset;

impl Run {
    /// Lists the assets of every place from where the state says.
    pub(super) async fn list_assets(&mut self) -> anyhow::Result<()> {
        let places = plan::places(&self.manifests);
        self.progress
            .begin("assets", self.state.position.counts.assets, None);
        for place in places.iter().skip(self.state.position.places) {
            loop {
                let (resource_type, delivery_type) = place.kind;
                let cursor = self.state.position.cursor.take();
                let page = self
                    .sources
                    .cloudinary(&self.progress, async |api| {
                        api.list(
                            resource_type,
                            delivery_type,
                            &place.prefix,
                            cursor.as_deref(),
                        )
                        .await
                    })
                    .await?;
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
            self.state.position.places += 1;
            self.state.save()?;
        }
        Ok(())
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
        kind.is_some_and(|kind| plan::may_destroy(&self.manifests, kind, &asset.public_id))
    }

    /// The last moment at which an orphan may have been uploaded.
    pub(super) fn newest(&self) -> Option<u64> {
        let age = self.older_than?;
        Some(unix_time().saturating_sub(age.as_secs()))
    }
}
