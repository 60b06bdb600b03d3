//! A `delivery_url` function.

use serde_json::{Map, Value};

use super::accept::Accepted;

/// A `delivery_url` function.
#[derive(Debug, Clone)]
pub struct DeliveryUrl {
    /// Class and field to read; without them the caller names an identifier.
    pub source: Option<(String, String)>,
    /// URL options in force unless the caller may override them.
    pub url: Map<String, Value>,
    /// What the caller may set or override in `params.options`.
    pub accept: Vec<(String, Accepted)>,
}
