//! The JSON object that Parse Server posts to a webhook, as slices of the request's own text.
//!
//! Everything here is untrusted but for one thing: it came with the webhook key. `log` and
//! `installationId` are checked as JSON and otherwise ignored. So are `headers`, which hold session
//! tokens and the master key of REST clients, until somebody asks whether that key is the full one.

use std::borrow::Cow;

use secrecy::SecretString;

use super::headers;
use super::hook_name::is_probe_name;
use super::json::{JsonError, JsonKind, JsonText, Member, MemberKey, Scanner};

/// Why a body is no request of Parse Server's: the answer is a 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not UTF-8 (Parse Server sends nothing else).
    #[error("the body is not UTF-8")]
    Encoding,
    /// Not one JSON text.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A JSON value of another kind.
    #[error("the body is not a JSON object")]
    NotAnObject,
    /// `JSON.parse` would silently take the last of two.
    #[error("{0:?} occurs twice")]
    Repeated(&'static str),
    /// `object` is missing or no object.
    #[error("\"object\" is missing or not an object")]
    Object,
    /// `original` is neither an object nor null.
    #[error("\"original\" is not an object")]
    Original,
    /// `params` is neither an object nor null.
    #[error("\"params\" is not an object")]
    Params,
    /// `calledFrom` is not `"cloud_code"`.
    #[error("\"calledFrom\" is not \"cloud_code\"")]
    CalledFrom,
    /// `dottedKeys` is not an array of texts, or missing beside `calledFrom`.
    #[error("\"dottedKeys\" is missing or not an array of texts")]
    DottedKeys,
    /// `className`, `triggerName` or `functionName` is not what the path says.
    #[error("{0:?} contradicts the path")]
    Contradiction(&'static str),
}

/// A request to a webhook.
#[derive(Debug, Default)]
pub struct Envelope<'a> {
    /// The object that is saved or deleted.
    pub object: Option<Object<'a>>,
    /// The stored object, on update.
    pub original: Option<Object<'a>>,
    /// The caller's session.
    pub user: Option<User<'a>>,
    /// A function's parameters.
    pub params: Object<'a>,
    /// The client's context.
    pub context: Option<JsonText<'a>>,
    /// Parse Server's Cloud Code asks, not Parse Server: what it saves stays its own, but for what
    /// is answered.
    pub from_cloud_code: bool,
    dotted_keys: Option<Vec<Cow<'a, str>>>,
    master: bool,
    /// `None` before Parse Server 9.
    read_only: Option<bool>,
    /// Of the client's request.
    headers: Option<JsonText<'a>>,
    repeats_headers: bool,
    class_name: Option<JsonText<'a>>,
    trigger_name: Option<JsonText<'a>>,
    function_name: Option<JsonText<'a>>,
    ip: Option<JsonText<'a>>,
}

/// A JSON object of the request, member by member.
#[derive(Debug, Default)]
pub struct Object<'a> {
    /// Its members in their order, repeated names included.
    pub members: Vec<Member<'a>>,
}

/// The caller as Parse Server found it by the session token.
#[derive(Debug, Default, Clone, Copy)]
pub struct User<'a> {
    object_id: Option<JsonText<'a>>,
    username: Option<JsonText<'a>>,
    session_token: Option<JsonText<'a>>,
    odd: bool,
}

impl<'a> Object<'a> {
    /// The value of `name`; of the last one where a name is repeated, as `JSON.parse` reads it.
    pub fn get(&self, name: &str) -> Option<JsonText<'a>> {
        let mut last_first = self.members.iter().rev();
        last_first.find(|m| m.key.is(name)).map(|m| m.value)
    }

    /// Bytes that its members take when they are written without white space.
    pub fn text_len(&self) -> usize {
        let members = self.members.iter();
        members
            .map(|m| m.key.as_raw().len() + m.value.as_raw().len() + 4)
            .sum()
    }
}

impl<'a> User<'a> {
    /// `objectId`; `None` unless it is a non-empty string that occurs once.
    pub fn object_id(&self) -> Option<Cow<'a, str>> {
        self.text(self.object_id)
    }

    /// `username`, under the same rule.
    pub fn username(&self) -> Option<Cow<'a, str>> {
        self.text(self.username)
    }

    /// The session token, under the same rule: for calls on the caller's behalf only, never logged.
    pub fn session_token(&self) -> Option<Cow<'a, str>> {
        self.text(self.session_token)
    }

    fn text(&self, value: Option<JsonText<'a>>) -> Option<Cow<'a, str>> {
        let text = value.filter(|_| !self.odd)?.as_str()?;
        (!text.is_empty()).then_some(text)
    }

    fn read(scanner: &mut Scanner<'a>) -> Result<Self, JsonError> {
        let mut user = User::default();
        scanner.each_member(|key, scanner| {
            let slot = match &*key.decoded() {
                b"objectId" => &mut user.object_id,
                b"username" => &mut user.username,
                b"sessionToken" => &mut user.session_token,
                _ => return scanner.skip(),
            };
            user.odd |= slot.replace(scanner.value()?).is_some();
            Ok(())
        })?;
        Ok(user)
    }
}

