//! The signature of a delivery URL: `s--XXXXXXXX--`.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::error::UrlError;
use super::options::text_option;
use crate::cloudinary::account::Account;
use crate::cloudinary::signature::Algorithm;
use crate::cloudinary::url_config::flag;
use crate::cloudinary::url_options::{OptionKey, UrlOptions};

const SHORT: &str = "s--00000000--";
const LONG: &str = "s--00000000000000000000000000000000--";

/// How a URL is signed.
pub(super) struct Signing<'a> {
    secret: &'a str,
    algorithm: Algorithm,
    is_long: bool,
}

impl<'a> Signing<'a> {
    /// The options' choice over the account's; a long signature is always one of SHA-256.
    pub(super) fn new(account: &'a Account, options: &UrlOptions<'a>) -> Result<Self, UrlError> {
        let secret = match options.get(OptionKey::ApiSecret) {
            None => account.secrets.first().map(ExposeSecret::expose_secret),
            Some(secret) => secret.as_str(),
        };
        let is_long = options
            .get(OptionKey::LongUrlSignature)
            .and_then(flag)
            .unwrap_or(account.url.long_url_signature);
        let algorithm = match text_option(options, OptionKey::SignatureAlgorithm)? {
            _ if is_long => Algorithm::Sha256,
            None => account.signature_algorithm,
            Some(name) => Algorithm::from_name(name).ok_or(UrlError::Invalid {
                key: "signature_algorithm",
                expected: "sha1 or sha256",
            })?,
        };
        Ok(Self {
            secret: secret
                .filter(|secret| !secret.is_empty())
                .ok_or(UrlError::MissingSecret)?,
            algorithm,
            is_long,
        })
    }

    /// What [`Self::sign`] replaces.
    pub(super) fn placeholder(&self) -> &'static str {
        if self.is_long { LONG } else { SHORT }
    }

    /// Writes the signature of the parts of `out` (transformation, public ID, format) to the
    /// placeholder at `at`.
    pub(super) fn sign(&self, out: &mut String, at: usize, parts: [Range<usize>; 3]) {
        let [transformation, id, format] = parts.map(|part| out[part].as_bytes());
        let is_alone = transformation.is_empty() || (id.is_empty() && format.is_empty());
        let separator: &[u8] = if is_alone { b"" } else { b"/" };
        let parts = [
            transformation,
            separator,
            id,
            format,
            self.secret.as_bytes(),
        ];
        let text = match self.algorithm {
            Algorithm::Sha1 => encode::<Sha1>(parts),
            Algorithm::Sha256 => encode::<Sha256>(parts),
        };
        let length = self.placeholder().len() - "s----".len();
        let start = at + "s--".len();
        let signature = str::from_utf8(&text[..length]).unwrap_or_default();
        out.replace_range(start..start + length, signature);
    }
}

/// The digest in Base64: 27 characters of SHA-1, 43 of SHA-256.
fn encode<D: Digest>(parts: [&[u8]; 5]) -> [u8; 43] {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    let mut text = [b'0'; 43];
    // Neither digest is longer than the text.
    let _ = URL_SAFE_NO_PAD.encode_slice(digest.finalize(), &mut text);
    text
}
