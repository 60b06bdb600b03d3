//! Which hook answers which path.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use crate::cloudinary::account::Account;
use crate::cloudinary::notice::Notice;
use crate::hooks::{Cloudinary, FixedFields, Limits, ParseServer};
use crate::manifest::{ClassManifest, FunctionManifest, Limit, Manifests};
use crate::parse::client::HookName;
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

/// One hook.
#[derive(Debug)]
pub enum Hook {
    /// `beforeSave` of a guarded class.
    BeforeSave(ClassManifest),
    /// `afterSave` of a class whose replaced pictures are destroyed.
    AfterSave(ClassManifest),
    /// `afterDelete` of a class whose objects' pictures are destroyed.
    AfterDelete(ClassManifest),
    /// A cloud function.
    Function(FunctionManifest),
}

/// The hooks in force, with what they work with.
pub(super) struct Routes {
    pub(super) account: Account,
    pub(super) parse_server: Option<ParseServer>,
    pub(super) cloudinary: Option<Cloudinary>,
    pub(super) queue: Option<Queue>,
    pub(super) master_key: Option<SecretString>,
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

impl Hook {
    /// The name in logs, metrics and pages: `Photo.beforeSave` or the function's name.
    pub fn name(&self) -> String {
        match self {
            Hook::BeforeSave(class) => format!("{}.beforeSave", class.class),
            Hook::AfterSave(class) => format!("{}.afterSave", class.class),
            Hook::AfterDelete(class) => format!("{}.afterDelete", class.class),
            Hook::Function(function) => function.name.clone(),
        }
    }

    /// What it is registered for at Parse Server; `None` if Cloud Code calls it.
    pub(super) fn registered_as(&self) -> Option<HookName> {
        let trigger = |class: &ClassManifest, trigger: &str| {
            (!class.called_from_cloud_code).then(|| HookName::Trigger {
                class_name: class.class.clone(),
                trigger_name: trigger.to_owned(),
            })
        };
        match self {
            Hook::BeforeSave(class) => trigger(class, "beforeSave"),
            Hook::AfterSave(class) => trigger(class, "afterSave"),
            Hook::AfterDelete(class) => trigger(class, "afterDelete"),
            Hook::Function(function) => Some(HookName::Function {
                function_name: function.name.clone(),
            }),
        }
    }

    /// The fields that a refusal can be about.
    fn guarded_fields(&self) -> impl Iterator<Item = &str> {
        let fields = match self {
            Hook::BeforeSave(class) => class.fields.as_slice(),
            Hook::AfterSave(_) | Hook::AfterDelete(_) | Hook::Function(_) => &[],
        };
        fields.iter().map(|field| field.name.as_str())
    }

    /// The path under the webhook listener, decoded.
    pub fn path(&self) -> String {
        match self {
            Hook::BeforeSave(class) => format!("/triggers/{}/beforeSave", class.class),
            Hook::AfterSave(class) => format!("/triggers/{}/afterSave", class.class),
            Hook::AfterDelete(class) => format!("/triggers/{}/afterDelete", class.class),
            Hook::Function(function) => format!("/functions/{}", function.name),
        }
    }
}

fn of_class(class: ClassManifest) -> Vec<Hook> {
    let mut hooks = Vec::with_capacity(3);
    if !class.is_guarded() {
        return hooks;
    }
    // Cloud Code may call after a save and a deletion whether there is anything to do or not.
    let called = class.called_from_cloud_code;
    if called || class.destroys_replaced() {
        hooks.push(Hook::AfterSave(class.clone()));
    }
    if called || class.destroys_deleted() {
        hooks.push(Hook::AfterDelete(class.clone()));
    }
    hooks.push(Hook::BeforeSave(class));
    hooks
}

fn limits(hook: &Hook, before: Option<&Arc<Route>>) -> Arc<Limits> {
    let limit = match hook {
        Hook::BeforeSave(_) | Hook::AfterSave(_) | Hook::AfterDelete(_) => Limit::default(),
        Hook::Function(function) => function.limit,
    };
    match before {
        Some(route) if route.limits.limit() == limit => route.limits.clone(),
        _ => Arc::new(Limits::new(limit)),
    }
}

impl Routes {
    /// Functions whose limit is the same as in `before` keep count.
    pub(super) fn new(deployment: Deployment, metrics: &Metrics, before: Option<&Routes>) -> Self {
        let Manifests {
            classes, functions, ..
        } = deployment.manifests;
        let classes = classes.into_iter().flat_map(of_class);
        let functions = functions.into_iter().map(Hook::Function);
        let hooks = classes.chain(functions).map(|hook| {
            let path = hook.path();
            let name = Arc::from(hook.name());
            let route = Route {
                limits: limits(&hook, before.and_then(|routes| routes.hooks.get(&path))),
                metrics: HookMetrics::new(metrics, &name, hook.guarded_fields()),
                fixed: match &hook {
                    Hook::Function(function) => FixedFields::of(function, &deployment.account),
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
        }
    }

    /// Whether a manifest has anything done about it.
    pub(super) fn follows(&self, notice: &Notice) -> bool {
        self.guarded()
            .flat_map(|class| &class.fields)
            .any(|field| queue::is_wanted(notice, &field.follow))
    }

    /// The hook at a path as it came, percent-encoded where a name needs it.
    pub(super) fn find(&self, path: &str) -> Option<&Arc<Route>> {
        if let Some(route) = self.hooks.get(path) {
            return Some(route);
        }
        // A `/` inside a name would look like a border once it is decoded.
        let decoded: Vec<Cow<'_, str>> = path
            .split('/')
            .map(|part| percent_decode_str(part).decode_utf8())
            .collect::<Result<_, _>>()
            .ok()?;
        let ambiguous = decoded.iter().any(|part| part.contains('/'));
        self.hooks.get(&decoded.join("/")).filter(|_| !ambiguous)
    }

    /// The classes that are guarded.
    pub(super) fn guarded(&self) -> impl Iterator<Item = &ClassManifest> {
        self.hooks.values().filter_map(|route| match &route.hook {
            Hook::BeforeSave(class) => Some(class),
            Hook::AfterSave(_) | Hook::AfterDelete(_) | Hook::Function(_) => None,
        })
    }

    /// All hooks, sorted by name.
    pub(super) fn all(&self) -> Vec<&Route> {
        let mut routes: Vec<_> = self.hooks.values().map(Arc::as_ref).collect();
        routes.sort_by_key(|route| route.hook.name());
        routes
    }
}
