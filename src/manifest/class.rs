//! A manifest that guards a class.

use std::time::Duration;

use crate::cloudinary::identifier::{DeliveryType, ResourceType};

use super::template::Template;

/// A class whose `beforeSave` is guarded.
#[derive(Debug, Clone)]
pub struct ClassManifest {
    /// The Parse class.
    pub class: String,
    /// Saves with the (full) master key are stripped but not verified.
    pub trust_master_key: bool,
    /// The guarded fields.
    pub fields: Vec<GuardedField>,
}

/// One guarded field.
#[derive(Debug, Clone)]
pub struct GuardedField {
    /// The field's name.
    pub name: String,
    /// A create without it, or clearing it, is refused.
    pub required: bool,
    /// An array of identifiers.
    pub many: bool,
    /// Accepted resource types.
    pub resource_types: Vec<ResourceType>,
    /// Accepted delivery types.
    pub types: Vec<DeliveryType>,
    /// Accepted formats; `None`: any or none.
    pub formats: Option<Vec<String>>,
    /// The folder that the `public_id` must lie in: no slash at its ends, no `{params.…}`.
    pub folder: Option<Template>,
    /// Oldest accepted upload.
    pub max_age: Option<Duration>,
}
