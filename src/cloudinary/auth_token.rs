//! Auth tokens: access to URLs for a limited time, checked by the CDN.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

use super::url_config::{UrlConfig, truthy};

/// Why a token cannot be made; names the option, never shows the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Missing, empty or not hex.
    #[error("auth_token.key: expected an even number of hex digits")]
    Key,
    /// Nothing says when the token ends.
    #[error("auth_token.expiration: expected it or a duration, in seconds")]
    Expiration,
    /// Nothing says what the token opens.
    #[error("auth_token.acl: expected it or a url, not empty")]
    Scope,
    /// A value that the option cannot have.
    #[error("auth_token.{key}: expected {expected}")]
    Invalid {
        /// The option.
        key: &'static str,
        /// What it takes.
        expected: &'static str,
    },
}

/// The options of a token, the call's over the configuration's.
#[derive(Clone, Copy, Default)]
pub(super) struct TokenOptions<'a> {
    defaults: Option<&'a Map<String, Value>>,
    own: Option<&'a Map<String, Value>>,
}

impl<'a> TokenOptions<'a> {
    pub(super) fn new(config: &'a UrlConfig, own: Option<&'a Map<String, Value>>) -> Self {
        Self {
            defaults: config.auth_token.as_ref().map(|defaults| &defaults.0),
            own,
        }
    }

    /// Without any option there is no token.
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_none_or(Map::is_empty) && self.defaults.is_none_or(Map::is_empty)
    }

    /// Whether the URL gets a signature besides the token.
    pub(super) fn signs_url(&self) -> bool {
        self.get("set_url_signature").is_some_and(truthy)
    }

    /// An option that is not null; one that the call sets to null is not the configuration's.
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.own
            .and_then(|own| own.get(key))
            .or_else(|| self.defaults.and_then(|defaults| defaults.get(key)))
            .filter(|value| !value.is_null())
    }

    fn text(&self, key: &'static str) -> Result<Option<&'a str>, TokenError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(TokenError::Invalid {
                key,
                expected: "text",
            }),
        }
    }

    fn seconds(&self, key: &'static str) -> Result<Option<i64>, TokenError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let seconds = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        seconds.map(Some).ok_or(TokenError::Invalid {
            key,
            expected: "whole seconds",
        })
    }

    fn key(&self) -> Result<Vec<u8>, TokenError> {
        let digits = self.get("key").and_then(Value::as_str);
        digits
            .and_then(|digits| hex::decode(digits).ok())
            // Anybody could make the tokens of an empty key.
            .filter(|key| !key.is_empty())
            .ok_or(TokenError::Key)
    }

    fn acl(&self) -> Result<Option<String>, TokenError> {
        let acl = match self.get("acl") {
            None => return Ok(None),
            Some(Value::String(acl)) => acl.clone(),
            Some(Value::Array(paths)) => paths
                .iter()
                .map(|path| path.as_str())
                .collect::<Option<Vec<_>>>()
                .map(|paths| paths.join("!"))
                .ok_or(TokenError::Invalid {
                    key: "acl",
                    expected: "text or an array of text",
                })?,
            Some(_) => {
                return Err(TokenError::Invalid {
                    key: "acl",
                    expected: "text or an array of text",
                });
            }
        };
        Ok(Some(acl))
    }

    /// Appends the token for `url`, or for the `acl` if there is one: that a URL is covered by.
    pub(super) fn push(
        &self,
        out: &mut String,
        url: Option<&str>,
        now: u64,
    ) -> Result<(), TokenError> {
        let key = self.key()?;
        let start_time = self.seconds("start_time")?;
        let expiration = self.expiration(start_time, now)?;
        let acl = self.acl()?;
        let url = url.filter(|url| !url.is_empty());
        if acl.as_deref().unwrap_or_default().is_empty() && (acl.is_some() || url.is_none()) {
            return Err(TokenError::Scope);
        }
        let name = self.text("token_name")?.filter(|name| !name.is_empty());
        out.push_str(name.unwrap_or("__cld_token__"));
        out.push('=');
        let start = out.len();
        if let Some(ip) = self.text("ip")? {
            out.push_str("ip=");
            out.push_str(ip);
            out.push('~');
        }
        // Writing to a String cannot fail.
        if let Some(start_time) = start_time {
            let _ = write!(out, "st={start_time}~");
        }
        let _ = write!(out, "exp={expiration}");
        if let Some(acl) = &acl {
            out.push_str("~acl=");
            push_escaped(out, acl);
        }
        let mut signed = out[start..].to_owned();
        if let (Some(url), None) = (url, &acl) {
            signed.push_str("~url=");
            push_escaped(&mut signed, url);
        }
        let mut hmac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| TokenError::Key)?;
        hmac.update(signed.as_bytes());
        out.push_str("~hmac=");
        for byte in hmac.finalize().into_bytes() {
            let _ = write!(out, "{byte:02x}");
        }
        Ok(())
    }

    fn expiration(&self, start_time: Option<i64>, now: u64) -> Result<i64, TokenError> {
        if let Some(expiration) = self.seconds("expiration")? {
            return Ok(expiration);
        }
        let duration = self.seconds("duration")?.ok_or(TokenError::Expiration)?;
        let start = start_time.map_or_else(|| i64::try_from(now).ok(), Some);
        start
            .and_then(|start| start.checked_add(duration))
            .ok_or(TokenError::Invalid {
                key: "duration",
                expected: "a time that ends",
            })
    }
}

/// Makes a token from the options `key` (hex), `expiration` or `duration` and `start_time`, `acl` or `url`, `ip`, `token_name`, over
/// those of the configuration. Times in seconds, `now` since 1970.
///
/// ```
/// use cloudinary_parse::cloudinary::{auth_token, url_config::UrlConfig};
///
/// let options = serde_json::json!({
///     "key": "00112233FF99", "start_time": 1111111111, "duration": 300, "acl": "/image/*",
/// });
/// let token = auth_token::generate(&UrlConfig::default(), options.as_object().unwrap(), 1_789_000_000)?;
/// assert_eq!(
///     token,
///     "__cld_token__=st=1111111111~exp=1111111411~acl=%2fimage%2f*\
///      ~hmac=1751370bcc6cfe9e03f30dd1a9722ba0f2cdca283fa3e6df3342a00a7528cc51"
/// );
/// # Ok::<(), auth_token::TokenError>(())
/// ```
pub fn generate(
    config: &UrlConfig,
    options: &Map<String, Value>,
    now: u64,
) -> Result<String, TokenError> {
    let options = TokenOptions::new(config, Some(options));
    let mut out = String::new();
    options.push(&mut out, options.text("url")?, now)?;
    Ok(out)
}

/// Appends `text` with what has a meaning in a token escaped, in lower case.
fn push_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        if " \"#%&'/:;<=>?@[\\]^`{|}~".contains(character) {
            let _ = write!(out, "%{:02x}", u32::from(character));
        } else {
            out.push(character);
        }
    }
}

#[cfg(test)]
mod tests;
