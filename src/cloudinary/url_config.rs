//! What an account's configuration says about its URLs.

use std::fmt;

use serde_json::{Map, Value};

/// The URL part of a Cloudinary configuration: defaults that the options of one call may override.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // They are the SDKs' keys, each on its own.
pub struct UrlConfig {
    /// `https` (the default) or `http` delivery URLs.
    pub secure: bool,
    /// The account has its own CDN host: the cloud name is in the host, not in the path.
    pub private_cdn: bool,
    /// Host of `http` URLs instead of `res.cloudinary.com`.
    pub cname: Option<String>,
    /// Host of `https` URLs instead of `res.cloudinary.com`.
    pub secure_distribution: Option<String>,
    /// Spread URLs over `res-1` … `res-5` (`a1` … `a5` with a `cname`).
    pub cdn_subdomain: bool,
    /// The same for `https`; unset: as `cdn_subdomain` on the shared CDN, off on a private one.
    pub secure_cdn_subdomain: Option<bool>,
    /// `iu` instead of `image/upload`.
    pub shorten: bool,
    /// Sign every delivery URL.
    pub sign_url: bool,
    /// Leave `image/upload` out.
    pub use_root_path: bool,
    /// `v1` in URLs of public IDs with a folder and no version; on by default.
    pub force_version: bool,
    /// 32 characters of SHA-256 instead of 8 of the account's digest.
    pub long_url_signature: bool,
    /// Defaults of auth tokens.
    pub auth_token: Option<TokenDefaults>,
    /// Device pixel ratio of every transformation: a number or text.
    pub dpr: Option<Value>,
    /// Append the responsive width transformation.
    pub responsive_width: bool,
    /// What is appended, instead of `c_limit,w_auto`: a transformation as text, object or array.
    pub responsive_width_transformation: Option<Value>,
    /// `format` becomes `fetch_format` for every type, not only `fetch`.
    pub use_fetch_format: bool,
    /// Scheme and host of API URLs instead of `https://api.cloudinary.com`.
    pub upload_prefix: Option<String>,
}

/// The `auth_token` of a configuration, secret key included; `Debug` shows none of it.
#[derive(Clone, PartialEq)]
pub struct TokenDefaults(pub(crate) Map<String, Value>);

impl fmt::Debug for TokenDefaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDefaults([REDACTED])")
    }
}

impl Default for UrlConfig {
    fn default() -> Self {
        Self {
            secure: true,
            private_cdn: false,
            cname: None,
            secure_distribution: None,
            cdn_subdomain: false,
            secure_cdn_subdomain: None,
            shorten: false,
            sign_url: false,
            use_root_path: false,
            force_version: true,
            long_url_signature: false,
            auth_token: None,
            dpr: None,
            responsive_width: false,
            responsive_width_transformation: None,
            use_fetch_format: false,
            upload_prefix: None,
        }
    }
}

impl UrlConfig {
    /// Reads the SDKs' configuration keys. Values may be text, as in a `CLOUDINARY_URL`: `false`,
    /// `0` and the empty text are false there (the SDKs take them for true). Other keys are
    /// ignored.
    pub fn from_map(config: &Map<String, Value>) -> Self {
        let flag = |name: &str| config.get(name).and_then(flag);
        let text = |name: &str| config.get(name).and_then(Value::as_str).map(str::to_owned);
        let value = |name: &str| config.get(name).filter(|value| truthy(value)).cloned();
        Self {
            secure: flag("secure").unwrap_or(true),
            private_cdn: flag("private_cdn").unwrap_or(false),
            cname: text("cname").filter(|cname| !cname.is_empty()),
            secure_distribution: text("secure_distribution"),
            cdn_subdomain: flag("cdn_subdomain").unwrap_or(false),
            secure_cdn_subdomain: flag("secure_cdn_subdomain"),
            shorten: flag("shorten").unwrap_or(false),
            sign_url: flag("sign_url").unwrap_or(false),
            use_root_path: flag("use_root_path").unwrap_or(false),
            force_version: flag("force_version").unwrap_or(true),
            long_url_signature: flag("long_url_signature").unwrap_or(false),
            auth_token: config
                .get("auth_token")
                .and_then(Value::as_object)
                .map(|token| TokenDefaults(token.clone())),
            dpr: value("dpr"),
            responsive_width: flag("responsive_width").unwrap_or(false),
            responsive_width_transformation: value("responsive_width_transformation"),
            use_fetch_format: flag("use_fetch_format").unwrap_or(false),
            upload_prefix: text("upload_prefix").filter(|prefix| !prefix.is_empty()),
        }
    }
}

/// `None` for null: the default counts.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    (!value.is_null()).then(|| truthy(value))
}

/// As in JavaScript, but the texts `false` and `0` are false.
pub(crate) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(text.as_str(), "" | "false" | "0"),
        Value::Array(_) | Value::Object(_) => true,
    }
}
