//! `references`: where a class may hold identifiers that are not guarded, but in use.

use super::document::{ManifestEntry, ManifestReport, every};
use super::names;

/// Most names of a path: more than anybody nests.
const LONGEST: usize = 32;

/// A column, or what lies in an Object or Array column. Written `slides.items.image`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The column.
    pub column: String,
    /// The names that lead from there to the value, through any array; none for the whole column.
    pub path: Vec<String>,
}

pub(super) fn read(
    entry: ManifestEntry<'_>,
    class: &str,
    guarded: &[&str],
    report: &mut ManifestReport<'_>,
) -> Option<Vec<Reference>> {
    let items = entry.items(report)?;
    if items.is_empty() {
        return entry.refuse(
            "empty, expected columns or paths such as slides.items.image",
            report,
        );
    }
    let mut known: Vec<&str> = Vec::new();
    every(items.iter().map(|item| {
        let text = item.text(report)?;
        let mut names = text.split('.');
        let column = names.next().unwrap_or_default();
        let path: Vec<_> = names.map(str::to_owned).collect();
        if let Err(reason) = names::check_field(class, column) {
            return item.refuse(&reason, report);
        }
        if path.len() > LONGEST || path.iter().any(|name| !is_name(name)) {
            return item.refuse(
                &format!("`{text}`: expected a column and the names that lead on from it, each after a dot"),
                report,
            );
        }
        if guarded.contains(&column) {
            let reason = format!("`{column}` is a guarded field: what it holds is in use anyway");
            return item.refuse(&reason, report);
        }
        if known.contains(&text) {
            return item.refuse(&format!("`{text}` stands here twice"), report);
        }
        known.push(text);
        Some(Reference {
            column: column.to_owned(),
            path,
        })
    }))
}

/// Parse Server's rule for names inside of Object and Array columns, which the split has checked
/// for dots.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('$') && !name.contains(char::is_control)
}
