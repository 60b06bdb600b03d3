//! `verify`: says whether an identifier is one that Cloudinary signed, and if not, what is wrong.
//! Of a delivery URL it shows the identifier in it.

use std::fmt::Write as _;

use serde_json::Value;

use crate::cloudinary::account::Account;
use crate::cloudinary::diagnosis::{Diagnosis, diagnose};

/// Verify the signature of an identifier: exit code 0 if it is valid, 1 if not
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cloudinary-parse verify 'image/upload/v1700000000/users/u1/cat.jpg#5f1c…'"
)]
pub(super) struct VerifyArgs {
    /// The identifier with its signature; of a delivery URL, the identifier in it is shown
    #[arg(value_name = "RESOURCE_TYPE/TYPE/vVERSION/PUBLIC_ID[.FORMAT]#SIGNATURE")]
    identifier: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `verify` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// For standard output.
    pub(super) text: String,
    /// Whether the signature is good; if not, the exit code is 1.
    pub(super) is_valid: bool,
}

/// Verifies with every secret of the account.
///
/// # Errors
/// An account without a secret.
pub(super) fn run(args: &VerifyArgs, account: &Account) -> anyhow::Result<Verdict> {
    anyhow::ensure!(
        !account.secrets.is_empty(),
        "CLOUDINARY_URL: no api_secret to verify with, expected cloudinary://<api_key>:<api_secret>@<cloud_name>"
    );
    let diagnosis = diagnose(account, &args.identifier);
    let text = if args.json {
        diagnosis.to_json().to_string()
    } else {
        as_lines(&diagnosis)
    };
    Ok(Verdict {
        text,
        is_valid: diagnosis.is_valid,
    })
}

fn as_lines(diagnosis: &Diagnosis) -> String {
    let verdict = if diagnosis.is_valid {
        "valid"
    } else {
        "not valid"
    };
    let mut text = String::from(verdict);
    for (name, value) in &diagnosis.findings {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Array(items) => {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                items.join(", ")
            }
            other => other.to_string(),
        };
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{:<14} {value}", format!("{name}:"));
    }
    text
}

#[cfg(test)]
mod tests;
