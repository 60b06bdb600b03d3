//! A `sign_upload` function.

use super::document::{ManifestReport, Section};
use super::upload_rules::{UploadRules, tables};

/// Keys of the file besides those of every function.
pub(super) const KEYS: &[&str] = &["upload", "accept", "response", "resource_type"];

const RESPONSES: &[(&str, ResponseForm)] = &[
    ("fields", ResponseForm::Fields),
    ("request", ResponseForm::Request),
];

const RESOURCE_TYPES: &[(&str, &str)] = &[
    ("auto", "auto"),
    ("image", "image"),
    ("video", "video"),
    ("raw", "raw"),
];

/// A `sign_upload` function.
#[derive(Debug, Clone, PartialEq)]
pub struct SignUpload {
    /// What is signed.
    pub rules: UploadRules,
    /// The form of the answer.
    pub response: ResponseForm,
    /// Part of the upload URL of `response = "request"`: `image`, `video`, `raw` or `auto`.
    pub resource_type: String,
}

/// The form of a `sign_upload` answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseForm {
    /// The fields to post, as the old module answered.
    Fields,
    /// `{"url", "fields", "expires_at"}`.
    Request,
}

impl SignUpload {
    /// Reads the keys of a `sign_upload` function.
    pub(super) fn read(file: &mut Section<'_>, report: &mut ManifestReport<'_>) -> Self {
        let (upload, accept) = tables(file, report);
        let overlap = "it is in [upload] too, which is always signed; write it here as { default = … }, or there only";
        let rules = UploadRules::read(&upload, &accept, overlap, report);
        let response = file
            .take("response")
            .and_then(|entry| entry.one_of(RESPONSES, report));
        let resource_type = file
            .take("resource_type")
            .and_then(|entry| entry.one_of(RESOURCE_TYPES, report));
        Self {
            rules,
            response: response.unwrap_or(ResponseForm::Fields),
            resource_type: resource_type.unwrap_or("auto").to_owned(),
        }
    }
}
