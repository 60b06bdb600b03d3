//! `CLOUDINARY_URL`: whatever is wrong with it, the secret in it is not said.

use std::error::Error;

use cloudinary_parse::cloudinary::account::{Account, config_from_url};
use secrecy::ExposeSecret;

/// A text that no message of ours happens to hold. It takes the place of `SECRET` in the input.
const MARKED: &str = "q7Zx-marked-9vK";

/// `bytes` are the URL.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(url) = std::str::from_utf8(bytes) else {
        return;
    };
    let marked = url.replace("SECRET", MARKED);
    for url in [url, &marked, &format!("cloudinary://key:{MARKED}@{url}")] {
        keeps_its_secret(url);
    }
}

fn keeps_its_secret(url: &str) {
    match Account::from_url(url) {
        Err(error) => {
            let mut cause: Option<&dyn Error> = Some(&error);
            while let Some(error) = cause {
                let said = format!("{error} {error:?}");
                assert!(!said.contains(MARKED), "{said}");
                cause = error.source();
            }
        }
        Ok(account) => {
            let config = config_from_url(url).expect("the account was read from it");
            assert!(!account.cloud_name.is_empty(), "{url:?}");
            for secret in &account.secrets {
                let secret = secret.expose_secret();
                assert!(!secret.is_empty(), "{url:?}");
                let read = config["api_secret"].as_str().map(str::to_owned);
                assert_eq!(read.as_deref(), Some(secret), "{url:?}");
            }
            // What is not the secret may be shown: the check looks for a secret that is nothing
            // else besides.
            let shown = format!("{account:?}");
            let secrets = account.secrets.iter().map(ExposeSecret::expose_secret);
            for secret in secrets.filter(|secret| *secret == MARKED) {
                let elsewhere = url.matches(secret).count() > 1;
                assert!(elsewhere || !shown.contains(secret), "{shown}");
            }
        }
    }
}
