//! `delivery_url`: where a picture is delivered, transformed as the manifest says.

use std::borrow::Cow;

use log::warn;
use secrecy::SecretString;
use serde_json::Value;

use crate::cloudinary::account::Account;
use crate::cloudinary::delivery_url::identifier_url_with;
use crate::cloudinary::identifier::{DeliveryType, Identifier};
use crate::cloudinary::url_options::{OptionKey, UrlOptions};
use crate::manifest::DeliveryUrl;
use crate::parse::envelope::Envelope;
use crate::parse::json::{JsonKind, JsonText};

use super::ParseServer;
use super::choice::{Sent, Table};
use super::refusal::Refusal;

/// The URL of the asset that the caller names. `now` in seconds since 1970, for tokens.
pub(super) fn of_identifier(
    manifest: &DeliveryUrl,
    account: &Account,
    envelope: &Envelope<'_>,
    now: u64,
) -> Result<String, Refusal> {
    const KEY: &str = "identifier";
    let sent = sent(manifest, envelope, KEY)?;
    let mut options = UrlOptions::read(&manifest.url);
    override_by(&mut options, manifest, &sent)?;
    let expected = "identifier: expected one such as image/upload/v1700000000/cat.jpg";
    let text = envelope.params.get(KEY).and_then(JsonText::as_str);
    let text = text.ok_or_else(|| Refusal::of_parameter(expected))?;
    let identifier = Identifier::parse(&text)
        .map_err(|error| Refusal::of_parameter(format!("identifier: {error}")))?;
    if identifier.signature.is_some() {
        let expected = "identifier: expected a bare one, without #signature";
        return Err(Refusal::of_parameter(expected));
    }
    if identifier.delivery_type != DeliveryType::Upload {
        return Err(Refusal::of_parameter("identifier: expected type upload"));
    }
    identifier_url_with(account, &identifier, &options, now).map_err(Refusal::of_parameter)
}

/// The URL of the asset that a row's field holds; `source` is its class and field. `now` as above.
pub(super) async fn of_row(
    manifest: &DeliveryUrl,
    source: &(String, String),
    account: &Account,
    parse_server: Option<&ParseServer>,
    envelope: &Envelope<'_>,
    now: u64,
) -> Result<String, Refusal> {
    const KEY: &str = "objectId";
    let sent = sent(manifest, envelope, KEY)?;
    let mut options = UrlOptions::read(&manifest.url);
    override_by(&mut options, manifest, &sent)?;
    let id = envelope.params.get(KEY).and_then(JsonText::as_str);
    let id = id.ok_or_else(Refusal::image_lookup)?;
    let (class, field) = source;
    let stored = read(parse_server, envelope, class, field, &id).await?;
    let identifier = Identifier::parse(&stored).map_err(|_| Refusal::image_lookup())?;
    if identifier.delivery_type != DeliveryType::Upload {
        options.set(OptionKey::SignUrl, &Value::Bool(true));
    }
    identifier_url_with(account, &identifier, &options, now).map_err(Refusal::of_parameter)
}

fn refuse_other_params(envelope: &Envelope<'_>, key: &str) -> Result<(), Refusal> {
    let members = &envelope.params.members;
    for (index, member) in members.iter().enumerate() {
        let name = member.key.text();
        if name != key && name != "options" {
            let text = format!("{name}: not accepted, expected only {key} and options");
            return Err(Refusal::of_parameter(text));
        }
        if members[..index].iter().any(|m| m.key.same_as(member.key)) {
            let text = format!("{name}: occurs twice, expected once");
            return Err(Refusal::of_parameter(text));
        }
    }
    Ok(())
}

/// What the caller set or overrides, in a call whose other parameter is `key`.
fn sent<'m>(
    manifest: &'m DeliveryUrl,
    envelope: &Envelope<'_>,
    key: &str,
) -> Result<Vec<Sent<'m>>, Refusal> {
    refuse_other_params(envelope, key)?;
    let options = envelope.params.get("options");
    let Some(options) = options.filter(|options| options.kind() != JsonKind::Null) else {
        return Ok(Vec::new());
    };
    let members = options.members();
    let members = members.ok_or_else(|| Refusal::of_parameter("options: expected an object"))?;
    table(manifest).read(&members, |_| false)
}

fn table(manifest: &DeliveryUrl) -> Table<'_> {
    Table {
        accept: &manifest.accept,
        path: "options.",
        nothing: ", expected no options",
    }
}

/// Adds the defaults, then what the caller sent, each overriding what stands before it.
fn override_by<'a>(
    options: &mut UrlOptions<'a>,
    manifest: &'a DeliveryUrl,
    sent: &'a [Sent<'_>],
) -> Result<(), Refusal> {
    for (name, value) in table(manifest).defaults(sent) {
        options.add(name, value);
    }
    for sent in sent {
        let value = sent.choose()?;
        match sent.accepted.key {
            Some(key) => options.put(key, value),
            None => options.add(sent.name, value),
        }
    }
    Ok(())
}

/// The stored identifier, read with the caller's own session so that ACLs and class-level
/// permissions hold.
async fn read(
    parse_server: Option<&ParseServer>,
    envelope: &Envelope<'_>,
    class: &str,
    field: &str,
    object_id: &str,
) -> Result<String, Refusal> {
    let plausible = (1..=64).contains(&object_id.len())
        && object_id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let Some(parse_server) = parse_server.filter(|_| plausible) else {
        return Err(Refusal::image_lookup());
    };
    let session = envelope.user.and_then(|user| user.session_token());
    let session = session.map(|token| SecretString::from(token.into_owned()));
    let found = parse_server
        .object(class, object_id, field, session.as_ref())
        .await;
    let row = found.map_err(|error| {
        warn!("cannot read {class}.{field}: {error}");
        Refusal::image_lookup()
    })?;
    let stored = row.as_ref().and_then(|row| row.get(field));
    let stored = stored.and_then(|stored| JsonText::parse(stored.get()).ok());
    stored.and_then(picture).ok_or_else(Refusal::image_lookup)
}

/// The identifier of a field, the first one of a field with many.
fn picture(stored: JsonText<'_>) -> Option<String> {
    let one = match stored.kind() {
        JsonKind::Array => stored.elements()?.first().copied()?,
        _ => stored,
    };
    one.as_str().map(Cow::into_owned)
}
