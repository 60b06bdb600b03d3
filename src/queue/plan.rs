//! What jobs are judged by.

use crate::cloudinary::account::Account;
use crate::cloudinary::rest::ApiClient;
use crate::manifest::ClassManifest;
use crate::parse::rest::MasterClient;

use super::parse_rows::Place;

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
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        self.classes
            .iter()
            .flat_map(|class| class.fields.iter().map(|field| Place::of(class, field)))
    }
}
