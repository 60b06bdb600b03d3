//! The Parse side: what Parse Server sends to a webhook, and its REST API.

pub mod client;
pub mod envelope;
mod headers;
pub mod hook_name;
pub mod json;
pub mod signed_write;
