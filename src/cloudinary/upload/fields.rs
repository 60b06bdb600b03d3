//! The fields of a signed request, added one by one: options that come from several places need no
//! common map, and those that are the same in every request are written once.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::error::{MAX_PUBLIC_ID_LEN, UploadError};
use super::posted::{check_ampersands, posted_text, transformation_text, written};
use crate::cloudinary::account::Account;
use crate::cloudinary::json_string::push_json_string;
use crate::cloudinary::signature::{HexDigest, SignatureVersion, sign};

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
    timestamp: u64,
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
        let transformation = transformation_text(&self.transformation, &account.url)?;
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
            timestamp: now,
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
        out.push_str(itoa::Buffer::new().format(self.timestamp));
        out.push('}');
    }

    /// The fields by name.
    pub fn into_map(self) -> Map<String, Value> {
        let text = |(name, text): (&str, Cow<'_, str>)| (name.to_owned(), text.into_owned().into());
        let mut map = Map::with_capacity(self.written.len() + 3);
        map.insert("timestamp".into(), self.timestamp.into());
        map.extend(self.written.into_iter().map(text));
        map.insert("signature".into(), self.signature.as_str().into());
        map.insert("api_key".into(), self.api_key.into());
        map
    }

    /// Appends them as a JSON object.
    pub fn push_json(&self, out: &mut String) {
        out.push_str("{\"timestamp\":");
        out.push_str(itoa::Buffer::new().format(self.timestamp));
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

/// Serialises `options` (as the SDKs' `upload` takes them), adds `timestamp`, `signature` and
/// `api_key`: exactly the fields to post to Cloudinary. `timestamp` is a JSON number, the rest
/// strings.
///
/// Every option must be a known one with a value that it can have.
///
/// ```
/// use cloudinary_parse::cloudinary::{account::Account, upload};
///
/// let account = Account::from_url("cloudinary://key:abcd@demo")?;
/// let options = serde_json::json!({"tags": ["cat", "dog"], "eager": {"crop": "fill", "width": 150}});
/// let fields = upload::sign_upload(&account, options.as_object().unwrap(), 1_700_000_000)?;
/// assert_eq!(fields["tags"], "cat,dog");
/// assert_eq!(fields["eager"], "c_fill,w_150");
/// assert_eq!(fields["timestamp"], 1_700_000_000);
/// assert_eq!(fields["api_key"], "key");
/// assert_eq!(fields["signature"].as_str().unwrap().len(), 40);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign_upload(
    account: &Account,
    options: &Map<String, Value>,
    now: u64,
) -> Result<Map<String, Value>, UploadError> {
    let mut fields = Fields::default();
    for (name, value) in options {
        fields.add_option(name, value, account)?;
    }
    Ok(fields.sign(account, now)?.into_map())
}

#[cfg(test)]
mod tests;
