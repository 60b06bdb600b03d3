//! `sign`: signs upload parameters, and shows what is signed.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::cloudinary::account::Account;
use crate::cloudinary::signature::{SignatureVersion, string_to_sign};
use crate::cloudinary::upload::sign_request;

/// What stands for the secret, which is never shown.
const MASK: &str = "<api_secret>";

/// Sign upload parameters as they are posted
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cloudinary-parse sign folder=users/u1 tags=cat,dog\n  cloudinary-parse sign folder=users/u1 timestamp=1700000000 --explain\n\n\"Invalid Signature\" from Cloudinary shows the string that it signed: compare it with that of --explain."
)]
pub(super) struct SignArgs {
    /// Parameters as they are posted; the timestamp is now unless given
    #[arg(required = true, value_name = "KEY=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Show the string that is signed, the secret masked
    #[arg(long)]
    explain: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    match name {
        "" => Err("expected a name before \"=\"".into()),
        "file" | "cloud_name" | "resource_type" | "api_key" => Err(format!(
            "{name} is posted or part of the URL, but never signed: leave it out"
        )),
        "signature" | "signature_algorithm" | "signature_version" => {
            Err(format!("{name} is not a signed parameter: leave it out"))
        }
        "version" => Err(
            "version is not an upload parameter; signed with public_id it would make an identifier"
                .into(),
        ),
        _ => Ok((name.to_owned(), value.to_owned())),
    }
}

/// The signed fields, one per line or as JSON. `now` in seconds since 1970.
///
/// # Errors
/// A parameter given twice, or an account without key or secret.
pub(super) fn run(args: &SignArgs, account: &Account, now: u64) -> anyhow::Result<String> {
    let mut params: Map<String, Value> = Map::new();
    for (name, value) in &args.parameters {
        let earlier = params.insert(name.clone(), value.as_str().into());
        anyhow::ensure!(earlier.is_none(), "{name}: given twice, expected once");
    }
    if !params.contains_key("timestamp") {
        params.insert("timestamp".into(), now.to_string().into());
    }
    let mut pairs: Vec<(&str, &str)> = params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    let signed = string_to_sign(&mut pairs, account.signature_version) + MASK;
    let fields = sign_request(account, params.clone())?;
    Ok(match (args.json, args.explain) {
        (true, false) => Value::Object(fields).to_string(),
        (true, true) => json!({
            "fields": fields,
            "string_to_sign": signed,
            "signature_algorithm": account.signature_algorithm.name(),
            "signature_version": number(account.signature_version),
        })
        .to_string(),
        (false, false) => lines(&fields),
        (false, true) => explanation(account, &params, &fields, &signed),
    })
}

fn number(version: SignatureVersion) -> u8 {
    match version {
        SignatureVersion::V1 => 1,
        SignatureVersion::V2 => 2,
    }
}

fn lines(fields: &Map<String, Value>) -> String {
    let lines: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    lines.join("\n")
}

fn explanation(
    account: &Account,
    params: &Map<String, Value>,
    fields: &Map<String, Value>,
    signed: &str,
) -> String {
    let mut text = lines(fields);
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "\n\nstring to sign: {signed}\ndigest:         {}, signature version {}",
        account.signature_algorithm.name(),
        number(account.signature_version)
    );
    let blank: Vec<&str> = params
        .iter()
        .filter(|(_, value)| value.as_str() == Some(""))
        .map(|(name, _)| name.as_str())
        .collect();
    if !blank.is_empty() {
        let _ = write!(
            text,
            "\nleft out:       {} (empty: neither signed nor to be posted)",
            blank.join(", ")
        );
    }
    if params
        .values()
        .any(|value| value.as_str().is_some_and(|value| value.contains('&')))
    {
        let _ = write!(
            text,
            "\nnote:           {}",
            match account.signature_version {
                SignatureVersion::V1 => "& stays as it is in version 1",
                SignatureVersion::V2 => "& is signed as %26 in version 2, but posted as it is",
            }
        );
    }
    text
}

#[cfg(test)]
mod tests;
