//! Every variable that this service reads: what `docs/reference.md` is made from. Reading one that
//! is not listed here fails in debug builds.

/// A variable of the environment or of `.env`.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Whether it may come from the file that `<name>_FILE` names.
    pub is_secret: bool,
    /// What holds without it; `None`: nothing does, it is optional or has to be set.
    pub default: Option<&'static str>,
    /// Which commands and manifests do not work without it; `None`: none.
    pub needed: Option<&'static str>,
    /// What it may hold.
    pub values: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// A line for `.env`, without the name.
    pub example: &'static str,
}

const fn setting(
    name: &'static str,
    default: &'static str,
    values: &'static str,
    meaning: &'static str,
    example: &'static str,
) -> Variable {
    Variable {
        name,
        is_secret: false,
        default: Some(default),
        needed: None,
        values,
        meaning,
        example,
    }
}

const fn optional(
    name: &'static str,
    values: &'static str,
    meaning: &'static str,
    example: &'static str,
) -> Variable {
    Variable {
        name,
        is_secret: false,
        default: None,
        needed: None,
        values,
        meaning,
        example,
    }
}

const fn secret(
    name: &'static str,
    values: &'static str,
    meaning: &'static str,
    example: &'static str,
) -> Variable {
    Variable {
        is_secret: true,
        ..optional(name, values, meaning, example)
    }
}

const fn needed(by: &'static str, variable: Variable) -> Variable {
    Variable {
        needed: Some(by),
        ..variable
    }
}

