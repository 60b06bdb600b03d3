//! `on_replace`, `on_delete` and what bounds them: when an asset that lost its last reference is
//! destroyed.

use std::time::Duration;

use super::document::{ManifestReport, Section};
use crate::units::{DURATION_FORM, parse_duration};

/// Keys of a field.
pub(super) const KEYS: &[&str] = &["on_replace", "on_delete", "grace", "destroy_within"];

const DESTROY: &[(&str, bool)] = &[("keep", false), ("destroy", true)];

const GRACE: Duration = Duration::from_hours(24);

/// What becomes of assets that a field no longer refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanUp {
    /// An asset that was replaced, cleared or taken from an array is destroyed, once nothing refers
    /// to it.
    pub on_replace: bool,
    /// So are the assets of a deleted object.
    pub on_delete: bool,
    /// How long an asset is kept after it lost a reference.
    pub grace: Duration,
}

impl CleanUp {
    /// Whether anything is ever destroyed.
    pub fn destroys(&self) -> bool {
        self.on_replace || self.on_delete
    }

    /// Reads the keys but for `destroy_within`, which is used without them too.
    pub(super) fn read(
        keys: &mut Section<'_>,
        max_age: Option<Duration>,
        report: &mut ManifestReport<'_>,
    ) -> Self {
        let within = keys.at_of("destroy_within");
        let (mut destroys, mut at) = ([false; 2], None);
        for (index, key) in ["on_replace", "on_delete"].into_iter().enumerate() {
            let Some(entry) = keys.take(key) else {
                continue;
            };
            destroys[index] = entry.one_of(DESTROY, report).unwrap_or(false);
            if destroys[index] {
                at = at.or(Some(entry.at));
                if within.is_none() {
                    report.error(entry.at, format!("`{key}` = \"destroy\" needs `destroy_within`: only assets whose public_id begins so are ever destroyed (\"\" stands for any)"));
                }
            }
        }
        let grace = keys.take("grace");
        let given = grace.and_then(|entry| {
            let text = entry.text(report)?;
            let grace = match text {
                "0s" => Some(Duration::ZERO),
                _ => parse_duration(text),
            };
            grace.or_else(|| entry.refuse(&format!("expected {DURATION_FORM}"), report))
        });
        let period = given.unwrap_or(GRACE);
        if let Some(at) = at {
            let open = match max_age {
                Some(max_age) => period < max_age,
                None => grace.is_none(),
            };
            if open {
                report.warn(at, "\"destroy\" without a `max_age` that `grace` is at least as long as: a picture could be attached again just as it is destroyed");
            }
        }
        let [on_replace, on_delete] = destroys;
        Self {
            on_replace,
            on_delete,
            grace: period,
        }
    }
}
