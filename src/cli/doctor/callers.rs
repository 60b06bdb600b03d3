//! Whether the app's own Cloud Code calls this service, where a manifest says that it does
//! (`called_from = "cloud_code"`): the save that cannot be stored must come back with a refusal of
//! this service's.

use super::cloud_code::{Decider, stored, try_save, why_not};
use super::metrics_probe::MetricsProbe;
use super::report::{Check, Report};
use crate::manifest::{ClassManifest, Manifests};
use crate::parse::client::MasterClient;

const CHECK: Check = Check::CloudCode;

/// What the npm package's `beforeSave` says while it gets no decision.
const NO_DECISION: &str = "The picture could not be checked. Please try again later.";

/// Tries the classes whose own Cloud Code is to call this service.
pub(super) async fn tell(
    client: &MasterClient,
    manifests: &Manifests,
    metrics: Option<&MetricsProbe>,
    report: &mut Report,
) {
    let mut calling = Vec::new();
    let classes = manifests.classes.iter();
    for class in classes.filter(|class| class.called_from_cloud_code) {
        if try_caller(client, class, metrics, report).await {
            calling.push(&*class.class);
        }
    }
    if !calling.is_empty() {
        report.good(
            CHECK,
            format_args!("calls this service before it saves: {}", calling.join(", ")),
        );
    }
}

/// Tries a class whose own Cloud Code is to call this service. Returns whether it certainly does.
async fn try_caller(
    client: &MasterClient,
    manifest: &ClassManifest,
    metrics: Option<&MetricsProbe>,
    report: &mut Report,
) -> bool {
    let class = manifest.class.as_str();
    if let Some(why) = why_not(client, class).await {
        report.skipped(CHECK, format_args!("{class}: {why}"));
        return false;
    }
    let hook = format!("{class}.beforeSave");
    let decisions = async || metrics?.decisions(&hook).await;
    let before = decisions().await;
    let decider = try_save(client, manifest).await;
    let is_asked = before
        .zip(decisions().await)
        .is_some_and(|(before, after)| after > before);
    let add = format!(
        "add this to the Cloud Code, or call `pictures.beforeSave(request)` in the trigger that is there: const pictures = require(\"cloudinary-parse\").cloudinaryParse(); Parse.Cloud.beforeSave({class:?}, (request) => pictures.beforeSave(request));"
    );
    match decider {
        Ok(Decider::Guard) => return true,
        Ok(Decider::Unguarded) => report.bad(
            CHECK,
            format_args!("{class}: its Cloud Code does not call this service, so nothing guards it"),
            &add,
        ),
        Ok(Decider::Stored(id)) => {
            let row = stored(client, class, &id).await;
            // An app may go on without the picture.
            if is_asked {
                return true;
            }
            report.bad(CHECK, format_args!("{class}: {row}"), &add);
        }
        Ok(Decider::Other(text)) if text == NO_DECISION => report.bad(
            CHECK,
            format_args!("{class}: its Cloud Code calls, and gets no decision of this service"),
            "see Parse Server's log for the reason: `url` and `webhookKey` of cloudinaryParse({…}), or CLOUDINARY_PARSE_PUBLIC_URL and PARSE_SERVER_WEBHOOK_KEY in Parse Server's environment, must be this service's",
        ),
        Ok(Decider::Other(_)) if is_asked => return true,
        Ok(Decider::Other(text)) => report.warning(
            CHECK,
            format_args!("{class}: whether its Cloud Code calls this service is not known, because it refuses the trial save with {text:?}"),
            &add,
        ),
        Err(error) => report.skipped(CHECK, format_args!("{class}: cannot be tried: {error}")),
    }
    false
}