impl<'a> Envelope<'a> {
    /// Reads a request's body.
    ///
    /// # Errors
    /// Whatever makes it something other than exactly one well-formed JSON object in UTF-8 whose
    /// own keys occur once.
    pub fn parse(body: &'a [u8]) -> Result<Self, EnvelopeError> {
        let text = simdutf8::basic::from_utf8(body).map_err(|_| EnvelopeError::Encoding)?;
        let mut scanner = Scanner::new(text);
        if !scanner.at_object() {
            JsonText::parse(text)?;
            return Err(EnvelopeError::NotAnObject);
        }
        let mut envelope = Envelope::default();
        let mut seen = 0;
        scanner.each_member(|key, scanner| envelope.member(key, scanner, &mut seen))?;
        scanner.finish()?;
        Ok(envelope)
    }

    fn member(
        &mut self,
        key: MemberKey<'a>,
        scanner: &mut Scanner<'a>,
        seen: &mut u16,
    ) -> Result<(), EnvelopeError> {
        let Some((known, name)) = Known::of(key) else {
            return Ok(scanner.skip()?);
        };
        // Of two that decide nothing, `JSON.parse` takes the last, and so does this.
        let is_repeated = *seen & 1 << known as u16 != 0;
        if is_repeated && !matches!(known, Known::Ip | Known::Headers) {
            return Err(EnvelopeError::Repeated(name));
        }
        *seen |= 1 << known as u16;
        match known {
            Known::Object => self.object = Some(object(scanner)?.ok_or(EnvelopeError::Object)?),
            Known::Original => self.original = nullable_object(scanner, EnvelopeError::Original)?,
            Known::Params => {
                self.params = nullable_object(scanner, EnvelopeError::Params)?.unwrap_or_default();
            }
            Known::User if scanner.at_object() => self.user = Some(User::read(scanner)?),
            Known::User => scanner.skip()?,
            Known::Master => self.master = scanner.value()?.is_true(),
            Known::IsReadOnly => {
                self.read_only = Some(scanner.value()?.as_raw() != "false");
            }
            Known::Context => self.context = Some(scanner.value()?),
            Known::ClassName => self.class_name = Some(scanner.value()?),
            Known::TriggerName => self.trigger_name = Some(scanner.value()?),
            Known::FunctionName => self.function_name = Some(scanner.value()?),
            Known::Ip => self.ip = Some(scanner.value()?),
            Known::Headers => {
                self.repeats_headers |= is_repeated;
                self.headers = Some(scanner.value()?);
            }
            Known::CalledFrom if scanner.value()?.is_str("cloud_code") => {
                self.from_cloud_code = true;
            }
            Known::CalledFrom => return Err(EnvelopeError::CalledFrom),
            Known::DottedKeys => {
                let keys = texts(scanner.value()?).ok_or(EnvelopeError::DottedKeys)?;
                self.dotted_keys = Some(keys);
            }
        }
        Ok(())
    }

    /// The keys with a dot that Cloud Code has in its object: operations on paths, which the object
    /// does not show.
    pub fn dotted_keys(&self) -> &[Cow<'a, str>] {
        self.dotted_keys.as_deref().unwrap_or_default()
    }

