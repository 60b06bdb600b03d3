//! What is to be done with Parse Server, and next.

use std::fmt::Write as _;

use super::Init;
use super::dotenv_file::{DotenvFile, WebhookKey, is_in_version_control, is_loopback};
use crate::config::{Environment, parse_url};

/// Parse Server's own default, and the networks that Docker makes.
const MASTER_KEY_IPS: [&str; 3] = ["127.0.0.1", "::1", "172.16.0.0/12"];

/// The text that `init` ends with.
pub(super) fn text(
    init: &Init,
    environment: &Environment,
    key: &WebhookKey,
    dotenv: &DotenvFile,
) -> String {
    let (literal, variable) = match key {
        WebhookKey::New(key) => (format!("\"{key}\""), key.clone()),
        WebhookKey::Known => (
            "\"<PARSE_SERVER_WEBHOOK_KEY, as it is set already>\"".to_owned(),
            "<as it is set already>".to_owned(),
        ),
    };
    // Commented where both are on one machine: Parse Server's default does there.
    let hash = |comment: &'static str| {
        if is_remote(init, environment) {
            ""
        } else {
            comment
        }
    };
    let mut text = format!(
        "
Parse Server needs these lines, in one of two forms.

  As options of `new ParseServer({{ … }})`, which reads no variables:

    webhookKey: {literal},
    maxUploadSize: \"4mb\", // an update sends the object twice; a webhook request over 10 MiB ends Parse Server
    // Where this service runs in a container or on another machine: its network beside Parse Server's default.
    {slashes}masterKeyIps: [\"{quoted}\"],

  As variables, for its own command and its image:

    PARSE_SERVER_WEBHOOK_KEY={variable}
    PARSE_SERVER_MAX_UPLOAD_SIZE=4mb
    {hash}PARSE_SERVER_MASTER_KEY_IPS={listed}

Next:

",
        slashes = hash("// "),
        hash = hash("# "),
        quoted = MASTER_KEY_IPS.join("\", \""),
        listed = MASTER_KEY_IPS.join(","),
    );
    let program = program();
    let mut steps = Vec::new();
    let to_fill_in = dotenv.to_fill_in();
    if !to_fill_in.is_empty() {
        steps.push(format!("fill in {} in .env", to_fill_in.join(", ")));
    }
    if is_in_version_control() {
        steps.push("add .env to .gitignore: it holds secrets".to_owned());
    }
    steps.extend([
        "give Parse Server the lines above and restart it".to_owned(),
        format!("{program} check"),
        format!("{program} serve"),
        format!("{program} register    (beside the running service, once)"),
    ]);
    for (index, step) in steps.iter().enumerate() {
        let _ = writeln!(text, "  {}. {step}", index + 1);
    }
    text.truncate(text.trim_end().len());
    text
}

/// Whether Parse Server or this service is reached over a network.
fn is_remote(init: &Init, environment: &Environment) -> bool {
    let setting = |name| environment.setting(name).map(|(_, value)| value);
    let parse_server = init
        .parse_server
        .as_deref()
        .or_else(|| setting("PARSE_SERVER_URL"));
    let public_url = init.public_url.as_deref();
    let public_url = public_url.or_else(|| setting("CLOUDINARY_PARSE_PUBLIC_URL"));
    let mut urls = parse_server
        .into_iter()
        .chain(public_url)
        .filter_map(parse_url);
    urls.any(|url| !is_loopback(&url))
}

/// How this program was called: npm tells the programs that it runs.
fn program() -> &'static str {
    match std::env::var("npm_command").as_deref() {
        Ok("exec") => "npx cloudinary-parse",
        _ => "cloudinary-parse",
    }
}
