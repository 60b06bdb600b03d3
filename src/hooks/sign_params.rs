//! `sign_params`: a signature over exactly the parameters that a client is about to post, such as
//! the Upload Widget's.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use crate::cloudinary::account::Account;
use crate::cloudinary::upload::{
    Fields, as_text, check_ampersands, is_part_of_transformation, is_same_posted,
};
use crate::manifest::{Accepted, SIGN_PARAMS_OWN, UploadRules, is_reserved};
use crate::parse::envelope::Envelope;
use crate::parse::json::{JsonText, Member};

use super::answer::signature_answer;
use super::choice::{UNREADABLE, to_value};
use super::refusal::Refusal;
use super::upload_fields::{FixedFields, upload_fields};

/// Cloudinary takes a signature for an hour, and an upload may be slow.
const MAX_AGE: u64 = 55 * 60;

/// How far ahead a client's clock may be.
const MAX_AHEAD: u64 = 5 * 60;

const MAX_TIMESTAMP_DIGITS: usize = 12;

const TIMESTAMP_FORM: &str = "seconds since 1970, at most 55 minutes old and 5 minutes ahead";

/// What the Upload Widget sends as `source`.
const SOURCE: &str = "uw";

/// What a parameter is to the manifest.
enum Rule<'m> {
    Source,
    Timestamp,
    /// `[upload]` sets it, to nothing perhaps.
    Set(&'m str, &'m str),
    /// `[accept]` may take it.
    Accept(&'m str, &'m Accepted),
    /// It fills a template and is not posted.
    Template,
}

/// Signs what the caller sends, if each of it is what the manifest sets or accepts; the text to
/// answer. `now` in seconds since 1970.
pub(super) fn sign(
    rules: &UploadRules,
    fixed: &FixedFields,
    account: &Account,
    envelope: &Envelope<'_>,
    now: u64,
) -> Result<String, Refusal> {
    let members = &envelope.params.members;
    let called_with = check_names(members, rules)?;
    let set = upload_fields(rules, fixed, account, envelope)?;
    let set = set.into_posted(account).map_err(Refusal::of_parameter)?;
    let mut fields = Fields::default();
    let mut timestamp = None;
    for member in members {
        let name = member.key.text();
        let rule = rule_of(&name, rules, &set);
        if matches!(rule, Rule::Template) {
            continue;
        }
        let text = posted(&name, member.value)?;
        match rule {
            Rule::Timestamp => timestamp = Some(check_timestamp(&text, now)?),
            Rule::Source if text == SOURCE => fields.add_written("source", SOURCE),
            Rule::Set(name, value) if is_same_posted(name, value, &text) => {
                fields.add_posted(name, text.into());
            }
            Rule::Source if !text.is_empty() => return Err(expected("source", &quoted(SOURCE))),
            Rule::Set(name, value) => return Err(expected(name, &quoted(value))),
            Rule::Accept(name, accepted) if !text.is_empty() => {
                let checked = accepted.check_posted(name, &text, account);
                checked.map_err(Refusal::of_parameter)?;
                check_ampersands(name, &text, account).map_err(Refusal::of_parameter)?;
                fields.add_posted(name, text.into());
            }
            // Empty ones are not signed.
            Rule::Source | Rule::Accept(..) | Rule::Template => {}
        }
    }
    if let Some((name, value)) = set.iter().find(|(name, _)| !called_with.contains(*name)) {
        return Err(missing(name, &quoted(value)));
    }
    let timestamp = timestamp.ok_or_else(|| missing("timestamp", TIMESTAMP_FORM))?;
    let signed = fields.sign(account, timestamp);
    Ok(signature_answer(&signed.map_err(Refusal::of_parameter)?))
}

