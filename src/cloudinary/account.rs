//! A Cloudinary account as `CLOUDINARY_URL` describes it.

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::algorithm::{Algorithm, SignatureVersion};
use super::url_config::UrlConfig;

/// One Cloudinary account: names, secrets and the defaults of its delivery URLs.
#[derive(Debug, Clone)]
pub struct Account {
    /// Name in delivery and API URLs.
    pub cloud_name: String,
    /// Sent with signed requests; the SDKs accept a URL without one.
    pub api_key: Option<String>,
    /// Newest first: the first signs, all verify. Empty for a URL without a secret.
    pub secrets: Vec<SecretString>,
    /// Verifies notifications and nothing else: Cloudinary may sign them with another key than the
    /// one that uploads use.
    pub notification_secret: Option<SecretString>,
    /// Digest of what is signed: uploads and short URL signatures. What Cloudinary signed tells its
    /// own by its length.
    pub signature_algorithm: Algorithm,
    /// Serialisation of signed upload parameters.
    pub signature_version: SignatureVersion,
    /// Defaults of URLs and transformations.
    pub url: UrlConfig,
}

/// Why a `CLOUDINARY_URL` cannot be used. Never holds the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Not `cloudinary://…`, no cloud name, or a cloud name that no host can have.
    #[error("expected cloudinary://<api_key>:<api_secret>@<cloud_name>")]
    Malformed,
    /// Copied from the documentation with its angle brackets.
    #[error(
        "replace <…> by the account's own values: expected cloudinary://<api_key>:<api_secret>@<cloud_name>"
    )]
    Placeholder,
    /// A digest that Cloudinary does not know.
    #[error("signature_algorithm: expected sha1 or sha256")]
    SignatureAlgorithm,
    /// Not a number.
    #[error("signature_version: expected 1 or 2")]
    SignatureVersion,
}

impl Account {
    /// Parses `cloudinary://key:secret@cloud[/secure_distribution][?option=value…]`.
    ///
    /// Key and secret are taken as they stand, not percent-decoded; a URL without them is accepted,
    /// as by the SDKs.
    ///
    /// ```
    /// use cloudinary_parse::cloudinary::account::Account;
    /// use cloudinary_parse::cloudinary::signature::Algorithm;
    ///
    /// let account = Account::from_url("cloudinary://key:secret@demo?signature_algorithm=sha256")?;
    /// assert_eq!(account.cloud_name, "demo");
    /// assert_eq!(account.signature_algorithm, Algorithm::Sha256);
    /// # Ok::<(), cloudinary_parse::cloudinary::account::AccountError>(())
    /// ```
    pub fn from_url(url: &str) -> Result<Self, AccountError> {
        let config = config_from_url(url)?;
        let is_placeholder = |name| {
            let value = config.get(name).and_then(Value::as_str);
            value.is_some_and(|value| value.starts_with('<') && value.ends_with('>'))
        };
        if ["api_key", "api_secret", "cloud_name"]
            .into_iter()
            .any(is_placeholder)
        {
            return Err(AccountError::Placeholder);
        }
        Self::from_config(&config)
    }

    /// Reads the SDKs' configuration keys; other keys are ignored.
    pub fn from_config(config: &Map<String, Value>) -> Result<Self, AccountError> {
        Ok(Self {
            cloud_name: text(config, "cloud_name").ok_or(AccountError::Malformed)?,
            api_key: text(config, "api_key"),
            secrets: text(config, "api_secret")
                .map(SecretString::from)
                .into_iter()
                .collect(),
            notification_secret: None,
            signature_algorithm: match text(config, "signature_algorithm") {
                None => Algorithm::default(),
                Some(name) => {
                    Algorithm::from_name(&name).ok_or(AccountError::SignatureAlgorithm)?
                }
            },
            signature_version: match text(config, "signature_version") {
                None => SignatureVersion::default(),
                Some(number) => {
                    SignatureVersion::from_number(&number).ok_or(AccountError::SignatureVersion)?
                }
            },
            url: UrlConfig::from_map(config),
        })
    }

