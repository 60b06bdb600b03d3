//! The admin listener's page: the hooks that this process serves.

use std::fmt::Write as _;

use crate::manifest::{Access, Action, ClassManifest, GuardedField};

use super::routes::Hook;

/// Where the page finds its style sheet: inline styles would need a weaker content security policy.
pub(super) const STYLE_PATH: &str = "/page.css";
/// The style sheet.
pub(super) const STYLE: &str = include_str!("assets/page.css");

/// The page as HTML.
pub(super) fn render(hooks: &[&Hook]) -> String {
    let mut rows = String::new();
    for hook in hooks {
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            "<tr><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
            escape(&hook.name()),
            escape(&hook.path()),
            escape(&describe(hook)),
        );
    }
    if rows.is_empty() {
        rows.push_str("<tr><td colspan=\"3\">No manifest was found.</td></tr>");
    }
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>cloudinary-parse</title><link rel=\"stylesheet\" href=\"{STYLE_PATH}\"></head>\
         <body><main><h1>cloudinary-parse {version}</h1>\
         <p>Hooks that this process serves. See also <a href=\"/ready\">readiness</a> and \
         <a href=\"/metrics\">metrics</a>.</p>\
         <table><thead><tr><th scope=\"col\">Hook</th><th scope=\"col\">Path</th>\
         <th scope=\"col\">What it does</th></tr></thead><tbody>{rows}</tbody></table>\
         </main></body></html>",
        version = env!("CARGO_PKG_VERSION"),
    )
}

fn describe(hook: &Hook) -> String {
    match hook {
        Hook::BeforeSave(class) => describe_class(class),
        Hook::AfterSave(_) => "queues pictures that were replaced".to_owned(),
        Hook::AfterDelete(_) => "queues the pictures of deleted objects".to_owned(),
        Hook::Function(function) => {
            let action = match &function.action {
                Action::SignUpload(_) => "signs an upload".to_owned(),
                Action::DeliveryUrl(url) => match &url.source {
                    Some((class, field)) => format!("delivery URL of {class}.{field}"),
                    None => "delivery URL of an identifier".to_owned(),
                },
            };
            let access = match &function.access {
                Access::Public => "anybody".to_owned(),
                Access::User => "users".to_owned(),
                Access::Master => "the master key".to_owned(),
                Access::Role(role) => format!("role {role}"),
            };
            format!("{action}, for {access}")
        }
    }
}

fn describe_class(class: &ClassManifest) -> String {
    let fields: Vec<String> = class.fields.iter().map(describe_field).collect();
    format!("guards {}", fields.join(", "))
}

fn describe_field(field: &GuardedField) -> String {
    let mut notes = Vec::new();
    if field.required {
        notes.push("required");
    }
    if field.many {
        notes.push("many");
    }
    if field.folder.is_some() {
        notes.push("in a folder");
    }
    if field.max_age.is_some() {
        notes.push("fresh");
    }
    if notes.is_empty() {
        field.name.clone()
    } else {
        format!("{} ({})", field.name, notes.join(", "))
    }
}

/// Text for HTML, attribute values included.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn escapes_what_html_would_read() {
        assert_eq!(
            escape("<a href='x'>\"&"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;"
        );
    }
}
