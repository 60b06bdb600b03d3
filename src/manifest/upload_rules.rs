//! `[upload]` and `[accept]`: what a function signs, whoever chose it.

use serde_json::Value;

use crate::cloudinary::transformation::is_composite;

use super::accept::{Accepted, Choice};
use super::document::{ManifestEntry, ManifestReport, Section};
use super::option_kind::OptionKind;
use super::parameter::Parameter;
use super::template::Template;

/// The parameters that a function signs. No name is both in `upload` and in `accept`.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadRules {
    /// Always signed; in the manifest's order.
    pub upload: Vec<(String, Parameter)>,
    /// What the caller may choose.
    pub accept: Vec<(String, Accepted)>,
}

impl UploadRules {
    /// Whether a template uses the caller's parameter `name`: it counts as accepted and is not sent
    /// on by itself.
    pub fn fills_template(&self, name: &str) -> bool {
        self.upload
            .iter()
            .flat_map(|(_, parameter)| parameter.templates())
            .any(|template| template.params().any(|param| param == name))
    }

    /// Reads what [`tables`] found. `overlap` says what to do about a name that is in both.
    pub(super) fn read(
        upload_entries: &[ManifestEntry<'_>],
        accept_entries: &[ManifestEntry<'_>],
        overlap: &str,
        report: &mut ManifestReport<'_>,
    ) -> Self {
        let upload: Vec<_> = upload_entries
            .iter()
            .filter_map(|entry| {
                let parameter = Parameter::read(*entry, report)?;
                Some((entry.key.to_owned(), parameter))
            })
            .collect();
        let accept: Vec<_> = accept_entries
            .iter()
            .filter_map(|entry| {
                let accepted = Accepted::read(*entry, OptionKind::Upload, report)?;
                Some((entry.key.to_owned(), accepted))
            })
            .collect();
        let rules = Self { upload, accept };
        rules.check_overlap(accept_entries, overlap, report);
        rules.warn_of_usernames(upload_entries, report);
        rules.warn_of_signed_choices(accept_entries, report);
        rules.warn_of_choice(&[upload_entries, accept_entries].concat(), report);
        rules
    }

    /// What `[upload]` sets is always signed, and what fills a template is not sent on: a caller
    /// cannot choose either.
    fn check_overlap(
        &self,
        accept: &[ManifestEntry<'_>],
        overlap: &str,
        report: &mut ManifestReport<'_>,
    ) {
        for entry in accept {
            if self.parameter(entry.key).is_some() {
                entry.refuse::<()>(overlap, report);
            }
            if self.fills_template(entry.key) {
                entry.refuse::<()>(
                    "it fills a template of [upload] and is not sent on by itself, take it out of [accept]",
                    report,
                );
            }
        }
    }

    /// Code that Cloudinary runs for whoever wrote it, and options that nothing confines once the
    /// caller makes up their value.
    fn warn_of_signed_choices(
        &self,
        accept: &[ManifestEntry<'_>],
        report: &mut ManifestReport<'_>,
    ) {
        for entry in accept {
            let is_listed = self.accept.iter().any(|(name, accepted)| {
                name == entry.key && matches!(accepted.choice, Choice::OneOf(_) | Choice::Named(_))
            });
            if matches!(entry.key, "eval" | "on_success") {
                entry.warn(
                    "the caller chooses code that Cloudinary runs when the upload is done; set it in [upload]",
                    report,
                );
            } else if is_composite(entry.key) && entry.key != "transformation" && !is_listed {
                entry.warn(
                    "layers, code and raw transformations that a caller makes up are refused where they are signed; list them here, or as `named`",
                    report,
                );
            }
        }
    }

    /// Names change hands, and with them what lies in a folder of that name.
    fn warn_of_usernames(&self, upload: &[ManifestEntry<'_>], report: &mut ManifestReport<'_>) {
        for entry in upload.iter().filter(|entry| PATHS.contains(&entry.key)) {
            if self.templates(entry.key).any(Template::uses_username) {
                entry.warn(
                    "names can change hands, and the pictures with them; use {user.objectId}",
                    report,
                );
            }
        }
    }

    /// A `public_id` that two users can choose is overwritten by the second, who gets a valid
    /// signature for it too.
    fn warn_of_choice(&self, entries: &[ManifestEntry<'_>], report: &mut ManifestReport<'_>) {
        let choice = entries.iter().find(|entry| match entry.key {
            "public_id" => {
                let mut templates = self.templates("public_id");
                self.parameter("public_id").is_none()
                    || templates.any(|template| template.params().next().is_some())
            }
            "use_filename" => {
                self.may_be("use_filename", true) && self.may_be("unique_filename", false)
            }
            _ => false,
        });
        if let Some(entry) = choice.filter(|_| !self.is_bound_to_user()) {
            entry.warn(
                "the caller chooses the public_id, and no folder or public_id_prefix is bound to {user.objectId}: any user could overwrite any picture, or claim another user's private one",
                report,
            );
        }
    }

    /// Whether every `public_id` lies in a place of the caller's own.
    fn is_bound_to_user(&self) -> bool {
        let bound = |name| self.templates(name).any(Template::binds_user);
        bound("folder")
            || bound("public_id_prefix")
            || bound("public_id")
            || bound("asset_folder")
                && matches!(
                    self.parameter("use_asset_folder_as_public_id_prefix"),
                    Some(Parameter::Fixed(value)) if is_flag(value, true)
                )
    }

    /// Whether a flag is set so, or the caller may set it.
    fn may_be(&self, name: &str, flag: bool) -> bool {
        self.accept.iter().any(|(accepted, _)| accepted == name)
            || matches!(self.parameter(name), Some(Parameter::Fixed(value)) if is_flag(value, flag))
    }

    fn parameter(&self, name: &str) -> Option<&Parameter> {
        let mut upload = self.upload.iter();
        upload
            .find(|(set, _)| set == name)
            .map(|(_, parameter)| parameter)
    }

    fn templates(&self, name: &str) -> impl Iterator<Item = &Template> {
        self.parameter(name)
            .into_iter()
            .flat_map(Parameter::templates)
    }
}

/// Parameters that say where the asset lies.
const PATHS: [&str; 4] = ["folder", "public_id_prefix", "asset_folder", "public_id"];

/// The entries of `[upload]` and of `[accept]`.
pub(super) fn tables<'t>(
    file: &mut Section<'t>,
    report: &mut ManifestReport<'_>,
) -> (Vec<ManifestEntry<'t>>, Vec<ManifestEntry<'t>>) {
    let upload = entries(file.take("upload"), report);
    (upload, entries(file.take("accept"), report))
}

fn entries<'t>(
    table: Option<ManifestEntry<'t>>,
    report: &mut ManifestReport<'_>,
) -> Vec<ManifestEntry<'t>> {
    let section = table.and_then(|table| table.section(report));
    section.map_or_else(Vec::new, Section::entries)
}

/// A truth value in one of the spellings that the SDKs take.
fn is_flag(value: &Value, flag: bool) -> bool {
    let [text, number] = if flag { ["true", "1"] } else { ["false", "0"] };
    match value {
        Value::Bool(set) => *set == flag,
        Value::String(set) => set == text || set == number,
        Value::Number(set) => set.to_string() == number,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}
