//! URLs, transformations and parameters as text.

use cloudinary_parse::cloudinary::account::{Account, config_from_url};
use cloudinary_parse::cloudinary::{auth_token, delivery_url, download, transformation, upload};
use serde_json::{Value, json};

use crate::question::{Answer, Object, Question, blank, said, text};

pub(crate) fn config_url(question: &Question) -> Answer {
    match question.arg("url").as_str().unwrap_or_default() {
        "" => Ok(json!({})),
        url => config_from_url(url).map(Value::Object).map_err(said),
    }
}

pub(crate) fn api_url(question: &Question) -> Answer {
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

pub(crate) fn context(question: &Question) -> Answer {
    match question.arg("context") {
        context @ (Value::Null | Value::Bool(_) | Value::Number(_)) => Ok(context.clone()),
        context => upload::context(context).map(Value::from).map_err(said),
    }
}

pub(crate) fn responsive_breakpoints(question: &Question) -> Answer {
    match question.arg("breakpoints") {
        Value::Null => Ok(Value::Null),
        settings => upload::responsive_breakpoints(&question.url_config(), settings)
            .map(Value::from)
            .map_err(said),
    }
}

pub(crate) fn eager(question: &Question) -> Answer {
    let text = transformation::eager(question.arg("eager"), &question.url_config());
    text.map(Value::from).map_err(said)
}

pub(crate) fn transformation(question: &Question) -> Answer {
    let text = transformation::from_value(question.arg("options"), &question.url_config());
    text.map(Value::from).map_err(said)
}

#[expect(clippy::unnecessary_wraps, reason = "every operation answers alike")]
pub(crate) fn expression(question: &Question) -> Answer {
    Ok(match question.arg("expression") {
        Value::String(text) => transformation::normalize_expression(text).into(),
        other => other.clone(),
    })
}

pub(crate) fn layer(question: &Question) -> Answer {
    let text = transformation::layer(question.arg("layer"));
    text.map(Value::from).map_err(said)
}

/// The account of a URL; the library itself reads what else the options say of it.
fn named_account(question: &Question, options: &Object) -> Result<Account, String> {
    let name = options.get("cloud_name").filter(|name| !blank(name));
    question.account(&name.map_or_else(Object::new, |name| {
        Object::from_iter([("cloud_name".into(), name.clone())])
    }))
}

pub(crate) fn url(question: &Question) -> Answer {
    let options = question.object("options")?;
    let account = named_account(question, &options)?;
    let public_id = match question.arg("public_id") {
        Value::Null => return Ok(Value::Null),
        public_id => text(public_id),
    };
    delivery_url::url(&account, &public_id, &options, question.now)
        .map(Value::from)
        .map_err(said)
}

pub(crate) fn token(question: &Question) -> Answer {
    let options = question.object("options")?;
    auth_token::generate(&question.url_config(), &options, question.now)
        .map(Value::from)
        .map_err(said)
}

pub(crate) fn private_download_url(question: &Question) -> Answer {
    let options = question.object("options")?;
    let account = named_account(question, &options)?;
    let [public_id, format] = ["public_id", "format"].map(|name| text(question.arg(name)));
    download::private_download_url(&account, &public_id, &format, &options, question.now)
        .map(Value::from)
        .map_err(said)
}
