use secrecy::ExposeSecret;
use serde_json::json;

use super::*;

#[track_caller]
fn config(url: &str) -> Value {
    Value::Object(config_from_url(url).unwrap())
}

#[test]
fn reads_key_secret_and_cloud() {
    let account = Account::from_url("cloudinary://key:secret@Cloud-Name_1").unwrap();
    assert_eq!(account.cloud_name, "Cloud-Name_1");
    assert_eq!(account.api_key.as_deref(), Some("key"));
    assert_eq!(account.secrets.len(), 1);
    assert_eq!(account.secrets[0].expose_secret(), "secret");
    assert_eq!(account.signature_algorithm, Algorithm::Sha1);
    assert_eq!(account.signature_version, SignatureVersion::V2);
}

#[test]
fn takes_a_secret_as_it_stands() {
    for secret in ["se%20cret%2F", "a@b", "a:b", "^|_-é", "a+b"] {
        let account = Account::from_url(&format!("cloudinary://key:{secret}@cloud")).unwrap();
        assert_eq!(account.secrets[0].expose_secret(), secret);
    }
}

#[test]
fn reads_what_the_sdks_read() {
    for (url, expected) in [
        (
            "cloudinary://cloud",
            json!({"cloud_name": "cloud", "api_key": null, "api_secret": null, "private_cdn": false}),
        ),
        (
            "cloudinary://:secret@cloud",
            json!({"cloud_name": "cloud", "api_key": null, "api_secret": "secret", "private_cdn": false}),
        ),
        (
            "CLOUDINARY://k:s@c:80/a/b?shorten=true#x",
            json!({"cloud_name": "c", "api_key": "k", "api_secret": "s", "private_cdn": true, "secure_distribution": "a/b", "shorten": "true"}),
        ),
        (
            "cloudinary://k:s@c?a=1&a=1+2%20x&b&&foo[bar]=v&foo[baz][]=w&a[x]=y&private_cdn=%zz\n",
            json!({"cloud_name": "c", "api_key": "k", "api_secret": "s", "private_cdn": "%zz", "a": "1 2 x", "b": "", "foo": {"bar": "v", "baz": "w"}}),
        ),
        (
            "cloudinary://k:s@c?cloud_name=o",
            json!({"cloud_name": "o", "api_key": "k", "api_secret": "s", "private_cdn": false}),
        ),
    ] {
        assert_eq!(config(url), expected, "{url}");
    }
}

#[test]
fn refuses_what_is_not_a_cloudinary_url() {
    for url in [
        "",
        "  ",
        "cloudinary:",
        "cloudinary:k:s@c",
        "http://k:s@c",
        "account://k:s@c",
        " cloudinary://k:s@c",
        "https://cloudinary://k:s@c",
        "cloudinary://key:secret@",
        "cloudinary://",
        "cloudinary:///x",
        "cloudinary://k:s@c d",
        "cloudinary://k:s@c:port",
        "cloudinary://k:sec/ret@c",
        "cloudinary://k:sec#ret@c",
        "cloudinary://k:sec?ret@c",
        "ünï",
    ] {
        let error = Account::from_url(url).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected cloudinary://<api_key>:<api_secret>@<cloud_name>",
            "{url:?}"
        );
    }
}

#[test]
fn refuses_the_documentations_placeholders_and_unknown_signatures() {
    for (url, error) in [
        (
            "cloudinary://<your_api_key>:<your_api_secret>@cloud",
            AccountError::Placeholder,
        ),
        (
            "cloudinary://1:<your_api_secret>@cloud",
            AccountError::Placeholder,
        ),
        (
            "cloudinary://1:s@cloud?signature_algorithm=md5",
            AccountError::SignatureAlgorithm,
        ),
        (
            "cloudinary://1:s@cloud?signature_version=two",
            AccountError::SignatureVersion,
        ),
    ] {
        assert_eq!(Account::from_url(url).unwrap_err(), error, "{url}");
    }
}

#[test]
fn hides_the_secret_from_debug() {
    let account = Account::from_url("cloudinary://key:geheim@cloud").unwrap();
    assert!(!format!("{account:?}").contains("geheim"));
}
