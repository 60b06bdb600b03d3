//! A manifest that serves a cloud function.

use crate::units::{RATE_FORM, Rate, parse_rate};

use super::ManifestFinding;
use super::delivery_url::{self, DeliveryUrl};
use super::document::{ManifestEntry, ManifestReport, Section};
use super::names;
use super::sign_params;
use super::sign_upload::{self, SignUpload};
use super::upload_rules::UploadRules;

/// Keys that every function takes.
pub(super) const KEYS: &[&str] = &["function", "action", "access", "limit"];

/// Keys of `[limit]`.
pub(super) const LIMIT_KEYS: &[&str] = &["per_user", "per_address"];

/// Keys of `access` where it is a table.
pub(super) const ROLE_KEYS: &[&str] = &["role"];

const ACCESS: &[(&str, Access)] = &[
    ("public", Access::Public),
    ("user", Access::User),
    ("master", Access::Master),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ActionName {
    SignUpload,
    SignParams,
    DeliveryUrl,
}

const ACTIONS: &[(&str, ActionName)] = &[
    ("sign_upload", ActionName::SignUpload),
    ("sign_params", ActionName::SignParams),
    ("delivery_url", ActionName::DeliveryUrl),
];

/// A cloud function.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionManifest {
    /// The function's name.
    pub name: String,
    /// Who may call it.
    pub access: Access,
    /// How often it may be called.
    pub limit: CallLimit,
    /// What it does.
    pub action: FunctionAction,
}

/// Who may call a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// A session; the master key alone does not satisfy it.
    User,
    /// The full master key.
    Master,
    /// A session of a user who has this role, or a role that it inherits from.
    Role(String),
}

/// How often a function may be called; without an entry, as often as anybody likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallLimit {
    /// By one user.
    pub per_user: Option<Rate>,
    /// From one address.
    pub per_address: Option<Rate>,
}

/// What a function does.
#[derive(Debug, Clone, PartialEq)]
pub enum FunctionAction {
    /// Signs an upload.
    SignUpload(SignUpload),
    /// Signs exactly the parameters that a client is about to post.
    SignParams(UploadRules),
    /// Builds a delivery URL.
    DeliveryUrl(DeliveryUrl),
}

impl FunctionAction {
    /// What it signs, if it signs parameters.
    pub fn upload_rules(&self) -> Option<&UploadRules> {
        match self {
            Self::SignUpload(sign) => Some(&sign.rules),
            Self::SignParams(rules) => Some(rules),
            Self::DeliveryUrl(_) => None,
        }
    }
}

impl FunctionManifest {
    /// Reads a file that has `function`; nothing if its action is not known. `unsigned_only` takes
    /// what is a mistake if the account signs every URL.
    pub(super) fn read(
        mut file: Section<'_>,
        report: &mut ManifestReport<'_>,
        unsigned_only: &mut Vec<ManifestFinding>,
    ) -> Option<Self> {
        let name = read_name(file.take("function"), report);
        let access = file
            .take("access")
            .and_then(|entry| read_access(entry, report));
        let limit = file
            .take("limit")
            .and_then(|entry| read_limit(entry, report));
        let kind = read_kind(&mut file, report);
        let (action, keys) = match kind {
            None => {
                file.finish_unread(
                    &known_keys(&[sign_upload::KEYS, delivery_url::KEYS]),
                    report,
                );
                return None;
            }
            Some(ActionName::SignUpload) => {
                refuse_class(&mut file, report);
                let action = FunctionAction::SignUpload(SignUpload::read(&mut file, report));
                (action, sign_upload::KEYS)
            }
            Some(ActionName::SignParams) => {
                refuse_class(&mut file, report);
                let action = FunctionAction::SignParams(sign_params::read(&mut file, report));
                (action, sign_params::KEYS)
            }
            Some(ActionName::DeliveryUrl) => {
                let action = DeliveryUrl::read(&mut file, report, unsigned_only);
                (FunctionAction::DeliveryUrl(action), delivery_url::KEYS)
            }
        };
        file.finish(&known_keys(&[keys]), report);
        Some(Self {
            name: name?,
            access: access.unwrap_or(Access::User),
            limit: limit.unwrap_or_default(),
            action,
        })
    }
}

/// The keys of every function and those of some action.
pub(super) fn known_keys(more: &[&[&'static str]]) -> Vec<&'static str> {
    [KEYS]
        .iter()
        .chain(more)
        .copied()
        .flatten()
        .copied()
        .collect()
}

fn refuse_class(file: &mut Section<'_>, report: &mut ManifestReport<'_>) {
    if let Some(class) = file.take("class") {
        report.error(
            class.at,
            "both `class` and `function`: a file is one or the other, unless it is a delivery_url",
        );
    }
}

fn read_name(entry: Option<ManifestEntry<'_>>, report: &mut ManifestReport<'_>) -> Option<String> {
    let entry = entry?;
    let name = entry.text(report)?;
    if let Err(reason) = names::check_function(name) {
        report.error(entry.at, reason);
    }
    Some(name.to_owned())
}

fn read_kind(file: &mut Section<'_>, report: &mut ManifestReport<'_>) -> Option<ActionName> {
    if let Some(entry) = file.take("action") {
        return entry.one_of(ACTIONS, report);
    }
    report.error(
        file.at(),
        "`action` is missing: expected sign_upload, sign_params or delivery_url",
    );
    None
}

fn read_access(entry: ManifestEntry<'_>, report: &mut ManifestReport<'_>) -> Option<Access> {
    if !entry.is_table() {
        return entry.one_of(ACCESS, report);
    }
    let mut keys = entry.section(report)?;
    let role = keys.take("role");
    keys.finish(ROLE_KEYS, report);
    let Some(role) = role else {
        return entry.refuse("expected { role = \"<name>\" }", report);
    };
    match role.text(report)? {
        "" => role.refuse("empty, expected the name of a role", report),
        name => Some(Access::Role(name.to_owned())),
    }
}

fn read_limit(entry: ManifestEntry<'_>, report: &mut ManifestReport<'_>) -> Option<CallLimit> {
    let mut keys = entry.section(report)?;
    if keys.is_empty() {
        return entry.refuse("empty, expected per_user or per_address", report);
    }
    let mut rate = |key| {
        let entry = keys.take(key)?;
        let rate = parse_rate(entry.text(report)?);
        rate.or_else(|| entry.refuse(&format!("expected {RATE_FORM}"), report))
    };
    let limit = CallLimit {
        per_user: rate("per_user"),
        per_address: rate("per_address"),
    };
    keys.finish(LIMIT_KEYS, report);
    Some(limit)
}
