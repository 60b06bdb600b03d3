//! What jobs are judged by.

use crate::assets::place::{self, Place};
use crate::cloudinary::account::Account;
use crate::cloudinary::client::ApiClient;
use crate::manifest::ClassManifest;
use crate::parse::client::MasterClient;

/// The manifests in force, and those who are asked.
#[derive(Debug)]
pub struct Plan {
    /// Every guarded class, whether or not it destroys: each may refer to an asset.
    pub classes: Vec<ClassManifest>,
    /// The account.
    pub account: Account,
    /// For counting references.
    pub parse: MasterClient,
    /// For destroying.
    pub cloudinary: ApiClient,
}

impl Plan {
    pub(super) fn places(&self) -> Vec<Place> {
        place::places(&self.classes)
    }
}
