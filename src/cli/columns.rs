//! What the manifests name, held against Parse Server's schema: a class or column that is not there
//! is neither guarded nor looked at.

use std::collections::BTreeSet;

use crate::manifest::{ClassManifest, GuardedField, Manifests};
use crate::parse::client::{Schema, SchemaColumn};

mod mistake;

pub(super) use mistake::Mistake;
use mistake::Problem;

/// Types of columns that may refer to assets, and of those that a path leads into.
const ANY: &[&str] = &["String", "Array", "Object"];
const NESTED: &[&str] = &["Array", "Object"];

/// Most slips of the keyboard that a name is thought to be off by.
const SLIPS: usize = 2;

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

#[cfg(test)]
mod tests;
