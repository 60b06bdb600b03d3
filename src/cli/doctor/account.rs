//! What is odd about a `CLOUDINARY_URL` that can be read.

use serde_json::Value;

use crate::cloudinary::account::config_from_url;
use crate::cloudinary::suggestion::closest;
use crate::config::ACCOUNT_OPTIONS;

/// What stands before the options.
const PARTS: [&str; 3] = ["cloud_name", "api_key", "api_secret"];

/// What documentation and consoles show in a secret's place.
const PLACEHOLDERS: [&str; 7] = [
    "api_secret",
    "my_secret",
    "secret",
    "changeme",
    "example",
    "placeholder",
    "redacted",
];

/// Warnings; none holds the secret.
pub(super) fn warnings(url: &str) -> Vec<String> {
    let Ok(config) = config_from_url(url) else {
        return Vec::new();
    };
    let known = || ACCOUNT_OPTIONS.iter().copied();
    let mut warnings = Vec::new();
    let keys = config.keys().map(String::as_str);
    for key in keys.filter(|key| !PARTS.contains(key) && known().all(|name| name != *key)) {
        let meant = match closest(key, known()) {
            Some(meant) => format!(", did you mean `{meant}`?"),
            None => String::new(),
        };
        warnings.push(format!(
            "CLOUDINARY_URL: no option is called `{key}`, so it does nothing{meant}"
        ));
    }
    let secret = config.get("api_secret").and_then(Value::as_str);
    if secret.is_some_and(is_placeholder) {
        warnings
            .push("CLOUDINARY_URL: its API secret looks masked or like a placeholder".to_owned());
    }
    warnings
}

fn is_placeholder(secret: &str) -> bool {
    let masks = |text: &str| {
        text.chars()
            .all(|c| matches!(c, '*' | '•' | '●' | '.' | '…' | 'x' | 'X'))
    };
    let lower = secret.to_lowercase().replace('-', "_");
    masks(secret)
        || secret.contains("***")
        || secret.contains(['•', '●', '…', '<', '>'])
        || lower.starts_with("your_")
        || PLACEHOLDERS.contains(&&*lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(secret: &str, options: &str) -> Vec<String> {
        warnings(&format!("cloudinary://123:{secret}@demo{options}"))
    }

    #[test]
    fn finds_nothing_odd_about_an_account_s_own_values() {
        let every = format!("?{}=1", ACCOUNT_OPTIONS.join("=1&"));
        for (secret, options) in [
            ("aBcDeFgHiJkLmNoPqRsTuVwXyZ0", ""),
            ("a_B-xxxx9", "?secure=true&auth_token[key]=00"),
            ("a_B-xxxx9", "/cdn.example.com?signature_algorithm=sha256"),
            ("a_B-xxxx9", &every),
        ] {
            assert_eq!(of(secret, options), [""; 0]);
        }
    }

    #[test]
    fn names_options_that_nobody_reads_and_what_was_meant() {
        for (options, expected) in [
            (
                "?signature_algoritm=sha256",
                "CLOUDINARY_URL: no option is called `signature_algoritm`, so it does nothing, did you mean `signature_algorithm`?",
            ),
            (
                "?timeout=3",
                "CLOUDINARY_URL: no option is called `timeout`, so it does nothing",
            ),
        ] {
            assert_eq!(of("a_B-9", options), [expected]);
        }
    }

    #[test]
    fn knows_a_masked_secret_and_a_placeholder_and_never_shows_it() {
        for secret in [
            "**********",
            "aB***********9",
            "••••••••",
            "xxxxxxxx",
            "your_api_secret",
            "YOUR-API-SECRET",
            "my_secret",
        ] {
            let found = of(secret, "");
            assert_eq!(found.len(), 1, "{secret}");
            assert!(!found[0].contains(secret), "{secret}");
        }
    }
}
