//! Classes and columns that the manifests name and Parse Server does not have: what they were meant
//! to refer to is not looked at.

use std::fmt;

use crate::cloudinary::suggestion::closest;
use crate::manifest::{ClassManifest, Manifests};
use crate::parse::client::Schema;

/// Types of columns that a guarded field can be.
const GUARDED: &[&str] = &["String", "Array"];

/// Types of columns that may refer to assets, and of those that a path leads into.
const ANY: &[&str] = &["String", "Array", "Object"];
const NESTED: &[&str] = &["Array", "Object"];

/// A name in a manifest that is not what it should be, or not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mistake {
    /// No such class.
    Class {
        class: String,
        similar: Option<String>,
    },
    /// No such column.
    Column {
        class: String,
        column: String,
        similar: Option<String>,
    },
    /// A column that holds no identifiers.
    Type {
        class: String,
        column: String,
        type_name: String,
    },
}

/// What the manifests name and the schemas do not have.
pub(super) fn mistakes(manifests: &Manifests, schemas: &[Schema]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for class in &manifests.classes {
        let mut known = schemas.iter();
        match known.find(|schema| schema.class_name == class.class) {
            Some(schema) => mistakes.extend(of_class(class, schema)),
            None => mistakes.push(Mistake::Class {
                class: class.class.clone(),
                similar: owned(closest(
                    &class.class,
                    schemas.iter().map(|schema| schema.class_name.as_str()),
                )),
            }),
        }
    }
    mistakes
}

fn of_class(class: &ClassManifest, schema: &Schema) -> Vec<Mistake> {
    let guarded = class.fields.iter().map(|field| (&*field.name, GUARDED));
    let others = class.references.iter().map(|reference| {
        let types = if reference.path.is_empty() {
            ANY
        } else {
            NESTED
        };
        (&*reference.column, types)
    });
    guarded
        .chain(others)
        .filter_map(|(column, types)| of_column(&class.class, column, types, schema))
        .collect()
}

fn of_column(class: &str, column: &str, types: &[&str], schema: &Schema) -> Option<Mistake> {
    let (class, column) = (class.to_owned(), column.to_owned());
    match schema.fields.get(&column) {
        Some(found) if types.contains(&&*found.type_name) => None,
        Some(found) => Some(Mistake::Type {
            class,
            column,
            type_name: found.type_name.clone(),
        }),
        None => {
            let names = schema.fields.keys().map(String::as_str);
            let similar = owned(closest(&column, names));
            Some(Mistake::Column {
                class,
                column,
                similar,
            })
        }
    }
}

fn owned(name: Option<&str>) -> Option<String> {
    name.map(str::to_owned)
}

impl Mistake {
    /// Whether it is more than a class or column that no row has been saved to yet.
    pub(super) fn is_certain(&self) -> bool {
        match self {
            Self::Class { similar, .. } | Self::Column { similar, .. } => similar.is_some(),
            Self::Type { .. } => true,
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let similar = match self {
            Self::Class { class, similar } => {
                write!(f, "Parse Server has no class {class}")?;
                similar
            }
            Self::Column {
                class,
                column,
                similar,
            } => {
                write!(f, "{class} has no column {column}")?;
                similar
            }
            Self::Type {
                class,
                column,
                type_name,
            } => {
                return write!(
                    f,
                    "{class}.{column} is of type {type_name}, which holds no identifiers"
                );
            }
        };
        match similar {
            Some(similar) => write!(f, ": did you mean {similar}?"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(manifest: &str) -> Vec<(String, bool)> {
        let manifests = crate::manifest::parse(&[("m.toml", manifest)]).unwrap();
        let schemas = json!([
            {"className": "_User", "fields": {"portrait": {"type": "String"}}},
            {"className": "Photo", "fields": {"picture": {"type": "String"}, "pictures": {"type": "Array"}, "likes": {"type": "Number"},
                "meta": {"type": "Object"}, "owner": {"type": "Pointer", "targetClass": "_User"}}},
        ]);
        let schemas: Vec<Schema> = serde_json::from_value(schemas).unwrap();
        let found = mistakes(&manifests, &schemas).into_iter();
        found
            .map(|mistake| (mistake.to_string(), mistake.is_certain()))
            .collect()
    }

    #[test]
    fn finds_nothing_wrong_with_columns_of_texts_and_arrays() {
        let manifest = "class = \"Photo\"\n[fields.picture]\nmany = true\n[fields.pictures]\n";
        assert_eq!(found(manifest), []);
    }

    #[test]
    fn names_what_is_missing_or_holds_no_identifiers_and_what_was_meant() {
        for (manifest, expected, certain) in [
            (
                "class = \"Phto\"\n[fields.picture]",
                "Parse Server has no class Phto: did you mean Photo?",
                true,
            ),
            (
                "class = \"Invoice\"\n[fields.picture]",
                "Parse Server has no class Invoice",
                false,
            ),
            (
                "class = \"Photo\"\n[fields.pictrue]",
                "Photo has no column pictrue: did you mean picture?",
                true,
            ),
            (
                "class = \"Photo\"\n[fields.zoom]",
                "Photo has no column zoom",
                false,
            ),
            (
                "class = \"Photo\"\n[fields.likes]",
                "Photo.likes is of type Number, which holds no identifiers",
                true,
            ),
            (
                "class = \"Photo\"\n[fields.meta]",
                "Photo.meta is of type Object, which holds no identifiers",
                true,
            ),
            (
                "class = \"Photo\"\n[fields.owner]",
                "Photo.owner is of type Pointer, which holds no identifiers",
                true,
            ),
        ] {
            assert_eq!(found(manifest), [(expected.to_owned(), certain)]);
        }
    }
}