    /// The client's address as Parse Server sees it: a proxy's, unless its option `trustProxy` says
    /// which proxies to believe.
    pub fn ip(&self) -> Option<Cow<'a, str>> {
        self.ip?.as_str()
    }

    /// Whether the caller used a master key, the read-only one included.
    pub fn has_master_key(&self) -> bool {
        self.master
    }

    /// Whether the caller used the master key itself, not the read-only one.
    pub fn has_full_master_key(&self) -> bool {
        self.master && self.read_only != Some(true)
    }

    /// [`Self::has_full_master_key`], held against the `key` that is configured. Before version 9
    /// Parse Server does not say which of the two master keys it was, but a REST client's own
    /// header shows it: that must be `key`. A call that shows none is taken.
    pub fn has_full_master_key_as(&self, key: Option<&SecretString>) -> bool {
        let shows_another = |key| {
            self.repeats_headers
                || self
                    .headers
                    .is_some_and(|headers| headers::show_other_key(headers, key))
        };
        let is_told = self.read_only.is_some();
        self.has_full_master_key() && (is_told || !key.is_some_and(shows_another))
    }

    /// Checks that the body speaks of the trigger that the path names, and holds the object that it
    /// needs.
    ///
    /// # Errors
    /// [`EnvelopeError::Contradiction`] or [`EnvelopeError::Object`].
    pub fn expect_trigger(&self, class: &str, trigger: &str) -> Result<&Object<'a>, EnvelopeError> {
        expect_name(self.trigger_name, trigger, "triggerName")?;
        expect_name(self.class_name, class, "className")?;
        if self.function_name.is_some() {
            return Err(EnvelopeError::Contradiction("functionName"));
        }
        if self.from_cloud_code && self.dotted_keys.is_none() {
            return Err(EnvelopeError::DottedKeys);
        }
        let object = self.object.as_ref().ok_or(EnvelopeError::Object)?;
        for member in object.members.iter().filter(|m| m.key.is("className")) {
            expect_name(Some(member.value), class, "className")?;
        }
        Ok(object)
    }

    /// Whether it is a call of `doctor`'s, which has Parse Server call this path as a function of
    /// another name.
    pub fn is_probe(&self) -> bool {
        let name = self.function_name.and_then(JsonText::as_str);
        name.is_some_and(|name| is_probe_name(&name))
    }

    /// Whether it is a trial of `doctor`'s, which is made to be refused: a save with the master key
    /// whose context has a probe's name where every guard expects signatures, or a call of nobody's
    /// whose one parameter is called so.
    pub fn is_trial(&self) -> bool {
        self.is_trial_save() || self.is_trial_call()
    }

    fn is_trial_save(&self) -> bool {
        let Some(context) = self.context.filter(|_| self.master) else {
            return false;
        };
        let context = context.members().unwrap_or_default();
        let mut ours = context.iter().filter(|m| m.key.is("cloudinary"));
        ours.any(|m| m.value.as_str().is_some_and(|text| is_probe_name(&text)))
    }

    fn is_trial_call(&self) -> bool {
        match &*self.params.members {
            [only] if self.user.is_none() => {
                std::str::from_utf8(&only.key.decoded()).is_ok_and(is_probe_name)
            }
            _ => false,
        }
    }

    /// Checks that the body speaks of the function that the path names.
    ///
    /// # Errors
    /// [`EnvelopeError::Contradiction`].
    pub fn expect_function(&self, function: &str) -> Result<(), EnvelopeError> {
        expect_name(self.function_name, function, "functionName")?;
        if self.trigger_name.is_some() {
            return Err(EnvelopeError::Contradiction("triggerName"));
        }
        Ok(())
    }
}

/// The keys that this service reads; each but `ip` and `headers` may occur once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Object,
    Original,
    User,
    Master,
    IsReadOnly,
    Context,
    Params,
    TriggerName,
    FunctionName,
    ClassName,
    Ip,
    Headers,
    CalledFrom,
    DottedKeys,
}

impl Known {
    /// With its name.
    fn of(key: MemberKey<'_>) -> Option<(Self, &'static str)> {
        Some(match &*key.decoded() {
            b"object" => (Known::Object, "object"),
            b"original" => (Known::Original, "original"),
            b"user" => (Known::User, "user"),
            b"master" => (Known::Master, "master"),
            b"isReadOnly" => (Known::IsReadOnly, "isReadOnly"),
            b"context" => (Known::Context, "context"),
            b"params" => (Known::Params, "params"),
            b"triggerName" => (Known::TriggerName, "triggerName"),
            b"functionName" => (Known::FunctionName, "functionName"),
            b"className" => (Known::ClassName, "className"),
            b"ip" => (Known::Ip, "ip"),
            b"headers" => (Known::Headers, "headers"),
            b"calledFrom" => (Known::CalledFrom, "calledFrom"),
            b"dottedKeys" => (Known::DottedKeys, "dottedKeys"),
            _ => return None,
        })
    }
}

fn object<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Object<'a>>, JsonError> {
    if scanner.at_object() {
        let members = scanner.members()?;
        return Ok(Some(Object { members }));
    }
    scanner.value()?;
    Ok(None)
}

fn nullable_object<'a>(
    scanner: &mut Scanner<'a>,
    error: EnvelopeError,
) -> Result<Option<Object<'a>>, EnvelopeError> {
    if scanner.at_object() {
        return Ok(object(scanner)?);
    }
    match scanner.value()?.kind() {
        JsonKind::Null => Ok(None),
        _ => Err(error),
    }
}

/// The elements of an array that holds nothing but texts.
fn texts(value: JsonText<'_>) -> Option<Vec<Cow<'_, str>>> {
    value
        .elements()?
        .into_iter()
        .map(JsonText::as_str)
        .collect()
}

/// A name that is absent contradicts nothing: the path decides.
fn expect_name(
    found: Option<JsonText<'_>>,
    expected: &str,
    key: &'static str,
) -> Result<(), EnvelopeError> {
    match found {
        None => Ok(()),
        Some(text) if text.is_str(expected) => Ok(()),
        Some(_) => Err(EnvelopeError::Contradiction(key)),
    }
}
