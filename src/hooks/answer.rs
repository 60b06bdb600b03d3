//! The JSON texts that Parse Server understands as an answer.
//!
//! It looks at the status, then at `error`, then at `success`: `{}` lets a save through as the
//! client asked for it, `success` replaces the whole write set, `error` refuses.

use crate::cloudinary::json_string::push_json_string;
use crate::cloudinary::upload::SignedFields;

/// "As the client asked": operations stay operations.
pub const EMPTY: &str = "{}";

/// `{"error": text}`. Parse Server gives the client code 141 and this text.
pub fn error_answer(text: &str) -> String {
    let mut answer = String::with_capacity(text.len() + 16);
    answer.push_str("{\"error\":");
    push_json_string(&mut answer, text);
    answer.push('}');
    answer
}

/// `{"success": {"url": url}}`.
pub(super) fn url_answer(url: &str) -> String {
    let mut answer = String::with_capacity(url.len() + 32);
    answer.push_str("{\"success\":{\"url\":");
    push_json_string(&mut answer, url);
    answer.push_str("}}");
    answer
}

/// `{"success": fields}`.
pub(super) fn fields_answer(fields: &SignedFields<'_>) -> String {
    let mut answer = String::with_capacity(fields.json_len() + 16);
    answer.push_str("{\"success\":");
    fields.push_json(&mut answer);
    answer.push('}');
    answer
}

/// `{"success": {"signature", "api_key", "timestamp"}}`.
pub(super) fn signature_answer(fields: &SignedFields<'_>) -> String {
    let mut answer = String::with_capacity(192);
    answer.push_str("{\"success\":");
    fields.push_signature_json(&mut answer);
    answer.push('}');
    answer
}

/// `{"success": {"url", "fields", "expires_at"}}`.
pub(super) fn request_answer(url: &str, fields: &SignedFields<'_>, expires_at: &str) -> String {
    let mut answer = String::with_capacity(fields.json_len() + url.len() + expires_at.len() + 64);
    answer.push_str("{\"success\":{\"url\":");
    push_json_string(&mut answer, url);
    answer.push_str(",\"fields\":");
    fields.push_json(&mut answer);
    answer.push_str(",\"expires_at\":");
    push_json_string(&mut answer, expires_at);
    answer.push_str("}}");
    answer
}