    /// Adds a secret that still verifies but no longer signs.
    #[must_use]
    pub fn with_previous_secret(mut self, secret: SecretString) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Sets a secret that verifies notifications and nothing else.
    #[must_use]
    pub fn with_notification_secret(mut self, secret: SecretString) -> Self {
        self.notification_secret = Some(secret);
        self
    }
}

/// `None` for what the SDKs take for unset: null, false, 0 and the empty text.
fn text(config: &Map<String, Value>, key: &str) -> Option<String> {
    match config.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.as_f64() != Some(0.0) => Some(number.to_string()),
        _ => None,
    }
}

/// The configuration that a `CLOUDINARY_URL` stands for, as the SDKs read it: values of the query
/// stay text, `a[b]=c` nests.
///
/// Holds the secret in the clear; [`Account::from_url`] does not.
///
/// ```
/// use cloudinary_parse::cloudinary::account::config_from_url;
///
/// let config = config_from_url("cloudinary://key:secret@demo?auth_token[duration]=300")?;
/// assert_eq!(config["cloud_name"], "demo");
/// assert_eq!(config["auth_token"]["duration"], "300");
/// # Ok::<(), cloudinary_parse::cloudinary::account::AccountError>(())
/// ```
pub fn config_from_url(url: &str) -> Result<Map<String, Value>, AccountError> {
    const SCHEME: &str = "cloudinary://";
    let rest = url
        .get(..SCHEME.len())
        .filter(|scheme| scheme.eq_ignore_ascii_case(SCHEME))
        .and(url.get(SCHEME.len()..))
        .ok_or(AccountError::Malformed)?
        .trim_end_matches(|c: char| c <= ' ');
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));

    let mut config = credentials(authority)?;
    config.insert("private_cdn".into(), (!path.is_empty()).into());
    if !path.is_empty() {
        config.insert("secure_distribution".into(), path.into());
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        insert_nested(&mut config, &form_decode(key), form_decode(value));
    }
    Ok(config)
}

/// `[key[:secret]@]cloud[:port]`. What is missing is null, but for a secret after a key, which the
/// Node SDK leaves out.
fn credentials(authority: &str) -> Result<Map<String, Value>, AccountError> {
    let (user, host) = match authority.rsplit_once('@') {
        None => ("", authority),
        Some((_, "")) => return Err(AccountError::Malformed),
        Some((user, host)) => (user, host),
    };
    let (cloud_name, port) = host.split_once(':').unwrap_or((host, ""));
    let is_host = !cloud_name.contains(|c: char| c <= ' ' || "<>[\\]^|".contains(c))
        && port.bytes().all(|byte| byte.is_ascii_digit());
    if !is_host {
        return Err(AccountError::Malformed);
    }
    let (key, secret) = user.split_once(':').unwrap_or((user, ""));
    let or_null = |text: &str| match text {
        "" => Value::Null,
        text => text.into(),
    };
    let mut config = Map::new();
    config.insert("cloud_name".into(), cloud_name.into());
    config.insert("api_key".into(), or_null(key));
    if key.is_empty() || !secret.is_empty() {
        config.insert("api_secret".into(), or_null(secret));
    }
    Ok(config)
}

fn form_decode(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// `foo[bar][baz]` goes into the object `bar` in the object `foo`; into what is not an object
/// nothing goes.
fn insert_nested(config: &mut Map<String, Value>, key: &str, value: String) {
    let mut names = key.split(['[', ']']).filter(|name| !name.is_empty());
    let Some(mut name) = names.next() else {
        return;
    };
    let mut object = config;
    for inner in names {
        let entry = object
            .entry(name)
            .and_modify(|entry| {
                if entry.is_null() {
                    *entry = Map::new().into();
                }
            })
            .or_insert_with(|| Map::new().into());
        let Value::Object(next) = entry else {
            return;
        };
        object = next;
        name = inner;
    }
    object.insert(name.to_owned(), value.into());
}

#[cfg(test)]
mod tests;
