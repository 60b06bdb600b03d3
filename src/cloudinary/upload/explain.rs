//! Signing parameters by hand, with what was signed: the answer to Cloudinary's "Invalid
//! Signature".

use serde_json::{Map, Value};

use super::error::UploadError;
use crate::cloudinary::account::Account;
use crate::cloudinary::signature::{SignatureVersion, sign, string_to_sign};

/// What stands for the secret, which is never shown.
const MASK: &str = "<api_secret>";

/// Signed parameters, and how they came to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What is posted: the parameters, `signature` and `api_key`.
    pub fields: Map<String, Value>,
    /// What the signature is a digest of, `<api_secret>` in the secret's place.
    pub string_to_sign: String,
    /// Empty parameters: neither signed nor to be posted.
    pub left_out: Vec<String>,
    /// What became of `&` in a value, where there is one.
    pub note: Option<&'static str>,
}

/// Why parameters cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// A name that is never signed, or must not be.
    #[error("{0}")]
    Name(String),
    /// One name, two values.
    #[error("{0}: given twice, expected once")]
    Twice(String),
    /// An account that cannot sign.
    #[error(transparent)]
    Account(#[from] UploadError),
}

/// Checks that `name` may be among signed parameters.
///
/// # Errors
/// [`ExplainError::Name`] for an empty name, for what is posted without being signed, and for
/// `version`, which signed together with `public_id` would make an identifier.
pub fn check_signed_name(name: &str) -> Result<(), ExplainError> {
    let text = match name {
        "" => "expected a name before \"=\"".to_owned(),
        "file" | "cloud_name" | "resource_type" | "api_key" => {
            format!("{name} is posted or part of the URL, but never signed: leave it out")
        }
        "signature" | "signature_algorithm" | "signature_version" => {
            format!("{name} is not a signed parameter: leave it out")
        }
        "version" => {
            "version is not an upload parameter; signed with public_id it would make an identifier"
                .to_owned()
        }
        _ => return Ok(()),
    };
    Err(ExplainError::Name(text))
}

/// Signs `parameters` as they are posted. `now` in seconds since 1970: the timestamp, unless one is
/// among them.
///
/// # Errors
/// A name that [`check_signed_name`] refuses or that occurs twice, an account without key or
/// secret.
pub fn explain_signature(
    account: &Account,
    parameters: &[(String, String)],
    now: u64,
) -> Result<Explanation, ExplainError> {
    let mut params: Map<String, Value> = Map::new();
    for (name, value) in parameters {
        check_signed_name(name)?;
        if params.insert(name.clone(), value.as_str().into()).is_some() {
            return Err(ExplainError::Twice(name.clone()));
        }
    }
    if !params.contains_key("timestamp") {
        params.insert("timestamp".into(), now.to_string().into());
    }
    let api_key = account.api_key.as_deref().ok_or(UploadError::NoApiKey)?;
    let mut pairs: Vec<(&str, &str)> = params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    let left_out = pairs.iter().filter(|(_, value)| value.is_empty());
    let left_out = left_out.map(|(name, _)| (*name).to_owned()).collect();
    let has_ampersand = pairs.iter().any(|(_, value)| value.contains('&'));
    let note = has_ampersand.then_some(match account.signature_version {
        SignatureVersion::V1 => "& stays as it is in version 1",
        SignatureVersion::V2 => "& is signed as %26 in version 2, but posted as it is",
    });
    let string_to_sign = string_to_sign(&mut pairs, account.signature_version) + MASK;
    let signature = sign(account, &mut pairs).map_err(UploadError::from)?;
    params.retain(|_, value| value != "");
    params.insert("signature".into(), signature.as_str().into());
    params.insert("api_key".into(), api_key.into());
    Ok(Explanation {
        fields: params,
        string_to_sign,
        left_out,
        note,
    })
}
