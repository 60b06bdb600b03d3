//! `verify`: says whether an identifier is one that Cloudinary signed, and if not, what is wrong.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::cloudinary::account::Account;
use crate::cloudinary::identifier::{Identifier, ResourceType};
use crate::cloudinary::signature::{Algorithm, SecretInUse, verify_response};

/// Check the signature of an identifier: exit code 0 if it is good, 1 if not
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cloudinary-parse verify 'image/upload/v1700000000/users/u1/cat.jpg#5f1c…'"
)]
pub(super) struct VerifyArgs {
    /// The identifier with its signature
    #[arg(value_name = "RESOURCE_TYPE/TYPE/vVERSION/PUBLIC_ID[.FORMAT]#SIGNATURE")]
    identifier: String,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// What `verify` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// For standard output.
    pub(super) text: String,
    /// Whether the signature is good; if not, the exit code is 1.
    pub(super) is_valid: bool,
}

/// Verifies with every secret of the account.
///
/// # Errors
/// An account without a secret.
pub(super) fn run(args: &VerifyArgs, account: &Account) -> anyhow::Result<Verdict> {
    anyhow::ensure!(
        !account.secrets.is_empty(),
        "CLOUDINARY_URL: no api_secret to verify with, expected cloudinary://<api_key>:<api_secret>@<cloud_name>"
    );
    let (is_valid, answer) = match verify(account, &args.identifier) {
        Ok(answer) => (true, answer),
        Err(answer) => (false, answer),
    };
    let text = if args.json {
        let mut json = json!({"valid": is_valid});
        for (name, value) in answer {
            json[name] = value;
        }
        json.to_string()
    } else {
        as_lines(is_valid, &answer)
    };
    Ok(Verdict { text, is_valid })
}

type Answer = Map<String, Value>;

fn verify(account: &Account, text: &str) -> Result<Answer, Answer> {
    let wrong = |reason: String| Answer::from_iter([("reason".into(), reason.into())]);
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
        let answer = Answer::from_iter([("secret".into(), secret.into())]);
        return Ok(parts(answer, &identifier));
    }
    let mut answer = wrong("signature: made with none of the account's secrets".into());
    answer.insert("tried".into(), tried(account));
    if let Some(hint) = hint(account, &identifier, signature) {
        answer.insert("hint".into(), hint.into());
    }
    Err(parts(answer, &identifier))
}

/// The secrets by their position: the secrets themselves are nobody's business.
fn tried(account: &Account) -> Value {
    let names = ["current"].into_iter().chain(std::iter::repeat("previous"));
    names.take(account.secrets.len()).collect()
}

/// What the signature looks like instead.
fn hint(account: &Account, identifier: &Identifier<'_>, signature: &str) -> Option<String> {
    let expected = match account.signature_algorithm {
        Algorithm::Sha1 => 40,
        Algorithm::Sha256 => 64,
    };
    let is_hex = signature.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex {
        return Some(format!("expected {expected} hex digits after \"#\""));
    }
    if signature.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some("Cloudinary writes hex digits in lower case".into());
    }
    if signature.len() != expected {
        let name = account.signature_algorithm.name();
        return Some(format!(
            "{} digits; the account's signature_algorithm {name} gives {expected}",
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

fn parts(mut answer: Answer, identifier: &Identifier<'_>) -> Answer {
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

fn as_lines(is_valid: bool, answer: &Answer) -> String {
    let mut text = String::from(if is_valid { "valid" } else { "not valid" });
    for (name, value) in answer {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Array(items) => {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                items.join(", ")
            }
            other => other.to_string(),
        };
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{:<14} {value}", format!("{name}:"));
    }
    text
}

#[cfg(test)]
mod tests;
