//! Cloudinary's notifications: who needs them, where they must go, whether they came.

use super::metrics_probe::Counters;
use super::report::{Check, Report};
use super::setup::Setup;
use crate::manifest::{Follow, Manifests};

const CHECK: Check = Check::Notifications;

/// Reports whether the notifications that manifests need have arrived.
pub(super) fn tell(setup: &Setup, counters: &Result<Counters, &'static str>, report: &mut Report) {
    let Some(manifests) = &setup.manifests else {
        return report.skipped(CHECK, "not told: see \"manifests\"");
    };
    let needs = needs(manifests).join(", ");
    if needs.is_empty() {
        return report.skipped(CHECK, "no manifest needs Cloudinary's notifications");
    }
    let url = match &setup.public_url {
        Some(public) => format!("{public}/cloudinary/notifications"),
        None => "/cloudinary/notifications under the public URL".to_owned(),
    };
    match counters.as_ref().map(Counters::notifications) {
        Ok(0) => report.warning(
            CHECK,
            format_args!("{needs}: none has arrived with a good signature since the service started"),
            &format!("let Cloudinary post to {url} (its console, Settings → Webhook Notifications, or `notification_url` in [upload]), by a name that the Internet reaches; the service's log says why it refused one"),
        ),
        Ok(arrived) => report.good(
            CHECK,
            format_args!("{needs}: {arrived} arrived at {url} and were verified since the service started"),
        ),
        Err(why) => report.skipped(
            CHECK,
            format_args!("{needs}: whether any arrived at {url} is not known: {why}"),
        ),
    }
}

/// The fields that follow Cloudinary, each with the keys that say so.
fn needs(manifests: &Manifests) -> Vec<String> {
    let mut needs = Vec::new();
    for class in &manifests.classes {
        for field in &class.fields {
            let keys = keys(&field.follow).join(", ");
            if !keys.is_empty() {
                needs.push(format!("{}.{} ({keys})", class.class, field.name));
            }
        }
    }
    needs
}

fn keys(follow: &Follow) -> Vec<&'static str> {
    let keys = [
        ("moderation_field", follow.moderation_field.is_some()),
        ("on_reject", follow.clear_rejected),
        ("sync", follow.sync),
        ("eager_field", follow.eager_field.is_some()),
    ];
    let used = keys.into_iter().filter(|(_, is_used)| *is_used);
    used.map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_fields_that_follow_cloudinary_and_no_others() {
        for (keys, expected) in [
            ("", &[][..]),
            ("sync = true\n", &["Photo.picture (sync)"]),
            (
                "moderation_field = \"status\"\non_reject = \"clear\"\neager_field = \"urls\"\n",
                &["Photo.picture (moderation_field, on_reject, eager_field)"],
            ),
        ] {
            let text = format!("class = \"Photo\"\n[fields.other]\n[fields.picture]\n{keys}");
            let manifests = crate::manifest::parse(&[("m.toml", &*text)]).unwrap();
            assert_eq!(needs(&manifests), expected);
            let follows = manifests.classes.iter().flat_map(|class| &class.fields);
            let writes = follows.filter(|field| field.follow.writes()).count();
            assert_eq!(writes, expected.len());
        }
    }
}
