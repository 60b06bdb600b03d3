//! Signatures and the parameters of uploads.

use cloudinary_parse::cloudinary::upload;
use serde_json::Value;

use crate::question::{Answer, Object, Question, blank, said, text};

pub(crate) fn sign(question: &Question) -> Answer {
    let account = question.nameless_account(&Object::new())?;
    let params = question.object("params")?;
    Ok(upload::sign_params(&account, &params).map_err(said)?.into())
}

pub(crate) fn sign_request(question: &Question) -> Answer {
    let account = question.nameless_account(&question.object("options")?)?;
    let params = question.object("params")?;
    Ok(on_the_wire(
        upload::sign_request(&account, params).map_err(said)?,
    ))
}

/// The options of an `upload` call. The Node SDK, whose answers these are, does not know
/// `batch_id`; with the parameters that only it knows beside it, no SDK would send both.
fn upload_options(question: &Question) -> Result<Object, String> {
    let mut options = question.object("options")?;
    options.remove("batch_id");
    Ok(options)
}

fn params_of(options: &Object, question: &Question) -> Result<Object, String> {
    upload::upload_params(&question.url_config(), options, question.now).map_err(said)
}

pub(crate) fn upload_params(question: &Question) -> Answer {
    let params = params_of(&upload_options(question)?, question)?;
    Ok(on_the_wire(upload::without_blanks(params)))
}

pub(crate) fn sign_upload(question: &Question) -> Answer {
    let is_set = |object: &Object, name: &str| {
        object
            .get(name)
            .is_some_and(|value| !blank(value) && value != false && value != 0)
    };
    let options = upload_options(question)?;
    let mut params = params_of(&options, question)?;
    let fields = if is_set(&options, "unsigned") {
        params.shift_remove("timestamp");
        upload::without_blanks(params)
    } else if is_set(&options, "oauth_token") || is_set(&question.config, "oauth_token") {
        upload::without_blanks(params)
    } else if is_set(&options, "signature") {
        // The caller has signed the options; they are sent as they are.
        upload::without_blanks(options)
    } else {
        let account = question.nameless_account(&options)?;
        upload::sign_request(&account, params).map_err(said)?
    };
    Ok(on_the_wire(fields))
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
