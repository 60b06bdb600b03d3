//! What the manifests name, held against Parse Server's schema: a class or column that is not there
//! is neither guarded nor looked at.

use std::collections::BTreeSet;
use std::fmt;

use crate::manifest::{ClassManifest, GuardedField, Manifests};
use crate::parse::client::{Schema, SchemaColumn};

/// Types of columns that may refer to assets, and of those that a path leads into.
const ANY: &[&str] = &["String", "Array", "Object"];
const NESTED: &[&str] = &["Array", "Object"];

/// Most slips of the keyboard that a name is thought to be off by.
const SLIPS: usize = 2;

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
    /// A column that does not hold what the manifest says.
    Type {
        class: String,
        column: String,
        type_name: String,
        problem: Problem,
    },
}

/// What is wrong with a column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// It cannot hold an identifier.
    NoIdentifiers,
    /// Many identifiers, and the field is of one.
    NeedsMany,
    /// One identifier, and the field is of many.
    IsNotMany,
}

/// What the manifests name and the schemas do not have, or have otherwise.
pub(super) fn mistakes(manifests: &Manifests, schemas: &[Schema]) -> Vec<Mistake> {
    let named: BTreeSet<&str> = manifests
        .classes
        .iter()
        .map(|class| &*class.class)
        .collect();
    let mut mistakes = Vec::new();
    for class in &manifests.classes {
        let mut known = schemas.iter();
        match known.find(|schema| schema.class_name == class.class) {
            Some(schema) => of_class(class, schema, &mut mistakes),
            None => mistakes.push(Mistake::Class {
                class: class.class.clone(),
                similar: similar(
                    &class.class,
                    schemas.iter().map(|schema| &*schema.class_name),
                    &named,
                ),
            }),
        }
    }
    mistakes
}

fn of_class(class: &ClassManifest, schema: &Schema, mistakes: &mut Vec<Mistake>) {
    let guarded = class.fields.iter().map(|field| &*field.name);
    let others = class.references.iter().map(|reference| &*reference.column);
    let named: BTreeSet<&str> = guarded.chain(others).collect();
    let mut check = |column: &str, problem: &dyn Fn(&str) -> Option<Problem>| {
        let found = of_column(schema, column, &named, problem);
        mistakes.extend(found.filter(|found| !mistakes.contains(found)));
    };
    for field in &class.fields {
        check(&field.name, &|type_name| of_guarded(field, type_name));
    }
    for reference in &class.references {
        let types = if reference.path.is_empty() {
            ANY
        } else {
            NESTED
        };
        check(&reference.column, &|type_name| {
            (!types.contains(&type_name)).then_some(Problem::NoIdentifiers)
        });
    }
}

fn of_column(
    schema: &Schema,
    column: &str,
    named: &BTreeSet<&str>,
    problem: &dyn Fn(&str) -> Option<Problem>,
) -> Option<Mistake> {
    let class = schema.class_name.clone();
    let Some(SchemaColumn { type_name }) = schema.fields.get(column) else {
        return Some(Mistake::Column {
            class,
            column: column.to_owned(),
            similar: similar(column, schema.fields.keys().map(String::as_str), named),
        });
    };
    problem(type_name).map(|problem| Mistake::Type {
        class,
        column: column.to_owned(),
        type_name: type_name.clone(),
        problem,
    })
}

fn of_guarded(field: &GuardedField, type_name: &str) -> Option<Problem> {
    match (type_name, field.many) {
        ("String", false) | ("Array", true) => None,
        ("Array", false) => Some(Problem::NeedsMany),
        ("String", true) => Some(Problem::IsNotMany),
        _ => Some(Problem::NoIdentifiers),
    }
}

