//! The hooks that the manifests ask for. Serving, registering and showing them all begin here.

use crate::parse::hook_name::{AFTER_DELETE, AFTER_SAVE, BEFORE_SAVE, HookName};

use super::{ClassManifest, FunctionManifest, Manifests};

/// A hook that is served.
#[derive(Debug, Clone)]
pub struct Hook {
    /// What it is for.
    pub name: HookName,
    /// Parse Server calls it. If not, the app's own Cloud Code does.
    pub is_registered: bool,
    /// What it does.
    pub action: HookAction,
}

/// What a hook does.
#[derive(Debug, Clone)]
pub enum HookAction {
    /// Guards a class.
    BeforeSave(ClassManifest),
    /// Has replaced pictures destroyed.
    AfterSave(ClassManifest),
    /// Has the pictures of deleted objects destroyed.
    AfterDelete(ClassManifest),
    /// Answers a call.
    Function(FunctionManifest),
}

impl Manifests {
    /// Every hook that is served: those of classes first.
    pub fn hooks(&self) -> Vec<Hook> {
        let classes = self.classes.iter().filter(|class| class.is_guarded());
        let triggers = classes.flat_map(triggers);
        let functions = self.functions.iter().map(|function| Hook {
            name: HookName::function(&function.name),
            is_registered: true,
            action: HookAction::Function(function.clone()),
        });
        triggers.chain(functions).collect()
    }

    /// The hooks that Parse Server should call, in the order of [`hooks`](Self::hooks).
    pub fn registered_hooks(&self) -> Vec<HookName> {
        let registered = self.hooks().into_iter().filter(|hook| hook.is_registered);
        registered.map(|hook| hook.name).collect()
    }
}

fn triggers(class: &ClassManifest) -> impl Iterator<Item = Hook> {
    // Cloud Code may call after a save and a deletion whether there is anything to do or not.
    let called = class.called_from_cloud_code;
    let hook = |name, action: fn(ClassManifest) -> HookAction| Hook {
        name: HookName::trigger(&class.class, name),
        is_registered: !called,
        action: action(class.clone()),
    };
    let before_save = Some(hook(BEFORE_SAVE, HookAction::BeforeSave));
    let after_save =
        (called || class.destroys_replaced()).then(|| hook(AFTER_SAVE, HookAction::AfterSave));
    let after_delete =
        (called || class.destroys_deleted()).then(|| hook(AFTER_DELETE, HookAction::AfterDelete));
    [before_save, after_save, after_delete]
        .into_iter()
        .flatten()
}
