//! The fields of a signed request, added one by one: options that come from several places need no
//! common map, and those that are the same in every request are written once.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::parameter::ParameterKind;
use super::{
    Dialect, MAX_PUBLIC_ID_LEN, UploadError, check_upload_option, is_blank, text,
    transformation_text,
};
use crate::cloudinary::account::Account;
use crate::cloudinary::json_string::push_json_string;
use crate::cloudinary::signature::{HexDigest, SignatureVersion, sign};

/// An upload option as [`sign_upload`](super::sign_upload) sends it; `None` for a transformation
/// option, which is written together with the others of its kind.
///
/// # Errors
/// A name or value that is not an upload option's.
pub fn written(
    name: &str,
    value: &Value,
    account: &Account,
) -> Result<Option<String>, UploadError> {
    check_upload_option(name, value)?;
    let Some(kind) = ParameterKind::of(name) else {
        return Ok(None);
    };
    let value = kind.serialize(name, value, &account.url, Dialect::Documented)?;
    Ok(Some(match value {
        Value::String(text) => text,
        other if is_blank(&other) => String::new(),
        other => text(&other).into_owned(),
    }))
}

/// What is posted for an option alone: [`written`], or the transformation that it makes.
///
/// # Errors
/// A name or value that is not an upload option's.
pub fn posted_text(name: &str, value: &Value, account: &Account) -> Result<String, UploadError> {
    if let Some(text) = written(name, value, account)? {
        return Ok(text);
    }
    let option = Map::from_iter([(name.to_owned(), value.clone())]);
    transformation_text(&option, &account.url, Dialect::Documented)
}

/// Whether two texts are the same value of a parameter. Clients post truth values in either
/// spelling.
pub fn is_same_posted(name: &str, one: &str, other: &str) -> bool {
    let truth = |text| match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    };
    let is_truth_value = || {
        let kind = ParameterKind::of(name);
        matches!(
            kind,
            Some(ParameterKind::Flag | ParameterKind::Boolean | ParameterKind::AutoTranscription)
        )
    };
    one == other || is_truth_value() && truth(one).is_some() && truth(one) == truth(other)
}

/// Version 1 of the signature has no escape for `&`: what follows it in a caller's value would be
/// signed as another parameter.
///
/// # Errors
/// `&` in `text` where the account signs in version 1.
pub fn check_ampersands(name: &str, text: &str, account: &Account) -> Result<(), UploadError> {
    if account.signature_version == SignatureVersion::V1 && text.contains('&') {
        return Err(UploadError::invalid(
            name,
            "a value without `&`, as signature_version=1 has no escape for it",
        ));
    }
    Ok(())
}

/// Fields in the making.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    written: Vec<(&'a str, Cow<'a, str>)>,
    transformation: Map<String, Value>,
}

/// What is posted to Cloudinary: `timestamp` (a JSON number), the options that are set,
/// `signature`, `api_key`.
#[derive(Debug)]
pub struct SignedFields<'a> {
    timestamp: String,
    written: Vec<(&'a str, Cow<'a, str>)>,
    signature: HexDigest,
    api_key: &'a str,
}

impl<'a> Fields<'a> {
    /// Adds an option that [`written`] wrote.
    pub fn add_written(&mut self, name: &'a str, text: &'a str) {
        self.add(name, Cow::Borrowed(text));
    }

    /// Adds an option; no name may be added twice.
    ///
    /// # Errors
    /// A name or value that is not an upload option's.
    pub fn add_option(
        &mut self,
        name: &'a str,
        value: &Value,
        account: &Account,
    ) -> Result<(), UploadError> {
        match written(name, value, account)? {
            Some(text) => self.add(name, Cow::Owned(text)),
            None => {
                self.transformation.insert(name.to_owned(), value.clone());
            }
        }
        Ok(())
    }

    /// [`Self::add_option`] for a value that a caller chose.
    ///
    /// # Errors
    /// As there, and those of [`check_ampersands`].
    pub fn add_chosen(
        &mut self,
        name: &'a str,
        value: &Value,
        account: &Account,
    ) -> Result<(), UploadError> {
        if account.signature_version == SignatureVersion::V1 {
            check_ampersands(name, &posted_text(name, value, account)?, account)?;
        }
        self.add_option(name, value, account)
    }