/// All of them, in the order of the document.
pub const VARIABLES: &[Variable] = &[
    needed(
        "every command but `register`, `unregister`, `hooks`, `cleanup` and `health`",
        secret(
            "CLOUDINARY_URL",
            "`cloudinary://<api_key>:<api_secret>@<cloud_name>[?option=value&…]`",
            "The account, from Cloudinary's console. Its options are in the next table.",
            "cloudinary://123456789012345:secret@demo?signature_algorithm=sha256",
        ),
    ),
    secret(
        "CLOUDINARY_API_SECRET_PREVIOUS",
        "text",
        "A second secret that still verifies while the first is being rotated. Nothing is signed with it.",
        "older-secret",
    ),
    secret(
        "CLOUDINARY_NOTIFICATION_SECRET",
        "text",
        "A further secret that may sign notifications and nothing else: Cloudinary signs them with the account's notification key, else with its oldest active key.",
        "secret-of-the-oldest-key",
    ),
    needed(
        "`register`, `unregister`, `hooks`, `audit`, `doctor`; `serve` with a `delivery_url` that has a `class`, a function for a role, clean-up or notifications",
        optional(
            "PARSE_SERVER_URL",
            "an `http://` or `https://` URL",
            "Parse Server's API, the mount path included. As in Parse Server.",
            "http://127.0.0.1:1337/parse",
        ),
    ),
    needed(
        "what needs `PARSE_SERVER_URL`, and `cleanup`",
        optional(
            "PARSE_SERVER_APPLICATION_ID",
            "text",
            "As in Parse Server.",
            "my-app",
        ),
    ),
    setting(
        "CLOUDINARY_PARSE_SERVER_URL",
        "`PARSE_SERVER_URL`",
        "an `http://` or `https://` URL",
        "Where this service reaches Parse Server, if that differs from what apps use: between containers, say.",
        "http://parse-server:1337/parse",
    ),
    needed(
        "`register`, `unregister`, `hooks`, `audit`, `doctor`; `serve` with clean-up or notifications",
        secret(
            "PARSE_SERVER_MASTER_KEY",
            "text",
            "As in Parse Server, whose `masterKeyIps` must hold this machine's address.",
            "master-key",
        ),
    ),
    secret(
        "PARSE_SERVER_REST_API_KEY",
        "text",
        "As in Parse Server. Only where Parse Server has client keys set (`restAPIKey`, `clientKey`, …), for then it refuses requests with a session that show none: those of a `delivery_url` with a `class` and of a function for a role.",
        "rest-api-key",
    ),
    needed(
        "`serve`, `check`, `doctor`",
        secret(
            "PARSE_SERVER_WEBHOOK_KEY",
            "text",
            "Parse Server's `webhookKey`. Whoever knows it can call the hooks with made-up users: as secret as the master key.",
            "<openssl rand -hex 32>",
        ),
    ),
    secret(
        "PARSE_SERVER_WEBHOOK_KEY_PREVIOUS",
        "text",
        "A second key that is taken while the first is being rotated.",
        "older-key",
    ),
    setting(
        "CLOUDINARY_PARSE_BIND",
        "`127.0.0.1:8080`",
        "address and port; port 0 takes a free one",
        "Where the webhook listener listens. The log names the address.",
        "0.0.0.0:8080",
    ),
    setting(
        "CLOUDINARY_PARSE_PUBLIC_URL",
        "`http://` or `https://` and `CLOUDINARY_PARSE_BIND`",
        "an `http://` or `https://` URL, a path allowed",
        "Where Parse Server reaches the webhook listener; hooks are registered below it.",
        "http://cloudinary-parse:8080",
    ),
    optional(
        "CLOUDINARY_PARSE_TLS_CERT",
        "a PEM file",
        "The webhook listener's certificate, its own first and then the chain. With `CLOUDINARY_PARSE_TLS_KEY`, or neither.",
        "/etc/ssl/hooks/fullchain.pem",
    ),
    optional(
        "CLOUDINARY_PARSE_TLS_KEY",
        "a PEM file",
        "Its private key.",
        "/etc/ssl/hooks/privkey.pem",
    ),
    setting(
        "CLOUDINARY_PARSE_ADMIN_BIND",
        "`127.0.0.1:9090`",
        "address and port, or `off`",
        "Where metrics, readiness and console are.",
        "127.0.0.1:9090",
    ),
    needed(
        "`serve` with an admin listener that is not on loopback",
        secret(
            "CLOUDINARY_PARSE_ADMIN_TOKEN",
            "at least 16 characters",
            "What the admin listener asks for: `Authorization: Bearer …`, or the console's own sign-in. Sessions live in one node's memory and end at sign-out.",
            "<openssl rand -hex 32>",
        ),
    ),
    setting(
        "CLOUDINARY_PARSE_WEBHOOKS",
        "`webhooks`",
        "a folder",
        "The manifests. Read at the start and on SIGHUP.",
        "/etc/cloudinary-parse/webhooks",
    ),
    Variable {
        is_secret: true,
        ..setting(
            "CLOUDINARY_PARSE_QUEUE",
            "`sqlite://cloudinary-parse.db`",
            "`sqlite://<file>` or `postgres://<user>:<password>@<host>/<database>`",
            "What is to be done later: clean-up and notifications. PostgreSQL when several nodes run. Opened only if a manifest needs it.",
            "sqlite:///var/lib/cloudinary-parse/queue.db",
        )
    },
    setting(
        "CLOUDINARY_PARSE_LOG_FORMAT",
        "`text`",
        "`text` or `json`",
        "The form of log lines, which go to standard error.",
        "json",
    ),
    setting(
        "RUST_LOG",
        "`info`",
        "`error`, `warn`, `info`, `debug`, or by module: `info,cloudinary_parse::queue=debug`",
        "What is logged.",
        "warn",
    ),
    setting(
        "CLOUDINARY_PARSE_MAX_BODY",
        "`16MiB`",
        "bytes, or a size such as `16MiB` or `512k`",
        "Largest request; above it the answer is 413. Parse Server sends up to 10 MiB.",
        "16MiB",
    ),
    setting(
        "CLOUDINARY_PARSE_MAX_CONNECTIONS",
        "`10000`",
        "a whole number above 0",
        "Connections of all workers together. A worker's share is enforced; more wait or are closed.",
        "10000",
    ),
    setting(
        "CLOUDINARY_PARSE_READ_TIMEOUT",
        "`10s`",
        "a duration such as `500ms`, `10s` or `2m`",
        "A request's head and body must have arrived by then.",
        "10s",
    ),
    setting(
        "CLOUDINARY_PARSE_ANSWER_TIMEOUT",
        "`10s`",
        "a duration",
        "A hook's work, with what it asks of Parse Server or Cloudinary; after it the answer is 503.",
        "10s",
    ),
    setting(
        "CLOUDINARY_PARSE_SHUTDOWN_TIMEOUT",
        "`8s`",
        "a duration",
        "For requests in flight at SIGTERM or SIGINT; idle connections are closed at once.",
        "8s",
    ),
    setting(
        "CLOUDINARY_PARSE_WORKERS",
        "the number of cores",
        "a whole number above 0",
        "Threads that answer webhooks.",
        "2",
    ),
];

