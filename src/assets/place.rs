//! Where rows may refer to assets: the guarded fields of every manifest, and what its `references`
//! name.

use super::texts::each_text;
use crate::manifest::{ClassManifest, GuardedField};
use crate::parse::client::Row;
use crate::parse::json::JsonText;

/// A column, or what lies in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The class.
    pub class: String,
    /// The column.
    pub column: String,
    /// Names that lead into an Object or Array column; none for the whole column.
    pub path: Vec<String>,
    /// Whether the column may hold something else than one text: then no query of Parse's finds
    /// what it refers to.
    pub many: bool,
}

/// Every place of these manifests.
pub fn places(classes: &[ClassManifest]) -> Vec<Place> {
    classes.iter().flat_map(places_of).collect()
}

/// The places of a class.
pub fn places_of(class: &ClassManifest) -> impl Iterator<Item = Place> {
    let guarded = class.fields.iter();
    let guarded = guarded.map(|field| Place::of_field(class, field));
    let others = class.references.iter().map(|reference| Place {
        class: class.class.clone(),
        column: reference.column.clone(),
        path: reference.path.clone(),
        many: true,
    });
    guarded.chain(others)
}

/// The columns of a class that may refer to assets, each once, by name.
pub fn columns(class: &ClassManifest) -> Vec<&str> {
    let guarded = class.fields.iter().map(|field| &*field.name);
    let others = class.references.iter();
    let others = others.map(|reference| &*reference.column);
    let mut columns: Vec<_> = guarded.chain(others).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

impl Place {
    /// A guarded field.
    pub fn of_field(class: &ClassManifest, field: &GuardedField) -> Self {
        Self {
            class: class.class.clone(),
            column: field.name.clone(),
            path: Vec::new(),
            many: field.many,
        }
    }

    /// Calls `visit` with each text that a row holds here.
    pub fn each_text(&self, row: &Row, mut visit: impl FnMut(&str)) {
        let value = row.get(&self.column).map(|raw| JsonText::parse(raw.get()));
        if let Some(Ok(value)) = value {
            each_text(value, &self.path, |text| visit(&text));
        }
    }
}
