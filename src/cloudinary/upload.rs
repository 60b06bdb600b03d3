//! Upload parameters: their names, their serialisation and their signature.

use serde_json::{Map, Value};

use super::account::Account;

/// Why upload parameters cannot be built; names the parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// A value of a type that the parameter cannot have.
    #[error("{name}: {expected}")]
    Invalid {
        /// The parameter.
        name: String,
        /// What it takes.
        expected: String,
    },
}

/// Serialises `options` (as the SDKs' `upload` takes them), adds `timestamp`, `signature` and `api_key`: exactly the fields to
/// post to Cloudinary. `timestamp` is a JSON number, the rest strings (or arrays of strings for repeated `key[]`).
pub fn sign_upload(
    _account: &Account,
    _options: &Map<String, Value>,
    _now: u64,
) -> Result<Map<String, Value>, UploadError> {
    todo!()
}

/// `https://api.cloudinary.com/v1_1/<cloud>/<resource_type>/upload`, with the account's `upload_prefix`.
pub fn upload_url(_account: &Account, _resource_type: &str) -> String {
    todo!()
}

/// Whether `name` is an upload parameter or a transformation option that an upload takes.
pub fn is_upload_option(_name: &str) -> bool {
    todo!()
}
