//! What a guarded field takes beyond a good signature, which covers neither type, resource type nor
//! format.

use std::fmt;

use crate::cloudinary::identifier::Identifier;
use crate::manifest::{ClassManifest, GuardedField, RenderError, ValueContext};

use super::folder;
use super::refusal::Reason;
use super::sign_upload::Caller;

/// How far ahead of this machine's clock an upload may be when a field has a `max_age`, in seconds.
const CLOCK_SKEW: u64 = 300;

/// A rule of a field that an identifier breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which rule.
    pub reason: Reason,
    /// What the field takes, in the words of the refusal.
    pub expected: String,
}

/// What a field's rules are applied with.
#[derive(Clone, Copy)]
pub(super) struct Policy<'a> {
    pub field: &'a GuardedField,
    /// Who saves; asked by fields with a folder only.
    pub caller: &'a dyn Fn() -> Option<Caller<'a>>,
    /// Seconds since 1970.
    pub now: u64,
}

impl Policy<'_> {
    /// In the order in which a save is judged.
    const RULES: [fn(&Self, &Identifier<'_>) -> Option<Broken>; 5] = [
        Self::resource_type,
        Self::delivery_type,
        Self::format,
        Self::folder,
        Self::age,
    ];

    /// The rules that the identifier breaks; a save is refused for the first.
    pub(super) fn broken_by(&self, identifier: &Identifier<'_>) -> impl Iterator<Item = Broken> {
        Self::RULES.iter().filter_map(|rule| rule(self, identifier))
    }

    fn resource_type(&self, identifier: &Identifier<'_>) -> Option<Broken> {
        let accepted = &self.field.resource_types;
        (!accepted.contains(&identifier.resource_type)).then(|| {
            let names = list_of(accepted.iter().map(|r| r.name()));
            broken(Reason::ResourceType, format!("resource type {names}"))
        })
    }

    fn delivery_type(&self, identifier: &Identifier<'_>) -> Option<Broken> {
        let accepted = &self.field.types;
        (!accepted.contains(&identifier.delivery_type)).then(|| {
            let names = list_of(accepted.iter().map(|t| t.name()));
            broken(Reason::DeliveryType, format!("type {names}"))
        })
    }

    fn format(&self, identifier: &Identifier<'_>) -> Option<Broken> {
        let accepted = self.field.formats.as_ref()?;
        let extension = folder::extension(identifier);
        let is_accepted =
            extension.is_some_and(|e| accepted.iter().any(|f| f.eq_ignore_ascii_case(e)));
        (!is_accepted).then(|| {
            let names = list_of(accepted.iter().map(String::as_str));
            broken(Reason::Format, format!("format {names}"))
        })
    }

    fn folder(&self, identifier: &Identifier<'_>) -> Option<Broken> {
        let template = self.field.folder.as_ref()?;
        let caller = (self.caller)();
        let user = caller.as_ref().map(Caller::as_template);
        match template.render(ValueContext::Path, user, &|_| None) {
            Ok(folder) if folder::holds(&folder, identifier) => None,
            Ok(folder) => Some(broken(
                Reason::Folder,
                format!("a public_id in folder {folder:?}"),
            )),
            Err(RenderError::NoUser) => Some(broken(
                Reason::Folder,
                "a session, since the picture must lie in the user's folder",
            )),
            Err(other) => Some(Broken {
                reason: Reason::Folder,
                expected: other.to_string(),
            }),
        }
    }

    fn folder_begins(&self, identifier: &Identifier<'_>) -> Option<Broken> {
        let prefix = self.field.folder.as_ref()?.fixed_prefix();
        let rest = identifier.public_id.strip_prefix(&*prefix);
        let holds = rest.is_some_and(|rest| !rest.is_empty());
        (!holds).then(|| {
            let expected = format!("a public_id that begins with {prefix:?}");
            broken(Reason::Folder, expected)
        })
    }

    fn age(&self, identifier: &Identifier<'_>) -> Option<Broken> {
        let max_age = self.field.max_age?.as_secs();
        let uploaded = identifier.uploaded_at();
        if uploaded > self.now.saturating_add(CLOCK_SKEW) {
            let expected = "an upload that lies in the past";
            return Some(broken(Reason::Age, expected));
        }
        (self.now.saturating_sub(uploaded) > max_age).then(|| {
            let expected = format!("an upload of the last {max_age} seconds");
            broken(Reason::Age, expected)
        })
    }
}

/// What a field would say to a new identifier whose signature is good.
#[derive(Debug, Clone)]
pub struct Verdict<'m> {
    /// The class.
    pub class: &'m ClassManifest,
    /// Its guarded field.
    pub field: &'m GuardedField,
    /// The rules that it breaks, whoever saves it.
    pub broken: Vec<Broken>,
    /// Whether it lies in the field's folder depends on the user, of whom too little is known here.
    pub depends_on_user: bool,
}

/// What each guarded field of `class` would say if the user with `user_id` saved `identifier` at
/// `now`, in seconds since 1970.
pub fn verdicts<'m>(
    class: &'m ClassManifest,
    identifier: &Identifier<'_>,
    user_id: Option<&str>,
    now: u64,
) -> Vec<Verdict<'m>> {
    let of = |field: &'m GuardedField| {
        let depends_on_user = field.folder.as_ref().is_some_and(|folder| {
            folder.uses_username() || (folder.needs_user() && user_id.is_none())
        });
        let policy = Policy {
            field,
            caller: &|| user_id.map(Caller::with_id),
            now,
        };
        let broken = policy
            .broken_by(identifier)
            .filter(|broken| !(depends_on_user && broken.reason == Reason::Folder))
            .collect();
        Verdict {
            class,
            field,
            broken,
            depends_on_user,
        }
    };
    class.fields.iter().map(of).collect()
}

/// The first rule that `identifier` breaks whoever saves it and whenever: on resource type, type,
/// format, or the fixed beginning of `folder`. For what is stored already, whose user and upload
/// nobody knows.
pub fn broken_by_any(field: &GuardedField, identifier: &Identifier<'_>) -> Option<Broken> {
    let policy = Policy {
        field,
        caller: &|| None,
        now: 0,
    };
    let rules = [
        Policy::resource_type,
        Policy::delivery_type,
        Policy::format,
        Policy::folder_begins,
    ];
    rules.iter().find_map(|rule| rule(&policy, identifier))
}

fn broken(reason: Reason, accepted: impl fmt::Display) -> Broken {
    Broken {
        reason,
        expected: format!("expected {accepted}"),
    }
}

/// `jpg or png`
pub(super) fn list_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    #[test]
    fn an_upload_is_fresh_for_as_long_as_max_age_and_may_be_five_minutes_ahead() {
        let manifest = "class = \"Photo\"\n[fields.picture]\nmax_age = \"1h\"\n";
        let class = crate::manifest::parse(&[("Photo.toml", manifest)])
            .unwrap()
            .classes;
        let old = Some("expected an upload of the last 3600 seconds");
        let ahead = Some("expected an upload that lies in the past");
        for (uploaded, expected) in [
            (0, old),
            (NOW - 3601, old),
            (NOW - 3600, None),
            (NOW, None),
            (NOW + 300, None),
            (NOW + 301, ahead),
            (999_999_999_999, ahead),
        ] {
            let identifier = format!("image/upload/v{uploaded}/cat.jpg");
            let identifier = Identifier::parse(&identifier).unwrap();
            let verdicts = verdicts(&class[0], &identifier, None, NOW);
            let broken = verdicts[0].broken.first();
            assert_eq!(broken.map(|b| &*b.expected), expected, "{uploaded}");
        }
    }
}
