//! Signatures that others made.

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::cloudinary::identifier::{Identifier, IdentifierError};
use cloudinary_parse::cloudinary::notification::{MAX_AGE, Notification, NotificationError};
use cloudinary_parse::cloudinary::signature::{self, Algorithm};

use crate::question::{Answer, Object, Question, said, text, whole_seconds};

pub(crate) fn verify_response(question: &Question) -> Answer {
    let account = secretive(question.nameless_account(&Object::new())?)?;
    let [public_id, version] = ["public_id", "version"].map(|name| text(question.arg(name)));
    let signature = question.arg("signature").as_str().unwrap_or_default();
    // Unlike this service, the SDKs take the configured algorithm's digests alone.
    let is_configured = Algorithm::of_signature(signature) == Some(account.signature_algorithm);
    let verified = signature::verify_response(&account, &public_id, &version, signature);
    Ok((is_configured && verified.is_ok()).into())
}

/// The account, if it can verify anything.
fn secretive(account: Account) -> Result<Account, String> {
    if account.secrets.is_empty() {
        return Err(said(signature::NoSecret));
    }
    Ok(account)
}

pub(crate) fn verify_identifier(question: &Question) -> Answer {
    let account = secretive(question.nameless_account(&Object::new())?)?;
    let text = question.arg("identifier").as_str();
    let text = text.ok_or("identifier: expected text")?;
    let identifier = match Identifier::parse(text) {
        Ok(identifier) => identifier,
        // The SDKs throw at what does not look like an identifier at all; what only looks like one
        // is false.
        Err(
            error @ (IdentifierError::MissingPart
            | IdentifierError::Version
            | IdentifierError::EmptySignature),
        ) => return Err(said(error)),
        Err(_) => return Ok(false.into()),
    };
    let signature = identifier.signature.ok_or("signature: missing")?;
    Ok(identifier.verify(&account, signature).is_ok().into())
}

pub(crate) fn verify_notification(question: &Question) -> Answer {
    let account = secretive(question.nameless_account(&Object::new())?)?;
    let body = question.arg("body").as_str();
    let timestamp = text(question.arg("timestamp"));
    let notification = Notification {
        body: body.ok_or("body: expected text")?.as_bytes(),
        timestamp: &timestamp,
        signature: question.arg("signature").as_str().unwrap_or_default(),
    };
    let max_age = question.arg("valid_for").as_f64();
    if max_age.is_some_and(|seconds| seconds < 0.0) {
        return Ok(false.into());
    }
    let max_age = max_age.map_or(MAX_AGE, whole_seconds);
    match notification.verify_within(&account, question.now, max_age) {
        Ok(_) => Ok(true.into()),
        // What is no number at all is the caller's mistake; a number that is no timestamp is a
        // wrong one.
        Err(error @ NotificationError::Timestamp) if timestamp.parse::<f64>().is_err() => {
            Err(said(error))
        }
        Err(_) => Ok(false.into()),
    }
}
