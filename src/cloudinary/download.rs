//! Download URLs: an original, for whoever holds the URL, until it expires.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::account::Account;
use super::number::push_number;
use super::percent;
use super::signature::{self, Algorithm, NoSecret, SignatureVersion};

const DEFAULT_PREFIX: &str = "https://api.cloudinary.com";

/// Why a download URL cannot be built; names the option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// Neither account nor options have a key.
    #[error("api_key: missing, a download URL needs it")]
    MissingApiKey,
    /// Nothing to sign with.
    #[error(transparent)]
    NoSecret(#[from] NoSecret),
    /// A value that the option cannot have.
    #[error("{key}: expected {expected}")]
    Invalid {
        /// The option.
        key: &'static str,
        /// What it takes.
        expected: &'static str,
    },
}

/// The URL from which the original of `public_id` is downloaded in `format` (empty: as it is
/// stored). `options`: `resource_type`, `type`, `attachment`, `expires_at`, `timestamp` (else
/// `now`; seconds since 1970), and what overrides the account: `cloud_name`, `api_key`,
/// `api_secret`, `signature_algorithm`, `signature_version`, `upload_prefix`. Other keys are
/// ignored.
///
/// ```
/// use cloudinary_parse::cloudinary::{account::Account, download};
///
/// let account = Account::from_url("cloudinary://1234567890:test-secret-abcDEF123@demo-cloud")?;
/// let options = serde_json::json!({"type": "private"});
/// let url = download::private_download_url(&account, "img", "jpg", options.as_object().unwrap(), 1_789_000_000)?;
/// assert_eq!(
///     url,
///     "https://api.cloudinary.com/v1_1/demo-cloud/image/download?timestamp=1789000000&public_id=img&format=jpg\
///      &type=private&signature=fc1484157c89742eaf5690673f48cbb93e3a35f6&api_key=1234567890"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn private_download_url(
    account: &Account,
    public_id: &str,
    format: &str,
    options: &Map<String, Value>,
    now: u64,
) -> Result<String, DownloadError> {
    let account = overridden(account, options)?;
    let api_key = account.api_key.as_deref();
    let api_key = api_key.ok_or(DownloadError::MissingApiKey)?;
    let timestamp = text(options, "timestamp")?
        .filter(|timestamp| timestamp != "0")
        .unwrap_or_else(|| now.to_string());
    let mut params = [
        ("timestamp", timestamp),
        ("public_id", public_id.to_owned()),
        ("format", format.to_owned()),
        ("type", text(options, "type")?.unwrap_or_default()),
        (
            "attachment",
            text(options, "attachment")?.unwrap_or_default(),
        ),
        (
            "expires_at",
            text(options, "expires_at")?.unwrap_or_default(),
        ),
    ];
    let resource_type = text(options, "resource_type")?.unwrap_or_else(|| "image".into());

    let mut url = account
        .url
        .upload_prefix
        .as_deref()
        .unwrap_or(DEFAULT_PREFIX)
        .to_owned();
    url.push_str("/v1_1/");
    url.push_str(&account.cloud_name);
    url.push('/');
    percent::push(&mut url, &resource_type, percent::COMPONENT);
    url.push_str("/download?");
    for (name, value) in &params {
        push_pair(&mut url, name, value);
    }
    let signature = signature::sign(&account, &mut params)?;
    push_pair(&mut url, "signature", signature.as_str());
    push_pair(&mut url, "api_key", api_key);
    url.pop();
    Ok(url)
}

/// Appends `name=value&`, if there is a value.
fn push_pair(url: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        url.push_str(name);
        url.push('=');
        percent::push(url, value, percent::COMPONENT);
        url.push('&');
    }
}

/// The account with what the options say instead.
fn overridden(account: &Account, options: &Map<String, Value>) -> Result<Account, DownloadError> {
    let mut account = account.clone();
    if let Some(cloud_name) = text(options, "cloud_name")? {
        account.cloud_name = cloud_name;
    }
    if let Some(api_key) = text(options, "api_key")? {
        account.api_key = Some(api_key);
    }
    if options.contains_key("api_secret") {
        let secret = text(options, "api_secret")?.filter(|secret| !secret.is_empty());
        account.secrets = secret.map(SecretString::from).into_iter().collect();
    }
    if let Some(prefix) = text(options, "upload_prefix")? {
        account.url.upload_prefix = Some(prefix);
    }
    if let Some(name) = text(options, "signature_algorithm")? {
        account.signature_algorithm =
            Algorithm::from_name(&name).ok_or(DownloadError::Invalid {
                key: "signature_algorithm",
                expected: "sha1 or sha256",
            })?;
    }
    if let Some(version) = text(options, "signature_version")? {
        account.signature_version =
            SignatureVersion::from_number(&version).ok_or(DownloadError::Invalid {
                key: "signature_version",
                expected: "1 or 2",
            })?;
    }
    Ok(account)
}

