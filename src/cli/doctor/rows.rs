//! What clean-up and `audit` rely on: columns that exist, fields that hooks can see, rows that
//! nothing hides.

use super::parse_server::remedy;
use super::report::{Check, Report};
use crate::assets::place::columns;
use crate::cli::columns::mistakes;
use crate::manifest::{ClassManifest, Manifests};
use crate::parse::client::{MasterClient, Rows, Schema};

const NOTHING_DESTROYED: &str = "no manifest destroys anything";

/// Reports which classes and columns of the manifests Parse Server has, and whether hooks and this
/// service can see them.
pub(super) async fn tell(parse: &MasterClient, manifests: &Manifests, report: &mut Report) {
    match parse.schemas().await {
        Ok(schemas) => {
            tell_columns(manifests, &schemas, report);
            tell_protected_fields(manifests, &schemas, report);
        }
        Err(error) => {
            report.bad(Check::Columns, &error, remedy(&error));
            report.skipped(Check::ProtectedFields, "not told: see \"columns\"");
        }
    }
    tell_hidden_rows(parse, manifests, report).await;
}

/// Reports that nothing was tried.
pub(super) fn skip(why: &str, report: &mut Report) {
    for check in [Check::Columns, Check::ProtectedFields, Check::HiddenRows] {
        report.skipped(check, why);
    }
}

fn tell_columns(manifests: &Manifests, schemas: &[Schema], report: &mut Report) {
    let mistakes = mistakes(manifests, schemas);
    let (certain, missing): (Vec<_>, Vec<_>) =
        mistakes.iter().partition(|mistake| mistake.is_certain());
    for mistake in &certain {
        report.bad(Check::Columns, mistake, mistake.remedy());
    }
    if !missing.is_empty() {
        let missing: Vec<_> = missing.iter().map(ToString::to_string).collect();
        report.skipped(
            Check::Columns,
            format_args!(
                "not told before the first save, because nothing there has a similar name: {}",
                missing.join(", ")
            ),
        );
    } else if certain.is_empty() {
        report.good(Check::Columns, "Parse Server has what the manifests name");
    }
}

fn tell_protected_fields(manifests: &Manifests, schemas: &[Schema], report: &mut Report) {
    let mut asked = false;
    let mut good = true;
    for class in &manifests.classes {
        let mut known = schemas.iter();
        let schema = known.find(|schema| schema.class_name == class.class);
        for (column, consequence) in hook_needs_to_see(class) {
            asked = true;
            if schema.is_some_and(|schema| schema.protects(column)) {
                good = false;
                report.warning(
                    Check::ProtectedFields,
                    format_args!(
                        "{}.{column} is one of the class's protectedFields: unless Parse Server's option protectedFieldsTriggerExempt is set, which cannot be asked for, hooks do not see what was stored there, so {consequence}",
                        class.class
                    ),
                    "if it is not, set `protectedFieldsTriggerExempt: true` in new ParseServer({…}), or PARSE_SERVER_PROTECTED_FIELDS_TRIGGER_EXEMPT=true where Parse Server is started from variables (Parse Server 9), or take the column out of protectedFields",
                );
            }
        }
    }
    if !asked {
        report.skipped(
            Check::ProtectedFields,
            "no manifest destroys anything or has a column of its own",
        );
    } else if good {
        report.good(
            Check::ProtectedFields,
            "no class hides a column that hooks need to see (Parse Server's option protectedFields cannot be asked for)",
        );
    }
}

/// The columns of a class whose stored value a hook must be shown, each with what happens
/// otherwise.
fn hook_needs_to_see(class: &ClassManifest) -> impl Iterator<Item = (&str, &'static str)> {
    class.fields.iter().flat_map(|field| {
        let destroys = field.clean_up.destroys().then_some(&*field.name);
        let destroyed = destroys.map(|name| {
            (
                name,
                "what users replace or delete is left for audit to destroy",
            )
        });
        let columns = field.follow.columns();
        let kept =
            columns.map(|column| (column, "a new picture keeps what it says of the old one"));
        destroyed.into_iter().chain(kept)
    })
}

/// Reads a page of each class that refers to assets.
async fn tell_hidden_rows(parse: &MasterClient, manifests: &Manifests, report: &mut Report) {
    if !manifests.classes.iter().any(destroys) {
        return report.skipped(Check::HiddenRows, NOTHING_DESTROYED);
    }
    for class in &manifests.classes {
        let page = Rows::of(&class.class, columns(class)).next(parse).await;
        if let Err(error) = page {
            return report.bad(Check::HiddenRows, &error, remedy(&error));
        }
    }
    report.skipped(
        Check::HiddenRows,
        "what Cloud Code's beforeFind and afterFind hide is read past; whether a beforeFind answers in the database's place cannot be told",
    );
}

fn destroys(class: &ClassManifest) -> bool {
    let mut fields = class.fields.iter();
    fields.any(|field| field.destroy_within.is_some())
}
