//! Whether `afterSave` and `afterDelete` arrive where clean-up needs them. Neither can be tried
//! without storing a row and running the app's own code, so the running service's counters tell.

use super::metrics_probe::Counters;
use super::report::{Check, Report};
use crate::manifest::Manifests;

const CHECK: Check = Check::CleanUp;

/// So many saves without an `afterSave` are no accident: Parse Server itself may refuse one after
/// `beforeSave`, a second user of one name say.
const TELLING: u64 = 3;

const REMEDY: &str = "take the trigger out of the Cloud Code (it wins over the hook), or call `pictures.afterSave(request)` from it with `called_from = \"cloud_code\"`; if only a new manifest asks for it, save an object and run this again";

/// What the counters say of an `afterSave`.
#[derive(Debug, PartialEq, Eq)]
enum AfterSave {
    Arrives,
    DoesNot,
    NotKnown,
}

fn after_save(accepted: u64, arrived: u64) -> AfterSave {
    match (accepted, arrived) {
        (_, 1..) => AfterSave::Arrives,
        (TELLING.., 0) => AfterSave::DoesNot,
        _ => AfterSave::NotKnown,
    }
}

/// Reports what of clean-up's hooks has arrived.
pub(super) fn tell(
    manifests: Option<&Manifests>,
    counters: &Result<Counters, &'static str>,
    report: &mut Report,
) {
    let Some(manifests) = manifests else {
        return report.skipped(CHECK, "not told: see \"manifests\"");
    };
    let classes = manifests.classes.iter().filter(|class| class.is_guarded());
    let classes: Vec<_> = classes
        .filter(|class| class.destroys_replaced() || class.destroys_deleted())
        .collect();
    if classes.is_empty() {
        return report.skipped(CHECK, "no manifest destroys what is replaced or deleted");
    }
    let counters = match counters {
        Ok(counters) => counters,
        Err(why) => {
            let why = format!("whether afterSave and afterDelete arrive is not known: {why}");
            return report.skipped(CHECK, why);
        }
    };
    let (mut arrive, mut not_known) = (Vec::new(), Vec::new());
    for class in classes {
        let name = &class.class;
        if class.destroys_replaced() {
            let hook = format!("{name}.afterSave");
            let accepted = counters.accepted(&format!("{name}.beforeSave"));
            match after_save(accepted, counters.decisions(&hook)) {
                AfterSave::Arrives => arrive.push(hook),
                AfterSave::NotKnown => not_known.push(hook),
                AfterSave::DoesNot => report.bad(
                    CHECK,
                    format_args!("{hook} does not arrive, so what is replaced is not destroyed: {accepted} saves were accepted since the service started, and none was followed by it"),
                    REMEDY,
                ),
            }
        }
        if class.destroys_deleted() {
            let hook = format!("{name}.afterDelete");
            let list = match counters.decisions(&hook) {
                0 => &mut not_known,
                _ => &mut arrive,
            };
            list.push(hook);
        }
    }
    if !not_known.is_empty() {
        report.skipped(
            CHECK,
            format_args!(
                "not known before the first call since the service started: {}",
                not_known.join(", ")
            ),
        );
    }
    if !arrive.is_empty() {
        report.good(CHECK, format_args!("arrived: {}", arrive.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_an_arrival_for_proof_and_only_several_saves_without_one_for_the_contrary() {
        for (accepted, arrived, expected) in [
            (0, 0, AfterSave::NotKnown),
            (2, 0, AfterSave::NotKnown),
            (3, 0, AfterSave::DoesNot),
            (1_000, 0, AfterSave::DoesNot),
            (1_000, 1, AfterSave::Arrives),
            (0, 1, AfterSave::Arrives),
        ] {
            assert_eq!(
                after_save(accepted, arrived),
                expected,
                "{accepted} {arrived}"
            );
        }
    }
}
