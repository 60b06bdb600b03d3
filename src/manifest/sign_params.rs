//! A `sign_params` function: signs what a client is about to post, if the manifest takes it.

use crate::cloudinary::upload::is_part_of_transformation;

use super::accept::{Accepted, Choice};
use super::document::{ManifestEntry, ManifestReport, Section};
use super::option_kind::is_reserved;
use super::upload_rules::{UploadRules, tables};

/// Keys of the file besides those of every function.
pub(super) const KEYS: &[&str] = &["upload", "accept"];

/// Parameters that every call may hold.
pub(crate) const OWN: [&str; 2] = ["source", "timestamp"];

/// Reads the keys of a `sign_params` function.
pub(super) fn read(file: &mut Section<'_>, report: &mut ManifestReport<'_>) -> UploadRules {
    let (upload, accept) = tables(file, report);
    let overlap =
        "it is in [upload] too, which must be sent as it stands there; write it in one of them";
    let rules = UploadRules::read(&upload, &accept, overlap, report);
    check_templates(&rules, &upload, report);
    for entry in &accept {
        let found = rules.accept.iter().find(|(name, _)| name == entry.key);
        if let Some((_, accepted)) = found {
            check_accepted(*entry, accepted, report);
        }
        let is_set =
            |set: &ManifestEntry<'_>| is_part_of_transformation(set.key) && set.key != entry.key;
        if entry.key == "transformation" && upload.iter().any(is_set) {
            entry.refuse::<()>("options of [upload] make one already", report);
        }
    }
    rules
}

/// A name that means something else here cannot fill a template.
fn check_templates(
    rules: &UploadRules,
    upload: &[ManifestEntry<'_>],
    report: &mut ManifestReport<'_>,
) {
    for (name, parameter) in &rules.upload {
        let templates = parameter.templates();
        let mut params = templates.iter().flat_map(|template| template.params());
        let reserved = params.find(|param| is_reserved(param) || OWN.contains(param));
        let entry = upload.iter().find(|entry| entry.key == name);
        if let Some((entry, param)) = entry.zip(reserved) {
            let message = format!("{{params.{param}}} is reserved, take another name");
            entry.refuse::<()>(&message, report);
        }
    }
}

/// What is signed is what the client sends: nothing stands for something else, and nothing is
/// added.
fn check_accepted(entry: ManifestEntry<'_>, accepted: &Accepted, report: &mut ManifestReport<'_>) {
    if is_part_of_transformation(entry.key) && entry.key != "transformation" {
        entry.refuse::<()>(
            "clients send it as part of `transformation`, accept that",
            report,
        );
    } else if matches!(accepted.choice, Choice::Named(_)) {
        entry.refuse::<()>(
            "`named` is not for sign_params, which signs what is sent; list the values",
            report,
        );
    } else if accepted.default.is_some() {
        entry.refuse::<()>(
            "`default` is not for sign_params, which signs what is sent",
            report,
        );
    }
}
