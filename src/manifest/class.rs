//! A manifest that guards a class.

use std::time::Duration;

use crate::cloudinary::identifier::{DeliveryType, ResourceType};

use super::clean_up::{self, CleanUp};
use super::confirm::{self, Confirm};
use super::document::{ManifestEntry, ManifestReport, Section, every};
use super::follow::{self, Follow};
use super::names;
use super::references::{self, Reference};
use super::template::Template;
use crate::units::{DURATION_FORM, parse_duration};

/// Keys of the file.
pub(super) const KEYS: &[&str] = &[
    "class",
    "trust_master_key",
    "called_from",
    "references",
    "fields",
];

pub(super) const FIELD_KEYS: &[&str] = &[
    "required",
    "many",
    "max_items",
    "resource_types",
    "types",
    "formats",
    "folder",
    "max_age",
];

const RESOURCE_TYPES: &[(&str, ResourceType)] = &[
    ("image", ResourceType::Image),
    ("video", ResourceType::Video),
    ("raw", ResourceType::Raw),
];

const TYPES: &[(&str, DeliveryType)] = &[
    ("upload", DeliveryType::Upload),
    ("private", DeliveryType::Private),
    ("authenticated", DeliveryType::Authenticated),
];

/// Whether it is Cloud Code that calls.
const CALLERS: &[(&str, bool)] = &[("parse_server", false), ("cloud_code", true)];

/// `max_items` of a field that says nothing else.
const MAX_ITEMS: usize = 1000;

/// A class whose `beforeSave` is guarded, or whose columns refer to assets.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassManifest {
    /// The Parse class.
    pub class: String,
    /// Saves with the (full) master key are stripped but not verified.
    pub trust_master_key: bool,
    /// The app's own Cloud Code has triggers for this class and calls this service from them: there
    /// are no hooks to register.
    pub called_from_cloud_code: bool,
    /// Columns, or what lies in them, that may refer to assets and are not guarded.
    pub references: Vec<Reference>,
    /// The guarded fields; without any the class has no hooks.
    pub fields: Vec<GuardedField>,
}

/// One guarded field.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardedField {
    /// The field's name.
    pub name: String,
    /// A create without it, or clearing it, is refused.
    pub required: bool,
    /// An array of identifiers.
    pub many: bool,
    /// The most that a save may leave in the array.
    pub max_items: usize,
    /// Accepted resource types.
    pub resource_types: Vec<ResourceType>,
    /// Accepted delivery types.
    pub types: Vec<DeliveryType>,
    /// Accepted formats; `None`: any or none.
    pub formats: Option<Vec<String>>,
    /// The folder that the `public_id` must lie in: no slash at its ends, no `{params.…}`.
    pub folder: Option<Template>,
    /// Oldest accepted upload.
    pub max_age: Option<Duration>,
    /// What Cloudinary is asked about a new picture.
    pub confirm: Option<Confirm>,
    /// What becomes of pictures that it loses.
    pub clean_up: CleanUp,
    /// How it follows what happens at Cloudinary.
    pub follow: Follow,
    /// Only assets whose public ID begins so are ever destroyed; an empty text stands for all.
    pub destroy_within: Option<String>,
}

