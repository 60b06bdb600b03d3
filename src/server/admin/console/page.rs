//! The console's files, embedded, and the hooks in its page, which are there without scripts too.

use std::fmt::Write as _;

use crate::manifest::{Access, Action, ClassManifest, GuardedField};

use crate::server::served_hooks::{Hook, Route};

/// Style sheet, scripts and icon: inline ones would need a weaker content security policy.
pub(super) const FILES: [File; 8] = [
    File {
        path: "/console.css",
        content_type: "text/css; charset=utf-8",
        text: include_str!("assets/console.css"),
    },
    File {
        path: "/icon.svg",
        content_type: "image/svg+xml",
        text: include_str!("assets/icon.svg"),
    },
    script("/console.js", include_str!("assets/console.js")),
    script("/queue.js", include_str!("assets/queue.js")),
    script("/tools.js", include_str!("assets/tools.js")),
    script("/dom.js", include_str!("assets/dom.js")),
    script("/chart.js", include_str!("assets/chart.js")),
    script("/reasons.js", include_str!("assets/reasons.js")),
];

/// An embedded file.
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    pub(super) text: &'static str,
}

const fn script(path: &'static str, text: &'static str) -> File {
    File {
        path,
        content_type: "text/javascript; charset=utf-8",
        text,
    }
}

const CONSOLE: &str = include_str!("assets/console.html");
const SIGN_IN: &str = include_str!("assets/sign-in.html");

/// The console.
pub(super) fn render(routes: &[&Route], cloud_name: &str, has_token: bool) -> String {
    let mut rows = String::new();
    for route in routes {
        let hook = &route.hook;
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            "<tr role=\"row\" data-hook=\"{name}\"><th role=\"rowheader\" scope=\"row\"><span class=\"name\">{name}</span> \
             <code>{path}</code> <span class=\"note\">{what}</span></th>\
             <td role=\"cell\" data-label=\"At Parse Server\" class=\"registration\">not asked</td>\
             <td role=\"cell\" data-label=\"Accepted\" class=\"number accepted\">{accepted}</td>\
             <td role=\"cell\" data-label=\"Refused\" class=\"number refused\">{refused}</td></tr>",
            name = escape(&hook.name()),
            path = escape(&hook.path()),
            what = escape(&describe(hook)),
            accepted = route.metrics.totals().accepted,
            refused = route.metrics.totals().all_refused(),
        );
    }
    if rows.is_empty() {
        rows.push_str(
            "<tr role=\"row\"><td role=\"cell\" colspan=\"4\">No manifest was found.</td></tr>",
        );
    }
    let sign_out = if has_token {
        "<form method=\"post\" action=\"/session/end\"><button>Sign out</button></form>"
    } else {
        ""
    };
    CONSOLE
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{cloud_name}}", &escape(cloud_name))
        .replace("{{sign_out}}", sign_out)
        .replace("{{hooks}}", &rows)
}

/// The form that asks for the token, after a wrong one with a note.
pub(super) fn sign_in(was_wrong: bool) -> String {
    let note = if was_wrong {
        "<p role=\"alert\" class=\"problem\">That is not the token.</p>"
    } else {
        ""
    };
    SIGN_IN.replace("{{note}}", note)
}

fn describe(hook: &Hook) -> String {
    match hook {
        Hook::BeforeSave(class) => describe_class(class),
        Hook::AfterSave(_) => "queues pictures that were replaced".to_owned(),
        Hook::AfterDelete(_) => "queues the pictures of deleted objects".to_owned(),
        Hook::Function(function) => {
            let action = match &function.action {
                Action::SignUpload(_) => "signs an upload".to_owned(),
                Action::SignParams(_) => "signs parameters of an upload".to_owned(),
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
    use super::*;

    #[test]
    fn escapes_what_html_would_read() {
        assert_eq!(
            escape("<a href='x'>\"&"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;"
        );
    }

    #[test]
    fn no_page_has_a_script_or_a_style_in_it_or_names_another_host() {
        for page in [render(&[], "demo", true), sign_in(true)] {
            for never in ["://", "<style", "style=", " onclick", "javascript:", "{{"] {
                assert!(!page.contains(never), "{never}");
            }
            let scripts = page.matches("<script").count();
            assert_eq!(scripts, page.matches("<script src=\"/").count());
        }
    }
}