/// The candidate that `name` was meant to be. What the manifests name themselves is not meant by
/// another name.
fn similar<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
    named: &BTreeSet<&str>,
) -> Option<String> {
    let lower = name.to_lowercase();
    candidates
        .filter(|candidate| !named.contains(candidate))
        .filter_map(|candidate| {
            let slips = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            let length = name.chars().count().max(candidate.chars().count());
            // Two fifths: `Foto` for `Photo`.
            (slips <= SLIPS && slips * 5 <= length * 2).then_some((slips, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

impl Mistake {
    /// Whether it is more than a class or column that no row has been saved to yet.
    pub(super) fn is_certain(&self) -> bool {
        match self {
            Self::Class { similar, .. } | Self::Column { similar, .. } => similar.is_some(),
            Self::Type { .. } => true,
        }
    }

    /// What to do about it.
    pub(super) fn remedy(&self) -> &'static str {
        match self {
            Self::Class { .. } => {
                "correct `class` in the manifest, or create the class if it is meant: until then nothing guards it, and what it refers to does not count as in use"
            }
            Self::Column { .. } => {
                "correct the name in the manifest, or create the column if it is meant: until then nothing guards it, and what it refers to does not count as in use"
            }
            Self::Type {
                problem: Problem::NoIdentifiers,
                ..
            } => {
                "name a column of type String, or Array with `many = true`; a column cannot change its type, so pictures may need a new one"
            }
            Self::Type {
                problem: Problem::NeedsMany,
                ..
            } => "write `many = true` in the field's table, or name a column of type String",
            Self::Type {
                problem: Problem::IsNotMany,
                ..
            } => "leave `many` out of the field's table, or name a column of type Array",
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
                problem,
            } => {
                let problem = match problem {
                    Problem::NoIdentifiers => "which holds no identifiers",
                    Problem::NeedsMany => "and its manifest does not say `many = true`",
                    Problem::IsNotMany => "and its manifest says `many = true`",
                };
                return write!(f, "{class}.{column} is of type {type_name}, {problem}");
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
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn found(manifest: &str) -> Vec<(String, bool)> {
        let manifests = crate::manifest::parse(&[("m.toml", manifest)]).unwrap();
        let schemas = json!([
            {"className": "_User", "fields": {"portrait": {"type": "String"}}},
            {"className": "Photo", "fields": {"picture": {"type": "String"}, "pictures": {"type": "Array"}, "likes": {"type": "Number"}, "file": {"type": "File"}, "cloudinaryIdentifier": {"type": "String"},
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
        for manifest in [
            "class = \"Photo\"\n[fields.picture]\n[fields.pictures]\nmany = true\n",
            "class = \"Photo\"\nreferences = [\"picture\", \"pictures\", \"meta\", \"meta.a.b\", \"pictures.a\"]\n",
        ] {
            assert_eq!(found(manifest), []);
        }
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
                "class = \"Foto\"\n[fields.picture]",
                "Parse Server has no class Foto: did you mean Photo?",
                true,
            ),
            (
                "class = \"PhotoAlbum\"\n[fields.picture]",
                "Parse Server has no class PhotoAlbum",
                false,
            ),
            (
                "class = \"User\"\n[fields.portrait]",
                "Parse Server has no class User: did you mean _User?",
                true,
            ),
            (
                "class = \"Photo\"\n[fields.cloudinaryIdentifer]",
                "Photo has no column cloudinaryIdentifer: did you mean cloudinaryIdentifier?",
                true,
            ),
            (
                "class = \"Photo\"\nreferences = [\"mta.slides.image\"]",
                "Photo has no column mta: did you mean meta?",
                true,
            ),
            (
                "class = \"Photo\"\nreferences = [\"picture.image\"]",
                "Photo.picture is of type String, which holds no identifiers",
                true,
            ),
            (
                "class = \"Photo\"\n[fields.file]",
                "Photo.file is of type File, which holds no identifiers",
                true,
            ),
            (
                "class = \"Photo\"\n[fields.file]\nmany = true",
                "Photo.file is of type File, which holds no identifiers",
                true,
            ),
            (
                "class = \"Photo\"\n[fields.pictures]",
                "Photo.pictures is of type Array, and its manifest does not say `many = true`",
                true,
            ),
            (
                "class = \"Photo\"\n[fields.picture]\nmany = true",
                "Photo.picture is of type String, and its manifest says `many = true`",
                true,
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

    #[test]
    fn takes_no_name_for_another_that_the_manifests_name() {
        let manifest = "class = \"Photo\"\n[fields.picture]\n[fields.picture2]\n";
        let expected = "Photo has no column picture2: did you mean pictures?";
        assert_eq!(found(manifest), [(expected.to_owned(), true)]);
        let manifest = "class = \"Photo\"\n[fields.picture]\n[fields.picture2]\n[fields.pictures]\nmany = true\n";
        let expected = "Photo has no column picture2";
        assert_eq!(found(manifest), [(expected.to_owned(), false)]);
    }

    /// One slip of the keyboard.
    fn slip(name: &str, at: usize, kind: usize) -> String {
        let mut letters: Vec<char> = name.chars().collect();
        let at = 1 + at % (letters.len() - 2);
        match kind {
            0 => _ = letters.remove(at),
            1 => letters.insert(at, 'x'),
            2 => letters[at] = 'x',
            _ => letters.swap(at, at + 1),
        }
        letters.into_iter().collect()
    }

    proptest! {
        #[test]
        fn finds_every_slip_in_a_name(
            class in "[A-W][a-w]{3,9}",
            column in "[a-w]{4,10}",
            at in 0usize..100,
            kind in 0usize..4,
            in_class in any::<bool>(),
        ) {
            let (mut named_class, mut named_column) = (class.clone(), column.clone());
            let slipped = if in_class { &mut named_class } else { &mut named_column };
            *slipped = slip(slipped, at, kind);
            let schema = json!([{"className": class, "fields": {column.clone(): {"type": "String"}}}]);
            let schemas: Vec<Schema> = serde_json::from_value(schema).unwrap();
            let text = format!("class = \"{named_class}\"\n[fields.{named_column}]\n");
            let manifests = crate::manifest::parse(&[("m.toml", &*text)]).unwrap();
            let found = mistakes(&manifests, &schemas);
            if (&named_class, &named_column) == (&class, &column) {
                prop_assert_eq!(found, vec![]);
            } else {
                prop_assert_eq!(found.len(), 1);
                prop_assert!(found[0].is_certain());
                let meant = if in_class { class } else { column };
                let end = format!(": did you mean {meant}?");
                prop_assert!(found[0].to_string().ends_with(&end), "{}", found[0]);
            }
        }

        #[test]
        fn is_content_only_with_columns_that_hold_what_the_field_does(
            type_name in prop::sample::select(vec!["String", "Array", "Object", "File", "Number", "Boolean",
                "Date", "Pointer", "Relation", "GeoPoint", "Polygon", "Bytes", "ACL"]),
            many in any::<bool>(),
        ) {
            let schemas = json!([{"className": "Photo", "fields": {"picture": {"type": type_name}}}]);
            let schemas: Vec<Schema> = serde_json::from_value(schemas).unwrap();
            let text = format!("class = \"Photo\"\n[fields.picture]\nmany = {many}\n");
            let manifests = crate::manifest::parse(&[("m.toml", &*text)]).unwrap();
            let fits = type_name == if many { "Array" } else { "String" };
            prop_assert_eq!(mistakes(&manifests, &schemas).is_empty(), fits);
        }
    }
}
