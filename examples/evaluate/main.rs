//! Answers conformance questions: JSON lines `{"id", "op", "config", "args", "now"}` on standard
//! input, for each one line `{"id", "answer"}`, `{"id", "error"}` or `{"id", "unsupported": true}`
//! on standard output.
//!
//! The questions and what Cloudinary's SDKs answer lie in `tests/vectors`; `tests/vectors.rs`
//! compares.

mod question;
mod sign;
mod verify;
mod write;

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use question::{Answer, Line, Question};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        if !line.trim_ascii().is_empty() {
            writeln!(out, "{}", answer_line(&line))?;
        }
    }
    Ok(())
}

fn answer_line(line: &[u8]) -> Value {
    let line: Line<'_> = match serde_json::from_slice(line) {
        Ok(line) => line,
        Err(error) => return json!({"id": null, "error": format!("line: {error}")}),
    };
    match answer(&line) {
        Some(Ok(answer)) => json!({"id": line.id, "answer": answer}),
        Some(Err(error)) => json!({"id": line.id, "error": error}),
        None => json!({"id": line.id, "unsupported": true}),
    }
}

/// `None` for an operation that is none of ours, or none at all.
fn answer(line: &Line<'_>) -> Option<Answer> {
    let operation = match line.op.as_str()? {
        "api_url" => write::api_url,
        "auth_token" => write::token,
        "config_url" => write::config_url,
        "context" => write::context,
        "eager" => write::eager,
        "expression" => write::expression,
        "layer" => write::layer,
        "private_download_url" => write::private_download_url,
        "responsive_breakpoints" => write::responsive_breakpoints,
        "sign" => sign::sign,
        "sign_request" => sign::sign_request,
        "sign_upload" => sign::sign_upload,
        "transformation" => write::transformation,
        "upload_params" => sign::upload_params,
        "url" => write::url,
        "verify_identifier" => verify::verify_identifier,
        "verify_notification" => verify::verify_notification,
        "verify_response" => verify::verify_response,
        _ => return None,
    };
    Some(Question::read(line).and_then(|question| operation(&question)))
}