/// A scalar option as text; null and empty text count as absent.
fn text(options: &Map<String, Value>, key: &'static str) -> Result<Option<String>, DownloadError> {
    let text = match options.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(flag)) => flag.to_string(),
        Some(Value::Number(number)) => {
            let mut text = String::new();
            push_number(&mut text, number);
            text
        }
        Some(Value::Array(_) | Value::Object(_)) => {
            return Err(DownloadError::Invalid {
                key,
                expected: "text or a number",
            });
        }
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn download(public_id: &str, format: &str, options: &Value) -> Result<String, String> {
        let url = "cloudinary://1234567890:test-secret-abcDEF123@demo-cloud";
        let account = Account::from_url(url).unwrap();
        let options = options.as_object().unwrap();
        private_download_url(&account, public_id, format, options, 1_789_000_000)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn signs_what_it_sends() {
        for (public_id, format, options, url) in [
            (
                "é&x",
                "",
                json!({}),
                "demo-cloud/image/download?timestamp=1789000000&public_id=%C3%A9%26x&signature=f046f603f423a156b8c0cff553ac91e6dc971c0a&api_key=1234567890",
            ),
            (
                "é&x",
                "",
                json!({"signature_version": 1}),
                "demo-cloud/image/download?timestamp=1789000000&public_id=%C3%A9%26x&signature=117056827c8957434b268282b9e979729ac0c45b&api_key=1234567890",
            ),
            (
                "folder/im g",
                "png",
                json!({"timestamp": 5}),
                "demo-cloud/image/download?timestamp=5&public_id=folder%2Fim%20g&format=png&signature=6a9f182d3082ddc92029e7a10063ad103fca5198&api_key=1234567890",
            ),
            (
                "img",
                "jpg",
                json!({"resource_type": "raw", "type": "private", "attachment": false}),
                "demo-cloud/raw/download?timestamp=1789000000&public_id=img&format=jpg&type=private&attachment=false&signature=8a06a330f2fd6a8615fbf8fd15ff946cc10e97d5&api_key=1234567890",
            ),
            (
                "img",
                "jpg",
                json!({"cloud_name": "other", "api_key": "k", "api_secret": "s"}),
                "other/image/download?timestamp=1789000000&public_id=img&format=jpg&signature=a223515906ca702f22abc79204dca7af6b9ca929&api_key=k",
            ),
        ] {
            let expected = format!("https://api.cloudinary.com/v1_1/{url}");
            assert_eq!(
                download(public_id, format, &options),
                Ok(expected),
                "{public_id} {options}"
            );
        }
        let prefix = json!({"upload_prefix": "https://api-eu.cloudinary.com"});
        let url = download("img", "", &prefix).unwrap();
        assert!(
            url.starts_with("https://api-eu.cloudinary.com/v1_1/demo-cloud/image/download?"),
            "{url}"
        );
    }

    #[test]
    fn refuses_to_sign_with_nothing() {
        let no_secret =
            "api_secret: missing, expected cloudinary://<api_key>:<api_secret>@<cloud_name>";
        for (options, message) in [
            (json!({"api_secret": ""}), no_secret),
            (json!({"api_secret": null}), no_secret),
            (
                json!({"signature_algorithm": "md5"}),
                "signature_algorithm: expected sha1 or sha256",
            ),
            (
                json!({"signature_version": "new"}),
                "signature_version: expected 1 or 2",
            ),
            (
                json!({"type": ["private"]}),
                "type: expected text or a number",
            ),
        ] {
            assert_eq!(
                download("img", "jpg", &options),
                Err(message.to_owned()),
                "{options}"
            );
        }
        let account = Account::from_url("cloudinary://demo-cloud").unwrap();
        let error = private_download_url(&account, "img", "", &Map::new(), 5);
        assert_eq!(error, Err(DownloadError::MissingApiKey));
    }
}
