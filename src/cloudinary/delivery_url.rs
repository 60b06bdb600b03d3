//! Delivery URLs.

use serde_json::{Map, Value};

use super::account::Account;
use super::identifier::Identifier;
use super::transformation::TransformationError;

/// Why a delivery URL cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The transformation part.
    #[error(transparent)]
    Transformation(#[from] TransformationError),
}

/// The URL under which an asset is delivered. `options` are the SDKs' URL options (transformation keys, `sign_url`, `format`, …);
/// unknown keys are ignored. A `format` of the options replaces the identifier's.
pub fn identifier_url(
    _account: &Account,
    _identifier: &Identifier<'_>,
    _options: &Map<String, Value>,
) -> Result<String, UrlError> {
    todo!()
}

/// Checks options that an operator wrote: an unknown key is an error with a suggestion.
pub fn check_url_options(_options: &Map<String, Value>) -> Result<(), UrlError> {
    todo!()
}