impl ClassManifest {
    /// Whether a field is guarded: then `beforeSave` is ours.
    pub fn is_guarded(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Whether a save may have an asset destroyed: then its `afterSave` is ours too.
    pub fn destroys_replaced(&self) -> bool {
        self.fields.iter().any(|field| field.clean_up.on_replace)
    }

    /// Whether a deletion may: then its `afterDelete` is ours too.
    pub fn destroys_deleted(&self) -> bool {
        self.fields.iter().any(|field| field.clean_up.on_delete)
    }

    /// Reads a file that has `class` and no `function`. What is mistaken is left at its default.
    pub(super) fn read(mut file: Section<'_>, report: &mut ManifestReport<'_>) -> Self {
        let class = file.take("class");
        let name = class.and_then(|entry| {
            let name = entry.text(report)?;
            let checked = match file.at_of("fields") {
                None if file.at_of("references").is_some() => names::check_readable_class(name),
                _ => names::check_class(name),
            };
            if let Err(reason) = checked {
                report.error(entry.at, reason);
            }
            Some(name.to_owned())
        });
        let name = name.unwrap_or_default();
        let references = file.take("references");
        let trust_master_key = file
            .take("trust_master_key")
            .and_then(|entry| entry.flag(report));
        let called_from = file.take("called_from");
        let caller = called_from.and_then(|entry| entry.one_of(CALLERS, report));
        let fields = match file.take("fields") {
            None if references.is_some() => Vec::new(),
            fields => read_fields(fields, &name, report),
        };
        let guarded: Vec<&str> = fields.iter().map(|field| &*field.name).collect();
        let references =
            references.and_then(|entry| references::read(entry, &name, &guarded, report));
        if let Some(entry) = called_from.filter(|_| fields.is_empty()) {
            report.error(
                entry.at,
                "called_from is for a class with guarded fields: write a table [fields.<name>] for each",
            );
        }
        file.finish(KEYS, report);
        Self {
            class: name,
            trust_master_key: trust_master_key.unwrap_or(false),
            called_from_cloud_code: caller.unwrap_or(false),
            references: references.unwrap_or_default(),
            fields,
        }
    }
}

fn read_fields(
    entry: Option<ManifestEntry<'_>>,
    class: &str,
    report: &mut ManifestReport<'_>,
) -> Vec<GuardedField> {
    let at = entry.map_or(0, |entry| entry.at);
    let fields = match entry.map(|entry| entry.section(report)) {
        None => Vec::new(),
        Some(None) => return Vec::new(),
        Some(Some(section)) => section.entries(),
    };
    if fields.is_empty() {
        report.error(
            at,
            "a class without fields: write a table [fields.<name>] for each field to guard, or name columns in `references`",
        );
    }
    fields
        .iter()
        .filter_map(|field| {
            if let Err(reason) = names::check_field(class, field.key) {
                report.error(field.at, reason);
            }
            let section = field.section(report)?;
            Some(GuardedField::read(class, field.key, section, report))
        })
        .collect()
}

impl GuardedField {
    fn read(
        class: &str,
        name: &str,
        mut keys: Section<'_>,
        report: &mut ManifestReport<'_>,
    ) -> Self {
        let mut flag = |key: &str| keys.take(key).and_then(|entry| entry.flag(report));
        let required = flag("required").unwrap_or(false);
        let many = flag("many").unwrap_or(false);
        let max_items = keys
            .take("max_items")
            .and_then(|entry| read_max_items(entry, many, report));
        let resource_types = keys
            .take("resource_types")
            .and_then(|entry| entry.some_of(RESOURCE_TYPES, report));
        let types = keys
            .take("types")
            .and_then(|entry| entry.some_of(TYPES, report));
        let formats = keys
            .take("formats")
            .and_then(|entry| read_formats(entry, report));
        let folder = keys
            .take("folder")
            .and_then(|entry| read_folder(entry, report));
        let max_age = keys.take("max_age").and_then(|entry| {
            let age = parse_duration(entry.text(report)?);
            age.or_else(|| entry.refuse(&format!("expected {DURATION_FORM}"), report))
        });
        let follow = Follow::read(&mut keys, (class, name, many), report);
        let clean_up = CleanUp::read(&mut keys, max_age, report);
        let destroy_within = keys
            .take("destroy_within")
            .and_then(|entry| Some(entry.text(report)?.to_owned()));
        let confirm = Confirm::read(&mut keys, report);
        keys.finish(
            &[FIELD_KEYS, clean_up::KEYS, follow::KEYS, confirm::KEYS].concat(),
            report,
        );
        Self {
            name: name.to_owned(),
            required,
            many,
            max_items: max_items.unwrap_or(MAX_ITEMS),
            resource_types: resource_types.unwrap_or_else(|| vec![ResourceType::Image]),
            types: types.unwrap_or_else(|| vec![DeliveryType::Upload]),
            formats,
            folder,
            max_age,
            confirm,
            clean_up,
            follow,
            destroy_within,
        }
    }
}

fn read_max_items(
    entry: ManifestEntry<'_>,
    many: bool,
    report: &mut ManifestReport<'_>,
) -> Option<usize> {
    if !many {
        return entry.refuse("there is one identifier: it needs many = true", report);
    }
    let items = entry.json(report)?.as_u64().filter(|&items| items > 0);
    let items = items.and_then(|items| usize::try_from(items).ok());
    items.or_else(|| entry.refuse("expected a number of identifiers, at least 1", report))
}

fn read_formats(entry: ManifestEntry<'_>, report: &mut ManifestReport<'_>) -> Option<Vec<String>> {
    let items = entry.items(report)?;
    if items.is_empty() {
        return entry.refuse("empty, leave it out to take any format", report);
    }
    every(items.iter().map(|item| {
        let format = item.text(report)?;
        let plain = (1..=16).contains(&format.len())
            && format.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if plain {
            Some(format.to_owned())
        } else {
            item.refuse("expected extensions without a dot, such as jpg", report)
        }
    }))
}

fn read_folder(entry: ManifestEntry<'_>, report: &mut ManifestReport<'_>) -> Option<Template> {
    let template = entry.path_template(report)?;
    if template.params().next().is_some() {
        return entry.refuse(
            "a save has no params: expected {user.objectId} or {user.username}",
            report,
        );
    }
    if template.uses_username() {
        entry.warn(
            "names can change hands, and the pictures with them; use {user.objectId}",
            report,
        );
    }
    Some(template)
}
