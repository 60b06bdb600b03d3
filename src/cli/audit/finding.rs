//! What an audit reports, and how.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cloudinary::identifier::{DeliveryType, ResourceType};

use super::scope::Kind;

/// Where a finding about a row is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Cell {
    pub(super) class: String,
    #[serde(rename = "objectId")]
    pub(super) object_id: String,
    pub(super) field: String,
}

/// An asset of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Orphan {
    pub(super) resource_type: String,
    #[serde(rename = "type")]
    pub(super) delivery_type: String,
    pub(super) public_id: String,
    pub(super) bytes: Option<u64>,
    /// Seconds since 1970.
    pub(super) uploaded_at: Option<u64>,
}

/// One line of the report. Signatures, good or bad, are not repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub(super) enum Finding {
    /// A good signature that should have been stripped.
    LeftOverSignature {
        #[serde(flatten)]
        cell: Cell,
        identifier: String,
    },
    /// A signature that no secret of the account made.
    Unsigned {
        #[serde(flatten)]
        cell: Cell,
        identifier: String,
    },
    /// Not an identifier, or a value of another type.
    Malformed {
        #[serde(flatten)]
        cell: Cell,
        value: String,
        expected: String,
    },
    /// A delivery URL in an identifier's place, and the identifier of what it delivers.
    DeliveryUrl {
        #[serde(flatten)]
        cell: Cell,
        url: String,
        identifier: String,
    },
    /// A URL that cannot become an identifier.
    KeptUrl {
        #[serde(flatten)]
        cell: Cell,
        url: String,
        reason: String,
    },
    /// A value whose delivery URLs became identifiers.
    Rewritten {
        #[serde(flatten)]
        cell: Cell,
    },
    /// A value whose delivery URLs could have become identifiers.
    NotRewritten {
        #[serde(flatten)]
        cell: Cell,
        reason: String,
    },
    /// An identifier whose asset Cloudinary does not have.
    MissingAsset {
        #[serde(flatten)]
        cell: Cell,
        identifier: String,
    },
    /// An identifier whose asset was rejected by moderation, or is deleted except for a backup.
    Placeholder {
        #[serde(flatten)]
        cell: Cell,
        identifier: String,
    },
    /// A value that was stripped of its signatures.
    Stripped {
        #[serde(flatten)]
        cell: Cell,
    },
    /// A value that could not be stripped.
    NotStripped {
        #[serde(flatten)]
        cell: Cell,
        reason: String,
    },
    /// An asset that nothing refers to.
    Orphan {
        #[serde(flatten)]
        asset: Orphan,
        /// Whether it lies within `destroy_within`.
        destroyable: bool,
    },
    /// An orphan that was destroyed.
    Destroyed {
        #[serde(flatten)]
        asset: Orphan,
    },
    /// An orphan that was not destroyed after all.
    Kept {
        #[serde(flatten)]
        asset: Orphan,
        reason: String,
    },
}

/// How many of each finding there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) identifiers: u64,
    pub(super) left_over_signatures: u64,
    pub(super) unsigned: u64,
    pub(super) malformed: u64,
    pub(super) delivery_urls: u64,
    pub(super) kept_urls: u64,
    pub(super) rewritten: u64,
    pub(super) not_rewritten: u64,
    pub(super) missing_assets: u64,
    pub(super) placeholders: u64,
    pub(super) stripped: u64,
    pub(super) not_stripped: u64,
    pub(super) assets: u64,
    pub(super) orphans: u64,
    pub(super) orphan_bytes: u64,
    pub(super) destroyable: u64,
    pub(super) destroyed: u64,
    pub(super) kept: u64,
}

impl Orphan {
    /// Its kind; `None` for one that this program did not write.
    pub(super) fn kind(&self) -> Option<Kind> {
        let resource_type = ResourceType::from_name(&self.resource_type)?;
        let delivery_type = DeliveryType::from_name(&self.delivery_type)?;
        Some((resource_type, delivery_type))
    }
}