/// Each name once, and none that nothing here is about: the reserved ones first, of which a
/// signature might pass for something else. The names.
fn check_names<'a>(
    members: &[Member<'a>],
    rules: &UploadRules,
) -> Result<HashSet<Cow<'a, str>>, Refusal> {
    let names: Vec<_> = members.iter().map(|member| member.key.text()).collect();
    let known = posted_names(rules);
    let expected = || format!("expected only {}", known.join(", "));
    let reserved = |name: &&Cow<'_, str>| is_reserved(name) && *name != "timestamp";
    if let Some(name) = names.iter().find(reserved) {
        let text = format!("{name}: reserved, {}", expected());
        return Err(Refusal::of_parameter(text));
    }
    let mut sent = HashSet::with_capacity(names.len());
    for name in names {
        if !known.contains(&&*name) && !rules.fills_template(&name) {
            let text = format!("{name}: not accepted, {}", expected());
            return Err(Refusal::of_parameter(text));
        }
        if sent.contains(&name) {
            let text = format!("{name}: occurs twice, expected once");
            return Err(Refusal::of_parameter(text));
        }
        sent.insert(name);
    }
    Ok(sent)
}

/// What may be signed, by the names under which it is posted.
fn posted_names(rules: &UploadRules) -> Vec<&str> {
    let upload = rules.upload.iter().map(|(name, _)| posted_name(name));
    let accept = rules.accept.iter().map(|(name, _)| name.as_str());
    let mut names: Vec<_> = upload.chain(accept).chain(SIGN_PARAMS_OWN).collect();
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(*name));
    names
}

fn posted_name(name: &str) -> &str {
    if is_part_of_transformation(name) {
        "transformation"
    } else {
        name
    }
}

fn rule_of<'m>(name: &str, rules: &'m UploadRules, set: &'m [(&'m str, Cow<'m, str>)]) -> Rule<'m> {
    if name == "timestamp" {
        return Rule::Timestamp;
    }
    if name == "source" {
        return Rule::Source;
    }
    if let Some((name, value)) = set.iter().find(|(set, _)| *set == name) {
        return Rule::Set(name, value);
    }
    let mut upload = rules.upload.iter().map(|(name, _)| posted_name(name));
    if let Some(name) = upload.find(|set| *set == name) {
        return Rule::Set(name, "");
    }
    let mut accept = rules.accept.iter();
    match accept.find(|(accepted, _)| accepted == name) {
        Some((name, accepted)) => Rule::Accept(name, accepted),
        None => Rule::Template,
    }
}

/// The text that is posted for a value.
fn posted(name: &str, value: JsonText<'_>) -> Result<String, Refusal> {
    let value =
        to_value(value).ok_or_else(|| Refusal::of_parameter(format!("{name}: {UNREADABLE}")))?;
    if holds_object(&value) {
        return Err(expected(
            name,
            "what is posted: text, a number, true or false, or an array of them",
        ));
    }
    Ok(as_text(&value).into_owned())
}

fn holds_object(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(holds_object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The seconds of a timestamp, written so that they are signed as they were sent.
fn check_timestamp(text: &str, now: u64) -> Result<u64, Refusal> {
    let is_plain = text.len() <= MAX_TIMESTAMP_DIGITS
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && !text.starts_with('0');
    let seconds: Option<u64> = text.parse().ok().filter(|_| is_plain);
    seconds
        .filter(|seconds| now.saturating_sub(*seconds) <= MAX_AGE)
        .filter(|seconds| seconds.saturating_sub(now) <= MAX_AHEAD)
        .ok_or_else(|| expected("timestamp", TIMESTAMP_FORM))
}

fn quoted(text: &str) -> String {
    match text {
        "" => "nothing".to_owned(),
        text => Value::from(text).to_string(),
    }
}

fn expected(name: &str, what: &str) -> Refusal {
    Refusal::of_parameter(format!("{name}: expected {what}"))
}

fn missing(name: &str, what: &str) -> Refusal {
    Refusal::of_parameter(format!("{name}: missing, expected {what}"))
}
