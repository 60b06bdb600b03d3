//! `sign`: signs upload parameters, and shows what is signed.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::cloudinary::account::Account;
use crate::cloudinary::upload::{Explanation, check_signed_name, explain_signature};

/// Sign upload parameters as they are posted
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cloudinary-parse sign folder=users/u1 tags=cat,dog\n  cloudinary-parse sign folder=users/u1 timestamp=1700000000 --explain\n\nCloudinary's error \"Invalid Signature\" shows the string that it signed: compare it with that of --explain."
)]
pub(super) struct SignArgs {
    /// Parameters as they are posted; without a timestamp, the current time is used
    #[arg(required = true, value_name = "KEY=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Show the string to sign, with the secret masked
    #[arg(long)]
    explain: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    check_signed_name(name).map_err(|error| error.to_string())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The signed fields, one per line or as JSON. `now` in seconds since 1970.
///
/// # Errors
/// A parameter given twice, or an account without key or secret.
pub(super) fn run(args: &SignArgs, account: &Account, now: u64) -> anyhow::Result<String> {
    let explanation = explain_signature(account, &args.parameters, now)?;
    Ok(match (args.json, args.explain) {
        (true, false) => Value::Object(explanation.fields).to_string(),
        (true, true) => json!({
            "fields": explanation.fields,
            "string_to_sign": explanation.string_to_sign,
            "signature_algorithm": account.signature_algorithm.name(),
            "signature_version": account.signature_version.number(),
        })
        .to_string(),
        (false, false) => lines(&explanation.fields),
        (false, true) => explained(account, &explanation),
    })
}

fn lines(fields: &Map<String, Value>) -> String {
    let lines: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    lines.join("\n")
}

fn explained(account: &Account, explanation: &Explanation) -> String {
    let mut text = lines(&explanation.fields);
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "\n\nstring to sign: {}\ndigest:         {}, signature version {}",
        explanation.string_to_sign,
        account.signature_algorithm.name(),
        account.signature_version.number()
    );
    if !explanation.left_out.is_empty() {
        let _ = write!(
            text,
            "\nleft out:       {} (empty: neither signed nor to be posted)",
            explanation.left_out.join(", ")
        );
    }
    if let Some(note) = explanation.note {
        let _ = write!(text, "\nnote:           {note}");
    }
    text
}

#[cfg(test)]
mod tests;
