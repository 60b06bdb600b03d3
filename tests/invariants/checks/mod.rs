//! What must hold for any input at all: one function for each thing that reads what strangers
//! write.
//!
//! Each `check` takes bytes and panics where a promise is broken. The fuzz targets and the tests
//! run the same ones.

pub(crate) mod chosen;
mod cloud_code;
pub(crate) mod cloudinary_url;
pub(crate) mod identifier;
mod json;
pub(crate) mod manifest;
pub(crate) mod notification;
mod reference;
mod sha1;
pub(crate) mod transformation;
pub(crate) mod webhook;
mod written;

use cloudinary_parse::cloudinary::account::Account;

/// Signs in this account; also looked for where it must not be.
pub(crate) const SECRET: &str = "secret-of-the-checks";
/// Verifies too.
pub(crate) const PREVIOUS_SECRET: &str = "old-secret-of-the-checks";

/// The account that every check signs and verifies with.
fn account() -> Account {
    let url = format!("cloudinary://1234567890:{SECRET}@demo");
    Account::from_url(&url)
        .expect("a plain URL")
        .with_previous_secret(PREVIOUS_SECRET.into())
}

/// The signature of an upload response, made without the code under test.
pub(crate) fn signature(secret: &str, public_id: &str, version: &str) -> String {
    sha1::hex(format!("public_id={public_id}&version={version}{secret}").as_bytes())
}

/// Whether a secret of the account made `signature`.
fn is_signed(signature: &str, public_id: &str, version: &str) -> bool {
    [SECRET, PREVIOUS_SECRET]
        .into_iter()
        .any(|secret| self::signature(secret, public_id, version) == signature)
}