    fn text(&self, name: &str) -> Option<&str> {
        let mut written = self.written.iter();
        written
            .find(|(other, _)| *other == name)
            .map(|(_, text)| &**text)
    }

    /// Cloudinary puts the folder or prefix and a `/` before the public ID.
    fn check_length(&self) -> Result<(), UploadError> {
        let length = |text: Option<&str>| text.map_or(0, |text| text.chars().count());
        let public_id = length(self.text("public_id"));
        let is_prefix = self.text("use_asset_folder_as_public_id_prefix") == Some("1");
        for name in ["folder", "public_id_prefix", "asset_folder"] {
            if name == "asset_folder" && !is_prefix {
                continue;
            }
            let folder = self.text(name).map(|text| text.trim_end_matches('/'));
            let folder = length(folder);
            if folder > MAX_PUBLIC_ID_LEN {
                return Err(UploadError::TooLong { name });
            }
            if folder > 0 && public_id > 0 && folder + 1 + public_id > MAX_PUBLIC_ID_LEN {
                return Err(UploadError::TooLong { name: "public_id" });
            }
        }
        if public_id > MAX_PUBLIC_ID_LEN {
            return Err(UploadError::TooLong { name: "public_id" });
        }
        Ok(())
    }

    /// The parameters as they are posted, each not empty; transformation options are one.
    ///
    /// # Errors
    /// A transformation that cannot be written, a public ID that is too long.
    pub fn into_posted(
        mut self,
        account: &Account,
    ) -> Result<Vec<(&'a str, Cow<'a, str>)>, UploadError> {
        self.check_length()?;
        let transformation =
            transformation_text(&self.transformation, &account.url, Dialect::Documented)?;
        self.add("transformation", transformation.into());
        Ok(self.written)
    }

    /// Adds a parameter as it is posted; nothing if it is empty.
    pub fn add_posted(&mut self, name: &'a str, text: Cow<'a, str>) {
        self.add(name, text);
    }

    fn add(&mut self, name: &'a str, text: Cow<'a, str>) {
        if !text.is_empty() {
            self.written.push((name, text));
        }
    }

    /// Signs them. `now` in seconds since 1970.
    ///
    /// # Errors
    /// A transformation that cannot be written, a public ID that is too long, an account without
    /// key or secret.
    pub fn sign(self, account: &'a Account, now: u64) -> Result<SignedFields<'a>, UploadError> {
        let api_key = account.api_key.as_deref().ok_or(UploadError::NoApiKey)?;
        let written = self.into_posted(account)?;
        let timestamp = now.to_string();
        let mut pairs = Vec::with_capacity(written.len() + 1);
        pairs.push(("timestamp", timestamp.as_str()));
        pairs.extend(written.iter().map(|(name, text)| (*name, &**text)));
        Ok(SignedFields {
            signature: sign(account, &mut pairs)?,
            timestamp,
            written,
            api_key,
        })
    }
}

impl SignedFields<'_> {
    /// Bytes that [`push_json`](Self::push_json) appends, if nothing must be escaped; a few more in
    /// fact.
    pub fn json_len(&self) -> usize {
        let written = self.written.iter();
        let len: usize = written
            .map(|(name, text)| name.len() + text.len() + 6)
            .sum();
        len + self.api_key.len() + 160
    }

    /// Appends a JSON object of what a client that knows the rest still lacks: `signature`,
    /// `api_key`, `timestamp`.
    pub fn push_signature_json(&self, out: &mut String) {
        out.push_str("{\"signature\":");
        push_json_string(out, self.signature.as_str());
        out.push_str(",\"api_key\":");
        push_json_string(out, self.api_key);
        out.push_str(",\"timestamp\":");
        out.push_str(&self.timestamp);
        out.push('}');
    }

    /// Appends them as a JSON object.
    pub fn push_json(&self, out: &mut String) {
        out.push_str("{\"timestamp\":");
        out.push_str(&self.timestamp);
        let written = self.written.iter().map(|(name, text)| (*name, &**text));
        let last = [
            ("signature", self.signature.as_str()),
            ("api_key", self.api_key),
        ];
        for (name, text) in written.chain(last) {
            out.push_str(",\"");
            // Names of upload parameters, which have nothing to escape.
            out.push_str(name);
            out.push_str("\":");
            push_json_string(out, text);
        }
        out.push('}');
    }
}

#[cfg(test)]
mod tests;
