//! Answers conformance questions: JSON lines `{"id", "op", "config", "args", "now"}` on standard input, for each one line
//! `{"id", "answer"}`, `{"id", "error"}` or `{"id", "unsupported": true}` on standard output.
//!
//! The questions and what Cloudinary's SDKs answer lie in `tests/vectors`; `tests/vectors.rs` compares.

use std::io::{self, BufRead, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use cloudinary_parse::cloudinary::account::{Account, AccountError, config_from_url};
use cloudinary_parse::cloudinary::identifier::{Identifier, IdentifierError};
use cloudinary_parse::cloudinary::notification::{MAX_AGE, Notification, NotificationError};
use cloudinary_parse::cloudinary::{
    auth_token, delivery_url, download, signature, transformation, upload,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// An error is text for a reader: the comparison only asks whether there is one.
type Answer = Result<Value, String>;

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

/// Borrowed as raw text, so that a question whose arguments are no JSON for us still shows its id.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(default)]
    id: Value,
    op: String,
    #[serde(borrow)]
    config: Option<&'a RawValue>,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
    now: Option<f64>,
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

/// `None` for an operation that is none of ours.
fn answer(line: &Line<'_>) -> Option<Answer> {
    let operation = match line.op.as_str() {
        "api_url" => api_url,
        "auth_token" => token,
        "config_url" => config_url,
        "context" => context,
        "eager" => eager,
        "expression" => expression,
        "layer" => layer,
        "private_download_url" => private_download_url,
        "responsive_breakpoints" => responsive_breakpoints,
        "sign" => sign,
        "sign_request" => sign_request,
        "sign_upload" => sign_upload,
        "transformation" => transformation,
        "upload_params" => upload_params,
        "url" => url,
        "verify_identifier" => verify_identifier,
        "verify_notification" => verify_notification,
        "verify_response" => verify_response,
        _ => return None,
    };
    Some(Question::read(line).and_then(|question| operation(&question)))
}

struct Question {
    config: Object,
    args: Object,
    now: u64,
}

impl Question {
    fn read(line: &Line<'_>) -> Result<Self, String> {
        let object = |name: &str, raw: Option<&RawValue>| match raw {
            None => Ok(Object::new()),
            Some(raw) => serde_json::from_str::<Option<Object>>(raw.get())
                .map(Option::unwrap_or_default)
                .map_err(|error| format!("{name}: {error}")),
        };
        Ok(Self {
            config: object("config", line.config)?,
            args: object("args", line.args)?,
            now: line.now.map_or_else(clock, whole_seconds),
        })
    }

    fn arg(&self, name: &str) -> &Value {
        self.args.get(name).unwrap_or(&Value::Null)
    }

    fn object(&self, name: &str) -> Result<Object, String> {
        match self.arg(name) {
            Value::Null => Ok(Object::new()),
            Value::Object(object) => Ok(object.clone()),
            _ => Err(format!("{name}: expected an object")),
        }
    }

    /// The configuration's account as `args` and then `options` override it.
    fn account(&self, options: &Object) -> Result<Account, String> {
        let mut config = self.config.clone();
        for (name, value) in self.args.iter().chain(options) {
            match name.as_str() {
                "api_key" | "api_secret" if blank(value) => {
                    return Err(format!("{name}: missing"));
                }
                "signature_algorithm" | "signature_version" if value.is_null() => {}
                // Less than 2; in a configuration 0 would count as unset.
                "signature_version" if value == 0 => {
                    config.insert(name.clone(), 1.into());
                }
                "api_key"
                | "api_secret"
                | "cloud_name"
                | "signature_algorithm"
                | "signature_version"
                | "upload_prefix" => {
                    config.insert(name.clone(), value.clone());
                }
                _ => {}
            }
        }
        Account::from_config(&config).map_err(|error| match error {
            AccountError::Malformed => "cloud_name: missing".to_owned(),
            other => other.to_string(),
        })
    }

    /// The same where no URL is built: signatures know no cloud name.
    fn nameless_account(&self, options: &Object) -> Result<Account, String> {
        let mut named = Self {
            config: self.config.clone(),
            args: self.args.clone(),
            now: self.now,
        };
        named.config.entry("cloud_name").or_insert("-".into());
        named.account(options)
    }
}

fn clock() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.map_or(0, |duration| duration.as_secs())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a clock before 1970 or beyond all time counts as its nearest end"
)]
fn whole_seconds(now: f64) -> u64 {
    now as u64
}