impl Counts {
    /// Counts a line of the report.
    pub(super) fn count(&mut self, finding: &Finding) {
        let counter = match finding {
            Finding::LeftOverSignature { .. } => &mut self.left_over_signatures,
            Finding::Unsigned { .. } => &mut self.unsigned,
            Finding::Malformed { .. } => &mut self.malformed,
            Finding::DeliveryUrl { .. } => &mut self.delivery_urls,
            Finding::KeptUrl { .. } => &mut self.kept_urls,
            Finding::Rewritten { .. } => &mut self.rewritten,
            Finding::NotRewritten { .. } => &mut self.not_rewritten,
            Finding::MissingAsset { .. } => &mut self.missing_assets,
            Finding::Placeholder { .. } => &mut self.placeholders,
            Finding::Stripped { .. } => &mut self.stripped,
            Finding::NotStripped { .. } => &mut self.not_stripped,
            Finding::Destroyed { .. } => &mut self.destroyed,
            Finding::Kept { .. } => &mut self.kept,
            Finding::Orphan { asset, destroyable } => {
                self.orphan_bytes += asset.bytes.unwrap_or(0);
                self.destroyable += u64::from(*destroyable);
                &mut self.orphans
            }
        };
        *counter += 1;
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.class, self.object_id, self.field)
    }
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            resource_type,
            delivery_type,
            public_id,
            ..
        } = self;
        write!(f, "{resource_type}/{delivery_type}/{public_id}")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOverSignature { cell, identifier } => {
                write!(f, "left-over signature: {cell}: {identifier}")
            }
            Self::Unsigned { cell, identifier } => {
                write!(f, "not signed by this account: {cell}: {identifier}")
            }
            Self::Malformed {
                cell,
                value,
                expected,
            } => write!(f, "malformed: {cell}: {value}: {expected}"),
            Self::DeliveryUrl {
                cell,
                url,
                identifier,
            } => write!(f, "delivery URL: {cell}: {url}: names {identifier}"),
            Self::KeptUrl { cell, url, reason } => write!(f, "kept URL: {cell}: {url}: {reason}"),
            Self::Rewritten { cell } => write!(f, "rewritten: {cell}"),
            Self::NotRewritten { cell, reason } => write!(f, "not rewritten: {cell}: {reason}"),
            Self::MissingAsset { cell, identifier } => {
                write!(f, "asset does not exist: {cell}: {identifier}")
            }
            Self::Placeholder { cell, identifier } => {
                write!(f, "asset is rejected or deleted: {cell}: {identifier}")
            }
            Self::Stripped { cell } => write!(f, "stripped: {cell}"),
            Self::NotStripped { cell, reason } => write!(f, "not stripped: {cell}: {reason}"),
            Self::Orphan { asset, .. } => {
                write!(f, "nothing refers to: {asset}")?;
                if let Some(bytes) = asset.bytes {
                    write!(f, " ({bytes} bytes)")?;
                }
                Ok(())
            }
            Self::Destroyed { asset } => write!(f, "destroyed: {asset}"),
            Self::Kept { asset, reason } => write!(f, "kept: {asset}: {reason}"),
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rows                       {}", self.rows)?;
        writeln!(f, "identifiers                {}", self.identifiers)?;
        writeln!(
            f,
            "left-over signatures       {} ({} stripped)",
            self.left_over_signatures, self.stripped
        )?;
        writeln!(f, "not signed by this account {}", self.unsigned)?;
        writeln!(f, "malformed                  {}", self.malformed)?;
        writeln!(
            f,
            "URLs                       {} ({} can become identifiers; rows rewritten: {})",
            self.delivery_urls + self.kept_urls,
            self.delivery_urls,
            self.rewritten
        )?;
        writeln!(f, "assets that do not exist   {}", self.missing_assets)?;
        writeln!(f, "rejected or deleted        {}", self.placeholders)?;
        writeln!(f, "assets in the folders      {}", self.assets)?;
        let megabytes = self.orphan_bytes.div_ceil(100_000);
        let size = format!("{}.{} MB", megabytes / 10, megabytes % 10);
        write!(
            f,
            "nothing refers to          {} ({size}; {} within destroy_within, {} destroyed)",
            self.orphans, self.destroyable, self.destroyed
        )
    }
}
