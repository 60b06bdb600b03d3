//! Every variable that this service reads. `docs/reference.md` describes them and a test compares
//! the two. Reading one that is not listed here fails in debug builds.

/// A variable of the environment or of `.env`.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Whether its value may come from the file that `<name>_FILE` names.
    pub is_secret: bool,
}

const fn plain(name: &'static str) -> Variable {
    Variable {
        name,
        is_secret: false,
    }
}

const fn secret(name: &'static str) -> Variable {
    Variable {
        name,
        is_secret: true,
    }
}

/// All variables, in the order of the document.
pub const VARIABLES: &[Variable] = &[
    secret("CLOUDINARY_URL"),
    secret("CLOUDINARY_API_SECRET_PREVIOUS"),
    secret("CLOUDINARY_NOTIFICATION_SECRET"),
    plain("PARSE_SERVER_URL"),
    plain("PARSE_SERVER_APPLICATION_ID"),
    plain("CLOUDINARY_PARSE_SERVER_URL"),
    secret("PARSE_SERVER_MASTER_KEY"),
    secret("PARSE_SERVER_REST_API_KEY"),
    secret("PARSE_SERVER_WEBHOOK_KEY"),
    secret("PARSE_SERVER_WEBHOOK_KEY_PREVIOUS"),
    plain("CLOUDINARY_PARSE_BIND"),
    plain("CLOUDINARY_PARSE_PUBLIC_URL"),
    plain("CLOUDINARY_PARSE_TLS_CERT"),
    plain("CLOUDINARY_PARSE_TLS_KEY"),
    plain("CLOUDINARY_PARSE_ADMIN_BIND"),
    secret("CLOUDINARY_PARSE_ADMIN_TOKEN"),
    plain("CLOUDINARY_PARSE_WEBHOOKS"),
    secret("CLOUDINARY_PARSE_QUEUE"),
    plain("CLOUDINARY_PARSE_LOG_FORMAT"),
    plain("RUST_LOG"),
    plain("CLOUDINARY_PARSE_MAX_BODY"),
    plain("CLOUDINARY_PARSE_MAX_CONNECTIONS"),
    plain("CLOUDINARY_PARSE_READ_TIMEOUT"),
    plain("CLOUDINARY_PARSE_ANSWER_TIMEOUT"),
    plain("CLOUDINARY_PARSE_SHUTDOWN_TIMEOUT"),
    plain("CLOUDINARY_PARSE_WORKERS"),
];

/// Whether `name` is a variable.
pub(super) fn is_listed(name: &str) -> bool {
    VARIABLES.iter().any(|variable| variable.name == name)
}

/// Whether `name` is a variable whose value may come from a file.
pub(super) fn is_secret(name: &str) -> bool {
    let mut variables = VARIABLES.iter();
    variables.any(|variable| variable.name == name && variable.is_secret)
}

/// The options of `CLOUDINARY_URL`, in the order of the document.
pub const ACCOUNT_OPTIONS: &[&str] = &[
    "signature_algorithm",
    "signature_version",
    "upload_prefix",
    "secure",
    "private_cdn",
    "secure_distribution",
    "cname",
    "cdn_subdomain",
    "secure_cdn_subdomain",
    "shorten",
    "use_root_path",
    "force_version",
    "sign_url",
    "long_url_signature",
    "auth_token",
    "dpr",
    "responsive_width",
    "responsive_width_transformation",
    "use_fetch_format",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Reading an unlisted one panics in a debug build; this is the reverse.
    #[test]
    fn every_listed_variable_is_read() {
        let sources = [include_str!("needs.rs"), include_str!("parts.rs")];
        for variable in VARIABLES {
            let name = format!("\"{}\"", variable.name);
            assert!(sources.iter().any(|s| s.contains(&name)), "{name}");
        }
    }

    #[test]
    fn lists_the_options_that_an_account_has() {
        let sources = [
            include_str!("../cloudinary/url_config.rs"),
            include_str!("../cloudinary/account.rs"),
        ];
        let read = regex::Regex::new(
            r#"(?:flag|text|value)\((?:config, )?"(\w+)"\)|\.get\("(auth_token)"\)"#,
        )
        .unwrap();
        let found = sources.iter().flat_map(|source| read.captures_iter(source));
        let mut found: BTreeSet<_> = found
            .filter_map(|name| name.get(1).or(name.get(2)))
            .map(|name| name.as_str())
            .collect();
        for part in ["api_key", "api_secret", "cloud_name"] {
            assert!(found.remove(part), "{part}");
        }
        let listed: BTreeSet<_> = ACCOUNT_OPTIONS.iter().copied().collect();
        assert_eq!(listed, found);
    }
}
