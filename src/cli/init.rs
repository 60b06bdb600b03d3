//! `init`: configuration and manifests for a folder that has none.
//!
//! Nothing is asked of anybody but the person at the terminal, and no file that exists is touched:
//! what it lacks is printed. The only secret that is ever printed is a webhook key made here.

use std::io::{self, IsTerminal as _};

use anyhow::{Context as _, anyhow};
use secrecy::SecretString;

use super::output::{Output, complain};
use super::{Status, print};
use crate::config::{Environment, parse_url};
use crate::manifest::{check_class, check_field, check_function};
use crate::random;

mod advice;
mod dotenv_file;
mod manifests;
mod questions;
mod write;

use dotenv_file::{DotenvFile, WebhookKey};

/// What the function that signs uploads is called, as in Cloudinary's module for Parse.
const SIGN_FUNCTION: &str = "sign_cloudinary_upload_request";
/// The field that holds the picture, as in Cloudinary's module for Parse.
const FIELD: &str = "cloudinaryIdentifier";

/// Write .env and manifests for an app of your own
#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "Examples:\n  cloudinary-parse init\n  cloudinary-parse init --class Photo --folder-per-user --sign-uploads --parse-server http://127.0.0.1:1337/parse --application-id myApp\n\nWithout --class and --sign-uploads it asks, if there is a terminal. CLOUDINARY_URL and the PARSE_SERVER_… variables are taken from the environment.\nFiles that exist stay as they are: the lines that they lack are printed."
)]
pub(super) struct Init {
    /// A class whose pictures are to be guarded; may be given more than once
    #[arg(long = "class", value_name = "CLASS", value_parser = class)]
    classes: Vec<String>,
    /// The field that holds them
    #[arg(long, value_name = "FIELD", default_value = FIELD)]
    field: String,
    /// Each user uploads into, and saves from, a folder of the user's own
    #[arg(long)]
    folder_per_user: bool,
    /// A function that signs uploads
    #[arg(long, value_name = "FUNCTION", num_args = 0..=1, default_missing_value = SIGN_FUNCTION, value_parser = function)]
    sign_uploads: Option<String>,
    /// Where Parse Server is; default: `PARSE_SERVER_URL`
    #[arg(long, value_name = "URL", value_parser = url)]
    parse_server: Option<String>,
    /// Its application id; default: `PARSE_SERVER_APPLICATION_ID`
    #[arg(long, value_name = "ID", value_parser = filled)]
    application_id: Option<String>,
    /// Where Parse Server reaches this service; default: <http://127.0.0.1:8080>
    #[arg(long, value_name = "URL", value_parser = url)]
    public_url: Option<String>,
    /// Asked for in a terminal, where nobody looks on.
    #[arg(skip)]
    cloudinary_url: Option<SecretString>,
    /// Asked for in a terminal, where nobody looks on.
    #[arg(skip)]
    master_key: Option<SecretString>,
}

fn class(text: &str) -> Result<String, String> {
    check_class(text).map(|()| text.to_owned())
}

fn function(text: &str) -> Result<String, String> {
    check_function(text).map(|()| text.to_owned())
}

fn url(text: &str) -> Result<String, String> {
    let url = parse_url(text).ok_or("expected an http:// or https:// URL")?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn filled(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is blank".to_owned());
    }
    Ok(text.to_owned())
}

impl Init {
    /// Asks what has not been said, writes, and prints what is to be done next.
    ///
    /// # Errors
    /// What is asked for contradicts the manifests that exist; a file cannot be written.
    pub(super) fn run(mut self, environment: &Environment) -> anyhow::Result<Status> {
        if self.classes.is_empty() && self.sign_uploads.is_none() {
            if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
                return Ok(refuse(&self.missing(environment)));
            }
            self = questions::ask(self, environment)?;
        }
        let missing = self.missing(environment);
        if !missing.is_empty() {
            return Ok(refuse(&missing));
        }
        if let Err(reason) = self.check_names() {
            complain(format_args!("error: {reason}"));
            return Ok(Status::WrongUsage);
        }
        let manifests = manifests::plan(&self, &environment.webhooks())?;
        let key = webhook_key(environment)?;
        let dotenv = DotenvFile::new(&self, environment, &key)?;
        let mut output = Output::default();
        manifests.write(&mut output)?;
        dotenv.write(&mut output)?;
        output.finish().context("cannot write the result")?;
        print(&advice::text(&self, environment, &key, &dotenv))
    }

    /// The flags that are missing where nobody can be asked.
    fn missing(&self, environment: &Environment) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if self.classes.is_empty() && self.sign_uploads.is_none() {
            missing.push("--class (or --sign-uploads)");
        }
        if self.parse_server.is_none() && environment.setting("PARSE_SERVER_URL").is_none() {
            missing.push("--parse-server (or PARSE_SERVER_URL)");
        }
        if self.application_id.is_none()
            && environment.setting("PARSE_SERVER_APPLICATION_ID").is_none()
        {
            missing.push("--application-id (or PARSE_SERVER_APPLICATION_ID)");
        }
        missing
    }

    /// What the arguments do not show one by one.
    fn check_names(&self) -> Result<(), String> {
        for class in &self.classes {
            check_field(class, &self.field)?;
        }
        let named = self.classes.iter().chain(&self.sign_uploads);
        let mut files: Vec<_> = named.map(|name| name.to_lowercase()).collect();
        files.sort();
        // A file system may not tell Photo.toml from photo.toml.
        match files.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!(
                "two manifests would be one file, {}.toml: give each class and function a name of its own",
                pair[0]
            )),
            None => Ok(()),
        }
    }

    /// The folder that a user's pictures lie in, if that is to be a user's own.
    fn folder(&self) -> Option<&'static str> {
        self.folder_per_user.then_some("users/{user.objectId}")
    }
}

fn refuse(missing: &[&str]) -> Status {
    complain(format_args!(
        "error: there is no terminal to ask in: give {}\n\nUsage: cloudinary-parse init --class <CLASS> --parse-server <URL> --application-id <ID>\n\nFor more information, try '--help'.",
        missing.join(", ")
    ));
    Status::WrongUsage
}

/// The environment's, which wins over what `.env` says; else a new one.
fn webhook_key(environment: &Environment) -> anyhow::Result<WebhookKey> {
    if environment.setting("PARSE_SERVER_WEBHOOK_KEY").is_some() {
        return Ok(WebhookKey::Known);
    }
    random::hex_256()
        .map(WebhookKey::New)
        .ok_or_else(|| anyhow!("the system has no random numbers for a webhook key"))
}
