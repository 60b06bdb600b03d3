//! The questions, for what no flag and no variable has said.

use dialoguer::{Confirm, Input, Password};
use secrecy::SecretString;

use super::{FIELD, Init, SIGN_FUNCTION, class, filled, url};
use crate::cloudinary::account::Account;
use crate::config::Environment;
use crate::manifest::check_field;

const PARSE_SERVER: &str = "http://127.0.0.1:1337/parse";
pub(super) const PUBLIC_URL: &str = "http://127.0.0.1:8080";

/// Asks.
///
/// # Errors
/// The terminal is gone, or the person has broken off.
pub(super) fn ask(given: Init, environment: &Environment) -> anyhow::Result<Init> {
    let known = |name| environment.setting(name).is_some();
    let guarded = text("Class that holds pictures", Some("Photo"), class)?;
    let field = if given.field == FIELD {
        let check = |text: &str| check_field(&guarded, text).map(|()| text.to_owned());
        text("Its field for the picture", Some(FIELD), check)?
    } else {
        given.field
    };
    let folder_per_user = given.folder_per_user
        || yes("May users upload only into a folder of their own (users/<objectId>)?")?;
    let sign_uploads = yes("A function that signs uploads?")?.then(|| SIGN_FUNCTION.to_owned());
    let parse_server = match given.parse_server {
        None if !known("PARSE_SERVER_URL") => {
            Some(text("Where is Parse Server?", Some(PARSE_SERVER), url)?)
        }
        given => given,
    };
    let application_id = match given.application_id {
        None if !known("PARSE_SERVER_APPLICATION_ID") => {
            Some(text("Its application id", None, filled)?)
        }
        given => given,
    };
    let public_url = match given.public_url {
        None if !known("CLOUDINARY_PARSE_PUBLIC_URL") => {
            let question = "Where does Parse Server reach this service?";
            Some(text(question, Some(PUBLIC_URL), url)?)
        }
        given => given,
    };
    let cloudinary_url = if known("CLOUDINARY_URL") {
        None
    } else {
        let question = "CLOUDINARY_URL from Cloudinary's console (hidden; empty: later, in .env)";
        secret(question, |text| usable_account(text).map(|_| ()))?
    };
    let master_key = if known("PARSE_SERVER_MASTER_KEY") {
        None
    } else {
        let question = "Parse Server's master key (hidden; empty: later, in .env)";
        secret(question, |_| Ok(()))?
    };
    Ok(Init {
        classes: vec![guarded],
        field,
        folder_per_user,
        sign_uploads,
        parse_server,
        application_id,
        public_url,
        cloudinary_url,
        master_key,
    })
}

/// An account that can sign.
pub(super) fn usable_account(url: &str) -> Result<Account, String> {
    let account = Account::from_url(url).map_err(|error| error.to_string())?;
    if account.api_key.is_none() || account.secrets.is_empty() {
        return Err("expected cloudinary://<api_key>:<api_secret>@<cloud_name>".to_owned());
    }
    Ok(account)
}

fn text(
    question: &str,
    default: Option<&str>,
    check: impl Fn(&str) -> Result<String, String>,
) -> anyhow::Result<String> {
    let mut input = Input::<String>::new().with_prompt(question);
    if let Some(default) = default {
        input = input.default(default.to_owned());
    }
    let input = input.validate_with(|text: &String| check(text).map(|_| ()));
    let answer = input.interact_text()?;
    check(&answer).map_err(anyhow::Error::msg)
}

fn yes(question: &str) -> anyhow::Result<bool> {
    Ok(Confirm::new()
        .with_prompt(question)
        .default(true)
        .interact()?)
}

fn secret(
    question: &str,
    check: impl Fn(&str) -> Result<(), String>,
) -> anyhow::Result<Option<SecretString>> {
    let answer = Password::new()
        .with_prompt(question)
        .allow_empty_password(true)
        .validate_with(|text: &String| match text.trim() {
            "" => Ok(()),
            text => check(text),
        })
        .interact()?;
    let answer = answer.trim();
    Ok((!answer.is_empty()).then(|| SecretString::from(answer)))
}
