//! What jobs are decided by.

use crate::assets::place::{self, Place};
use crate::cloudinary::account::Account;
use crate::cloudinary::client::ApiClient;
use crate::manifest::ClassManifest;
use crate::parse::client::MasterClient;

/// The manifests in force, the account, and clients for both servers.
#[derive(Debug)]
pub struct Plan {
    /// Every guarded class, whether it destroys or not: each may refer to an asset.
    pub classes: Vec<ClassManifest>,
    /// The account.
    pub account: Account,
    /// For reading and writing rows.
    pub parse: MasterClient,
    /// For looking assets up and destroying them.
    pub cloudinary: ApiClient,
}

impl Plan {
    pub(super) fn places(&self) -> Vec<Place> {
        place::places(&self.classes)
    }
}
