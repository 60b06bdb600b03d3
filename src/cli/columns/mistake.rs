//! A name in a manifest that Parse Server's schema does not bear out, and what to do about it.

use std::fmt;

/// A name in a manifest that is not what it should be, or not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Mistake {
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
pub(in crate::cli) enum Problem {
    /// It cannot hold an identifier.
    NoIdentifiers,
    /// Many identifiers, and the field is of one.
    NeedsMany,
    /// One identifier, and the field is of many.
    IsNotMany,
}

impl Mistake {
    /// Whether it is more than a class or column that no row has been saved to yet.
    pub(in crate::cli) fn is_certain(&self) -> bool {
        match self {
            Self::Class { similar, .. } | Self::Column { similar, .. } => similar.is_some(),
            Self::Type { .. } => true,
        }
    }

    /// What to do about it.
    pub(in crate::cli) fn remedy(&self) -> &'static str {
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
