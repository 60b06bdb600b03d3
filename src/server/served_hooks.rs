//! Which hook answers which path.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;

use crate::cloudinary::account::Account;
use crate::cloudinary::notification_event::NotificationEvent;
use crate::hooks::{Cloudinary, FixedFields, Limits, ParseServer};
use crate::manifest::{CallLimit, ClassManifest, Hook, HookAction, Manifests};
use crate::parse::hook_name::HookName;
use crate::queue::{self, Queue};

use super::metrics::{HookMetrics, Metrics};

/// What a process serves: the manifests of one application and the account they are about.
#[derive(Debug)]
pub struct Deployment {
    /// The Cloudinary account.
    pub account: Account,
    /// The hooks.
    pub manifests: Manifests,
    /// Where hooks that read objects find Parse Server.
    pub parse_server: Option<ParseServer>,
    /// Cloudinary's API, for fields that confirm.
    pub cloudinary: Option<Cloudinary>,
    /// Where jobs go, if a manifest has any.
    pub queue: Option<Queue>,
    /// The full master key, for functions that need it and a Parse Server that does not say which
    /// of the two a caller has.
    pub master_key: Option<SecretString>,
}

/// The hooks in force, with what they work with.
pub(super) struct Routes {
    pub(super) account: Account,
    pub(super) parse_server: Option<ParseServer>,
    pub(super) cloudinary: Option<Cloudinary>,
    pub(super) queue: Option<Queue>,
    pub(super) master_key: Option<SecretString>,
    /// Since when they are in force, in seconds since 1970.
    pub(super) since: u64,
    hooks: BTreeMap<String, Arc<Route>>,
}

/// A hook and its metrics.
pub(super) struct Route {
    pub(super) hook: Hook,
    pub(super) metrics: HookMetrics,
    pub(super) limits: Arc<Limits>,
    pub(super) fixed: FixedFields,
    pub(super) name: Arc<str>,
}

/// The fields that a refusal can be about.
fn guarded_fields(action: &HookAction) -> impl Iterator<Item = &str> {
    let fields = match action {
        HookAction::BeforeSave(class) => class.fields.as_slice(),
        HookAction::AfterSave(_) | HookAction::AfterDelete(_) | HookAction::Function(_) => &[],
    };
    fields.iter().map(|field| field.name.as_str())
}

fn limits(hook: &Hook, before: Option<&Arc<Route>>) -> Arc<Limits> {
    let limit = match &hook.action {
        HookAction::BeforeSave(_) | HookAction::AfterSave(_) | HookAction::AfterDelete(_) => {
            CallLimit::default()
        }
        HookAction::Function(function) => function.limit,
    };
    match before {
        Some(route) if route.limits.limit() == limit => route.limits.clone(),
        _ => Arc::new(Limits::new(limit)),
    }
}

impl Routes {
    /// In force from `now` on, in seconds since 1970. Functions whose limit is the same as in
    /// `before` keep count.
    pub(super) fn new(
        deployment: Deployment,
        metrics: &Metrics,
        before: Option<&Routes>,
        now: u64,
    ) -> Self {
        let hooks = deployment.manifests.hooks().into_iter();
        let hooks = hooks.map(|hook| {
            let path = hook.name.path();
            let name: Arc<str> = hook.name.to_string().into();
            let route = Route {
                limits: limits(&hook, before.and_then(|routes| routes.hooks.get(&path))),
                metrics: metrics.hook(&name, guarded_fields(&hook.action)),
                fixed: match &hook.action {
                    HookAction::Function(function) => {
                        FixedFields::of(function, &deployment.account)
                    }
                    _ => FixedFields::default(),
                },
                name,
                hook,
            };
            (path, Arc::new(route))
        });
        Routes {
            hooks: hooks.collect(),
            account: deployment.account,
            parse_server: deployment.parse_server,
            cloudinary: deployment.cloudinary,
            queue: deployment.queue,
            master_key: deployment.master_key,
            since: now,
        }
    }

    /// Whether a manifest has anything done about it.
    pub(super) fn follows(&self, notice: &NotificationEvent) -> bool {
        self.guarded()
            .flat_map(|class| &class.fields)
            .any(|field| queue::is_wanted(notice, &field.follow))
    }

    /// The hook at a path as it came, percent-encoded where a name needs it.
    pub(super) fn find(&self, path: &str) -> Option<&Arc<Route>> {
        if let Some(route) = self.hooks.get(path) {
            return Some(route);
        }
        self.hooks.get(&HookName::from_path(path)?.path())
    }

    /// The classes that are guarded.
    pub(super) fn guarded(&self) -> impl Iterator<Item = &ClassManifest> {
        self.hooks
            .values()
            .filter_map(|route| match &route.hook.action {
                HookAction::BeforeSave(class) => Some(class),
                HookAction::AfterSave(_) | HookAction::AfterDelete(_) | HookAction::Function(_) => {
                    None
                }
            })
    }

    /// All hooks, sorted by name.
    pub(super) fn all(&self) -> Vec<&Route> {
        let mut routes: Vec<_> = self.hooks.values().map(Arc::as_ref).collect();
        routes.sort_by(|a, b| a.name.cmp(&b.name));
        routes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::public_url::PublicUrl;

    fn routes(manifests: Manifests) -> Routes {
        let deployment = Deployment {
            account: Account::from_url("cloudinary://key:secret@demo").unwrap(),
            manifests,
            parse_server: None,
            cloudinary: None,
            queue: None,
            master_key: None,
        };
        Routes::new(deployment, &Metrics::new(), None, 5)
    }

    #[test]
    fn what_is_registered_is_served() {
        const DESTROYS: &str = "[fields.picture]\non_replace = \"destroy\"\non_delete = \"destroy\"\ndestroy_within = \"app/\"\n";
        let manifests = crate::manifest::parse(&[
            ("a.toml", &format!("class = \"Photo\"\n{DESTROYS}")),
            ("b.toml", "class = \"_User\"\n[fields.picture]\n"),
            (
                "c.toml",
                "class = \"Called\"\ncalled_from = \"cloud_code\"\n[fields.picture]\n",
            ),
            ("d.toml", "class = \"Refers\"\nreferences = [\"cover\"]\n"),
            (
                "e.toml",
                "function = \"sign-upload_2\"\naction = \"sign_upload\"\n",
            ),
        ])
        .unwrap();
        let registered = manifests.registered_hooks();
        let names: Vec<_> = registered.iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            [
                "Photo.beforeSave",
                "Photo.afterSave",
                "Photo.afterDelete",
                "_User.beforeSave",
                "sign-upload_2"
            ]
        );
        let served = routes(manifests);
        for base in ["http://h:8080", "https://h/cp/"] {
            let public = PublicUrl::new(&base.parse().unwrap()).unwrap();
            for name in &registered {
                let url = public.of(name);
                let path = url
                    .strip_prefix(base.trim_end_matches('/'))
                    .expect("it lies under the public URL");
                let route = served.find(path).expect("it is served");
                assert_eq!(route.hook.name, *name);
            }
        }
        let names: Vec<_> = served.all().iter().map(|route| &*route.name).collect();
        assert_eq!(
            names,
            [
                "Called.afterDelete",
                "Called.afterSave",
                "Called.beforeSave",
                "Photo.afterDelete",
                "Photo.afterSave",
                "Photo.beforeSave",
                "_User.beforeSave",
                "sign-upload_2"
            ]
        );
    }
}