fn blank(value: &Value) -> bool {
    value.is_null() || value == ""
}

fn text(value: &Value) -> String {
    upload::as_text(value).into_owned()
}

/// Fields as they go over the wire: text, arrays for repeated fields.
fn on_the_wire(fields: Object) -> Value {
    let as_sent = |value: Value| match value {
        Value::Array(items) => items.iter().map(text).collect(),
        value => Value::String(text(&value)),
    };
    fields
        .into_iter()
        .map(|(name, value)| (name, as_sent(value)))
        .collect::<Object>()
        .into()
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn sign(question: &Question) -> Answer {
    let account = question.nameless_account(&Object::new())?;
    let params = question.object("params")?;
    Ok(upload::sign_params(&account, &params).map_err(said)?.into())
}

fn sign_request(question: &Question) -> Answer {
    let account = question.nameless_account(&question.object("options")?)?;
    let params = question.object("params")?;
    Ok(on_the_wire(
        upload::sign_request(&account, params).map_err(said)?,
    ))
}

/// What an `upload` call sends. The Node SDK, whose answers these are, does not know `batch_id`; with the parameters that only it
/// knows beside it, no SDK would send both.
fn params_of_upload(question: &Question) -> Result<(Account, Object, Object), String> {
    let mut options = question.object("options")?;
    options.remove("batch_id");
    let account = question.nameless_account(&options)?;
    let params = upload::upload_params(&account, &options, question.now).map_err(said)?;
    Ok((account, options, params))
}

fn upload_params(question: &Question) -> Answer {
    let (_, _, params) = params_of_upload(question)?;
    Ok(on_the_wire(upload::without_blanks(params)))
}

fn sign_upload(question: &Question) -> Answer {
    let is_set = |object: &Object, name: &str| {
        object
            .get(name)
            .is_some_and(|value| !blank(value) && value != false && value != 0)
    };
    let (account, options, mut params) = params_of_upload(question)?;
    let fields = if is_set(&options, "unsigned") {
        params.shift_remove("timestamp");
        upload::without_blanks(params)
    } else if is_set(&options, "oauth_token") || is_set(&question.config, "oauth_token") {
        upload::without_blanks(params)
    } else if is_set(&options, "signature") {
        // The caller has signed the options; they are sent as they are.
        upload::without_blanks(options)
    } else {
        upload::sign_request(&account, params).map_err(said)?
    };
    Ok(on_the_wire(fields))
}

fn verify_response(question: &Question) -> Answer {
    let account = secretive(question.nameless_account(&Object::new())?)?;
    let [public_id, version] = ["public_id", "version"].map(|name| text(question.arg(name)));
    let signature = question.arg("signature").as_str().unwrap_or_default();
    let verified = signature::verify_response(&account, &public_id, &version, signature);
    Ok(verified.is_ok().into())
}

/// The account, if it can verify anything.
fn secretive(account: Account) -> Result<Account, String> {
    if account.secrets.is_empty() {
        return Err(said(signature::NoSecret));
    }
    Ok(account)
}

fn verify_identifier(question: &Question) -> Answer {
    let account = secretive(question.nameless_account(&Object::new())?)?;
    let text = question.arg("identifier").as_str();
    let text = text.ok_or("identifier: expected text")?;
    let identifier = match Identifier::parse(text) {
        Ok(identifier) => identifier,
        // The SDKs throw at what does not look like an identifier at all; what only looks like one is false.
        Err(
            error @ (IdentifierError::MissingPart
            | IdentifierError::Version
            | IdentifierError::EmptySignature),
        ) => return Err(said(error)),
        Err(_) => return Ok(false.into()),
    };
    let signature = identifier.signature.ok_or("signature: missing")?;
    Ok(identifier.verify(&account, signature).is_ok().into())
}

fn verify_notification(question: &Question) -> Answer {
    let account = secretive(question.nameless_account(&Object::new())?)?;
    let body = question.arg("body").as_str();
    let timestamp = text(question.arg("timestamp"));
    let notification = Notification {
        body: body.ok_or("body: expected text")?.as_bytes(),
        timestamp: &timestamp,
        signature: question.arg("signature").as_str().unwrap_or_default(),
    };
    let max_age = question.arg("valid_for").as_f64();
    if max_age.is_some_and(|seconds| seconds < 0.0) {
        return Ok(false.into());
    }
    let max_age = max_age.map_or(MAX_AGE, whole_seconds);
    match notification.verify_within(&account, question.now, max_age) {
        Ok(_) => Ok(true.into()),
        // What is no number at all is the caller's mistake; a number that is no timestamp is a wrong one.
        Err(error @ NotificationError::Timestamp) if timestamp.parse::<f64>().is_err() => {
            Err(said(error))
        }
        Err(_) => Ok(false.into()),
    }
}

fn config_url(question: &Question) -> Answer {
    match question.arg("url").as_str().unwrap_or_default() {
        "" => Ok(json!({})),
        url => config_from_url(url).map(Value::Object).map_err(said),
    }
}

fn api_url(question: &Question) -> Answer {
    let options = question.object("options")?;
    let account = question.account(&options)?;
    let or = |value: Option<&Value>, default: &str| match value {
        Some(value) if !blank(value) => text(value),
        _ => default.to_owned(),
    };
    let resource_type = or(options.get("resource_type"), "image");
    let action = or(question.args.get("action"), "upload");
    Ok(upload::api_url(&account, &resource_type, &action).into())
}

fn context(question: &Question) -> Answer {
    match question.arg("context") {
        context @ (Value::Null | Value::Bool(_) | Value::Number(_)) => Ok(context.clone()),
        context => upload::context(context).map(Value::from).map_err(said),
    }
}

fn responsive_breakpoints(question: &Question) -> Answer {
    let account = question.nameless_account(&Object::new())?;
    match question.arg("breakpoints") {
        Value::Null => Ok(Value::Null),
        settings => upload::responsive_breakpoints(&account, settings)
            .map(Value::from)
            .map_err(said),
    }
}

fn eager(question: &Question) -> Answer {
    let account = question.nameless_account(&Object::new())?;
    let text = transformation::eager(question.arg("eager"), &account.url);
    text.map(Value::from).map_err(said)
}

fn transformation(question: &Question) -> Answer {
    let account = question.nameless_account(&Object::new())?;
    let text = transformation::from_value(question.arg("options"), &account.url);
    text.map(Value::from).map_err(said)
}

fn expression(question: &Question) -> Answer {
    Ok(match question.arg("expression") {
        Value::String(text) => transformation::normalize_expression(text).into(),
        other => other.clone(),
    })
}

fn layer(question: &Question) -> Answer {
    let text = transformation::layer(question.arg("layer"));
    text.map(Value::from).map_err(said)
}

fn url(question: &Question) -> Answer {
    let options = question.object("options")?;
    let account = question.account(&options)?;
    let public_id = match question.arg("public_id") {
        Value::Null => return Ok(Value::Null),
        public_id => text(public_id),
    };
    delivery_url::url(&account, &public_id, &options, question.now)
        .map(Value::from)
        .map_err(said)
}

fn token(question: &Question) -> Answer {
    let account = question.nameless_account(&Object::new())?;
    let options = question.object("options")?;
    auth_token::generate(&account.url, &options, question.now)
        .map(Value::from)
        .map_err(said)
}

fn private_download_url(question: &Question) -> Answer {
    let options = question.object("options")?;
    let account = question.account(&options)?;
    let [public_id, format] = ["public_id", "format"].map(|name| text(question.arg(name)));
    download::private_download_url(&account, &public_id, &format, &options, question.now)
        .map(Value::from)
        .map_err(said)
}
