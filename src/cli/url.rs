//! `url`: the delivery URL of an identifier.

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::cloudinary::account::Account;
use crate::cloudinary::delivery_url::{check_url_options, identifier_url};
use crate::cloudinary::identifier::Identifier;

/// Build the delivery URL of an identifier
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cloudinary-parse url image/upload/v1/cat.jpg -t c_fill,w_150 --sign\n  cloudinary-parse url image/upload/v1/cat.jpg --options '{\"crop\": \"fill\", \"width\": 150}'"
)]
pub(super) struct UrlArgs {
    /// The identifier; a signature after it is ignored
    #[arg(value_name = "RESOURCE_TYPE/TYPE/vVERSION/PUBLIC_ID[.FORMAT]")]
    identifier: String,
    /// Transformation, as in a URL
    #[arg(short, long, value_name = "RAW")]
    transformation: Option<String>,
    /// URL options as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    options: Option<Map<String, Value>>,
    /// Sign the URL
    #[arg(long)]
    sign: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("expected a JSON object: {error}"))
}

/// The URL, as a line or as JSON. `now` in seconds since 1970, for auth tokens.
///
/// # Errors
/// A text that is not an identifier, unknown or wrong options, signing without a secret.
pub(super) fn run(args: &UrlArgs, account: &Account, now: u64) -> anyhow::Result<String> {
    let identifier = Identifier::parse(&args.identifier).context("identifier")?;
    let mut options = args.options.clone().unwrap_or_default();
    check_url_options(&options).context("--options")?;
    if let Some(transformation) = &args.transformation {
        let earlier = options.insert("raw_transformation".into(), transformation.as_str().into());
        anyhow::ensure!(
            earlier.is_none(),
            "--options: raw_transformation is given with --transformation"
        );
    }
    if args.sign {
        options.insert("sign_url".into(), true.into());
    }
    let url = identifier_url(account, &identifier, &options, now)?;
    Ok(if args.json {
        json!({"url": url}).to_string()
    } else {
        url
    })
}

#[cfg(test)]
mod tests;
