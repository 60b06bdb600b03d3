//! A `sign_upload` function.

use super::accept::Accepted;
use super::parameter::Parameter;

/// A `sign_upload` function. No name is both in `upload` and in `accept`.
#[derive(Debug, Clone)]
pub struct SignUpload {
    /// Always signed; in the manifest's order.
    pub upload: Vec<(String, Parameter)>,
    /// What the caller may choose.
    pub accept: Vec<(String, Accepted)>,
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
    /// Whether a template uses the caller's parameter `name`: it counts as accepted and is not sent on by itself.
    pub fn fills_template(&self, name: &str) -> bool {
        self.upload
            .iter()
            .flat_map(|(_, parameter)| parameter.templates())
            .any(|template| template.params().any(|param| param == name))
    }
}