/// Whether `name` is one of them.
pub(super) fn is_listed(name: &str) -> bool {
    VARIABLES.iter().any(|variable| variable.name == name)
}

/// Whether `name` is one of them and may come from a file.
pub(super) fn is_secret(name: &str) -> bool {
    let mut variables = VARIABLES.iter();
    variables.any(|variable| variable.name == name && variable.is_secret)
}

/// An option of `CLOUDINARY_URL`: what comes behind its `?`.
#[derive(Debug, Clone, Copy)]
pub struct AccountOption {
    /// Its name.
    pub name: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

const fn option(name: &'static str, default: &'static str, meaning: &'static str) -> AccountOption {
    AccountOption {
        name,
        default,
        meaning,
    }
}

/// All of them, in the order of the document.
pub const ACCOUNT_OPTIONS: &[AccountOption] = &[
    option(
        "signature_algorithm",
        "`sha1`",
        "What is signed here: `sha256` for accounts that are set so. What Cloudinary signed tells its own by its length: 40 digits are SHA-1, 64 SHA-256.",
    ),
    option(
        "signature_version",
        "`2`",
        "`1`: `&` in a value is not escaped in the string to sign, so a caller's values with one are refused; `check` warns of it.",
    ),
    option(
        "upload_prefix",
        "`https://api.cloudinary.com`",
        "Scheme and host of API URLs.",
    ),
    option("secure", "`true`", "`false`: `http` delivery URLs."),
    option(
        "private_cdn",
        "`false`",
        "The account has its own CDN host.",
    ),
    option(
        "secure_distribution",
        "`res.cloudinary.com`",
        "Host of `https` delivery URLs.",
    ),
    option(
        "cname",
        "`res.cloudinary.com`",
        "Host of `http` delivery URLs.",
    ),
    option(
        "cdn_subdomain",
        "`false`",
        "URLs are spread over `res-1` to `res-5`.",
    ),
    option(
        "secure_cdn_subdomain",
        "as `cdn_subdomain`, unless `private_cdn`",
        "The same for `https`.",
    ),
    option("shorten", "`false`", "`iu` instead of `image/upload`."),
    option("use_root_path", "`false`", "`image/upload` is left out."),
    option(
        "force_version",
        "`true`",
        "`v1` in URLs of public IDs with a folder and no version.",
    ),
    option("sign_url", "`false`", "Every delivery URL is signed."),
    option(
        "long_url_signature",
        "`false`",
        "URL signatures of 32 characters.",
    ),
    option(
        "auth_token",
        "none",
        "Defaults of auth tokens: `auth_token[key]=…&auth_token[duration]=300`.",
    ),
    option("dpr", "none", "Device pixel ratio of every transformation."),
    option(
        "responsive_width",
        "`false`",
        "The responsive width is appended to every transformation.",
    ),
    option(
        "responsive_width_transformation",
        "`c_limit,w_auto`",
        "What is appended.",
    ),
    option(
        "use_fetch_format",
        "`false`",
        "`format` becomes `f_…` for every type.",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Reading an unlisted one panics in a debug build; this is the reverse.
    #[test]
    fn every_listed_variable_is_read() {
        let sources = [include_str!("../config.rs"), include_str!("parts.rs")];
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
        let listed: BTreeSet<_> = ACCOUNT_OPTIONS.iter().map(|option| option.name).collect();
        assert_eq!(listed, found);
    }
}
