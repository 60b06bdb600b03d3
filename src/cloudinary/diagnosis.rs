//! What is wrong with an identifier that was refused, for whoever has to mend it.
//!
//! For operators only: it says more than a client may learn. It never says what the signature
//! should be.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::delivery_url::{UrlIdentifier, identifier_in, is_url};
use super::identifier::{Identifier, ResourceType};
use super::signature::{Algorithm, SecretInUse, verify_response};

/// What was found out about a text that should be a signed identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Whether a secret of the account made its signature.
    pub is_valid: bool,
    /// `secret` that made it, else `reason`, `hint`, the secrets `tried` and the bare `identifier`
    /// in a delivery URL; then the identifier's parts.
    pub findings: Map<String, Value>,
}

type Findings = Map<String, Value>;

impl Diagnosis {
    /// One object: `valid`, then the findings.
    pub fn to_json(&self) -> Value {
        let mut json = json!({"valid": self.is_valid});
        for (name, value) in &self.findings {
            json[name] = value.clone();
        }
        json
    }
}

/// Reads `text` and tries its signature with every secret of `account`.
///
/// ```
/// use cloudinary_parse::cloudinary::{account::Account, diagnosis::diagnose};
///
/// let account = Account::from_url("cloudinary://key:secret@demo")?;
/// let diagnosis = diagnose(&account, "image/upload/v1/cat.jpg");
/// assert!(!diagnosis.is_valid);
/// assert_eq!(diagnosis.findings["reason"], "signature: missing, expected one after \"#\"");
/// # Ok::<(), cloudinary_parse::cloudinary::account::AccountError>(())
/// ```
pub fn diagnose(account: &Account, text: &str) -> Diagnosis {
    let (is_valid, findings) = match verify(account, text) {
        Ok(findings) => (true, findings),
        Err(findings) => (false, findings),
    };
    Diagnosis { is_valid, findings }
}

fn verify(account: &Account, text: &str) -> Result<Findings, Findings> {
    let wrong = |reason: String| Findings::from_iter([("reason".into(), reason.into())]);
    if is_url(text) {
        return Err(match identifier_in(account, text) {
            Ok(found) => in_url(wrong(IS_URL.into()), &found),
            Err(error) => wrong(error.to_string()),
        });
    }
    let identifier = Identifier::parse(text).map_err(|error| wrong(error.to_string()))?;
    let Some(signature) = identifier.signature else {
        let reason = "signature: missing, expected one after \"#\"";
        return Err(parts(wrong(reason.into()), &identifier));
    };
    if let Ok(secret) = identifier.verify(account, signature) {
        let secret = match secret {
            SecretInUse::Current => "current",
            SecretInUse::Previous => "previous",
        };
        let answer = Findings::from_iter([("secret".into(), secret.into())]);
        return Ok(parts(answer, &identifier));
    }
    let mut answer = wrong("signature: made with none of the account's secrets".into());
    answer.insert("tried".into(), tried(account));
    if let Some(hint) = hint(account, &identifier, signature) {
        answer.insert("hint".into(), hint.into());
    }
    Err(parts(answer, &identifier))
}

const IS_URL: &str = "a delivery URL, which carries no signature for saving";

/// The identifier in a delivery URL. Without a version there is none, only its parts.
fn in_url(mut answer: Findings, found: &UrlIdentifier) -> Findings {
    let hint = "save what the upload's response gives: <resource_type>/<type>/v<version>/<public_id>.<format>#<signature>";
    let bare = found.identifier();
    let hint = match bare {
        Some(_) => hint.to_owned(),
        None => format!("the URL has no version, which an identifier needs; {hint}"),
    };
    answer.insert("hint".into(), hint.into());
    answer.insert("identifier".into(), bare.clone().into());
    let text = bare.unwrap_or_else(|| found.at("0"));
    if let Ok(identifier) = Identifier::parse(&text) {
        answer = parts(answer, &identifier);
    }
    if found.version.is_none() {
        answer["version"] = Value::Null;
        answer["uploaded_at"] = Value::Null;
    }
    answer
}

/// The secrets by their position: the secrets themselves are nobody's business.
fn tried(account: &Account) -> Value {
    let names = ["current"].into_iter().chain(std::iter::repeat("previous"));
    names.take(account.secrets.len()).collect()
}

/// What the signature looks like instead.
fn hint(account: &Account, identifier: &Identifier<'_>, signature: &str) -> Option<String> {
    let is_hex = signature.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex {
        return Some("expected 40 or 64 hex digits after \"#\"".into());
    }
    if signature.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some("Cloudinary writes hex digits in lower case".into());
    }
    if Algorithm::of_signature(signature).is_none() {
        return Some(format!(
            "{} digits; SHA-1 gives 40, SHA-256 64",
            signature.len()
        ));
    }
    let fits = |public_id: &str| {
        verify_response(account, public_id, identifier.version, signature).is_ok()
    };
    match (identifier.resource_type, identifier.format) {
        (ResourceType::Raw, _) => {
            let (stem, _) = identifier.public_id.rsplit_once('.')?;
            fits(stem).then(|| {
                format!("it fits public_id {stem:?}: the asset is an image or a video, not raw")
            })
        }
        (ResourceType::Image | ResourceType::Video, Some(format)) => {
            let whole = format!("{}.{format}", identifier.public_id);
            fits(&whole).then(|| {
                format!("it fits public_id {whole:?}: the asset is raw, or its format is missing after that")
            })
        }
        (ResourceType::Image | ResourceType::Video, None) => None,
    }
}

fn parts(mut answer: Findings, identifier: &Identifier<'_>) -> Findings {
    let uploaded_at = i64::try_from(identifier.uploaded_at())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map(|timestamp| timestamp.to_string());
    for (name, value) in [
        ("resource_type", identifier.resource_type.name().into()),
        ("type", identifier.delivery_type.name().into()),
        ("version", identifier.version.into()),
        ("uploaded_at", uploaded_at.into()),
        ("public_id", identifier.public_id.into()),
        ("format", identifier.format.into()),
    ] {
        answer.insert(name.into(), value);
    }
    answer
}
