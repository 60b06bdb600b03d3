//! The JSON texts that Parse Server understands as an answer.
//!
//! It looks at the status, then at `error`, then at `success`: `{}` lets a save through as the client asked for it, `success`
//! replaces the whole write set, `error` refuses.

use serde::Serialize;

/// "As the client asked": operations stay operations.
pub const EMPTY: &str = "{}";

/// `{"error": text}`. Parse Server gives the client code 141 and this text.
pub fn error_answer(text: &str) -> String {
    wrap("error", text)
}

/// `{"success": value}`.
pub fn success_answer(value: &impl Serialize) -> String {
    wrap("success", value)
}

fn wrap(key: &str, value: &(impl Serialize + ?Sized)) -> String {
    let mut answer = format!("{{\"{key}\":").into_bytes();
    let written = serde_json::to_writer(&mut answer, value).is_ok();
    answer.push(b'}');
    // Serialising strings, numbers and maps with string keys cannot fail; were it ever to, the answer must still refuse.
    match String::from_utf8(answer) {
        Ok(answer) if written => answer,
        _ => "{\"error\":\"internal error\"}".to_owned(),
    }
}
