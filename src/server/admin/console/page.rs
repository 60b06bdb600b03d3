//! The console's page and the files that it loads. The page lists the hooks, also without scripts.

use actix_web::http::{ConnectionType, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::cloudinary::delivery_url::delivery_origins;
use crate::manifest::{Access, ClassManifest, FunctionAction, GuardedField, HookAction};
use crate::server::admin::response;
use crate::server::admin::state::AdminState;
use crate::server::request_error::RequestError;
use crate::server::served_hooks::Route;

/// Style sheet, scripts and icon. Inline ones would need a weaker content security policy.
pub(in crate::server::admin) const FILES: [File; 11] = [
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
    script("/copy.js", include_str!("assets/copy.js")),
    script("/readiness.js", include_str!("assets/readiness.js")),
    script("/reasons.js", include_str!("assets/reasons.js")),
    script("/refusals.js", include_str!("assets/refusals.js")),
];

/// An embedded file.
#[derive(Clone, Copy)]
pub(in crate::server::admin) struct File {
    pub(in crate::server::admin) path: &'static str,
    content_type: &'static str,
    text: &'static str,
}

impl File {
    pub(in crate::server::admin) fn response(self) -> HttpResponse {
        response::builder(StatusCode::OK)
            .content_type(self.content_type)
            .body(self.text)
    }
}

const fn script(path: &'static str, text: &'static str) -> File {
    File {
        path,
        content_type: "text/javascript; charset=utf-8",
        text,
    }
}

/// The console, or the sign-in form if the operator has to sign in first.
pub(in crate::server::admin) async fn page(
    request: HttpRequest,
    state: Data<AdminState>,
) -> Result<HttpResponse, RequestError> {
    match state.access.check(&request).await {
        Err(RequestError::Unauthorized) => {
            let form = SignInPage { was_wrong: false };
            return form.response(StatusCode::UNAUTHORIZED);
        }
        checked => checked?,
    }
    let routes = state.server.routes.load();
    let account = &routes.account;
    let page = ConsolePage {
        version: env!("CARGO_PKG_VERSION"),
        cloud_name: &account.cloud_name,
        has_token: state.access.has_token(),
        hooks: routes.all().into_iter().map(HookRow::of).collect(),
    };
    let html = page.render().map_err(|_| RequestError::Panic)?;
    let origins = delivery_origins(account);
    Ok(response::html(StatusCode::OK, &origins, html))
}

#[derive(Template)]
#[template(path = "console.html", config = "src/server/admin/console/askama.toml")]
struct ConsolePage<'a> {
    version: &'a str,
    cloud_name: &'a str,
    has_token: bool,
    hooks: Vec<HookRow>,
}

struct HookRow {
    name: String,
    path: String,
    description: String,
    accepted: u64,
    refused: u64,
}

impl HookRow {
    fn of(route: &Route) -> Self {
        let totals = route.metrics.totals();
        HookRow {
            name: route.name.to_string(),
            path: route.hook.name.path(),
            description: describe(&route.hook.action),
            accepted: totals.accepted,
            refused: totals.all_refused(),
        }
    }
}

/// The form that asks for the token.
#[derive(Template)]
#[template(path = "sign-in.html", config = "src/server/admin/console/askama.toml")]
pub(in crate::server::admin) struct SignInPage {
    /// Whether a wrong token was sent.
    pub(in crate::server::admin) was_wrong: bool,
}

impl SignInPage {
    /// The form, which closes the connection.
    pub(in crate::server::admin) fn response(
        &self,
        status: StatusCode,
    ) -> Result<HttpResponse, RequestError> {
        let html = self.render().map_err(|_| RequestError::Panic)?;
        let mut response = response::html(status, &[], html);
        let head = response.head_mut();
        head.set_connection_type(ConnectionType::Close);
        Ok(response)
    }
}

fn describe(action: &HookAction) -> String {
    match action {
        HookAction::BeforeSave(class) => describe_class(class),
        HookAction::AfterSave(_) => "queues pictures that were replaced".to_owned(),
        HookAction::AfterDelete(_) => "queues the pictures of deleted objects".to_owned(),
        HookAction::Function(function) => {
            let action = match &function.action {
                FunctionAction::SignUpload(_) => "signs an upload".to_owned(),
                FunctionAction::SignParams(_) => "signs parameters of an upload".to_owned(),
                FunctionAction::DeliveryUrl(url) => match &url.source {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::hooks::Reason;
    use crate::server::request_error::UNDECIDED;

    fn console(hooks: Vec<HookRow>) -> String {
        let page = ConsolePage {
            version: "1.0.0",
            cloud_name: "demo",
            has_token: true,
            hooks,
        };
        page.render().unwrap()
    }

    #[test]
    fn every_reason_and_kind_is_explained() {
        let script = include_str!("assets/reasons.js");
        let table = |name: &str| {
            let (_, rest) = script
                .split_once(&format!("export const {name} = {{"))
                .unwrap();
            rest.split_once("};").unwrap().0
        };
        let labels = Reason::ALL.map(Reason::as_str);
        for (name, labels) in [
            ("WHY", labels.as_slice()),
            ("KINDS", UNDECIDED.as_slice()),
            ("REMEDIES", UNDECIDED.as_slice()),
        ] {
            let known = table(name)
                .lines()
                .filter_map(|line| line.trim().split_once(": "));
            let known: BTreeSet<_> = known.map(|(label, _)| label).collect();
            assert_eq!(known, labels.iter().copied().collect(), "{name}");
        }
    }

    #[test]
    fn names_in_the_page_cannot_become_markup() {
        let hostile = "\"><script>alert('x')</script>&";
        let row = HookRow {
            name: hostile.to_owned(),
            path: hostile.to_owned(),
            description: hostile.to_owned(),
            accepted: 1,
            refused: 2,
        };
        let page = console(vec![row]);
        assert!(!page.contains("<script>"), "{page}");
        let escaped = "&#34;&#62;&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;&#38;";
        assert_eq!(page.matches(escaped).count(), 4, "{page}");
    }

    #[test]
    fn no_page_has_a_script_or_a_style_in_it_or_names_another_host() {
        let form = SignInPage { was_wrong: true }.render().unwrap();
        for page in [console(Vec::new()), form] {
            for never in [
                "://",
                "<style",
                "style=",
                " onclick",
                "javascript:",
                "{{",
                "{%",
            ] {
                assert!(!page.contains(never), "{never}");
            }
            let scripts = page.matches("<script").count();
            assert_eq!(scripts, page.matches("<script src=\"/").count());
        }
    }
}
